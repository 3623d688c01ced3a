"""Who is told that a day is near or has passed: events, each once for a stage.

Nothing is stored that says "overdue"; what is kept is that the people were told.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, cast, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from server.audit.service import record
from server.core import workdays
from server.core.clock import local_date, now
from server.core.db import db
from server.tickets.models import Ticket, TicketReminder, TicketStage
from server.tickets.queries import SUBJECT

SOON, LATE, LONG_LATE = 0, 1, 2
EVENTS = {SOON: "ticket.due_soon", LATE: "ticket.overdue", LONG_LATE: "ticket.overdue"}
# So many in one unit of work; the rest follows with the next run.
BATCH = 500


def remind(zone: ZoneInfo, warn_days: int, escalate_days: int) -> int:
    """Note who is to be told now; return how many events were written.

    Args:
        warn_days: working days before the day on which those who owe the step are
            warned.
        escalate_days: working days after which those above them are told too.
    """
    calendar = workdays.calendar()
    today = local_date(now(), zone)
    # A day that stood from the beginning within the warning needs none.
    begun = cast(func.timezone(zone.key, TicketStage.from_at), Date)
    due = TicketStage.due_on
    until = calendar.add(today, warn_days)
    long_ago = calendar.add(today, -escalate_days)
    told = _tell(SOON, [due >= today, due <= until, due > begun], today)
    told += _tell(LATE, [due < today], today)
    return told + _tell(LONG_LATE, [due < long_ago], today)


def _tell(level: int, conditions: list[ColumnElement[bool]], today: date) -> int:
    known = select(1).where(
        TicketReminder.ticket_id == TicketStage.ticket_id,
        TicketReminder.seq == TicketStage.seq,
        TicketReminder.level == level,
    )
    query = (
        select(TicketStage.ticket_id, TicketStage.seq, literal(level), literal(now()))
        .where(TicketStage.to_at.is_(None), *conditions, ~known.exists())
        .order_by(TicketStage.due_on)
        .limit(BATCH)
    )
    names = ["ticket_id", "seq", "level", "told_at"]
    new = (
        insert(TicketReminder)
        .from_select(names, query)
        .on_conflict_do_nothing()
        .returning(TicketReminder.ticket_id, TicketReminder.seq)
    )
    pairs = [tuple(row) for row in db.session.execute(new)]
    for stage in _stages([ticket_id for ticket_id, _ in pairs]):
        if (stage.ticket_id, stage.seq) in pairs:
            _record(level, stage, today)
    return len(pairs)


def _stages(ticket_ids: list[int]) -> list[Row[tuple[str, int, int]]]:
    stage = TicketStage
    query = (
        select(
            Ticket.number,
            stage.ticket_id,
            stage.seq,
            stage.step,
            stage.department,
            stage.due_on,
            stage.paused,
        )
        .join(Ticket, Ticket.id == stage.ticket_id)
        .where(stage.ticket_id.in_(ticket_ids), stage.to_at.is_(None))
        .order_by(stage.ticket_id)
    )
    return list(db.session.execute(query))


def _record(level: int, stage: Row[tuple[str, int, int]], today: date) -> None:
    payload = {
        "step": stage.step,
        "department": stage.department,
        "due_on": stage.due_on,
        "paused": stage.paused,
        "level": level,
        "days": (today - stage.due_on).days,
    }
    record(EVENTS[level], None, (SUBJECT, stage.number), payload)
