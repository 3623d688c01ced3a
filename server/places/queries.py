"""Reading places."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.places import policy
from server.places.models import Place


def _located() -> Any:
    lon = func.ST_X(Place.geom).label("lon")
    lat = func.ST_Y(Place.geom).label("lat")
    return select(Place, lon, lat)


def by_id(place_id: UUID) -> Row[Any] | None:
    """Return (Place, lon, lat)."""
    return db.session.execute(_located().where(Place.id == place_id)).one_or_none()


def search(actor: Actor, filters: dict[str, Any]) -> list[Row[Any]]:
    """Return (Place, lon, lat) of visible places, one page more by one.

    ``filters``: ``area`` (path), ``kind``, ``q``, ``near`` (lon, lat) with
    ``radius_m`` metres, ``after`` (name, id), ``limit``.
    """
    query = _located().where(policy.visible(actor))
    if filters.get("area"):
        query = query.where(inside_any(Place.area_path, [filters["area"]]))
    if filters.get("kind"):
        query = query.where(Place.kind == filters["kind"])
    if filters.get("q"):
        query = query.where(Place.name.contains(filters["q"], autoescape=True))
    if filters.get("near"):
        point = func.ST_SetSRID(func.ST_MakePoint(*filters["near"]), 4326)
        query = query.where(_within(Place.geom, point, filters["radius_m"]))
    if filters.get("after"):
        name, place_id = filters["after"]
        key = tuple_(Place.name, Place.id)
        query = query.where(key > tuple_(literal(name), literal(place_id)))
    query = query.order_by(Place.name, Place.id).limit(filters["limit"] + 1)
    return list(db.session.execute(query))


def _within(geom: InstrumentedAttribute[Any], point: Any, metres: float) -> Any:
    # The box first, by index (a degree is at least 78 km up to 45° north, less
    # beyond), then the true distance on the ellipsoid.
    box = func.ST_Expand(point, metres / 40_000)
    geography = func.ST_DWithin(
        func.geography(geom), func.geography(point), metres, type_=None
    )
    return geom.op("&&")(box) & geography


def changed_since(actor: Actor, since: datetime | None) -> list[Row[Any]]:
    """Return visible places changed since a moment, all without one."""
    query = _located().where(policy.visible(actor))
    if since is not None:
        query = query.where(Place.changed_at > since)
    return list(db.session.execute(query.order_by(Place.changed_at, Place.id)))
