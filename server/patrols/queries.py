"""Reading inspections and findings."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Time, and_, cast, func, or_, select

from server.areas.queries import DEEPEST
from server.checklists.places import Night
from server.core import fastsql
from server.core.db import db
from server.patrols.models import Finding, Inspection
from server.tickets.models import ticket_numbers


def finding(finding_id: UUID) -> Finding | None:
    """Return a finding by the phone's id."""
    return db.session.get(Finding, finding_id)


def inspection(inspection_id: UUID) -> Inspection | None:
    """Return an inspection by the phone's id."""
    return db.session.get(Inspection, inspection_id)


# What a finding needs to know before anything else, in one round trip: was it here
# before, where is it, and a number for its ticket if it is new.
_ARRIVAL = f"""
    SELECT known.content_hash, known.receipt, deepest.code, deepest.path,
           CASE WHEN known.id IS NULL THEN nextval('{ticket_numbers.name}') END
               AS ticket_id
      FROM (SELECT 1) AS one
      LEFT JOIN findings known ON known.id = %(id)s
      LEFT JOIN LATERAL ({DEEPEST}) AS deepest ON known.id IS NULL
"""  # noqa: S608


def arrival(finding_id: UUID, lon: float, lat: float, at: datetime) -> Any:
    """Return (content_hash, receipt, code, path, ticket_id) for a finding.

    The first two when it came before; else the deepest area at its position
    (EPSG:4326) by the boundaries in force ``at`` (aware), None outside all, and the
    next ticket number.
    """
    where = {"lon": lon, "lat": lat, "at": at}
    return fastsql.first(_ARRIVAL, {"id": finding_id, **where})


def origin(finding_id: UUID) -> Any:
    """Return (staff_id, number): a finding's sender and ticket, None before it came."""
    return fastsql.first(
        "SELECT findings.staff_id, tickets.number FROM findings"
        " JOIN tickets ON tickets.finding_id = findings.id"
        " WHERE findings.id = %(id)s",
        {"id": finding_id},
    )


def receipt(table: type[Finding] | type[Inspection], id: UUID) -> Any:
    """Return (content_hash, receipt) of what came under an id, or None."""
    return fastsql.first(
        f"SELECT content_hash, receipt FROM {table.__tablename__} WHERE id = %(id)s",  # noqa: S608
        {"id": id},
    )


def checkpoints_with_finding(inspection_id: UUID, staff_id: UUID) -> set[str]:
    """Return the checkpoints for which a person's inspection has findings."""
    query = select(Finding.checkpoint).where(
        Finding.inspection_id == inspection_id,
        Finding.staff_id == staff_id,
        Finding.checkpoint.is_not(None),
    )
    return {checkpoint for checkpoint in db.session.scalars(query) if checkpoint}


def at_night(night: Night, zone: ZoneInfo) -> ColumnElement[bool]:
    """Return the condition that an inspection started in the hours of the night."""
    clock = cast(func.timezone(zone.key, Inspection.started_at), Time)
    begin, end = time.fromisoformat(night.begin), time.fromisoformat(night.end)
    if begin <= end:
        return and_(clock >= begin, clock < end)
    return or_(clock >= begin, clock < end)


def lon_lat(row: Finding | Inspection) -> tuple[float, float]:
    """Return the position of a row (EPSG:4326)."""
    kind = type(row)
    lon, lat = db.session.execute(
        select(func.ST_X(kind.geom), func.ST_Y(kind.geom)).where(kind.id == row.id)
    ).one()
    return lon, lat


def findings_of(inspection_id: UUID, staff_id: UUID) -> list[Finding]:
    """Return the findings of a person's inspection, oldest first."""
    query = select(Finding).where(
        Finding.inspection_id == inspection_id, Finding.staff_id == staff_id
    )
    return list(db.session.scalars(query.order_by(Finding.found_at, Finding.id)))
