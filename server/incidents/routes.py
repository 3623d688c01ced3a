"""Incidents over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.areas.service import path_of
from server.audit import timeline
from server.checklists.service import edition_of
from server.core.http import (
    Blueprint,
    Page,
    Reply,
    after_of,
    etag_of,
    fresh,
    geojson,
    int4,
    page_of,
    require_version,
)
from server.core.http.app import settings
from server.core.permissions import Actor
from server.incidents import policy, queries, reporting, schemas, service
from server.incidents.answers import kinds_out
from server.incidents.models import Incident
from server.incidents.vocabulary import SUBJECT
from server.tickets.queries import department_names

blueprint = Blueprint("incidents", __name__)


@blueprint.expose(
    "GET",
    "/incidents/kinds",
    permission=policy.READ,
    summary="What a report of each kind must say, whom it reaches, and its course",
    answers={200: [schemas.KindOut]},
)
def kinds(actor: Actor) -> Reply:
    """List the kinds of incidents of the caller's catalogue."""
    edition = edition_of(actor)
    tag = etag_of("incident-kinds", edition.id)
    if fresh(tag):
        return Reply(None, 304, tag)
    return Reply(Page(kinds_out(edition.rules), None), etag=tag)


@blueprint.expose(
    "PUT",
    "/incidents/<uuid:incident_id>",
    permission=policy.REPORT,
    summary="One report; 201 first, 200 when the same comes again, 409 when not",
    body=schemas.IncidentIn,
    answers={200: schemas.ReceiptOut, 201: schemas.ReceiptOut},
)
def put(actor: Actor, incident_id: UUID, body: dict[str, Any]) -> Reply:
    """Take in one report."""
    receipt = reporting.report(actor, incident_id, body, settings().timezone)
    return Reply(receipt.document, 201 if receipt.first else 200)


@blueprint.expose(
    "GET",
    "/incidents",
    permission=policy.READ,
    summary="Incidents the caller may see; Accept: application/geo+json for a map",
    query=schemas.IncidentQuery,
    answers={200: [schemas.IncidentRow]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List incidents, newest first."""
    after, limit = after_of(query, int), query["limit"]
    found = queries.matching(actor, _resolved(actor, query), settings().timezone)
    incidents = queries.page(found, after, limit + 1)
    return geojson.listed(page_of(incidents, limit, lambda i: (i.seq,), _rows))


def _resolved(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Return the filters with the area as its path and the kinds checked."""
    filters = dict(query)
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    if query.get("kind"):
        rules = edition_of(actor).rules
        for code in query["kind"].split(","):
            reporting.kind_of(rules, code)
    return filters


def _rows(incidents: Sequence[Incident]) -> list[dict[str, Any]]:
    positions = queries.lon_lat([incident.id for incident in incidents])
    names = department_names(sorted({i.command_department for i in incidents}))
    return [schemas.incident_row(i, names, positions[i.id]) for i in incidents]


@blueprint.expose(
    "GET",
    "/incidents/<number>",
    permission=policy.READ,
    summary="One incident with its latest figures and what the caller may record now",
    answers={200: schemas.IncidentOut},
)
def show(actor: Actor, number: str) -> Reply:
    """Show an incident."""
    seen = service.view(actor, number)
    tag = etag(seen.incident, actor)
    if fresh(tag):
        return Reply(None, 304, tag)
    row = _rows([seen.incident])[0]
    stating = queries.with_figures(seen.incident.id)
    return Reply(schemas.incident_out(seen, row, stating), etag=tag)


def etag(incident: Incident, actor: Actor) -> str:
    """Return the ETag of an incident as ``actor`` sees it (``actions`` are theirs).

    It changes with every entry; ``If-Match`` looks at the version, that is at the
    state, only: what others append meanwhile makes no judgement stale.
    """
    person = actor.staff_id.hex[:8]
    return f'"{incident.number}.{incident.version}.{incident.entries}.{person}"'


@blueprint.expose(
    "PUT",
    "/incidents/<number>/entries/<uuid:entry_id>",
    permission=policy.RECORD,
    summary="Record one entry of the course; judgements need If-Match",
    match="judge",
    body=schemas.EntryIn,
    answers={200: schemas.EntryReceiptOut, 201: schemas.EntryReceiptOut},
)
def put_entry(actor: Actor, number: str, entry_id: UUID, body: dict[str, Any]) -> Reply:
    """Record an entry."""
    receipt, incident = service.append(actor, number, entry_id, body, _require_version)
    status = 201 if receipt.first else 200
    return Reply(receipt.document, status, etag(incident, actor))


def _require_version(incident: Incident) -> None:
    require_version(incident.number, incident.version)


@blueprint.expose(
    "GET",
    "/incidents/<number>/entries",
    permission=policy.READ,
    summary="The course as it arrived: who, for whom, what, figures; append-only",
    query=timeline.EventQuery,
    answers={200: [schemas.EntryOut]},
)
def course(actor: Actor, number: str, query: dict[str, Any]) -> Reply:
    """Show the course of an incident."""
    seen = service.view(actor, number)
    after, limit = after_of(query, int4) or 0, query["limit"]
    entries = queries.course(seen.incident.id, after, limit + 1)
    return Reply(
        page_of(
            entries,
            limit,
            lambda entry: (entry.seq,),
            lambda shown: [schemas.entry_out(entry, seen) for entry in shown],
        )
    )


@blueprint.expose(
    "GET",
    "/incidents/<number>/events",
    permission=policy.READ,
    summary="The timeline of the audit trail: report, entries, moves; append-only",
    query=timeline.EventQuery,
    answers={200: [timeline.EventOut]},
)
def events(actor: Actor, number: str, query: dict[str, Any]) -> Reply:
    """Show the timeline of an incident."""
    service.view(actor, number)
    return Reply(timeline.page(SUBJECT, number, query))
