"""Table of photos."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Photo(Model):
    """One photo; ``id`` is the phone's, the file is found by its ``sha256``.

    ``exif`` holds what the file itself says (orientation, position in EPSG:4326,
    time). ``verdicts`` are what processing found out. A photo belongs to a finding
    (which may not have arrived yet, hence no foreign key) or to a ticket.
    """

    __tablename__ = "photos"
    __table_args__ = (
        CheckConstraint("stage IN ('before', 'after', 'document')", name="stage"),
        CheckConstraint(
            "(finding_id IS NULL) <> (ticket_number IS NULL)", name="one_owner"
        ),
        Index("ix_photos_finding", "finding_id"),
        Index("ix_photos_ticket", "ticket_number"),
        Index("ix_photos_sha256", "sha256"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    finding_id: Mapped[UUID | None]
    ticket_number: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    exif: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    phash: Mapped[str | None] = mapped_column(Text)
    verdicts: Mapped[list[str]] = mapped_column(ARRAY(Text))
