"""Inbound orders over HTTP."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from server.areas.service import path_of
from server.audit import timeline
from server.checklists.service import rules_of
from server.core.clock import local_date, now
from server.core.errors import Invalid
from server.core.http import Blueprint, Reply, after_of, fresh, page_of, require_version
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.text import Text
from server.orders import intake, photos, policy, queries, schemas, service, workflow
from server.orders.models import Order
from server.tickets.queries import department_code

blueprint = Blueprint("orders", __name__)


@blueprint.expose(
    "PUT",
    "/orders/<uuid:order_id>",
    permission=policy.ISSUE,
    summary="Issue an order; 201 first, 200 when the same comes again, 409 when not",
    body=schemas.OrderIn,
    answers={200: schemas.OrderReceipt, 201: schemas.OrderReceipt},
)
def put_order(actor: Actor, order_id: UUID, body: dict[str, Any]) -> Reply:
    """Issue an order."""
    order, first = intake.issue(actor, order_id, body, settings().timezone)
    return Reply(schemas.receipt(order), 201 if first else 200)


@blueprint.expose(
    "GET",
    "/orders",
    permission=policy.READ,
    summary="Orders the caller may see, newest first; mine: what waits for the caller",
    query=schemas.OrderQuery,
    answers={200: [schemas.OrderRow]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List orders."""
    today = local_date(now(), settings().timezone)
    after, limit = after_of(query, int), query["limit"]
    rows = queries.page(actor, _resolved(query), today, after, limit + 1)
    return Reply(
        page_of(
            rows,
            limit,
            lambda row: (row[0].serial,),
            lambda shown: [
                schemas.order_row(row, rules_of(row[0].ruleset_id), today)
                for row in shown
            ],
        )
    )


def _resolved(query: dict[str, Any]) -> dict[str, Any]:
    """Return the filters with the area as its path and the department as its code."""
    filters = dict(query)
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    if query.get("department"):
        code = department_code(query["department"])
        if code is None:
            raise Invalid.at("/department", Text("没有此部门", "No such department"))
        filters["department"] = code
    return filters


def _etag(order: Order, actor: Actor, uploaded: int) -> str:
    """Return the ETag of an order as ``actor`` sees it; as a ticket's."""
    day = local_date(now(), settings().timezone)
    person = actor.staff_id.hex[:8]
    return f'"{order.number}.{order.version}.{day:%Y%m%d}.{person}.{uploaded}"'


@blueprint.expose(
    "GET",
    "/orders/<number>",
    permission=policy.READ,
    summary="One order whole, with its steps and what the caller may do now",
    answers={200: schemas.OrderOut},
)
def show(actor: Actor, number: str) -> Reply:
    """Show an order."""
    seen = service.view(actor, number)
    uploaded = photos.uploaded(seen.order)
    tag = _etag(seen.order, actor, len(uploaded))
    if fresh(tag):
        return Reply(None, 304, tag)
    return Reply(_whole(seen, uploaded), etag=tag)


def _whole(seen: service.View, uploaded: Collection[UUID]) -> dict[str, Any]:
    today = local_date(now(), settings().timezone)
    row = schemas.order_row(queries.row_of(seen.order), seen.rules, today)
    taken = timeline.actions(queries.SUBJECT, seen.order.number)
    done = workflow.steps_done(taken, seen.situation)
    return schemas.order_out(seen, row, uploaded, done)


@blueprint.expose(
    "POST",
    "/orders/<number>/actions/<action>",
    permission=policy.ACT,
    summary="One transition; needs If-Match; the body holds the action's fields",
    json=True,
    match="always",
    answers={200: schemas.OrderOut},
)
def act(actor: Actor, number: str, action: str, body: Any) -> Reply:
    """Do one transition."""
    seen = service.act(
        actor, number, action, body, settings().timezone, _require_version
    )
    uploaded = photos.uploaded(seen.order)
    tag = _etag(seen.order, actor, len(uploaded))
    return Reply(_whole(seen, uploaded), etag=tag)


def _require_version(order: Order) -> None:
    require_version(order.number, order.version)


@blueprint.expose(
    "GET",
    "/orders/<number>/events",
    permission=policy.READ,
    summary="The timeline: who, when, from, to, note, attachments; append-only",
    query=timeline.EventQuery,
    answers={200: [timeline.EventOut]},
)
def events(actor: Actor, number: str, query: dict[str, Any]) -> Reply:
    """Show the timeline of an order."""
    service.view(actor, number)
    return Reply(timeline.page(queries.SUBJECT, number, query))
