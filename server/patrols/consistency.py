"""Has every finding and inspection its event, every finding its ticket? Part of
``audit verify``."""

from __future__ import annotations

from sqlalchemy import select

from server.audit.models import AuditEvent
from server.audit.rows import Told, faults_of, text_of, told_of
from server.core.db import db
from server.patrols.models import Finding, Inspection
from server.tickets.consistency import TICKETS
from server.tickets.models import Ticket

FINDINGS = Told(
    "finding",
    Finding,
    Finding.id,
    told_of("finding", Finding.id),
    "finding.recorded",
    text_of("content") == Finding.content_hash,
)
INSPECTIONS = Told(
    "inspection",
    Inspection,
    Inspection.id,
    told_of("inspection", Inspection.id),
    "inspection.recorded",
    text_of("content") == Inspection.content_hash,
)


def faults(most: int = 100) -> list[str]:
    """Return where findings, inspections and events disagree, and the findings without
    an opened ticket; at most ``most`` of each kind."""
    return [
        *faults_of(FINDINGS, most),
        *_without_ticket(most),
        *faults_of(INSPECTIONS, most),
    ]


def _without_ticket(most: int) -> list[str]:
    opened = (
        select(AuditEvent.id)
        .join(Ticket, TICKETS.tells)
        .where(AuditEvent.type == TICKETS.opened, Ticket.finding_id == Finding.id)
    )
    query = select(Finding.id).where(~opened.exists()).order_by(Finding.id)
    return [
        f"finding {id} has no opened ticket"
        for id in db.session.scalars(query.limit(most))
    ]
