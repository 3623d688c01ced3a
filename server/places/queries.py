"""Reading places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Text,
    any_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute

from server.checklists.places import UNRATED, PlaceRules
from server.core import fastsql
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.places import policy
from server.places.models import Place


@dataclass(frozen=True)
class Wanted:
    """What a list of places is narrowed to; None and False are no such filter.

    Attributes:
        area: path of the area.
        near: lon, lat (EPSG:4326) with ``radius_m`` metres around it.
        due_by: local day by which a visit is due.
        after: name and id of the last place of the page before.
    """

    area: str | None = None
    kind: str | None = None
    duty_item: str | None = None
    q: str | None = None
    risk_points: bool | None = None
    risk_level: str | None = None
    due_by: date | None = None
    near: tuple[float, float] | None = None
    radius_m: float = 500.0
    after: tuple[str, UUID] | None = None
    limit: int = 100
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))


def _located() -> Any:
    lon = func.ST_X(Place.geom).label("lon")
    lat = func.ST_Y(Place.geom).label("lat")
    return select(Place, lon, lat)


def by_id(place_id: UUID) -> Row[Any] | None:
    """Return (Place, lon, lat)."""
    return db.session.execute(_located().where(Place.id == place_id)).one_or_none()


def search(actor: Actor, wanted: Wanted, rules: PlaceRules) -> list[Row[Any]]:
    """Return (Place, lon, lat) of visible places by name, one page more by one."""
    query = _located().where(policy.visible(actor), *_conditions(wanted, rules))
    query = query.order_by(Place.name, Place.id).limit(wanted.limit + 1)
    return list(db.session.execute(query))


def _conditions(wanted: Wanted, rules: PlaceRules) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.area:
        conditions.append(inside_any(Place.area_path, [wanted.area]))
    if wanted.kind:
        conditions.append(Place.kind.in_(wanted.kind.split(",")))
    if wanted.duty_item:
        conditions.append(inspected_under(wanted.duty_item, rules))
    if wanted.risk_points is not None:
        points = [kind.code for kind in rules.kinds if kind.risk_point]
        is_point = Place.kind.in_(points)
        conditions.append(is_point if wanted.risk_points else ~is_point)
    if wanted.risk_level:
        conditions.append(Place.risk_level == wanted.risk_level)
    if wanted.due_by:
        conditions.append(next_due(rules, wanted.zone) <= wanted.due_by)
    if wanted.q:
        conditions.append(Place.name.contains(wanted.q, autoescape=True))
    if wanted.near:
        point = func.ST_SetSRID(func.ST_MakePoint(*wanted.near), 4326)
        conditions.append(_within(Place.geom, point, wanted.radius_m))
    if wanted.after:
        name, place_id = wanted.after
        key = tuple_(Place.name, Place.id)
        conditions.append(key > tuple_(literal(name), literal(place_id)))
    return conditions


def inspected_under(item: str, rules: PlaceRules) -> ColumnElement[bool]:
    """Return the condition that a place is inspected under a duty item."""
    return or_(
        false(),
        Place.kind.in_(rules.kinds_of(item)),
        *(Place.attributes.contains({name: True}) for name in rules.also_by(item)),
    )


def every_days(rules: PlaceRules) -> ColumnElement[int]:
    """Return how many days may lie between two visits of a place; see ``visits``."""
    days = {
        f"{kind.code} {level}": rhythm.days
        for kind in rules.kinds
        for level, rhythm in kind.visits.items()
    }
    key = Place.kind.concat(" ").concat(func.coalesce(Place.risk_level, UNRATED))
    by_kind = cast(func.jsonb_extract_path_text(literal(days, JSONB), key), Integer)
    return func.coalesce(Place.visit_every_days, by_kind)


def next_due(
    rules: PlaceRules, zone: ZoneInfo, last: ColumnElement[Any] | None = None
) -> ColumnElement[date]:
    """Return the local day on which a visit is due, as ``visits.visits_of`` does.

    ``last``: when the place was visited last, for another moment than now.
    """
    visited = Place.last_visited_at if last is None else last
    since = func.coalesce(visited, Place.registered_at)
    day: ColumnElement[date] = cast(func.timezone(zone.key, since), Date)
    return day + every_days(rules)


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


# Near by, and of the same kind; or with the same code wherever in the town.
_NEIGHBOURS = """
    SELECT d.n, p.id, p.name, p.credit_code, p.kind,
           round(ST_Distance(p.geom::geography, d.point::geography)::numeric, 1)
               AS metres
      FROM (SELECT n, kind, code, town,
                   ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
              FROM unnest(%(n)s::int[], %(lon)s::float8[], %(lat)s::float8[],
                          %(kind)s::text[], %(code)s::text[], %(town)s::text[])
                   AS given(n, lon, lat, kind, code, town)) AS d
     CROSS JOIN LATERAL (
           (SELECT q.id, q.name, q.credit_code, q.kind, q.geom FROM places q
             WHERE q.kind = d.kind AND starts_with(q.area_path, d.town)
               AND q.geom && ST_Expand(d.point, %(metres)s / 40000.0)
               AND ST_DWithin(q.geom::geography, d.point::geography, %(metres)s)
             LIMIT 50)
           UNION
           (SELECT q.id, q.name, q.credit_code, q.kind, q.geom FROM places q
             WHERE q.credit_code = d.code AND starts_with(q.area_path, d.town)
             LIMIT 50)) AS p
     ORDER BY d.n, metres, p.id
"""


def neighbours(rows: Sequence[Mapping[str, Any]], metres: float) -> list[Any]:
    """Return (n, id, name, credit_code, kind, metres) of places that may be the same.

    ``rows`` hold ``n``, ``lon``, ``lat`` (EPSG:4326), ``kind``, ``code`` (credit code
    or None) and ``town`` (path): of each, the places of its town within ``metres``
    that are of its kind, and those with its code.
    """
    names = ("n", "lon", "lat", "kind", "code", "town")
    values = {name: [row[name] for row in rows] for name in names}
    return fastsql.rows(_NEIGHBOURS, values | {"metres": metres})


_DEEPEST = """
    SELECT d.n, found.code, found.path
      FROM unnest(%(n)s::int[], %(lon)s::float8[], %(lat)s::float8[])
               AS d(n, lon, lat)
     CROSS JOIN LATERAL (
           SELECT a.code, a.path
             FROM area_boundaries b JOIN areas a ON a.code = b.area_code
            WHERE b.valid_to IS NULL
              AND ST_Covers(b.geom, ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4326))
            ORDER BY array_position(
                         ARRAY['grid', 'community', 'town', 'district', 'city'],
                         a.level),
                     a.code
            LIMIT 1) AS found
"""


def spots(points: Sequence[tuple[int, float, float]]) -> dict[int, tuple[str, str]]:
    """Return (code, path) of the deepest area at each (n, lon, lat), by n.

    The same answer as ``areas.queries.deepest_at``, for many points at once; a point
    outside every area is left out.
    """
    numbers, lons, lats = (list(part) for part in zip(*points, strict=True))
    found = fastsql.rows(_DEEPEST, {"n": numbers, "lon": lons, "lat": lats})
    return {n: (code, path) for n, code, path in found}


def by_keys(natural: Sequence[str], names: Sequence[str], *, lock: bool) -> list[Place]:
    """Return the places with one of these keys; ``lock``: to change them."""
    query = select(Place).where(
        or_(
            Place.natural_key == any_(literal(list(natural), ARRAY(Text))),
            Place.name_key == any_(literal(list(names), ARRAY(Text))),
        )
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def lock_imports() -> None:
    """Let one import at a time look and write; ends with the transaction."""
    fastsql.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _IMPORTS})


# Any number, the same for every import into this database.
_IMPORTS = 7_203_151


def address_of(place_id: UUID) -> str | None:
    """Return the address of a registered place; None where it has none."""
    query = select(Place.address).where(Place.id == place_id)
    return db.session.scalars(query).first() or None
