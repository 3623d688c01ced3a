"""The demonstration district: 昆都仑区 (150203) of 包头市 (150200).

Real are the codes and names of the city, its nine districts, the district's 16 towns
and 112 communities, and the boundaries of the districts (sources and licences:
``data/README.md``). The city's boundary is the union of the nine; their borders share
every vertex, so it comes out as one polygon without gaps to clean, and the hole that
达尔罕茂明安联合旗 has around 白云鄂博矿区 closes by itself.

No open polygons exist below the district. Those of towns, communities and grids
(网格) are **made up** and say so (``generated``):

- towns by the nearest centre of their real bounding boxes, each inside its box where
  a box covers the ground; 包钢厂区办事处, whose box is unknown, by an assumed box
  around the steel works;
- communities and grids by cutting a town, then a community, into compact pieces of
  the same area. A residents' committee gets three grids, a village two.

The polygons are computed when asked for, in about a second, instead of lying beside
their inputs in a second file that could disagree with them. The pinned versions of
shapely and GEOS make the result the same everywhere.

All areas tile: vertices lie on a grid of 1e-7 degrees (1 cm), and where a generated
border meets a real one, both neighbours get a vertex there, which moves the real one
by less than that centimetre. Children therefore cover their parent exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import shapely
from shapely.affinity import scale
from shapely.geometry import MultiPolygon, Polygon, box

from server.areas.feature import DEFAULT_SCHEME, OWN_SCHEME
from server.areas.geojson import to_collection, to_feature
from server.areas.levels import Level
from server.core.geo import parse_boundary
from server.demo.partition import bisect, join_strays, tile

CITY = "150200"
CITY_NAME = "包头市"
DISTRICT = "150203"

_DATA = Path(__file__).parent / "data"

_GRID_DEGREES = 1e-7
# Intermediate results are kept finer than the grid they end on.
_GRAIN_DEGREES = 1e-9
# Side of the squares that are dealt out to towns, about 160 m.
_SQUARE_DEGREES = 0.0015
# In the plane used here a degree of longitude is as long as one of latitude.
_SQUEEZE = math.cos(math.radians(40.68))

# 包钢厂区: west, south, east, north; assumed from where the steel works lie.
_ASSUMED_BOX = (109.70, 40.625, 109.765, 40.675)
# Digits 10 to 12 of a village's code (村委会、嘎查), by the rule of 国家统计局.
_VILLAGES = range(200, 400)


class _District(NamedTuple):
    code: str
    name: str
    polygon: Polygon


class _Town(NamedTuple):
    code: str
    name: str
    bbox: tuple[float, float, float, float]
    communities: dict[str, str]


class _Grid(NamedTuple):
    """A grid before and after tiling; ``town`` and ``community`` are codes."""

    town: str
    community: str
    number: int
    polygon: Polygon

    @property
    def code(self) -> str:
        return f"{self.community}-{self.number:02d}"


def demo_areas() -> dict[str, Any]:
    """Return the demonstration's areas as a GeoJSON FeatureCollection (WGS 84).

    Parents come before their children. ``areas.geojson.read_features`` reads it once
    it is dumped to JSON.
    """
    districts, towns = _districts(), _towns()
    home = next(each for each in districts if each.code == DISTRICT)
    away = [each for each in districts if each.code != DISTRICT]
    grids = list(_grids(home.polygon, towns))

    pieces = [grid.polygon for grid in grids] + [each.polygon for each in away]
    tiles = tile(pieces, _GRID_DEGREES)
    grids = [
        grid._replace(polygon=polygon)
        for grid, polygon in zip(grids, tiles[: len(grids)], strict=True)
    ]
    away = [
        each._replace(polygon=polygon)
        for each, polygon in zip(away, tiles[len(grids) :], strict=True)
    ]
    home = home._replace(polygon=_merged(grid.polygon for grid in grids))
    return to_collection([*_real([home, *away]), *_generated(towns, grids)])


def _districts() -> list[_District]:
    document = orjson.loads((_DATA / "baotou_districts.geojson").read_bytes())
    return [
        _District(
            feature["properties"]["code"],
            feature["properties"]["name"],
            parse_boundary(feature["geometry"]).geoms[0],
        )
        for feature in document["features"]
    ]


def _towns() -> list[_Town]:
    document = orjson.loads((_DATA / "kundulun_divisions.json").read_bytes())
    return [
        _Town(
            town["code"],
            town["name"],
            tuple(town["bbox"] or _ASSUMED_BOX),
            town["communities"],
        )
        for town in document["towns"]
    ]


# --- Making polygons --------------------------------------------------------


def _grids(district: Polygon, towns: list[_Town]) -> Iterator[_Grid]:
    squeezed = scale(district, _SQUEEZE, 1, origin=(0, 0))
    for town, area in zip(towns, _town_polygons(squeezed, towns), strict=True):
        communities = bisect(area, len(town.communities), _GRAIN_DEGREES)
        for code, community in zip(town.communities, communities, strict=True):
            count = 2 if int(code[9:]) in _VILLAGES else 3
            pieces = bisect(community, count, _GRAIN_DEGREES)
            for number, piece in enumerate(pieces, start=1):
                polygon = scale(piece, 1 / _SQUEEZE, 1, origin=(0, 0))
                yield _Grid(town.code, code, number, polygon)


def _town_polygons(district: Polygon, towns: list[_Town]) -> list[Polygon]:
    """Deal the squares of a raster out to towns, smooth the steps, clip."""
    boxes = [
        box(west * _SQUEEZE, south, east * _SQUEEZE, north).bounds
        for west, south, east, north in (town.bbox for town in towns)
    ]
    west, south, east, north = district.bounds
    side = _SQUARE_DEGREES
    # Lines of the raster are shared, so that neighbouring squares meet exactly; the
    # squares are not merged to strips, which would lack vertices of their neighbours.
    lons = [west + n * side for n in range(math.ceil((east - west) / side) + 1)]
    lats = [south + n * side for n in range(math.ceil((north - south) / side) + 1)]
    squares: list[list[Polygon]] = [[] for _ in towns]
    for low, high in pairwise(lats):
        for left, right in pairwise(lons):
            owner = _owner(boxes, (left + right) / 2, (low + high) / 2)
            squares[owner].append(box(left, low, right, high))
    blocks = [shapely.coverage_union_all(each) for each in squares]
    smooth = shapely.coverage_simplify(blocks, 2 * side, simplify_boundary=False)
    clipped = shapely.intersection(smooth, district, grid_size=_GRAIN_DEGREES)
    return join_strays(list(clipped), _GRAIN_DEGREES)


def _owner(boxes: list[tuple[float, float, float, float]], x: float, y: float) -> int:
    """Return which box a place belongs to.

    Of the boxes over it, the one whose centre is nearest; of none, the box that has
    to grow least to reach it.
    """

    def rank(number: int) -> tuple[bool, float]:
        west, south, east, north = boxes[number]
        half_width, half_height = (east - west) / 2, (north - south) / 2
        # 0 at the centre, 1 on the edge of the box.
        reach = max(
            abs(x - west - half_width) / half_width,
            abs(y - south - half_height) / half_height,
        )
        if reach > 1:
            return True, reach
        return False, reach * math.sqrt(half_width * half_height)

    return min(range(len(boxes)), key=rank)


def _merged(polygons: Iterable[Polygon]) -> Polygon:
    """Return the union of tiles, which share their vertices."""
    merged = shapely.union_all(list(polygons))
    assert isinstance(merged, Polygon)
    return merged


# --- Making features --------------------------------------------------------


def _real(districts: list[_District]) -> Iterator[dict[str, Any]]:
    city = _merged(each.polygon for each in districts)
    yield _feature(CITY, CITY_NAME, Level.CITY, None, city)
    for each in sorted(districts):
        yield _feature(each.code, each.name, Level.DISTRICT, CITY, each.polygon)


def _generated(towns: list[_Town], grids: list[_Grid]) -> Iterator[dict[str, Any]]:
    for town in towns:
        inside = [grid for grid in grids if grid.town == town.code]
        area = _merged(grid.polygon for grid in inside)
        yield _feature(town.code, town.name, Level.TOWN, DISTRICT, area)
        for code, name in town.communities.items():
            own = [grid for grid in inside if grid.community == code]
            area = _merged(grid.polygon for grid in own)
            yield _feature(code, name, Level.COMMUNITY, town.code, area)
            for grid in own:
                title = f"{name}第{grid.number}网格"
                yield _feature(grid.code, title, Level.GRID, code, grid.polygon)


def _feature(
    code: str, name: str, level: Level, parent: str | None, polygon: Polygon
) -> dict[str, Any]:
    return to_feature(
        code=code,
        scheme=OWN_SCHEME if level is Level.GRID else DEFAULT_SCHEME,
        name=name,
        level=level,
        parent=parent,
        boundary=MultiPolygon([shapely.orient_polygons(polygon)]),
        generated=Level.DISTRICT.is_above(level),
    )
