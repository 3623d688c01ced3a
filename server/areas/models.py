"""Tables of areas and their boundaries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.areas.levels import LEVELS
from server.core.db import Model


class Area(Model):
    """An administrative area or a grid.

    ``path`` is the codes from the city down, each followed by a slash, so that
    "inside" is a prefix match. ``scheme`` names whose code it is.
    """

    __tablename__ = "areas"
    __table_args__ = (
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        Index("ix_areas_path", "path", postgresql_ops={"path": "text_pattern_ops"}),
        Index("ix_areas_parent", "parent_code"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    scheme: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    path: Mapped[str] = mapped_column(Text, unique=True)
    changed_at: Mapped[datetime]


class AreaBoundary(Model):
    """One version of an area's boundary, EPSG:4326; the open one has no end.

    An area's first version has no beginning either: it counts for what was found
    before the area was loaded.

    ``generated`` marks a polygon that was made up (no open data exist for
    townships and below), never surveyed.
    """

    __tablename__ = "area_boundaries"
    __table_args__ = (
        Index(
            "ix_area_boundaries_geom",
            "geom",
            postgresql_using="gist",
        ),
        Index(
            "uq_area_boundaries_open",
            "area_code",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    geom: Mapped[Any] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )
    generated: Mapped[bool]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
