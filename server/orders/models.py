"""Table of inbound orders."""

from __future__ import annotations

from datetime import date, datetime
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
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.orders.vocabulary import State

order_numbers = Sequence("order_numbers", metadata=Model.metadata)

_STATES = ", ".join(f"'{state.value}'" for state in State)


class Order(Model):
    """One inbound order on its way from the department to its end.

    ``state`` is written by one function (``service.move``). ``version`` counts the
    changes and makes the ETag.

    Attributes:
        id: made by the desk that issued it.
        serial: counts the orders, gaps allowed; ``number`` is made from it.
        source_no: what the department calls it (工单号、图斑编号).
        department: the department that issued it and checks the answer.
        geom: where it is, EPSG:4326; None when only the area is known.
        position: the position as it was sent.
        party: the responsible party, if one is known.
        determination: what the department found on site (73.区自然资源分局.1).
        due_on: local day by which the town is to be done.
        result: code of what the town's verification came to.
        done: steps that need not be done (again); see ``workflow.moved``.
        back_to: the state in which the town goes on while it is sent back.
        photos: ids announced with the issue.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index(
            "ix_orders_area",
            "area_path",
            postgresql_ops={"area_path": "text_pattern_ops"},
        ),
        Index("ix_orders_department", "department"),
        Index("ix_orders_transferred_to", "transferred_to"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    ruleset_id: Mapped[int] = mapped_column(ForeignKey("rulesets.id"))
    item: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    source_no: Mapped[str | None] = mapped_column(Text)
    department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
    position: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    party: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    determination: Mapped[str | None] = mapped_column(Text)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    content_hash: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None]
    result: Mapped[str | None] = mapped_column(Text)
    done: Mapped[list[str]] = mapped_column(ARRAY(Text))
    back_to: Mapped[str | None] = mapped_column(Text)
    transferred_to: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    issued_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    version: Mapped[int]
