"""Table of photos."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.core.digests import DERIVED


class Photo(Model):
    """One photo; ``id`` is the phone's, the file is found by its ``sha256``.

    ``exif`` holds what the file itself says (orientation, position in EPSG:4326,
    time). ``verdicts`` are what processing found out. A photo belongs to one owner
    (see ``owners``), which may not have arrived yet, hence no foreign key.
    """

    __tablename__ = "photos"
    __table_args__ = (
        CheckConstraint("stage IN ('before', 'after', 'document')", name="stage"),
        CheckConstraint(
            "owner_kind IN ('finding', 'ticket', 'order', 'incident', 'duty')",
            name="owner_kind",
        ),
        Index("ix_photos_owner", "owner_kind", "owner_key"),
        Index("ix_photos_sha256", "sha256"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    owner_kind: Mapped[str] = mapped_column(Text)
    owner_key: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    exif: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None] = mapped_column(info=DERIVED)
    phash: Mapped[str | None] = mapped_column(Text, info=DERIVED)
    verdicts: Mapped[list[str]] = mapped_column(ARRAY(Text), info=DERIVED)
