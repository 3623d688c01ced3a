"""Has every finding its event and its ticket? Part of ``audit verify``."""

from __future__ import annotations

from sqlalchemy import String, cast, or_, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.patrols.models import Finding
from server.tickets.consistency import OPENED
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT


def faults(most: int = 100) -> list[str]:
    """Return the findings without an intake event or an opened ticket, and the
    other way round the events whose finding is gone; at most ``most`` of each."""
    return [*_alone(most), *_gone(most)]


def _alone(most: int) -> list[str]:
    recorded = select(AuditEvent.id).where(
        AuditEvent.type == "finding.recorded",
        AuditEvent.subject_type == "finding",
        AuditEvent.subject_id == cast(Finding.id, String),
    )
    opened = (
        select(AuditEvent.id)
        .join(Ticket, Ticket.number == AuditEvent.subject_id)
        .where(
            AuditEvent.type == OPENED,
            AuditEvent.subject_type == SUBJECT,
            Ticket.finding_id == Finding.id,
        )
    )
    query = (
        select(Finding.id)
        .where(or_(~recorded.exists(), ~opened.exists()))
        .order_by(Finding.id)
        .limit(most)
    )
    return [
        f"finding {id} has no intake event or no opened ticket"
        for id in db.session.scalars(query)
    ]


def _gone(most: int) -> list[str]:
    there = select(Finding.id).where(cast(Finding.id, String) == AuditEvent.subject_id)
    query = (
        select(AuditEvent.subject_id)
        .where(AuditEvent.type == "finding.recorded", ~there.exists())
        .order_by(AuditEvent.id)
        .limit(most)
    )
    return [f"finding {id} is gone" for id in db.session.scalars(query)]
