"""Do the incidents say what their events say? Part of ``audit verify``.

Incidents are ordinary rows beside the chain; their entries cannot be changed, but the
incident's state and the digests can be compared with what was recorded.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from server.audit.models import AuditEvent
from server.audit.timeline import states_apart, told_of
from server.core.db import db
from server.incidents.models import Incident, IncidentEntry
from server.incidents.vocabulary import SUBJECT


def faults(most: int = 100) -> list[str]:
    """Return where incidents and events disagree, at most ``most`` of each kind.

    The state is the ``to`` of the last event that names one; report and entries carry
    the digest that their event named.
    """
    return [
        *states_apart(SUBJECT, Incident.number, Incident.state, most),
        *_reports(most),
        *_entries(most),
    ]


def _text(name: str) -> ColumnElement[str]:
    member: ColumnElement[str] = AuditEvent.payload[name].as_string()
    return member


def _reports(most: int) -> list[str]:
    event = select(AuditEvent.id).where(
        told_of(SUBJECT, Incident.number),
        AuditEvent.type == "incident.reported",
        _text("content") == Incident.content_hash,
    )
    query = select(Incident.number).where(~event.correlate(Incident).exists())
    return [
        f"incident {number}: no event tells of this report"
        for number in db.session.scalars(query.limit(most))
    ]


def _entries(most: int) -> list[str]:
    event = select(AuditEvent.id).where(
        told_of(SUBJECT, Incident.number),
        AuditEvent.type == "incident.entry_recorded",
        _text("content") == IncidentEntry.content_hash,
    )
    query = (
        select(Incident.number, IncidentEntry.seq)
        .join(Incident, Incident.id == IncidentEntry.incident_id)
        .where(~event.correlate(Incident, IncidentEntry).exists())
    )
    return [
        f"incident {number}: no event tells of entry {seq}"
        for number, seq in db.session.execute(query.limit(most))
    ]
