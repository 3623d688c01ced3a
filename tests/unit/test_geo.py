"""Datums, distance, and what is refused as a boundary or a position."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping

from server.core import geo
from server.core.geo import (
    DATUMS,
    Datum,
    InvalidBoundary,
    InvalidPoint,
    UnknownDatum,
    from_wgs84,
    metres_between,
    parse_boundary,
    parse_point,
    to_wgs84,
)

BAOTOU = (109.84, 40.65)


# --- Datums -----------------------------------------------------------------


@given(
    lon=st.floats(73.0, 135.5),
    lat=st.floats(3.0, 54.0),
    datum=st.sampled_from(DATUMS),
)
@settings(deadline=None)
def test_a_round_trip_inside_china_is_exact_to_a_centimetre(
    lon: float, lat: float, datum: str
) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert metres_between(lon, lat, *back) < 0.01


@given(lon=st.floats(73.0, 135.5), lat=st.floats(3.0, 54.0))
@settings(deadline=None)
def test_the_other_way_round_is_exact_too(lon: float, lat: float) -> None:
    for datum in DATUMS:
        back = from_wgs84(*to_wgs84(lon, lat, datum), datum)
        assert metres_between(lon, lat, *back) < 0.01


# Made with another implementation of the same formula (prcoords 1.0).
@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ("gcj02", (109.84570400941438, 40.65114389554281)),
        ("bd09", (109.85227463953393, 40.65689551935972)),
    ],
)
def test_agrees_with_another_implementation(
    datum: str, expected: tuple[float, float]
) -> None:
    assert metres_between(*from_wgs84(*BAOTOU, datum), *expected) < 0.001


def test_gcj02_is_some_500_m_off_at_baotou() -> None:
    assert 490 < metres_between(*BAOTOU, *from_wgs84(*BAOTOU, "gcj02")) < 510


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000"])
def test_geodetic_datums_are_the_same_here(datum: str) -> None:
    assert to_wgs84(*BAOTOU, datum) == BAOTOU
    assert from_wgs84(*BAOTOU, datum) == BAOTOU


@pytest.mark.parametrize("datum", DATUMS)
@pytest.mark.parametrize("place", [(2.35, 48.85), (-58.38, -34.6), (139.7, 35.7)])
def test_nothing_is_shifted_far_outside_china(
    place: tuple[float, float], datum: str
) -> None:
    assert to_wgs84(*place, datum) == place
    assert from_wgs84(*place, datum) == place


@pytest.mark.parametrize("datum", DATUMS)
@pytest.mark.parametrize(
    "corner",
    [(72.004, 20.0), (137.8347, 40.0), (100.0, 0.8293), (100.0, 55.8271), (105.0, 35)],
)
def test_a_round_trip_holds_on_the_very_edge(
    corner: tuple[float, float], datum: str
) -> None:
    back = to_wgs84(*from_wgs84(*corner, datum), datum)
    assert metres_between(*corner, *back) < 0.01


@pytest.mark.parametrize("datum", ["WGS84", "epsg:4326", "", None, 4326])
def test_an_unknown_datum_is_named(datum: Any) -> None:
    with pytest.raises(UnknownDatum, match="known are wgs84, cgcs2000, gcj02, bd09"):
        to_wgs84(*BAOTOU, datum)
    with pytest.raises(UnknownDatum):
        from_wgs84(*BAOTOU, datum)


def test_the_enum_and_its_words_are_one() -> None:
    assert from_wgs84(*BAOTOU, Datum.GCJ02) == from_wgs84(*BAOTOU, "gcj02")


# --- Distance ---------------------------------------------------------------


def test_distances() -> None:
    assert metres_between(*BAOTOU, *BAOTOU) == 0
    # One degree of a great circle of the mean sphere.
    assert metres_between(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert metres_between(109, 40.65, 110, 40.65) == pytest.approx(
        111_195 * math.cos(math.radians(40.65)), rel=1e-4
    )
    assert metres_between(179.5, 0, -179.5, 0) == pytest.approx(111_195, abs=1)
    assert metres_between(0, 90, 0, -90) == pytest.approx(math.pi * 6371008.8)


# --- Positions --------------------------------------------------------------


def test_a_point_is_read_and_its_height_dropped() -> None:
    assert parse_point({"type": "Point", "coordinates": [109, 40.5]}) == (109.0, 40.5)
    assert parse_point({"type": "Point", "coordinates": [109, 40, 1067.2]}) == (109, 40)


@pytest.mark.parametrize(
    ("point", "pointer"),
    [
        (None, ""),
        ([109.8, 40.6], ""),
        ({}, "/type"),
        ({"type": "MultiPoint", "coordinates": [[109.8, 40.6]]}, "/type"),
        ({"type": ["Point"], "coordinates": [109.8, 40.6]}, "/type"),
        ({"type": "Point"}, "/coordinates"),
        ({"type": "Point", "coordinates": None}, "/coordinates"),
        ({"type": "Point", "coordinates": []}, "/coordinates"),
        ({"type": "Point", "coordinates": [109.8]}, "/coordinates"),
        ({"type": "Point", "coordinates": [109.8, 40.6, 1, 2]}, "/coordinates"),
        ({"type": "Point", "coordinates": ["109.8", "40.6"]}, "/coordinates"),
        ({"type": "Point", "coordinates": [True, False]}, "/coordinates"),
        ({"type": "Point", "coordinates": [40.6, 109.8]}, "/coordinates"),
        ({"type": "Point", "coordinates": [180.01, 0]}, "/coordinates"),
        ({"type": "Point", "coordinates": [math.nan, 40.6]}, "/coordinates"),
        ({"type": "Point", "coordinates": [109.8, math.inf]}, "/coordinates"),
        ({"type": "Point", "coordinates": [10**400, 40]}, "/coordinates"),
    ],
)
def test_no_point(point: object, pointer: str) -> None:
    with pytest.raises(InvalidPoint) as caught:
        parse_point(point)
    assert caught.value.pointer == pointer
    assert caught.value.message.zh
    assert caught.value.message.en in str(caught.value)


# --- Boundaries -------------------------------------------------------------

Ring = list[list[float]]


def square(west: float, south: float, side: float = 1.0) -> Ring:
    """A closed counter-clockwise ring."""
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def multipolygon(*parts: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def test_a_polygon_becomes_a_multipolygon() -> None:
    boundary = parse_boundary(polygon(square(109, 40), square(109.2, 40.2, 0.5)))
    assert boundary.geom_type == "MultiPolygon"
    assert boundary.area == pytest.approx(0.75)


def test_parts_that_touch_in_a_point_are_fine() -> None:
    boundary = parse_boundary(multipolygon([square(109, 40)], [square(110, 41)]))
    assert len(boundary.geoms) == 2


def test_heights_and_repeated_points_are_fine() -> None:
    ring = [[*position, 1000.5] for position in square(109, 40)]
    boundary = parse_boundary(polygon([ring[0], *ring]))
    assert boundary.area == 1
    assert not boundary.has_z


def test_rings_are_turned_as_rfc_7946_wants_them() -> None:
    boundary = parse_boundary(
        polygon(square(109, 40)[::-1], square(109.2, 40.2, 0.5))
    ).geoms[0]
    assert boundary.exterior.is_ccw
    assert not boundary.interiors[0].is_ccw


def test_what_is_written_reads_back_the_same() -> None:
    once = parse_boundary(polygon(square(109.123456789, 40.1)[::-1]))
    assert parse_boundary(mapping(once)).wkb == once.wkb


BOW_TIE: Ring = [[109, 40], [110, 41], [110, 40], [109, 41], [109, 40]]


@pytest.mark.parametrize(
    ("geometry", "pointer", "says"),
    [
        (None, "", "must be a GeoJSON"),
        ("POLYGON EMPTY", "", "must be a GeoJSON"),
        ({"type": "Point", "coordinates": [109, 40]}, "/type", "'Point' is not"),
        (
            {"type": "GeometryCollection", "geometries": [polygon(square(109, 40))]},
            "/type",
            "'GeometryCollection' is not",
        ),
        ({"type": "Feature", "geometry": None}, "/type", "'Feature' is not"),
        ({"coordinates": [square(109, 40)]}, "/type", "None is not"),
        ({"type": "Polygon"}, "/coordinates", "array"),
        (polygon(), "/coordinates", "no coordinates"),
        (polygon([]), "/coordinates/0", "no coordinates"),
        (multipolygon(), "/coordinates", "no coordinates"),
        (multipolygon([square(109, 40)], []), "/coordinates/1", "no coordinates"),
        (polygon({"x": 1}), "/coordinates/0", "array"),
        # A polygon nested one level too deep, and one too shallow.
        (polygon([square(109, 40)]), "/coordinates/0/0", "a position is"),
        (polygon(*square(109, 40)), "/coordinates/0/0", "a position is"),
        (polygon([[109, 40], [110], [110, 41], [109, 40]]), "/coordinates/0/1", "is ["),
        (
            polygon([[109, 40], [110, math.nan], [110, 41], [109, 40]]),
            "/coordinates/0/1",
            "no longitude and latitude",
        ),
        (
            polygon([[109, 40], [110, 40], [110, math.inf], [109, 40]]),
            "/coordinates/0/2",
            "no longitude and latitude",
        ),
        # Metres of a projection, and the axes the wrong way round.
        (polygon(square(447000, 4500000)), "/coordinates/0/0", "degrees"),
        (polygon([p[::-1] for p in square(109, 40)]), "/coordinates/0/0", "degrees"),
        (polygon([[109, 40], [110, 40], [109, 40]]), "/coordinates/0", "at least 4"),
        (polygon(square(109, 40)[:-1]), "/coordinates/0", "not closed"),
        (
            polygon(square(109, 40), square(109.2, 40.2, 0.5)[:-1]),
            "/coordinates/1",
            "not closed",
        ),
        (polygon(BOW_TIE), "/coordinates", "crosses itself, at (109.5, 40.5)"),
        (
            multipolygon([square(100, 40)], [BOW_TIE]),
            "/coordinates/1",
            "crosses itself, at (109.5, 40.5)",
        ),
        (
            polygon([[109, 40], [110, 41], [109, 40], [109, 40]]),
            "/coordinates",
            "encloses no area, at (109, 40)",
        ),
        (
            polygon(square(109, 40), square(112, 40)),
            "/coordinates",
            "outside its ring, at (112, 40)",
        ),
        (
            polygon(
                square(109, 40), square(109.2, 40.2, 0.6), square(109.4, 40.4, 0.1)
            ),
            "/coordinates",
            "inside another, at (109.4, 40.4)",
        ),
        (
            polygon(
                square(109, 40, 4),
                [[109, 42], [111, 40], [113, 42], [111, 44], [109, 42]],
            ),
            "/coordinates",
            "cut the polygon's interior apart, at",
        ),
        (
            multipolygon([square(109, 40)], [square(109.5, 40)]),
            "/coordinates",
            "overlap or share an edge, at",
        ),
        (
            multipolygon([square(109, 40)], [square(109, 40)]),
            "/coordinates",
            "overlap or share an edge, at",
        ),
        (
            multipolygon([square(109, 40)], [square(109.2, 40.2, 0.2)]),
            "/coordinates",
            "inside another, at",
        ),
    ],
)
def test_refused_boundaries_say_what_and_where(
    geometry: object, pointer: str, says: str
) -> None:
    with pytest.raises(InvalidBoundary) as caught:
        parse_boundary(geometry)
    assert caught.value.pointer == pointer
    assert says in caught.value.message.en
    assert caught.value.message.zh != caught.value.message.en


def test_a_boundary_with_too_many_vertices_is_refused() -> None:
    def circle(corners: int) -> dict[str, Any]:
        turns = [2 * math.pi * n / corners for n in range(corners)]
        ring = [[109 + math.cos(turn), 40 + math.sin(turn)] for turn in turns]
        return polygon([*ring, ring[0]])

    assert len(parse_boundary(circle(50_000)).geoms) == 1
    with pytest.raises(InvalidBoundary, match="at most 200000"):
        parse_boundary(circle(geo.MAX_VERTICES))


def test_the_vertex_limit_counts_all_rings_together() -> None:
    # One position over the limit, far fewer in each ring.
    rings = geo.MAX_VERTICES // 5
    with pytest.raises(InvalidBoundary, match="too many") as caught:
        parse_boundary(multipolygon(*([square(109, 40)] for _ in range(rings + 1))))
    assert caught.value.pointer == f"/coordinates/{rings}/0"


@given(
    st.lists(
        st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=8
    )
)
@settings(deadline=None)
def test_any_ring_is_either_valid_or_refused(
    corners: list[tuple[float, float]],
) -> None:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    try:
        boundary = parse_boundary(polygon(ring))
    except InvalidBoundary:
        return
    assert boundary.is_valid
    assert boundary.area > 0
    # Not repaired: the edges are those that were given.
    given_edges = {frozenset(edge) for edge in pairwise(map(tuple, ring))}
    kept = boundary.geoms[0].exterior.coords
    assert {frozenset(edge) for edge in pairwise(kept)} == given_edges
