"""Tables of submitted ledgers and their receipts; rows are never changed (trigger)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model

RECEIVED, REJECTED = "received", "rejected"


class LedgerSubmission(Model):
    """A ledger (台账) of one town and one period as it was handed over.

    ``ledger`` is its row in the rules of ``ruleset_id`` (``D01``). ``edition`` counts
    the submissions of the same town, ledger and days: 1, then one more for each
    correction (更正报送), which names the one before in ``replaces`` and says why.
    ``rows``, ``open_rows`` and ``stale_rows`` count all rows, those not ended
    ``as_of``, and of these those to which nothing happened in the period.
    ``content_hash`` recognises a retry.
    """

    __tablename__ = "ledger_submissions"
    __table_args__ = (
        CheckConstraint("period_from <= period_to", name="period"),
        CheckConstraint("(edition > 1) = (replaces IS NOT NULL)", name="edition"),
        CheckConstraint("(edition > 1) = (reason IS NOT NULL)", name="reason"),
        UniqueConstraint(
            "area_code",
            "ledger",
            "period_from",
            "period_to",
            "edition",
            name="uq_ledger_submissions_edition",
        ),
        Index("ix_ledger_submissions_submitted_at", "submitted_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    ruleset_id: Mapped[int] = mapped_column(ForeignKey("rulesets.id"))
    ledger: Mapped[str] = mapped_column(Text)
    addressee: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    period: Mapped[str] = mapped_column(Text)
    period_from: Mapped[date]
    period_to: Mapped[date]
    edition: Mapped[int]
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_submissions.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    as_of: Mapped[datetime]
    provisional: Mapped[bool]
    rows: Mapped[int]
    open_rows: Mapped[int]
    stale_rows: Mapped[int]
    submitted_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(Text)


class LedgerFile(Model):
    """The bytes of a submission in one form (``xlsx``, ``csv``, ``json``).

    In the database and not beside it: they are kept, and lost, with their row.
    """

    __tablename__ = "ledger_files"

    submission_id: Mapped[UUID] = mapped_column(
        ForeignKey("ledger_submissions.id"), primary_key=True
    )
    format: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerReceipt(Model):
    """What the addressee answered: ``received`` 签收 or ``rejected`` 退回, once."""

    __tablename__ = "ledger_receipts"
    __table_args__ = (
        CheckConstraint(f"outcome IN ('{RECEIVED}', '{REJECTED}')", name="outcome"),
    )

    submission_id: Mapped[UUID] = mapped_column(
        ForeignKey("ledger_submissions.id"), primary_key=True
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime]
