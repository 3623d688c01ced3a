"""Tables of duty records and their withdrawals; rows are never changed (trigger)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class DutyRecord(Model):
    """One duty as it was done; ``id`` is the phone's or the desk's.

    ``clauses`` are those it fulfils, as the rules of ``ruleset_id`` have them.
    ``department_code`` is the recording party, the town's own where ``township``.
    ``held_on`` and ``held_until`` are local days, ``held_from`` and ``held_to`` the
    moments where they were given; ``month`` is the first day of the month a form is
    for. ``counted_on`` is the day under which the record counts: ``month``, else
    ``held_on``. ``needed`` are the pictures without which it does not count.
    ``content_hash`` and ``receipt`` recognise and answer a retry.
    """

    __tablename__ = "duty_records"
    __table_args__ = (
        CheckConstraint("held_on <= held_until", name="held"),
        CheckConstraint("participants >= 0", name="participants"),
        Index("ix_duty_records_counted_on", "counted_on", "id"),
        Index(
            "ix_duty_records_area",
            "area_path",
            postgresql_ops={"area_path": "text_pattern_ops"},
        ),
        Index("ix_duty_records_department", "department_code", "counted_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    ruleset_id: Mapped[int] = mapped_column(ForeignKey("rulesets.id"))
    kind: Mapped[str] = mapped_column(Text)
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    clauses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    township: Mapped[bool]
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
    position: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    held_from: Mapped[datetime | None]
    held_to: Mapped[datetime | None]
    held_on: Mapped[date]
    held_until: Mapped[date]
    month: Mapped[date | None]
    counted_on: Mapped[date]
    subject: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    participants: Mapped[int | None]
    names: Mapped[list[str]] = mapped_column(JSONB)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    attachments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    needed: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    received_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)


class DutyWithdrawal(Model):
    """A record taken back (撤回): it stays visible and is counted no more."""

    __tablename__ = "duty_withdrawals"

    record_id: Mapped[UUID] = mapped_column(
        ForeignKey("duty_records.id"), primary_key=True
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime]
