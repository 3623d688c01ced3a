"""Tables of the catalogue's versions; rows are never changed (trigger)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class ChecklistVersion(Model):
    """One published version of one checklist."""

    __tablename__ = "checklist_versions"
    __table_args__ = (UniqueConstraint("catalogue", "code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime]


class Ruleset(Model):
    """One version of a catalogue's rules: routing, processes, vocabulary.

    ``checklists`` maps each checklist code to [version, content hash] in this edition;
    ``serves`` lists the area codes whose findings these rules decide.
    """

    __tablename__ = "rulesets"
    __table_args__ = (UniqueConstraint("catalogue", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)
    serves: Mapped[list[str]] = mapped_column(ARRAY(Text))
    checklists: Mapped[dict[str, tuple[int, str]]] = mapped_column(JSONB)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime]
