"""Are submitted ledgers, their bytes and receipts as their events tell? Part of
``audit verify``."""

from __future__ import annotations

from server.audit.rows import Told, faults_of, text_of, told_of
from server.submissions.models import LedgerFile, LedgerReceipt, LedgerSubmission

SUBJECT = "ledger_submission"

SUBMISSIONS = Told(
    "ledger submission",
    LedgerSubmission,
    LedgerSubmission.id,
    told_of(SUBJECT, LedgerSubmission.id),
    "ledger.submitted",
    text_of("content") == LedgerSubmission.content_hash,
    parts=(LedgerFile.submission_id,),
)
RECEIPTS = Told(
    "receipt of ledger submission",
    LedgerReceipt,
    LedgerReceipt.submission_id,
    told_of(SUBJECT, LedgerReceipt.submission_id),
    "ledger.answered",
)


def faults(most: int = 100) -> list[str]:
    """Return where submissions, receipts and events disagree, at most ``most`` of each
    kind."""
    return [*faults_of(SUBMISSIONS, most), *faults_of(RECEIPTS, most)]
