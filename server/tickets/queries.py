"""Reading tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONPATH

from server.accounts.models import Staff
from server.audit.models import AuditEvent
from server.audit.service import noted
from server.checklists.models import Ruleset
from server.core import fastsql
from server.core.db import db
from server.departments.models import Department
from server.documents.queries import Seen, of_owner
from server.documents.told import files_out, status
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketDepartment,
    TicketPenalty,
    TicketStage,
)
from server.tickets.vocabulary import ENDED, State

SUBJECT = "ticket"
WAITING_FOR_A_DAY = (
    State.ON_SPOT,
    State.RECTIFYING,
    State.TOWN_RECHECK,
    State.ORDERED,
    State.DEPT_RECHECK,
)


def by_number(number: str, *, lock: bool = False) -> Ticket | None:
    """Return a ticket, locked for a change if asked."""
    query = select(Ticket).where(Ticket.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


# How far apart two reports of one hazard may lie (metres): two satellite fixes.
NEAR_M = 200


def alike(one: Ticket, other: Ticket) -> bool:
    """Tell whether two tickets could be of one hazard: its category, and where."""
    if one.category != other.category:
        return False
    if one.place_id is not None and one.place_id == other.place_id:
        return True
    row = fastsql.first(
        "SELECT ST_DWithin(here.geom::geography, there.geom::geography, %(near)s) AS ok"
        " FROM tickets here, tickets there"
        " WHERE here.id = %(here)s AND there.id = %(there)s",
        {"near": NEAR_M, "here": one.id, "there": other.id},
    )
    return bool(row.ok)


def locked_if_free(number: str) -> Ticket | None:
    """Return a ticket locked, None when someone else is changing it now.

    For the second ticket of a change: waiting for it while holding the first could
    be waiting for each other.
    """
    query = select(Ticket).where(Ticket.number == number)
    query = query.with_for_update(skip_locked=True)
    return db.session.scalar(query.execution_options(populate_existing=True))


def parts_of(ticket_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return (department, part) pairs of each ticket, by ticket id."""
    query = (
        select(
            TicketDepartment.ticket_id,
            TicketDepartment.department_code,
            TicketDepartment.part,
        )
        .where(TicketDepartment.ticket_id.in_(ticket_ids))
        .order_by(TicketDepartment.department_code)
    )
    found: dict[int, list[tuple[str, str]]] = {id: [] for id in ticket_ids}
    for ticket_id, department, part in db.session.execute(query):
        found[ticket_id].append((department, part))
    return found


def departments_of(ticket_id: int) -> list[TicketDepartment]:
    """Return the rows of a ticket's departments, with what each answered."""
    query = select(TicketDepartment).where(TicketDepartment.ticket_id == ticket_id)
    query = query.order_by(TicketDepartment.department_code)
    # Written past the session's objects, so read anew.
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return list(found)


def open_decisions(catalogue: str) -> Sequence[Row[Any]]:
    """Return (number, state, item, decision, ruleset version) of open tickets."""
    query = (
        select(
            Ticket.number,
            Ticket.state,
            Ticket.duty_item,
            Ticket.decision,
            Ruleset.version,
        )
        .join(Ruleset, Ruleset.id == Ticket.ruleset_id)
        .where(Ticket.catalogue == catalogue, Ticket.state.not_in(ENDED))
        .order_by(Ticket.id)
    )
    return db.session.execute(query).all()


def department_names(codes: Sequence[str]) -> dict[str, str]:
    """Return the names of departments by code."""
    query = select(Department.code, Department.name).where(Department.code.in_(codes))
    return {row.code: row.name for row in db.session.execute(query)}


def department_level(code: str) -> str:
    """Return the level of a department: ``town``, ``district`` or ``city``."""
    query = select(Department.level).where(Department.code == code)
    return db.session.scalars(query).one()


def department_code(key: str, catalogue: str | None = None) -> str | None:
    """Return the code of the department with this code, name or alias.

    Departments of two catalogues may have one name: ``catalogue`` (the caller's own)
    goes first.
    """
    query = (
        select(Department.code)
        .where(
            or_(
                Department.code == key,
                Department.name == key,
                literal(key) == any_(Department.aliases),
            )
        )
        .order_by(
            (Department.code == key).desc(),
            (Department.catalogue == catalogue).desc().nulls_last(),
            (Department.name == key).desc(),
            Department.code,
        )
        .limit(1)
    )
    return db.session.scalars(query).first()


def controls_of(ticket_id: int) -> list[TicketControl]:
    """Return the control measures of a ticket, oldest first."""
    query = select(TicketControl).where(TicketControl.ticket_id == ticket_id)
    return list(db.session.scalars(query.order_by(TicketControl.id)))


def penalties_of(ticket_id: int) -> list[TicketPenalty]:
    """Return the penalties of a ticket, oldest first."""
    query = select(TicketPenalty).where(TicketPenalty.ticket_id == ticket_id)
    return list(db.session.scalars(query.order_by(TicketPenalty.id)))


def _standing(seen: Seen | None) -> dict[str, Any]:
    """Return what is told of an issued document beside what its event noted."""
    if seen is None:
        return {}
    links = {format: file["url"] for format, file in files_out(seen).items()}
    return {"status": status(seen), "links": links}


def happened(number: str, types: Sequence[str]) -> int:
    """Count the events of these types on a ticket, before the change under way."""
    query = select(func.count()).where(
        AuditEvent.subject_type == SUBJECT,
        AuditEvent.subject_id == number,
        AuditEvent.type.in_(types),
    )
    return db.session.scalar(query) or 0


class Event(NamedTuple):
    """An event of a ticket; ``actor`` is the name it was done under."""

    at: datetime
    type: str
    actor_id: UUID | None
    actor: str
    payload: dict[str, Any]


def events_of(number: str, types: Collection[str] = ()) -> list[Event]:
    """Return a ticket's events, or those of ``types``, oldest first.

    Those of the change under way are among them: its answer tells of them.
    """
    one = AuditEvent
    query = (
        select(one.at, one.type, one.actor_id, one.actor_name, one.payload)
        .where(one.subject_type == SUBJECT, one.subject_id == number)
        .order_by(one.id)
    )
    if types:
        query = query.where(one.type.in_(types))
    found = [Event(*row) for row in db.session.execute(query)]
    return found + [
        Event(e.at, e.type, e.actor_id, e.actor_name, orjson.loads(e.payload))
        for e in noted((SUBJECT, number))
        if not types or e.type in types
    ]


def documents_of(number: str, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the documents issued on a ticket, as its ``events`` tell of them."""
    issued = [(e.at, e.payload["document"]) for e in events if _issues(e)]
    numbered = {str(one.document.id): one for one in of_owner(SUBJECT, number)}
    return [
        {**document, "issued_at": at} | _standing(numbered.get(document.get("id")))
        for at, document in issued
    ]


def _issues(event: Event) -> bool:
    return event.payload.get("document") is not None


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a local calendar day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def overdue(today: date) -> ColumnElement[bool]:
    """Return the condition that a ticket is past the day of the step it waits for.

    Tickets from before stages were kept have none until their next change: for them
    the day of the hazard counts, in the states that wait for it.
    """
    own = TicketStage.ticket_id == Ticket.id
    late = select(1).where(
        own, TicketStage.to_at.is_(None), TicketStage.due_on.is_not(None)
    )
    without = ~select(1).where(own).exists()
    waiting = Ticket.state.in_([state.value for state in WAITING_FOR_A_DAY])
    return or_(
        late.where(TicketStage.due_on < today).exists(),
        and_(Ticket.due_on < today, waiting, without),
    )


def in_time(day: ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition that ``day`` is within the day of the hazard.

    Of a day off in writing until the next working day; only what is later than the
    day is asked whether it was one.
    """
    same = "$[*] ? (@.due_on == $day).effective_on"
    written = func.jsonb_build_object("day", func.to_char(Ticket.due_on, "YYYY-MM-DD"))
    line = func.jsonb_path_query_first(
        Ticket.deadlines, cast(literal(same), JSONPATH), written
    )
    until = cast(line.op("#>>")(text("'{}'")), Date)
    return case((day <= Ticket.due_on, true()), else_=day <= until)


def stages_now(ticket_ids: Sequence[int]) -> dict[int, TicketStage]:
    """Return what each ticket waits for now, by ticket id."""
    query = select(TicketStage).where(
        TicketStage.ticket_id.in_(ticket_ids), TicketStage.to_at.is_(None)
    )
    return {stage.ticket_id: stage for stage in db.session.scalars(query)}


def staff_names(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of people by id."""
    if not ids:
        return {}
    query = select(Staff.id, Staff.name).where(Staff.id.in_(ids))
    return {row.id: row.name for row in db.session.execute(query)}


def assignees(tickets: Iterable[Ticket]) -> dict[UUID, str]:
    """Return the names of those to whom tickets are assigned, by id."""
    return staff_names(sorted({t.assignee_id for t in tickets if t.assignee_id}))


def lon_lat(ticket_ids: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Return the positions of tickets (EPSG:4326), by ticket id."""
    query = select(Ticket.id, func.ST_X(Ticket.geom), func.ST_Y(Ticket.geom))
    rows = db.session.execute(query.where(Ticket.id.in_(ticket_ids)))
    return {ticket_id: (lon, lat) for ticket_id, lon, lat in rows}
