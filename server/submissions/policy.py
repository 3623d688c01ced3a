"""Who hands ledgers over, who reads them and who answers.

A town's officers hand over the ledgers of their town. Whoever reads a ledger
(``reports.policy``) reads its submissions too; the staff of the department it is
addressed to answer for them (签收、退回).
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_

from server.core.db import inside_any
from server.core.permissions import (
    DEPARTMENT_ROLES,
    Actor,
    Permission,
    Role,
)
from server.reports import policy as reports
from server.submissions.models import LedgerSubmission

SENDERS = frozenset({Role.TOWN_OFFICER})
ANSWERERS = DEPARTMENT_ROLES | {Role.SAFETY_OFFICE}
SUBMIT = Permission("ledger.submit", SENDERS)
READ = reports.LEDGER
ANSWER = Permission("ledger.answer", ANSWERERS)


class SubmissionLike(Protocol):
    """What the policy looks at."""

    area_path: str
    addressee: str


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`LedgerSubmission`."""
    kept = reports.ledger_paths(actor, None)
    addressed = actor.paths(ANSWERERS)
    return or_(
        inside_any(LedgerSubmission.area_path, kept),
        and_(
            LedgerSubmission.addressee == actor.department,
            inside_any(LedgerSubmission.area_path, addressed),
        ),
    )


def can_read(actor: Actor, submission: SubmissionLike) -> bool:
    """Tell whether ``actor`` may see ``submission``."""
    paths = reports.ledger_paths(actor, submission.addressee)
    return any(submission.area_path.startswith(path) for path in paths)


def can_answer(actor: Actor, submission: SubmissionLike) -> bool:
    """Tell whether ``actor`` confirms or rejects ``submission`` for its addressee."""
    own = actor.department == submission.addressee
    return own and actor.covers(submission.area_path, ANSWERERS)
