"""Duty records over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from server.areas.service import path_of
from server.checklists.duties import TOWNSHIP
from server.core.errors import Invalid
from server.core.http import Blueprint, Reply, after_of, etag_of, page_of
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.text import Text
from server.duties import policy, queries, schemas, service
from server.tickets.queries import department_code

blueprint = Blueprint("duties", __name__)


@blueprint.expose(
    "PUT",
    "/duties/<uuid:record_id>",
    permission=policy.RECORD,
    summary="One duty done (履职记录); 201 first, 200 the same again, 409 when not",
    body=schemas.DutyIn,
    answers={200: schemas.DutyReceiptOut, 201: schemas.DutyReceiptOut},
)
def put(actor: Actor, record_id: UUID, body: dict[str, Any]) -> Reply:
    """Take in one duty record."""
    receipt = service.record_duty(actor, record_id, body, settings().timezone)
    return Reply(receipt.document, 201 if receipt.first else 200)


@blueprint.expose(
    "POST",
    "/duties/<uuid:record_id>/withdraw",
    permission=policy.RECORD,
    summary="Take a wrong record back; it stays visible and is counted no more",
    body=schemas.WithdrawIn,
    answers={200: schemas.DutyOut},
)
def withdraw(actor: Actor, record_id: UUID, body: dict[str, Any]) -> Reply:
    """Withdraw a duty record."""
    service.withdraw(actor, record_id, body["reason"])
    return _shown(actor, record_id)


@blueprint.expose(
    "GET",
    "/duties/<uuid:record_id>",
    permission=policy.READ,
    summary="A duty record, with what is still missing of its pictures",
    answers={200: schemas.DutyOut},
)
def show(actor: Actor, record_id: UUID) -> Reply:
    """Show a duty record."""
    return _shown(actor, record_id)


def _shown(actor: Actor, record_id: UUID) -> Reply:
    row, kind = service.shown(actor, record_id)
    document = schemas.duty_out(row, kind)
    missing = document["photos_missing"]
    return Reply(document, etag=etag_of(record_id, row.withdrawn_at, *missing))


@blueprint.expose(
    "GET",
    "/duties/kinds",
    permission=policy.READ,
    summary="The kinds of duty records that the caller may send",
    answers={200: schemas.DutyKindsOut},
)
def kinds(actor: Actor) -> Reply:
    """List what the caller may record."""
    listed = [schemas.kind_out(*each) for each in service.recordable(actor)]
    return Reply({"kinds": listed})


@blueprint.expose(
    "GET",
    "/duties",
    permission=policy.READ,
    summary="Duty records the caller may see, the newest first",
    query=schemas.DutyQuery,
    answers={200: [schemas.DutyOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List duty records."""
    limit = query["limit"]
    after = after_of(query, date.fromisoformat, UUID)
    rows = queries.search(actor, _filters(query), after)
    return Reply(
        page_of(
            rows,
            limit,
            lambda row: (row[0].counted_on, row[0].id),
            lambda shown: [
                schemas.duty_out(row, service.kind_of(row[0])) for row in shown
            ],
        )
    )


def _filters(query: dict[str, Any]) -> dict[str, Any]:
    filters = {k: v for k, v in query.items() if k not in {"party", "cursor"}}
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    party = query.get("party")
    if party == TOWNSHIP:
        filters["township"] = True
    elif party is not None:
        filters["department"] = department_code(party)
        if filters["department"] is None:
            raise Invalid.at("/party", Text("没有此部门", "No such department"))
    return filters
