"""Do the incidents say what their events say? Part of ``audit verify``.

Incidents are ordinary rows beside the chain; their entries cannot be changed, but the
incident's state and the digests can be compared with what was recorded.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.incidents.models import Incident, IncidentEntry
from server.incidents.vocabulary import SUBJECT


def faults(most: int = 100) -> list[str]:
    """Return where incidents and events disagree, at most ``most`` of each kind.

    The state is the ``to`` of the last event that names one; report and entries carry
    the digest that their event named.
    """
    return [*_states(most), *_reports(most), *_entries(most)]


def _of_incident() -> ColumnElement[bool]:
    return and_(
        AuditEvent.subject_type == SUBJECT, AuditEvent.subject_id == Incident.number
    )


def _text(name: str) -> ColumnElement[str]:
    member: ColumnElement[str] = AuditEvent.payload[name].as_string()
    return member


def _states(most: int) -> list[str]:
    last = (
        select(_text("to"))
        .where(_of_incident(), _text("to").is_not(None))
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .correlate(Incident)
        .scalar_subquery()
    )
    query = select(Incident.number, Incident.state, last).where(
        Incident.state.is_distinct_from(last)
    )
    return [
        f"incident {number} is '{state}', its last event says '{said}'"
        for number, state, said in db.session.execute(query.limit(most))
    ]


def _reports(most: int) -> list[str]:
    event = select(AuditEvent.id).where(
        _of_incident(),
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
        _of_incident(),
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
