"""Table of places."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Place(Model):
    """A place to inspect; ``geom`` is a point, EPSG:4326.

    ``kind`` is the code of a place kind of the catalogue (``35``, ``47-manhole``).
    ``attributes`` are those of ``schemas.AttributesIn`` that are known. ``keeper``
    (管护人) and ``risk`` belong to risk points (风险隐患点).

    ``natural_key`` says which row of a file is this place (``naming.natural_key``);
    it is unique among what came from files. Phones may register the same place
    twice: nothing they send is refused for that, and nothing lost. ``name_key`` is
    the key by name alone. ``created_by`` is None for what the command line imported.
    ``last_visited_at`` is the end of the latest inspection.
    """

    __tablename__ = "places"
    __table_args__ = (
        Index("ix_places_geom", "geom", postgresql_using="gist"),
        Index(
            "ix_places_area",
            "area_path",
            postgresql_ops={"area_path": "text_pattern_ops"},
        ),
        Index("ix_places_changed", "changed_at"),
        Index("ix_places_natural_key", "natural_key"),
        Index("ix_places_name_key", "name_key"),
        Index("ix_places_credit_code", "credit_code"),
        Index(
            "uq_places_imported",
            "natural_key",
            unique=True,
            postgresql_where=text("imported"),
        ),
        CheckConstraint("risk_level IN ('low', 'medium', 'high')", name="risk_level"),
        CheckConstraint("visit_every_days > 0", name="visit_every_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    position: Mapped[dict[str, Any]] = mapped_column(JSONB)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    responsible_party: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    contact: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    risk: Mapped[str | None] = mapped_column(Text)
    keeper: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    credit_code: Mapped[str | None] = mapped_column(Text)
    register_no: Mapped[str | None] = mapped_column(Text)
    risk_level: Mapped[str | None] = mapped_column(Text)
    visit_every_days: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(Text)
    natural_key: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    imported: Mapped[bool]
    content_hash: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    registered_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    last_visited_at: Mapped[datetime | None]
