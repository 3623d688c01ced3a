"""Tickets over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from flask import Response

from server.areas.service import path_of
from server.audit import timeline
from server.checklists.service import edition_of, own_catalogue
from server.core.clock import local_date, now
from server.core.errors import Invalid
from server.core.http import (
    Blueprint,
    Reply,
    after_of,
    fresh,
    geojson,
    page_of,
    require_version,
)
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.text import Text
from server.documents.files import MEDIA_TYPES
from server.documents.schemas import FileQuery
from server.tickets import evidence, policy, preview, queries, schemas, service
from server.tickets.described import ACTION_BODIES
from server.tickets.models import Ticket

blueprint = Blueprint("tickets", __name__)


@blueprint.expose(
    "GET",
    "/tickets",
    permission=policy.READ,
    summary="Tickets the caller may see; Accept: application/geo+json for a map",
    query=schemas.TicketQuery,
    answers={200: [schemas.TicketRow]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List tickets, newest first."""
    zone = settings().timezone
    today = local_date(now(), zone)
    after, limit = after_of(query, int), query["limit"]
    found = queries.matching(actor, _resolved(actor, query), today, zone)
    tickets = queries.page(found, after, limit + 1)
    return geojson.listed(page_of(tickets, limit, lambda t: (t.id,), _rows))


def _resolved(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Return the filters with the area as its path and the department as its code."""
    filters = dict(query)
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    if query.get("department"):
        code = queries.department_code(query["department"], own_catalogue(actor))
        if code is None:
            raise Invalid.at("/department", Text("没有此部门", "No such department"))
        filters["department"] = code
    return filters


def _rows(tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    today = local_date(now(), settings().timezone)
    ids = [ticket.id for ticket in tickets]
    parts = queries.parts_of(ids)
    positions = queries.lon_lat(ids)
    codes = {code for pairs in parts.values() for code, _ in pairs}
    codes |= {t.lead_department for t in tickets if t.lead_department}
    names = queries.department_names(sorted(codes))
    return [
        schemas.ticket_row(t, parts[t.id], names, positions[t.id], today)
        for t in tickets
    ]


def etag(ticket: Ticket, actor: Actor, photos: int) -> str:
    """Return the ETag of a ticket as ``actor`` sees it.

    The day belongs to it because ``overdue`` turns at midnight, the person because
    of ``actions`` (on a shared machine one must not get the other's copy), and the
    number of photos because an upload changes no version. ``If-Match`` looks at the
    version only.
    """
    day = local_date(now(), settings().timezone)
    person = actor.staff_id.hex[:8]
    return f'"{ticket.number}.{ticket.version}.{day:%Y%m%d}.{person}.{photos}"'


@blueprint.expose(
    "GET",
    "/tickets/<number>",
    permission=policy.READ,
    summary="One ticket whole, with what the caller may do now",
    answers={200: schemas.TicketOut},
)
def show(actor: Actor, number: str) -> Reply:
    """Show a ticket."""
    seen = service.view(actor, number)
    uploaded = evidence.uploaded(seen.ticket)
    tag = etag(seen.ticket, actor, len(uploaded))
    if fresh(tag):
        return Reply(None, 304, tag)
    return Reply(_whole(seen, uploaded), etag=tag)


def _whole(seen: service.View, uploaded: Collection[UUID]) -> dict[str, Any]:
    ticket = seen.ticket
    return schemas.ticket_out(
        seen,
        _rows([ticket])[0],
        queries.controls_of(ticket.id),
        queries.penalties_of(ticket.id),
        queries.documents_of(ticket.number),
        uploaded,
    )


@blueprint.expose(
    "POST",
    "/tickets/<number>/actions/<action>",
    permission=policy.ACT,
    summary="One transition; needs If-Match; the body holds the action's fields",
    json=True,
    bodies=ACTION_BODIES,
    match="always",
    who="whom the ticket's own actions name",
    answers={200: schemas.TicketOut},
)
def act(actor: Actor, number: str, action: str, body: Any) -> Reply:
    """Do one transition."""
    seen = service.act(
        actor, number, action, body, settings().timezone, _require_version
    )
    uploaded = evidence.uploaded(seen.ticket)
    tag = etag(seen.ticket, actor, len(uploaded))
    return Reply(_whole(seen, uploaded), etag=tag)


@blueprint.expose(
    "POST",
    "/tickets/<number>/drafts/<action>",
    permission=policy.ACT,
    summary="The document an action would issue now, marked 草稿; nothing is kept",
    json=True,
    query=FileQuery,
    bodies=ACTION_BODIES,
    who="whom the ticket's own actions name",
    media_types=tuple(MEDIA_TYPES.values()),
)
def draft(
    actor: Actor, number: str, action: str, body: Any, query: dict[str, Any]
) -> Response:
    """Give out a draft."""
    zone, format = settings().timezone, query["format"]
    data = service.draft(actor, number, action, body, zone, format)
    response = Response(data, mimetype=MEDIA_TYPES[format])
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _require_version(ticket: Ticket) -> None:
    require_version(ticket.number, ticket.version)


@blueprint.expose(
    "GET",
    "/tickets/<number>/events",
    permission=policy.READ,
    summary="The timeline: who, when, from, to, note, attachments; append-only",
    query=timeline.EventQuery,
    answers={200: [timeline.EventOut]},
)
def events(actor: Actor, number: str, query: dict[str, Any]) -> Reply:
    """Show the timeline of a ticket."""
    service.view(actor, number)
    return Reply(timeline.page(queries.SUBJECT, number, query))


@blueprint.expose(
    "POST",
    "/routing/preview",
    permission=policy.PREVIEW,
    summary="The routing decision for given facts, creating nothing",
    body=schemas.PreviewIn,
    answers={200: schemas.RoutingOut},
)
def routing_preview(actor: Actor, body: dict[str, Any]) -> Reply:
    """Route facts without creating anything."""
    edition = edition_of(actor)
    assert actor.home is not None  # or there would be no edition
    decision = preview.decide(edition, body, actor.home.path)
    return Reply(schemas.routing_out(decision, edition.rules))
