"""Counting for the start page. Everything here is a number or a time, no content.

The page is open to anyone, so every statement is one that an index answers, or that
reads a table which stays small.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select

from server.audit.models import AuditEvent, Delivery
from server.core.db import db
from server.departments.models import Department
from server.patrols.models import Finding
from server.tickets.models import Ticket, TicketControl


class Span(NamedTuple):
    """From ``start`` up to, not including, ``end`` (aware)."""

    start: datetime
    end: datetime


class DepartmentCount(NamedTuple):
    """How many tickets a department leads; no code where none has the lead."""

    code: str | None
    name: str | None
    tickets: int


def last_opened_at() -> datetime | None:
    """Return when the newest ticket was opened (UTC), None before the first."""
    query = select(Ticket.opened_at).order_by(Ticket.id.desc()).limit(1)
    return db.session.scalar(query)


def findings_received(span: Span) -> int:
    """Count the findings (隐患) received in ``span``."""
    query = (
        select(func.count())
        .select_from(Ticket)
        .join(Finding, Finding.id == Ticket.finding_id)
        .where(
            Ticket.changed_at >= span.start,
            Finding.received_at >= span.start,
            Finding.received_at < span.end,
        )
    )
    return db.session.scalar(query) or 0


def by_state(span: Span) -> dict[str, int]:
    """Count the tickets opened in ``span`` by the state they have now."""
    query = select(Ticket.state, func.count()).where(_opened(span))
    rows = db.session.execute(query.group_by(Ticket.state)).all()
    return {row[0]: row[1] for row in rows}


def by_department(span: Span) -> list[DepartmentCount]:
    """Count the tickets opened in ``span`` by lead department, most first."""
    count = func.count()
    query = (
        select(Ticket.lead_department, Department.name, count)
        .outerjoin(Department, Department.code == Ticket.lead_department)
        .where(_opened(span))
        .group_by(Ticket.lead_department, Department.name)
        .order_by(count.desc(), Ticket.lead_department)
    )
    return [DepartmentCount(*row) for row in db.session.execute(query)]


def _opened(span: Span) -> ColumnElement[bool]:
    # A ticket changes no earlier than it is opened, and that column has an index.
    return and_(
        Ticket.changed_at >= span.start,
        Ticket.opened_at >= span.start,
        Ticket.opened_at < span.end,
    )


def controls_in_force() -> int:
    """Count the control measures (管控措施) that are not lifted."""
    query = select(func.count()).where(TicketControl.lifted_at.is_(None))
    return db.session.scalar(query) or 0


def photos_waiting() -> int:
    """Count the photos received whose jobs are not done yet, read from the outbox."""
    query = (
        select(func.count(Delivery.event_id.distinct()))
        .join(AuditEvent, AuditEvent.id == Delivery.event_id)
        .where(AuditEvent.type == "photo.received")
    )
    return db.session.scalar(query) or 0


def last_event_at() -> datetime | None:
    """Return when the newest event of the audit trail happened (UTC)."""
    query = select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1)
    return db.session.scalar(query)
