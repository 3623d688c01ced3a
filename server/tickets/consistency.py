"""Do the tickets say what their timelines say? Part of ``audit verify``.

The chain proves the events; this proves that the tickets, which are ordinary rows,
were not changed beside them.
"""

from __future__ import annotations

from sqlalchemy import String, and_, cast, func, literal, select

from server.audit.models import AuditEvent
from server.audit.rows import Told, faults_of, states_apart, text_of, told_of
from server.core.db import db
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketDepartment,
    TicketPenalty,
    TicketStage,
)
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import State

TICKETS = Told(
    "ticket",
    Ticket,
    Ticket.number,
    told_of(SUBJECT, Ticket.number),
    "ticket.found",
    parts=(
        TicketDepartment.ticket_id,
        TicketControl.ticket_id,
        TicketPenalty.ticket_id,
        TicketStage.ticket_id,
    ),
)


def faults(most: int = 100) -> list[str]:
    """Return where tickets and events disagree, at most ``most`` of each kind.

    Each ticket's state is the ``to`` of its last event that names a state; each
    ticket has exactly one opening event, which names its finding, and is, with its
    departments, controls and penalties, as its last event left it.
    """
    return [
        *states_apart(TICKETS, Ticket.state, most),
        *_openings(most),
        *faults_of(TICKETS, most),
    ]


def _openings(most: int) -> list[str]:
    fitting = and_(
        text_of("to") == State.FOUND.value,
        text_of("finding") == cast(Ticket.finding_id, String),
    )
    opened = (
        select(func.count().filter(fitting), func.count())
        .where(TICKETS.tells, AuditEvent.type == TICKETS.opened)
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
