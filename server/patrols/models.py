"""Tables of inspections and findings; rows are never changed (trigger)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.tickets.models import words
from server.tickets.vocabulary import Source


class Inspection(Model):
    """One checklist answered at one place; ``id`` is the phone's.

    ``content_hash`` covers everything that was sent: a retry is recognised by it,
    and ``receipt`` is what was answered the first time.
    """

    __tablename__ = "inspections"
    __table_args__ = (
        Index("ix_inspections_staff", "staff_id", "finished_at"),
        Index("ix_inspections_place", "place_id", "finished_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    catalogue: Mapped[str] = mapped_column(Text)
    checklist: Mapped[str] = mapped_column(Text)
    checklist_version: Mapped[int]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("places.id"))
    place: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    received_at: Mapped[datetime]
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    position: Mapped[dict[str, Any]] = mapped_column(JSONB)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    companions: Mapped[list[str]] = mapped_column(JSONB)
    signature: Mapped[Any | None] = mapped_column(JSONB, nullable=True)
    content_hash: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Finding(Model):
    """One hazard as it was found; ``id`` is the phone's.

    ``inspection_id`` is no foreign key: the finding may come before its inspection.
    ``position`` is what the phone sent, ``geom`` the same in EPSG:4326.
    """

    __tablename__ = "findings"
    __table_args__ = (
        Index("ix_findings_inspection", "inspection_id", "checkpoint"),
        Index("ix_findings_staff", "staff_id", "found_at"),
        CheckConstraint(f"source IN {words(Source)}", name="source"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    inspection_id: Mapped[UUID | None]
    checkpoint: Mapped[str | None] = mapped_column(Text)
    checklist_version: Mapped[int | None]
    duty_item: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    position: Mapped[dict[str, Any]] = mapped_column(JSONB)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("places.id"))
    place: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    responsible_party: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    found_at: Mapped[datetime]
    received_at: Mapped[datetime]
    facts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    handling: Mapped[dict[str, Any]] = mapped_column(JSONB)
    control: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(Text)
    complaint: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    content_hash: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)
