"""Positions and boundaries: datum conversion, distance, reading GeoJSON.

Everything inside the program is WGS 84 (EPSG:4326), degrees, longitude first. The
other datums occur only at the edge, in what a phone or an area file says it uses.

GCJ-02 (国测局坐标) and BD-09 (百度坐标) have no published definition. What stands
here is the formula the community recovered; against AMap's own service it is off by
1 to 2.4 m, while the inverse undoes it to well under a millimetre.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

from server.core.text import Text

# --- Datums -----------------------------------------------------------------


class Datum(StrEnum):
    """What a longitude and latitude are measured on."""

    WGS84 = "wgs84"
    # The national datum of China (GB 22021); within centimetres of WGS 84, far
    # below any phone's accuracy, so both are taken as the same.
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


DATUMS: tuple[str, ...] = tuple(Datum)


class UnknownDatum(ValueError):
    """The datum is none of ``DATUMS``; ``message`` says so in both languages."""

    def __init__(self, datum: object) -> None:
        known = ", ".join(DATUMS)
        self.message = Text(
            f"未知的坐标系 {datum!r}，可用：{known}",
            f"unknown datum {datum!r}, known are {known}",
        )
        super().__init__(self.message.en)


def as_datum(value: object) -> Datum:
    """Return the datum named ``value``.

    Raises:
        UnknownDatum: it is none of ``DATUMS``.
    """
    try:
        return Datum(value)  # type: ignore[arg-type]
    except ValueError:
        raise UnknownDatum(value) from None


def to_wgs84(lon: float, lat: float, datum: Datum | str) -> tuple[float, float]:
    """Convert a position in ``datum`` to WGS 84; degrees in, degrees out.

    Outside the rectangle 72.004–137.8347° E, 0.8293–55.8271° N neither GCJ-02 nor
    BD-09 is shifted, as map services and the community formula have it. The rule is
    that of the rectangle, not of the border: it is applied to the WGS 84 position,
    so every position inside it survives a round trip. On a strip of some hundred
    metres outside the rectangle (sea and foreign land only) a shifted position
    cannot be told from an unshifted one and is taken as shifted.

    Raises:
        UnknownDatum: ``datum`` is none of ``DATUMS``.
    """
    match as_datum(datum):
        case Datum.GCJ02:
            found = _undo(_wgs84_to_gcj02, lon, lat)
        case Datum.BD09:
            found = _undo(_wgs84_to_gcj02, *_undo(_gcj02_to_bd09, lon, lat))
        case _:
            return lon, lat
    # The slack (0.1 mm) keeps a position on the very edge shifted after rounding.
    return found if _is_shifted(*found, slack=1e-9) else (lon, lat)


def from_wgs84(lon: float, lat: float, datum: Datum | str) -> tuple[float, float]:
    """Convert a WGS 84 position to ``datum``; the inverse of ``to_wgs84``.

    Raises:
        UnknownDatum: ``datum`` is none of ``DATUMS``.
    """
    target = as_datum(datum)
    if target in {Datum.WGS84, Datum.CGCS2000} or not _is_shifted(lon, lat):
        return lon, lat
    gcj = _wgs84_to_gcj02(lon, lat)
    return gcj if target is Datum.GCJ02 else _gcj02_to_bd09(*gcj)


def _is_shifted(lon: float, lat: float, slack: float = 0.0) -> bool:
    return (
        72.004 - slack <= lon <= 137.8347 + slack
        and 0.8293 - slack <= lat <= 55.8271 + slack
    )


# Krasovsky 1940, the ellipsoid the formula was made with.
_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_FREQUENCY = math.pi * 3000.0 / 180.0

# Inversion stops below this step, about 0.01 mm.
_STEP_DEGREES = 1e-10
# Each step shrinks the error at least thirtyfold, so three to six are needed; the
# bound only keeps a value that never settles (NaN) from running on.
_MAX_STEPS = 20


def _wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))

    def wave(amplitude: float, angle: float) -> float:
        return amplitude * math.sin(angle * math.pi) * 2.0 / 3.0

    both = wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both
    north += wave(20.0, y) + wave(40.0, y / 3.0)
    north += wave(160.0, y / 12.0) + wave(320.0, y / 30.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both
    east += wave(20.0, x) + wave(40.0, x / 3.0)
    east += wave(150.0, x / 12.0) + wave(300.0, x / 30.0)

    radians = math.radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQUARED * math.sin(radians) ** 2
    meridian = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5
    parallel = _SEMI_MAJOR_M / math.sqrt(magic) * math.cos(radians)
    return lon + math.degrees(east / parallel), lat + math.degrees(north / meridian)


def _gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    radius = math.hypot(lon, lat) + 2e-5 * math.sin(lat * _BD_FREQUENCY)
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(lon * _BD_FREQUENCY)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def _undo(
    shift: Callable[[float, float], tuple[float, float]], lon: float, lat: float
) -> tuple[float, float]:
    """Return the position that ``shift`` takes to ``lon``, ``lat``.

    Both shifts are the identity plus something that changes slowly, so stepping
    back by the remaining difference converges.
    """
    guess_lon, guess_lat = lon, lat
    for _ in range(_MAX_STEPS):
        there_lon, there_lat = shift(guess_lon, guess_lat)
        step_lon, step_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if abs(step_lon) < _STEP_DEGREES and abs(step_lat) < _STEP_DEGREES:
            break
    return guess_lon, guess_lat


# --- Distance ---------------------------------------------------------------

# Mean radius of the Earth (IUGG); the sphere errs by at most 0.6 % against the
# ellipsoid, less than a phone's own accuracy at the distances compared here.
_EARTH_RADIUS_M = 6371008.8


def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance of two WGS 84 positions, metres."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_dphi, half_dlambda = (phi2 - phi1) / 2.0, math.radians(lon2 - lon1) / 2.0
    chord = (
        math.sin(half_dphi) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlambda) ** 2
    )
    return 2.0 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


# --- Reading GeoJSON (RFC 7946) ---------------------------------------------

# A whole province at map scale has some 20,000; above this limit the validity
# check alone would hold a process for seconds.
MAX_VERTICES = 200_000


class InvalidGeometry(ValueError):
    """A GeoJSON geometry is refused.

    ``pointer`` is a JSON Pointer (RFC 6901) from the geometry to the fault, ``""``
    for the geometry as a whole; ``message`` says what is wrong in both languages.
    """

    def __init__(self, message: Text, pointer: str = "") -> None:
        super().__init__(f"{pointer or '/'}: {message.en}")
        self.message = message
        self.pointer = pointer


class InvalidPoint(InvalidGeometry):
    """Not a usable GeoJSON Point."""


class InvalidBoundary(InvalidGeometry):
    """Not a usable GeoJSON Polygon or MultiPolygon."""


def parse_point(geometry: object) -> tuple[float, float]:
    """Return longitude and latitude of a GeoJSON Point, in whatever datum it is.

    A third number (height) is accepted and dropped.

    Raises:
        InvalidPoint: not a Point, or no finite longitude and latitude in range.
    """
    coordinates = _coordinates(geometry, {"Point"}, InvalidPoint)
    return _position(coordinates, "/coordinates", InvalidPoint)


def parse_boundary(geometry: object) -> MultiPolygon:
    """Return the MultiPolygon of a GeoJSON Polygon or MultiPolygon.

    Heights are dropped and rings are turned the way RFC 7946 §3.1.6 wants them
    (outer rings counter-clockwise); neither changes the area. Nothing is repaired:
    what is not valid (OGC Simple Features 06-103r4 §6.1.11) is refused with the
    place of the fault.

    Raises:
        InvalidBoundary: wrong type, empty, a position that is no longitude and
            latitude, an unclosed or too short ring, self-intersection, overlapping
            parts, or more than ``MAX_VERTICES`` positions.
    """
    coordinates = _coordinates(geometry, {"Polygon", "MultiPolygon"}, InvalidBoundary)
    single = isinstance(geometry, Mapping) and geometry["type"] == "Polygon"
    parts: list[tuple[object, str]] = (
        [(coordinates, "/coordinates")]
        if single
        else [(part, f"/coordinates/{n}") for n, part in enumerate(coordinates)]
    )
    budget = _Budget()
    polygons = [_polygon(part, pointer, budget) for part, pointer in parts]
    boundary = MultiPolygon(polygons)
    _require_valid(boundary, "/coordinates")
    return shapely.orient_polygons(boundary)


class _Budget:
    """Counts positions, so that a huge file is refused before it is built."""

    def __init__(self) -> None:
        self.left = MAX_VERTICES

    def take(self, count: int, pointer: str) -> None:
        self.left -= count
        if self.left < 0:
            raise InvalidBoundary(
                Text(
                    f"顶点过多，最多 {MAX_VERTICES} 个",
                    f"too many vertices, at most {MAX_VERTICES}",
                ),
                pointer,
            )


def _coordinates(
    geometry: object, types: set[str], refusal: type[InvalidGeometry]
) -> list[object]:
    wanted = " / ".join(sorted(types))
    if not isinstance(geometry, Mapping):
        raise refusal(
            Text(f"应为 GeoJSON {wanted} 对象", f"must be a GeoJSON {wanted} object")
        )
    kind = geometry.get("type")
    if not isinstance(kind, str) or kind not in types:
        raise refusal(
            Text(
                f"几何类型 {kind!r:.40} 不可用，应为 {wanted}",
                f"geometry type {kind!r:.40} is not accepted, use {wanted}",
            ),
            "/type",
        )
    return _filled(geometry.get("coordinates"), "/coordinates", refusal)


def _filled(
    value: object, pointer: str, refusal: type[InvalidGeometry]
) -> list[object]:
    if not isinstance(value, list | tuple):
        raise refusal(Text("应为坐标数组", "must be an array of coordinates"), pointer)
    if not value:
        raise refusal(Text("坐标为空", "has no coordinates"), pointer)
    return list(value)


def _position(
    value: object, pointer: str, refusal: type[InvalidGeometry]
) -> tuple[float, float]:
    if (
        not isinstance(value, list | tuple)
        or len(value) not in (2, 3)
        or not all(type(number) in (int, float) for number in value)
    ):
        raise refusal(
            Text(
                "坐标应为 [经度, 纬度]，可带高程",
                "a position is [longitude, latitude], with or without a height",
            ),
            pointer,
        )
    # Written so that NaN and infinity fail too.
    if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
        raise refusal(
            Text(
                f"({value[0]}, {value[1]}) 不是有效的经度、纬度（单位：度）",
                f"({value[0]}, {value[1]}) is no longitude and latitude in degrees",
            ),
            pointer,
        )
    return float(value[0]), float(value[1])


def _polygon(rings: object, pointer: str, budget: _Budget) -> Polygon:
    shell, *holes = [
        _ring(ring, f"{pointer}/{number}", budget)
        for number, ring in enumerate(_filled(rings, pointer, InvalidBoundary))
    ]
    polygon = Polygon(shell, holes)
    _require_valid(polygon, pointer)
    return polygon


def _ring(
    positions: object, pointer: str, budget: _Budget
) -> list[tuple[float, float]]:
    given = _filled(positions, pointer, InvalidBoundary)
    budget.take(len(given), pointer)
    ring = [
        _position(position, f"{pointer}/{number}", InvalidBoundary)
        for number, position in enumerate(given)
    ]
    if len(ring) < 4:
        raise InvalidBoundary(
            Text(
                "环至少需要 4 个坐标（首尾相同）",
                "a ring needs at least 4 positions, the last equal to the first",
            ),
            pointer,
        )
    if ring[0] != ring[-1]:
        raise InvalidBoundary(
            Text(
                "环未闭合：首尾坐标不同",
                "the ring is not closed: its last position differs from its first",
            ),
            pointer,
        )
    return ring


# What GEOS calls the faults, and what they are called here.
_FAULTS = {
    "Self-intersection": Text("边界自相交", "the boundary crosses itself"),
    "Ring Self-intersection": Text("环自相交", "a ring touches or crosses itself"),
    "Hole lies outside shell": Text("洞在外环之外", "a hole lies outside its ring"),
    "Holes are nested": Text("洞互相嵌套", "a hole lies inside another"),
    "Interior is disconnected": Text(
        "洞把区域切断", "holes cut the polygon's interior apart"
    ),
    "Nested shells": Text("各部分互相重叠", "one part lies inside another"),
    "Too few points in geometry component": Text(
        "环没有面积", "a ring encloses no area"
    ),
}
_PARTS_OVERLAP = Text("各部分重叠或共边", "parts overlap or share an edge")


def _require_valid(shape: Polygon | MultiPolygon, pointer: str) -> None:
    if shape.is_valid:
        if shape.area == 0:
            # So thin that its area is below what a number can hold.
            raise InvalidBoundary(Text("没有面积", "it has no area"), pointer)
        return
    reason = explain_validity(shape)
    # "Self-intersection[109.8 40.6]"
    name, _, rest = reason.partition("[")
    place = re.sub(r"\s+", ", ", rest.rstrip("]"))
    # Parts are checked one by one before they are checked together.
    together = isinstance(shape, MultiPolygon) and name == "Self-intersection"
    fault = _PARTS_OVERLAP if together else _FAULTS.get(name, Text(reason, reason))
    raise InvalidBoundary(
        Text(f"{fault.zh}，位置 ({place})", f"{fault.en}, at ({place})"), pointer
    )
