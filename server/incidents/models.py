"""Tables of incidents; entries are never changed (trigger)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Sequence,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.incidents.vocabulary import Part, State

incident_numbers = Sequence("incident_numbers", metadata=Model.metadata)


def _words(words: type[State | Part]) -> str:
    return "(" + ", ".join(f"'{word.value}'" for word in words) + ")"


class Incident(Model):
    """One incident: its report, which stays as it was sent, and where it stands.

    ``id`` is the phone's. Only ``service`` changes the second half, from ``state`` on.

    Attributes:
        seq: counts the reports; the end of ``number``, which people call it by.
        fields: the fields of the report by the catalogue's names.
        figures: figures that the report itself stated.
        content_hash, receipt: a retry is recognised by the one and answered by the
            other.
        acknowledged_at: when the command first recorded anything (接报).
        version: counts the moves of ``state``; ``entries``: counts the course. Both
            are in the ETag, ``If-Match`` looks at the version only.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint(f"state IN {_words(State)}", name="state"),
        Index(
            "ix_incidents_area",
            "area_path",
            postgresql_ops={"area_path": "text_pattern_ops"},
        ),
        Index("ix_incidents_occurred_at", "occurred_at"),
        Index("ix_incidents_staff", "staff_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    item: Mapped[str] = mapped_column(Text)
    catalogue: Mapped[str] = mapped_column(Text)
    ruleset_id: Mapped[int] = mapped_column(ForeignKey("rulesets.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    party: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    position: Mapped[dict[str, Any]] = mapped_column(JSONB)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    place_text: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    command_department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None]
    controlled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    version: Mapped[int]
    entries: Mapped[int]


class IncidentDepartment(Model):
    """A department with a part in an incident, from the report on."""

    __tablename__ = "incident_departments"
    __table_args__ = (
        CheckConstraint(f"part IN {_words(Part)}", name="part"),
        Index("ix_incident_departments_department", "department_code"),
    )

    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), primary_key=True
    )
    department_code: Mapped[str] = mapped_column(
        ForeignKey("departments.code"), primary_key=True
    )
    part: Mapped[str] = mapped_column(Text)


class IncidentEntry(Model):
    """One entry (进展) of the course; ``id`` is the phone's, rows never change.

    ``seq`` counts the entries of one incident from 1 as they arrived; ``party`` is
    ``town`` or the department in whose name it was recorded. ``moved_to`` is the
    state it took the incident to, if it moved it.
    """

    __tablename__ = "incident_entries"
    __table_args__ = (UniqueConstraint("incident_id", "seq"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incidents.id"))
    seq: Mapped[int]
    entry: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    addressees: Mapped[list[str]] = mapped_column(ARRAY(Text))
    moved_from: Mapped[str | None] = mapped_column(Text)
    moved_to: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)
