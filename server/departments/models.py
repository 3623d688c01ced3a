"""Table of departments."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Department(Model):
    """A department; ``code`` is ours and unique over all catalogues.

    ``catalogue`` is the duty list that named it first: another town's catalogue has
    departments of its own, and may share some.
    """

    __tablename__ = "departments"
    __table_args__ = (
        CheckConstraint("level IN ('district', 'city', 'town')", name="level"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    catalogue: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text))
