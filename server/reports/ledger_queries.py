"""Reading what the ledgers (台账) are told from: findings and their tickets' events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, Text, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from server.areas.levels import Level
from server.areas.models import Area
from server.audit.models import AuditEvent
from server.core.db import db, inside_any
from server.patrols.models import Finding
from server.reports.ledger_entries import Event, Found
from server.reports.ledger_periods import Period
from server.tickets import workflow
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import ENDED

# The events that end a ticket, as the machine has them.
_ENDING = sorted(
    {f"ticket.{row.event}" for row in workflow.TRANSITIONS if row.target in ENDED}
)
_AT_A_TIME = 500
_IMPORTED = "areas.imported"


@dataclass(frozen=True)
class Selection:
    """Whose findings a ledger is made of.

    Attributes:
        until: the moment (aware) as of which it is told; later than the period's end
            when it is corrected.
        paths: the areas whose findings count.
    """

    catalogue: str
    items: Sequence[str]
    paths: Sequence[str]
    period: Period
    until: datetime


def timelines(chosen: Selection) -> Iterator[tuple[Found, list[Event]]]:
    """Yield each finding with the events of its ticket before ``until``.

    In the order in which the tickets were opened; what ended before the period is
    left out as far as the database can tell. Reads on as it is asked for more.
    """
    streaming = {"stream_results": True, "yield_per": _AT_A_TIME}
    with db.session.execute(_query(chosen), execution_options=streaming) as rows:
        for row in rows:
            yield _found(row), _events(row.events)


def _query(chosen: Selection) -> Select[Any]:
    event = AuditEvent
    of_ticket = (event.subject_type == SUBJECT, event.subject_id == Ticket.number)
    told = func.json_build_array(event.at, event.type, event.actor_name, event.payload)
    events = (
        select(cast(func.json_agg(aggregate_order_by(told, event.id)), Text))
        .where(*of_ticket, event.at < chosen.until)
        .correlate(Ticket)
        .scalar_subquery()
    )
    before = chosen.period.start
    over = exists(
        select(1)
        .where(*of_ticket, event.at < before, event.type.in_(_ENDING))
        .correlate(Ticket)
    )
    return (
        # Of the ticket only what never changes after it is opened.
        select(
            Ticket.number,
            Ticket.ruleset_id,
            Finding.duty_item,
            Finding.category,
            Finding.severity,
            Finding.description,
            Finding.source,
            Finding.facts,
            Finding.area_path,
            Finding.place["name"].astext.label("place"),
            Finding.place["address"].astext.label("address"),
            Finding.responsible_party["name"].astext.label("party"),
            Finding.found_at,
            # As text, like all of it: 100,000 rows have 200,000 of them.
            cast(Finding.photos, ARRAY(Text)).label("photos"),
            events.label("events"),
        )
        .join(Ticket, Ticket.finding_id == Finding.id)
        .where(
            Ticket.catalogue == chosen.catalogue,
            Finding.duty_item.in_(chosen.items),
            Finding.found_at < min(chosen.period.end, chosen.until),
            Finding.received_at < chosen.until,
            inside_any(Finding.area_path, chosen.paths),
            or_(Finding.found_at >= before, ~over),
        )
        .order_by(Ticket.id)
    )


def stale(chosen: Selection) -> int:
    """Count the findings not ended at ``until`` to which nothing happened in the
    period."""
    event = AuditEvent
    of_ticket = (event.subject_type == SUBJECT, event.subject_id == Ticket.number)
    before = event.at < chosen.until
    ended = exists(select(1).where(*of_ticket, before, event.type.in_(_ENDING)))
    touched = exists(
        select(1).where(*of_ticket, before, event.at >= chosen.period.start)
    )
    query = (
        select(func.count())
        .select_from(Ticket)
        .join(Finding, Ticket.finding_id == Finding.id)
        .where(
            Ticket.catalogue == chosen.catalogue,
            Finding.duty_item.in_(chosen.items),
            Finding.received_at < chosen.period.start,
            inside_any(Finding.area_path, chosen.paths),
            ~ended.correlate(Ticket),
            ~touched.correlate(Ticket),
        )
    )
    return db.session.scalars(query).one()


def _found(row: Any) -> Found:
    named = [text for text in (row.place, row.address) if text]
    return Found(
        number=row.number,
        ruleset_id=row.ruleset_id,
        item=row.duty_item,
        category=row.category,
        severity=row.severity,
        description=row.description,
        source=row.source,
        facts=tuple(row.facts),
        area_path=row.area_path,
        place="，".join(named) or None,
        party=row.party,
        found_at=row.found_at,
        photos=tuple(row.photos),
    )


def _events(document: str | None) -> list[Event]:
    return [
        Event(datetime.fromisoformat(at), type_, actor, payload)
        for at, type_, actor, payload in orjson.loads(document or "[]")
    ]


class Named(NamedTuple):
    """An area's level and what it was called."""

    level: str
    name: str


def areas_named(at: datetime) -> Mapping[str, Named]:
    """Return the areas by code, with the names they had at a moment (aware)."""
    rows = db.session.execute(select(Area.code, Area.level, Area.name))
    areas = {code: Named(level, name) for code, level, name in rows}
    imports = (
        select(AuditEvent.payload)
        .where(AuditEvent.type == _IMPORTED, AuditEvent.at >= at)
        .order_by(AuditEvent.id.desc())
    )
    # Backwards, so that the first change after the moment has the last word.
    for payload in db.session.scalars(imports):
        renamed: Any = payload.get("renamed") or {}
        for code, name in renamed.items():
            if code in areas:
                areas[code] = areas[code]._replace(name=name)
    return areas


def village(areas: Mapping[str, Named], path: str) -> tuple[str, str]:
    """Return code and name of the community at a path, else of its deepest area."""
    codes = [code for code in path.split("/") if code in areas]
    communities = [c for c in codes if areas[c].level == Level.COMMUNITY]
    code = communities[-1] if communities else codes[-1] if codes else ""
    return (code, areas[code].name) if code else (path, path)
