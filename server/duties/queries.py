"""Reading duty records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    Uuid,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from server.accounts.models import Staff
from server.core import fastsql
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.departments.models import Department
from server.duties import policy
from server.duties.models import DutyRecord, DutyWithdrawal
from server.photos.models import Photo

OWNER = "duty"


def receipt(record_id: UUID) -> Any:
    """Return (content_hash, receipt) of what came under an id, or None."""
    return fastsql.first(
        "SELECT content_hash, receipt FROM duty_records WHERE id = %(id)s",
        {"id": record_id},
    )


def by_id(record_id: UUID) -> DutyRecord | None:
    """Return a record by its id."""
    return db.session.get(DutyRecord, record_id)


def withdrawal(record_id: UUID) -> DutyWithdrawal | None:
    """Return the withdrawal of a record, if it was withdrawn."""
    return db.session.get(DutyWithdrawal, record_id)


def _uploaded() -> ColumnElement[Any]:
    """Return the ids of the pictures that have arrived for a record, as an array."""
    ids = (
        select(func.array_agg(Photo.id))
        .where(
            Photo.owner_kind == OWNER, Photo.owner_key == cast(DutyRecord.id, String)
        )
        .scalar_subquery()
    )
    return func.coalesce(ids, cast([], ARRAY(Uuid)), type_=ARRAY(Uuid))


def _shown() -> Select[Any]:
    by = aliased(Staff)
    return (
        select(
            DutyRecord,
            func.ST_X(DutyRecord.geom).label("lon"),
            func.ST_Y(DutyRecord.geom).label("lat"),
            Staff.name.label("recorded_by"),
            Department.name.label("department"),
            _uploaded().label("uploaded"),
            DutyWithdrawal.withdrawn_at,
            DutyWithdrawal.reason,
            by.name.label("withdrawn_by"),
        )
        .join(Staff, Staff.id == DutyRecord.staff_id)
        .join(Department, Department.code == DutyRecord.department_code)
        .outerjoin(DutyWithdrawal, DutyWithdrawal.record_id == DutyRecord.id)
        .outerjoin(by, by.id == DutyWithdrawal.staff_id)
    )


def shown(record_id: UUID) -> Row[Any] | None:
    """Return a record with all that is shown of it."""
    query = _shown().where(DutyRecord.id == record_id)
    return db.session.execute(query).one_or_none()


def search(
    actor: Actor, filters: Mapping[str, Any], after: tuple[date, UUID] | None
) -> list[Row[Any]]:
    """Return visible records as :func:`shown`, the newest first, one page more by one.

    ``filters``: ``item``, ``kind``, ``township`` or ``department`` (code), ``area``
    (path), ``from`` and ``to`` (days, both included), ``limit``.
    """
    query = _shown().where(policy.visible(actor), *_conditions(filters))
    key = tuple_(DutyRecord.counted_on, DutyRecord.id)
    if after is not None:
        query = query.where(key < tuple_(literal(after[0]), literal(after[1])))
    query = query.order_by(DutyRecord.counted_on.desc(), DutyRecord.id.desc())
    return list(db.session.execute(query.limit(filters["limit"] + 1)))


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.get("item"):
        found.append(DutyRecord.items.contains([filters["item"]]))
    if filters.get("kind"):
        found.append(DutyRecord.kind == filters["kind"])
    if filters.get("township"):
        found.append(DutyRecord.township.is_(True))
    if filters.get("department"):
        found.append(DutyRecord.department_code == filters["department"])
    if filters.get("area"):
        found.append(_at(filters["area"]))
    if filters.get("from"):
        found.append(DutyRecord.counted_on >= filters["from"])
    if filters.get("to"):
        found.append(DutyRecord.counted_on <= filters["to"])
    return found


def _at(path: str) -> ColumnElement[bool]:
    """Return the condition that a record is about an area: it lies in there.

    A department's record made for a wider area (the district) is about all of it.
    """
    around = func.starts_with(path, DutyRecord.area_path)
    return or_(
        inside_any(DutyRecord.area_path, [path]), and_(~DutyRecord.township, around)
    )


def counted(actor: Actor, filters: Mapping[str, Any]) -> list[Row[Any]]:
    """Return what a report needs of the visible records not withdrawn.

    Rows of (kind, items_named, held_on, held_until, month, counted_on, participants,
    complete); ``complete``: every needed picture has arrived. ``filters`` as in
    :func:`search`, except that a record held over the ends of the period is in it.
    """
    touching = {k: v for k, v in filters.items() if k not in {"from", "to"}}
    query = (
        select(
            DutyRecord.kind,
            DutyRecord.items.label("items_named"),
            DutyRecord.held_on,
            DutyRecord.held_until,
            DutyRecord.month,
            DutyRecord.counted_on,
            DutyRecord.participants,
            DutyRecord.needed.contained_by(_uploaded()).label("complete"),
        )
        .outerjoin(DutyWithdrawal, DutyWithdrawal.record_id == DutyRecord.id)
        .where(
            policy.visible(actor),
            DutyWithdrawal.record_id.is_(None),
            DutyRecord.counted_on <= filters["to"],
            func.greatest(DutyRecord.counted_on, DutyRecord.held_until)
            >= filters["from"],
            *_conditions(touching),
        )
    )
    return list(db.session.execute(query))
