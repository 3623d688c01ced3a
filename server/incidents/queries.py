"""Reading incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.incidents import policy
from server.incidents.models import (
    Incident,
    IncidentDepartment,
    IncidentEntry,
    incident_numbers,
)
from server.tickets.queries import day_start


def next_seq() -> int:
    """Return the number of the next incident; numbers may be left out."""
    return db.session.execute(select(incident_numbers.next_value())).scalar_one()


def by_id(incident_id: UUID) -> Incident | None:
    """Return an incident by the phone's id."""
    return db.session.get(Incident, incident_id)


def by_number(number: str, *, lock: bool = False) -> Incident | None:
    """Return an incident, locked for a new entry if asked."""
    query = select(Incident).where(Incident.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def parts_of(incident_id: UUID) -> dict[str, str]:
    """Return the part of each department of an incident."""
    query = select(IncidentDepartment.department_code, IncidentDepartment.part).where(
        IncidentDepartment.incident_id == incident_id
    )
    return {row.department_code: row.part for row in db.session.execute(query)}


def entry(entry_id: UUID) -> IncidentEntry | None:
    """Return an entry by the phone's id."""
    return db.session.get(IncidentEntry, entry_id)


def codes_of(incident_id: UUID) -> set[str]:
    """Return which kinds of entries stand in the course."""
    query = select(IncidentEntry.entry).where(IncidentEntry.incident_id == incident_id)
    return set(db.session.scalars(query.distinct()))


def course(incident_id: UUID, after: int, limit: int) -> list[IncidentEntry]:
    """Return entries as they arrived, from the one after ``after`` on."""
    query = select(IncidentEntry).where(
        IncidentEntry.incident_id == incident_id, IncidentEntry.seq > after
    )
    return list(db.session.scalars(query.order_by(IncidentEntry.seq).limit(limit)))


def with_figures(incident_id: UUID) -> list[IncidentEntry]:
    """Return the entries that state figures, in the order in which things happened."""
    query = select(IncidentEntry).where(
        IncidentEntry.incident_id == incident_id, IncidentEntry.figures != {}
    )
    order = (IncidentEntry.occurred_at, IncidentEntry.seq)
    return list(db.session.scalars(query.order_by(*order)))


def matching(actor: Actor, filters: dict[str, Any], zone: ZoneInfo) -> Select[Any]:
    """Return the query for the incidents ``actor`` may see and ``filters`` describe.

    ``filters`` are those of ``schemas.IncidentQuery`` with the area as a path; days
    are local and those on which it happened.
    """
    query = select(Incident).where(policy.visible(actor))
    for name in ("kind", "state"):
        if filters.get(name):
            wanted = filters[name].split(",")
            query = query.where(getattr(Incident, name).in_(wanted))
    if filters.get("area"):
        query = query.where(inside_any(Incident.area_path, [filters["area"]]))
    if filters.get("from"):
        query = query.where(Incident.occurred_at >= day_start(filters["from"], zone))
    if filters.get("to") and filters["to"] < date.max:
        end = day_start(filters["to"] + timedelta(days=1), zone)
        query = query.where(Incident.occurred_at < end)
    return query


def page(query: Select[Any], after: int | None, limit: int) -> list[Incident]:
    """Return one page, newest first, after the incident with this ``seq``."""
    if after is not None:
        query = query.where(Incident.seq < after)
    return list(db.session.scalars(query.order_by(Incident.seq.desc()).limit(limit)))


def lon_lat(incident_ids: Sequence[UUID]) -> dict[UUID, tuple[float, float]]:
    """Return the positions of incidents (EPSG:4326), by id."""
    query = select(Incident.id, func.ST_X(Incident.geom), func.ST_Y(Incident.geom))
    rows = db.session.execute(query.where(Incident.id.in_(incident_ids)))
    return {id: (lon, lat) for id, lon, lat in rows}
