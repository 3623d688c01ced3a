"""Do the tickets say what their timelines say? Part of ``audit verify``.

The chain proves the events; this proves that the tickets, which are ordinary rows,
were not changed beside them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, select

from server.audit.models import AuditEvent
from server.audit.timeline import states_apart, told_of, vanished
from server.core.db import db
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import State

OPENED = "ticket.found"


def faults(most: int = 100) -> list[str]:
    """Return where tickets and events disagree, at most ``most`` of each kind.

    Each ticket's state is the ``to`` of its last event that names a state; each
    ticket has exactly one opening event, which names its finding, and each opening
    event its ticket. All is read in one statement per question, so that a running
    system gives no false alarm.
    """
    return [
        *states_apart(SUBJECT, Ticket.number, Ticket.state, most),
        *_openings(most),
        *vanished(SUBJECT, OPENED, Ticket.number, most),
    ]


def _text(name: str) -> ColumnElement[str]:
    member: ColumnElement[str] = AuditEvent.payload[name].as_string()
    return member


def _openings(most: int) -> list[str]:
    fitting = and_(
        _text("to") == State.FOUND.value,
        _text("finding") == cast(Ticket.finding_id, String),
    )
    opened = (
        select(func.count().filter(fitting), func.count())
        .where(told_of(SUBJECT, Ticket.number), AuditEvent.type == OPENED)
        .correlate(Ticket)
        .lateral()
    )
    right, all_ = opened.c
    query = (
        select(Ticket.number)
        .join(opened, literal(True))
        .where((right != 1) | (all_ != 1))
        .order_by(Ticket.id)
        .limit(most)
    )
    return [
        f"ticket {number} has not the one opening event of its finding"
        for number in db.session.scalars(query)
    ]
