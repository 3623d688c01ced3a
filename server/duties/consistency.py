"""Have duty records and withdrawals their events, and the events them? Part of
``audit verify``."""

from __future__ import annotations

from server.audit.rows import Told, faults_of, text_of, told_of
from server.duties.models import DutyRecord, DutyWithdrawal
from server.duties.service import SUBJECT

RECORDS = Told(
    "duty record",
    DutyRecord,
    DutyRecord.id,
    told_of(SUBJECT, DutyRecord.id),
    "duty.recorded",
    text_of("content") == DutyRecord.content_hash,
)
WITHDRAWALS = Told(
    "withdrawal of duty record",
    DutyWithdrawal,
    DutyWithdrawal.record_id,
    told_of(SUBJECT, DutyWithdrawal.record_id),
    "duty.withdrawn",
)


def faults(most: int = 100) -> list[str]:
    """Return where records, withdrawals and events disagree, at most ``most`` of each
    kind."""
    return [*faults_of(RECORDS, most), *faults_of(WITHDRAWALS, most)]
