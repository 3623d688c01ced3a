"""Tickets over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app

from server.audit import timeline
from server.checklists.service import edition_of
from server.core import workdays
from server.core.clock import local_date, now
from server.core.errors import Invalid
from server.core.http import (
    Blueprint,
    Reply,
    fresh,
    geojson,
    page_of,
    require_version,
)
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.text import Text
from server.documents.files import MEDIA_TYPES
from server.documents.forms import case_file as printed_case
from server.documents.schemas import FileQuery
from server.photos.models import Photo
from server.photos.service import printable
from server.tickets import (
    casefile,
    casework,
    doable,
    evidence,
    filter_schemas,
    history,
    listing,
    nearby,
    policy,
    preview,
    queries,
    saved,
    schemas,
    search,
    service,
)
from server.tickets.counts import counts
from server.tickets.described import ACTION_BODIES
from server.tickets.models import Ticket

blueprint = Blueprint("tickets", __name__)

LONGEST_CALENDAR = timedelta(days=5 * 366)


@blueprint.expose(
    "GET",
    "/tickets",
    permission=policy.READ,
    summary="Tickets the caller may see; Accept: application/geo+json for a map",
    query=filter_schemas.ListQuery,
    answers={200: [schemas.ListedTicket]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List tickets, newest first unless another order is asked for."""
    query = saved.applied(actor, query)
    found, limit = listing.page(_asked(actor, query), query)
    wanted = search.wanted(query["q"]) if query.get("q") else None

    def documents(rows: Sequence[Any]) -> list[dict[str, Any]]:
        tickets = [row[0] for row in rows]
        return _highlighted(tickets, wanted) if wanted else _rows(tickets)

    return geojson.listed(page_of(found, limit, lambda row: row[1:], documents))


@blueprint.expose(
    "GET",
    "/tickets/counts",
    permission=policy.READ,
    summary="How many tickets each choice of each filter would give",
    query=filter_schemas.CountQuery,
    answers={200: schemas.CountsOut},
)
def count(actor: Actor, query: dict[str, Any]) -> Reply:
    """Count tickets by what can be filtered for."""
    return Reply(counts(_asked(actor, saved.applied(actor, query))))


def _asked(actor: Actor, query: dict[str, Any]) -> listing.Asked:
    zone = settings().timezone
    filters = saved.resolved(actor, query)
    return listing.Asked(actor, filters, local_date(now(), zone), zone)


def _rows(tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    today = local_date(now(), settings().timezone)
    ids = [ticket.id for ticket in tickets]
    parts = queries.parts_of(ids)
    positions = queries.lon_lat(ids)
    codes = {code for pairs in parts.values() for code, _ in pairs}
    codes |= {t.lead_department for t in tickets if t.lead_department}
    waiting = queries.stages_now(ids)
    codes |= {s.department for s in waiting.values() if s.department}
    names = queries.department_names(sorted(codes))
    people = queries.assignees(tickets)
    return [
        schemas.ticket_row(
            t, parts[t.id], names, positions[t.id], today, waiting.get(t.id), people
        )
        for t in tickets
    ]


def _highlighted(
    tickets: Sequence[Ticket], wanted: search.Wanted
) -> list[dict[str, Any]]:
    texts = search.texts_of(tickets)
    return [
        row | {"highlights": search.highlights(wanted, texts[row["number"]])}
        for row in _rows(tickets)
    ]


@blueprint.expose(
    "GET",
    "/tickets/<number>",
    permission=policy.READ,
    summary="One ticket whole, with what the caller may do now",
    answers={200: schemas.TicketOut},
)
def show(actor: Actor, number: str) -> Reply:
    """Show a ticket."""
    seen = service.view(actor, number, settings().timezone)
    uploaded = evidence.uploaded(seen.ticket)
    others = casework.around(actor, seen)
    tag = _etag(seen.ticket, actor, len(uploaded), others)
    if fresh(tag):
        return Reply(None, 304, tag)
    return Reply(_whole(seen, uploaded, others), etag=tag)


def _etag(ticket: Ticket, actor: Actor, photos: int, others: casework.Around) -> str:
    today = local_date(now(), settings().timezone)
    return service.etag(ticket, actor, f"{photos}.{others.tag}", today)


def _whole(
    seen: service.View, uploaded: Mapping[UUID, Photo], others: casework.Around
) -> dict[str, Any]:
    ticket = seen.ticket
    whole = schemas.ticket_out(
        seen,
        _rows([ticket])[0],
        queries.controls_of(ticket.id),
        queries.penalties_of(ticket.id),
        queries.documents_of(ticket.number, seen.events),
        uploaded,
        doable.Sight(seen, now(), settings().timezone),
    )
    whole |= history.told_out(seen, uploaded, settings().timezone)
    beside = casework.members(seen, others)
    owed = whole["expected"] + beside["expected"]
    return whole | beside | {"expected": owed}


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
    others = casework.around(actor, seen)
    tag = _etag(seen.ticket, actor, len(uploaded), others)
    return Reply(_whole(seen, uploaded, others), etag=tag)


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
    "/tickets/<number>/similar",
    permission=policy.READ,
    summary="Open tickets of the same category at the same place or within 50 m",
    answers={200: [schemas.SimilarRow]},
)
def similar(actor: Actor, number: str) -> Reply:
    """List what may be the same hazard, nearest first."""
    ticket, _ = service.readable(actor, number)
    found = nearby.similar(actor, ticket)
    rows = _rows([other for other, _ in found])
    items = [
        casework.similar_out(row, ticket, other, metres)
        for row, (other, metres) in zip(rows, found, strict=True)
    ]
    return Reply({"items": items, "next": None})


@blueprint.expose(
    "GET",
    "/tickets/<number>/case-file",
    permission=policy.READ,
    summary="The printable case file (案卷): timeline, photos, papers, as PDF",
    media_types=("application/pdf",),
)
def case_file(actor: Actor, number: str) -> Response:
    """Print a ticket as it stands now."""
    zone = settings().timezone
    seen = service.view(actor, number, zone)
    uploaded = evidence.uploaded(seen.ticket)
    content = casefile.content(seen, uploaded, zone, now())
    printed = [UUID(photo["id"]) for photo in content["photos"]]
    shown = {id: uploaded[id].sha256 for id in printed if id in uploaded}
    images = printable(current_app.extensions["photo_store"], shown)
    response = Response(printed_case(content, images), mimetype="application/pdf")
    name = f'inline; filename="{number}.pdf"'
    response.headers |= {"Content-Disposition": name, "Cache-Control": "no-store"}
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


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
    service.readable(actor, number)
    return Reply(timeline.page(queries.SUBJECT, number, query))


@blueprint.expose(
    "GET",
    "/calendar",
    permission=policy.READ,
    summary="Holidays and make-up working days, for due dates; what else is a weekend",
    query=filter_schemas.CalendarQuery,
    answers={200: filter_schemas.CalendarOut},
)
def calendar(actor: Actor, query: dict[str, Any]) -> Reply:
    """Tell which days are not worked, and which weekends are."""
    known = workdays.calendar()
    today = local_date(now(), settings().timezone)
    first = query.get("from_", today)
    last = query.get("to", first + timedelta(days=366))
    if not first <= last <= first + LONGEST_CALENDAR:
        message = Text(
            "应不早于起始日期，最多五年", "Not before from; five years at most"
        )
        raise Invalid.at("/to", message)
    days = [
        {"date": day, "name": name, "working_day": worked}
        for day, name, worked in known.special(first, last)
    ]
    return Reply(
        {
            "known_until": known.known_until,
            "warning": known.warning(today),
            "days": days,
        }
    )


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
