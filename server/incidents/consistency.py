"""Do the incidents say what their events say? Part of ``audit verify``."""

from __future__ import annotations

from sqlalchemy import String, cast, func

from server.audit.models import AuditEvent
from server.audit.rows import Told, faults_of, states_apart, text_of, told_of
from server.incidents.models import Incident, IncidentDepartment, IncidentEntry
from server.incidents.vocabulary import SUBJECT

INCIDENTS = Told(
    "incident",
    Incident,
    Incident.number,
    told_of(SUBJECT, Incident.number),
    "incident.reported",
    text_of("content") == Incident.content_hash,
    parts=(IncidentDepartment.incident_id,),
)
ENTRY_RECORDED = "incident.entry_recorded"
ENTRIES = Told(
    "entry of incident",
    IncidentEntry,
    func.concat(Incident.number, "/", IncidentEntry.seq),
    told_of(SUBJECT, Incident.number)
    & (AuditEvent.type == ENTRY_RECORDED)
    & (text_of("id") == cast(IncidentEntry.id, String)),
    ENTRY_RECORDED,
    text_of("content") == IncidentEntry.content_hash,
    within=(Incident, Incident.id == IncidentEntry.incident_id),
)


def faults(most: int = 100) -> list[str]:
    """Return where incidents and events disagree, at most ``most`` of each kind.

    The state is the ``to`` of the last event that names one; incidents and entries
    are as their last event left them.
    """
    return [
        *states_apart(INCIDENTS, Incident.state, most),
        *faults_of(INCIDENTS, most),
        *faults_of(ENTRIES, most),
    ]
