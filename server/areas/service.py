"""Importing, exporting and looking up areas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, from_wkb
from sqlalchemy import update

from server.areas import queries
from server.areas.feature import AreaFeature, Fault
from server.areas.geojson import (
    AreaFileInvalid,
    read_features,
    to_collection,
    to_feature,
)
from server.areas.levels import Level
from server.areas.models import Area, AreaBoundary
from server.audit.service import record
from server.core.clock import now
from server.core.db import db
from server.core.errors import Invalid, NotFound
from server.core.permissions import DEPARTMENT_ROLES, TOWN_ROLES, Actor, AreaRef, Role
from server.core.position import Position
from server.core.text import Text


@dataclass(frozen=True)
class ImportReport:
    """What an import did, by code."""

    created: list[str]
    changed: list[str]
    unchanged: list[str]


@dataclass(frozen=True)
class Spot:
    """The area in which something counts."""

    code: str
    path: str


# Those who may register places and send findings.
PATROLLING = TOWN_ROLES | DEPARTMENT_ROLES | {Role.ADMINISTRATOR}
# city / district / town
TOWN_DEPTH = 3
# Metres beyond the own boundary that are taken as the drift of a satellite fix.
DRIFT = 200.0


def locate(lon: float, lat: float) -> list[Area]:
    """Return the areas covering a point (EPSG:4326), deepest first, to the city.

    The chain follows the parents of the deepest area, so it is one line even where
    boundaries of different levels do not fit exactly. Empty outside every area.
    """
    found = queries.deepest_at(lon, lat, now())
    if found is None:
        return []
    codes = found.path.rstrip("/").split("/")
    areas = queries.by_codes(codes)
    return [areas[code] for code in reversed(codes)]


def visible(actor: Actor, code: str) -> Area:
    """Return an area of the actor's own city.

    Raises:
        NotFound: no such area, or in another city.
    """
    area = queries.by_code(code)
    if area is None:
        raise NotFound()
    if not any(area.path.startswith(root) for root in city_roots(actor)):
        raise NotFound(hidden=True)
    return area


def path_of(code: str) -> str:
    """Return the path of the area that a filter names.

    Raises:
        Invalid: no such area.
    """
    area = queries.by_code(code)
    if area is None:
        raise Invalid.at("/area", Text("没有此区域", "No such area"))
    return area.path


def city_roots(actor: Actor) -> tuple[str, ...]:
    """Return the paths of the cities the actor works in."""
    return tuple(
        dict.fromkeys(g.area.path.split("/", 1)[0] + "/" for g in actor.grants)
    )


def spot_of(actor: Actor, position: Position, at: datetime) -> Spot:
    """Return the area in which a position counts for ``actor``, who sends it.

    By the boundaries in force ``at`` (aware), not by those of the day it is told.

    Inside the caller's town the position decides, down to the grid. Elsewhere in the
    city the work still belongs to the caller's own area: a patrol does not end at a
    metre's drift of the satellite fix, and nothing may be lost between two towns.

    Raises:
        Invalid: outside the caller's city.
    """
    found = queries.deepest_at(position.lon, position.lat, at)
    return spot_at(actor, found and Spot(found.code, found.path))


def spot_at(actor: Actor, found: Spot | None) -> Spot:
    """Return the area that counts when ``found`` is the deepest at the position.

    Raises:
        Invalid: outside the caller's city.
    """
    duty, town = _duty(actor)
    if found is None or not found.path.startswith(town.split("/")[0] + "/"):
        raise Invalid.at(
            "/position",
            Text("位置不在本市范围内", "The position is outside your city"),
        )
    if found.path.startswith(town):
        return found
    return Spot(duty.code, duty.path)


def _duty(actor: Actor) -> tuple[AreaRef, str]:
    """Return where an actor patrols, and the path of the town that this is in.

    That of the district or city itself for who patrols all of it.
    """
    duty = next(g.area for g in actor.grants if g.role in PATROLLING)
    steps = duty.path.split("/")
    inside = len(steps) > TOWN_DEPTH
    return duty, "/".join(steps[:TOWN_DEPTH]) + "/" if inside else duty.path


def refuse_elsewhere(actor: Actor, position: Position) -> None:
    """Refuse what stands where it is for good, and stands in another town.

    ``DRIFT`` metres beyond the boundary are still the satellite fix's doing.

    Raises:
        Invalid: the position lies farther than that inside another town.
    """
    found = queries.deepest_at(position.lon, position.lat, now())
    _, town = _duty(actor)
    if (
        found is None
        or found.path.startswith(town)
        or found.path.count("/") < TOWN_DEPTH
    ):
        return
    code = town.rstrip("/").rpartition("/")[2]
    metres = queries.metres_to(code, position.lon, position.lat)
    if metres is not None and metres > DRIFT:
        raise Invalid.at(
            "/position",
            Text("位置在其他镇街范围内", "The position is in another town"),
        )


def import_areas(data: bytes, by: Actor | None = None) -> ImportReport:
    """Take in an area file (GeoJSON, any supported datum), all of it or nothing.

    A boundary that differs from the one in force becomes a new version; the old one
    keeps its period. Importing the same file again changes nothing.

    Raises:
        AreaFileInvalid: with every fault found, placed in the file.
    """
    features = read_features(data)
    known = {row[0].code: row for row in queries.with_boundaries()}
    names = {code: row[0].name for code, row in known.items()}
    paths = _paths(features, {code: row[0] for code, row in known.items()})
    report = ImportReport([], [], [])
    for feature in sorted(features, key=lambda f: f.level.depth):
        before = known.get(feature.code)
        changed = _store(feature, paths[feature.code], before)
        outcome = report.created if before is None else report.changed
        (outcome if changed else report.unchanged).append(feature.code)
        db.session.flush()
    _move_descendants(paths, known)
    record(
        "areas.imported",
        by,
        ("areas", "import"),
        {
            "created": len(report.created),
            "changed": len(report.changed),
            "renamed": _renamed(features, names),
        },
    )
    return report


def _renamed(features: list[AreaFeature], names: dict[str, str]) -> dict[str, str]:
    """Return the former names, by code, of the areas that are called otherwise now.

    What is told of a day before the change calls them so (the ledgers).
    """
    return {
        feature.code: names[feature.code]
        for feature in features
        if names.get(feature.code, feature.name) != feature.name
    }


def _paths(features: list[AreaFeature], known: dict[str, Area]) -> dict[str, str]:
    """Return each feature's path; refuse parents that are missing or too low."""
    paths: dict[str, str] = {}
    faults: list[Fault] = []
    for feature in sorted(features, key=lambda f: f.level.depth):
        parent, message = feature.parent, None
        existing = known.get(feature.code)
        if existing is not None and existing.scheme != feature.scheme:
            message = Text(
                f"代码 {feature.code} 已用于 {existing.scheme}",
                f"code {feature.code} is already in use in {existing.scheme}",
            )
            faults.append(_fault(feature, "scheme", message))
        if parent is None:
            paths[feature.code] = f"{feature.code}/"
        elif parent in paths:
            paths[feature.code] = f"{paths[parent]}{feature.code}/"
        elif parent in known:
            if not Level(known[parent].level).is_above(feature.level):
                message = Text(
                    "上级区域级别不够高", "the parent is not of a higher level"
                )
                faults.append(_fault(feature, "parent", message))
            paths[feature.code] = f"{known[parent].path}{feature.code}/"
        else:
            message = Text(
                f"没有上级区域 {parent}", f"there is no parent area {parent}"
            )
            faults.append(_fault(feature, "parent", message))
    if faults:
        raise AreaFileInvalid(faults)
    return paths


def _fault(feature: AreaFeature, name: str, message: Text) -> Fault:
    position = feature.position_in_file
    return Fault(position, f"/features/{position}/properties/{name}", message)


def _store(feature: AreaFeature, path: str, before: Any) -> bool:
    """Insert or update one area and its boundary; tell whether anything changed."""
    moment = now()
    values = {
        "scheme": feature.scheme,
        "name": feature.name,
        "level": feature.level.value,
        "parent_code": feature.parent,
        "path": path,
    }
    area = before[0] if before else None
    changed = area is None or any(getattr(area, k) != v for k, v in values.items())
    if area is None:
        db.session.add(Area(code=feature.code, changed_at=moment, **values))
        db.session.flush()
    elif changed:
        for name, value in values.items():
            setattr(area, name, value)
        area.changed_at = moment
    return _store_boundary(feature, before, moment) or changed


def _store_boundary(feature: AreaFeature, before: Any, moment: Any) -> bool:
    current = from_wkb(bytes(before[1])) if before and before[1] is not None else None
    if feature.boundary is None:
        return False
    if (
        current is not None
        and before[2] == feature.generated
        and current.equals_exact(feature.boundary, 0)
    ):
        return False
    db.session.execute(
        update(AreaBoundary)
        .where(AreaBoundary.area_code == feature.code, AreaBoundary.valid_to.is_(None))
        .values(valid_to=moment)
    )
    db.session.add(
        AreaBoundary(
            area_code=feature.code,
            geom=from_shape(feature.boundary, srid=4326),
            generated=feature.generated,
            valid_from=None if before is None else moment,
        )
    )
    return True


def _move_descendants(paths: dict[str, str], known: dict[str, Any]) -> None:
    """Give areas that are not in the file the new path of a moved ancestor."""
    for code, row in known.items():
        area: Area = row[0]
        parent = area.parent_code
        if code in paths or parent is None:
            continue
        above = paths.get(parent)
        if above is not None and area.path != f"{above}{code}/":
            area.path = paths[code] = f"{above}{code}/"
            area.changed_at = now()


def export_areas(codes: list[str] | None = None) -> dict[str, Any]:
    """Return areas with their boundaries as a FeatureCollection that imports back."""
    return to_collection(
        to_feature(
            code=area.code,
            scheme=area.scheme,
            name=area.name,
            level=area.level,
            parent=area.parent_code,
            boundary=_multipolygon(wkb),
            generated=bool(generated),
        )
        for area, wkb, generated in map(tuple, queries.with_boundaries(codes))
    )


def _multipolygon(wkb: Any) -> MultiPolygon | None:
    shape = from_wkb(bytes(wkb)) if wkb is not None else None
    assert shape is None or isinstance(shape, MultiPolygon)
    return shape
