"""Reading areas and boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from server.areas.models import Area, AreaBoundary
from server.core import fastsql
from server.core.db import db, inside_any

# On a boundary several areas cover the point: the deepest level and then the
# lowest code decide, so that the same point always gives the same answer.
# The boundaries are those in force at the moment asked for.
DEEPEST = """
    SELECT a.code, a.path
      FROM area_boundaries b JOIN areas a ON a.code = b.area_code
     WHERE (b.valid_to IS NULL OR b.valid_to > %(at)s)
       AND (b.valid_from IS NULL OR b.valid_from <= %(at)s)
       AND ST_Covers(b.geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))
     ORDER BY array_position(
                  ARRAY['grid', 'community', 'town', 'district', 'city'], a.level),
              a.code
     LIMIT 1
    """


def deepest_at(lon: float, lat: float, at: datetime) -> Any:
    """Return (code, path) of the deepest area covering a point (EPSG:4326).

    ``at`` (aware) is the moment whose boundaries count.
    """
    return fastsql.first(DEEPEST, {"lon": lon, "lat": lat, "at": at})


_METRES = """
    SELECT ST_Distance(b.geom::geography,
                       ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography)
           AS metres
      FROM area_boundaries b
     WHERE b.area_code = %(code)s AND b.valid_to IS NULL
    """


def metres_to(code: str, lon: float, lat: float) -> float | None:
    """Return how far a point (EPSG:4326) lies outside an area's boundary in force.

    0 inside; None where the area has no boundary.
    """
    found = fastsql.first(_METRES, {"code": code, "lon": lon, "lat": lat})
    return found and float(found.metres)


def by_code(code: str) -> Area | None:
    """Return an area by its code."""
    return db.session.get(Area, code)


def by_codes(codes: Sequence[str]) -> dict[str, Area]:
    """Return the areas with these codes, by code."""
    rows = db.session.scalars(select(Area).where(Area.code.in_(codes)))
    return {area.code: area for area in rows}


def boundary_of(code: str) -> Row[Any] | None:
    """Return (id, GeoJSON text, generated) of the boundary in force, if any."""
    return db.session.execute(
        select(
            AreaBoundary.id,
            func.ST_AsGeoJSON(AreaBoundary.geom, 7).label("geojson"),
            AreaBoundary.generated,
        ).where(AreaBoundary.area_code == code, AreaBoundary.valid_to.is_(None))
    ).one_or_none()


def listed(
    under: Sequence[str],
    *,
    parent: str | None,
    level: str | None,
    q: str | None,
    after: str | None,
    limit: int,
) -> list[Area]:
    """Return areas below ``under`` in order of their paths, one page."""
    query = select(Area).where(inside_any(Area.path, under)).order_by(Area.path)
    if parent:
        query = query.where(Area.parent_code == parent)
    if level:
        query = query.where(Area.level == level)
    if q:
        query = query.where(Area.name.contains(q, autoescape=True))
    if after:
        query = query.where(Area.path > after)
    return list(db.session.scalars(query.limit(limit)))


_NAMED = """
    SELECT word, a.path FROM unnest(%(words)s::text[]) AS word
      JOIN areas a ON strpos(lower(normalize(a.name, NFKC)), word) > 0
    """


def named(words: Sequence[str]) -> dict[str, list[str]]:
    """Return the paths of the areas whose name holds a word, by word (lower case)."""
    found: dict[str, list[str]] = {}
    for row in fastsql.rows(_NAMED, {"words": list(words)}):
        found.setdefault(row.word, []).append(row.path)
    return found


def subtree(paths: Sequence[str]) -> list[Area]:
    """Return the areas of ``paths`` and everything below, and nothing above."""
    query = select(Area).where(inside_any(Area.path, paths)).order_by(Area.path)
    return list(db.session.scalars(query))


def with_boundaries(codes: Sequence[str] | None = None) -> list[Row[Any]]:
    """Return (Area, WKB of the boundary, generated), parents first."""
    query = (
        select(Area, func.ST_AsBinary(AreaBoundary.geom), AreaBoundary.generated)
        .outerjoin(
            AreaBoundary,
            (AreaBoundary.area_code == Area.code) & AreaBoundary.valid_to.is_(None),
        )
        .order_by(func.length(Area.path), Area.code)
    )
    if codes is not None:
        query = query.where(Area.code.in_(codes))
    return list(db.session.execute(query))
