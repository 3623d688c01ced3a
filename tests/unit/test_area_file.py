"""Area files: what is read, what is refused, and that export loses nothing."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from shapely.geometry import box, shape

from server.areas.geojson import (
    AreaFeature,
    AreaFileInvalid,
    Fault,
    read_features,
    to_collection,
    to_feature,
)
from server.areas.levels import LEVELS, Level
from server.core.geo import Datum, from_wgs84, metres_between


def square(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: Any = None, /, **properties: Any) -> dict[str, Any]:
    """A district without boundary, unless told otherwise."""
    defaults = {"code": "150203", "name": "昆都仑区", "level": "district"}
    merged = {**defaults, "parent": None, **properties}
    return {"type": "Feature", "properties": merged, "geometry": geometry}


def without(name: str) -> dict[str, Any]:
    area = feature()
    del area["properties"][name]
    return area


def collection(*features: Any, **members: Any) -> bytes:
    return json.dumps(
        {"type": "FeatureCollection", "features": list(features), **members}
    ).encode()


def read(*features: Any) -> list[AreaFeature]:
    return read_features(collection(*features))


def faults(*features: Any) -> list[Fault]:
    with pytest.raises(AreaFileInvalid) as caught:
        read(*features)
    return list(caught.value.faults)


CITY = feature(square(109, 40, 2), code="150200", name="包头市", level="city")
TOWN = feature(code="150203102", name="卜尔汉图镇", level="town", parent="150203")
VILLAGE = feature(
    code="150203102211", name="卜尔汉图嘎查", level="community", parent="150203102"
)
GRID = feature(
    square(109.8, 40.6),
    code="150203102211-01",
    name="卜尔汉图嘎查第1网格",
    level="grid",
    parent="150203102211",
    scheme="hazard-patrol",
    generated=True,
)


# --- Read -------------------------------------------------------------------


def test_the_levels_from_the_city_down() -> None:
    assert LEVELS == ("city", "district", "town", "community", "grid")
    assert Level.CITY.is_above(Level.GRID)
    assert not Level.TOWN.is_above(Level.TOWN)
    assert not Level.GRID.is_above(Level.COMMUNITY)


def test_a_whole_tree_is_read_in_the_order_of_the_file() -> None:
    areas = read(GRID, VILLAGE, TOWN, feature(parent="150200"), CITY)
    assert [area.level.value for area in areas] == list(reversed(LEVELS))
    assert [area.position_in_file for area in areas] == [0, 1, 2, 3, 4]
    grid, city = areas[0], areas[-1]
    assert (grid.code, grid.scheme) == ("150203102211-01", "hazard-patrol")
    assert (grid.parent, grid.generated) == ("150203102211", True)
    assert grid.boundary is not None
    assert grid.boundary.geom_type == "MultiPolygon"
    assert grid.boundary.area == pytest.approx(0.01)
    assert (city.scheme, city.parent, city.generated) == ("nbs-2023", None, False)
    assert city.datum is Datum.WGS84


def test_no_boundary_is_none_and_the_parent_may_be_elsewhere() -> None:
    (town,) = read(TOWN)
    assert town.boundary is None
    assert town.parent == "150203"


def test_an_empty_collection_has_no_areas() -> None:
    assert read() == []


def test_a_byte_order_mark_and_other_properties_do_not_matter() -> None:
    (area,) = read_features(b"\xef\xbb\xbf" + collection(feature(colour="#f00")))
    assert area.name == "昆都仑区"


def test_another_scheme_has_its_own_codes() -> None:
    own = {"scheme": "city-grid", "code": "BT.K-7_1"}
    (area,) = read(feature(level="grid", parent="150203102211", **own))
    assert area.code == "BT.K-7_1"


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_vertices_are_converted_to_wgs84(datum: str) -> None:
    corners = square(109.8, 40.6)["coordinates"][0]
    shifted = [list(from_wgs84(lon, lat, datum)) for lon, lat in corners]
    (area,) = read(feature({"type": "Polygon", "coordinates": [shifted]}, datum=datum))
    assert area.datum == datum
    assert area.boundary is not None
    found = area.boundary.geoms[0].exterior.coords
    for (lon, lat), vertex in zip(corners, found, strict=True):
        assert metres_between(lon, lat, *vertex) < 0.001


def test_a_boundary_broken_by_the_conversion_is_refused() -> None:
    # In its middle the top all but touches the long bottom, which the shift bends.
    ring = [[109, 40], [111, 40], [111, 40.000001], [110, 40.0000001], [109, 40.000001]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    assert read(feature(geometry, datum="cgcs2000"))[0].boundary is not None
    (fault,) = faults(feature(geometry, datum="gcj02"))
    assert fault.pointer == "/features/0/geometry"
    assert "once converted" in fault.message.en


# --- Refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "pointer", "says"),
    [
        (b"", "", "not JSON"),
        (b"{", "", "not JSON"),
        (b'{"type": NaN}', "", "not JSON"),
        ("名称".encode("gbk"), "", "not JSON in UTF-8"),
        (b"[" * 100_000, "", "not JSON"),
        (b"null", "/type", "FeatureCollection"),
        (b"[]", "/type", "FeatureCollection"),
        (json.dumps(feature()).encode(), "/type", "FeatureCollection"),
        (b'{"type": "FeatureCollection"}', "/features", "array"),
        (b'{"type": "FeatureCollection", "features": {}}', "/features", "array"),
    ],
)
def test_no_area_file_at_all(data: bytes, pointer: str, says: str) -> None:
    with pytest.raises(AreaFileInvalid, match=says) as caught:
        read_features(data)
    (fault,) = caught.value.faults
    assert (fault.feature, fault.pointer) == (None, pointer)
    assert fault.message.zh


@pytest.mark.parametrize(
    ("area", "pointer", "says"),
    [
        (None, "", "Feature"),
        (square(109, 40), "", "Feature"),
        ({"type": "Feature", "geometry": None}, "/properties", "object"),
        (without("code"), "/properties/code", "missing"),
        (without("name"), "/properties/name", "missing"),
        (without("level"), "/properties/level", "missing"),
        (without("parent"), "/properties/parent", "null for none"),
        (feature(code=None), "/properties/code", "missing"),
        (feature(code=150203), "/properties/code", "must be text"),
        (feature(code="", scheme="x"), "/properties/code", "1 to 40"),
        (feature(code="a/b", scheme="x"), "/properties/code", "1 to 40"),
        (feature(code="昆区", scheme="x"), "/properties/code", "1 to 40"),
        (feature(code="x" * 41, scheme="x"), "/properties/code", "1 to 40"),
        (feature(code="15020"), "/properties/code", "6 digits"),
        (feature(code="150203", level="town"), "/properties/code", "9 for a town"),
        (feature(code="150203", level="city"), "/properties/code", "6 digits"),
        (feature(code="150203102211", level="grid"), "/properties/code", "none for"),
        (feature(code="150203-01", scheme="hazard-patrol"), "/properties/code", "grid"),
        (
            feature(
                code="150203102211-01",
                level="grid",
                scheme="hazard-patrol",
                parent="150203102212",
            ),
            "/properties/code",
            "its parent's code",
        ),
        (feature(name=7), "/properties/name", "must be text"),
        (feature(name=""), "/properties/name", "1 to 100"),
        (feature(name=" 昆都仑区"), "/properties/name", "no space"),
        (feature(name="昆都仑区\n"), "/properties/name", "1 to 100"),
        (feature(name="区" * 101), "/properties/name", "1 to 100"),
        (feature(level="village"), "/properties/level", "known are city, district"),
        (feature(level=["city"]), "/properties/level", "must be text"),
        (feature(parent=150200), "/properties/parent", "must be text"),
        (feature(scheme=None), "/properties/scheme", "1 to 32"),
        (feature(scheme="NBS 2023"), "/properties/scheme", "1 to 32"),
        (feature(generated="yes"), "/properties/generated", "true or false"),
        (feature(datum="EPSG:4326"), "/properties/datum", "known are wgs84"),
        (feature(datum=None), "/properties/datum", "known are wgs84"),
        ({**feature(), "geometry": {}}, "/geometry/type", "not accepted"),
        (
            {k: v for k, v in feature().items() if k != "geometry"},
            "/geometry",
            "null for none",
        ),
        (
            feature({"type": "Point", "coordinates": [109.8, 40.6]}),
            "/geometry/type",
            "'Point' is not accepted",
        ),
        (
            feature(
                {
                    "type": "Polygon",
                    "coordinates": [
                        [[109, 40], [110, 41], [110, 40], [109, 41], [109, 40]]
                    ],
                }
            ),
            "/geometry/coordinates",
            "crosses itself, at (109.5, 40.5)",
        ),
        (
            feature({"type": "Polygon", "coordinates": [[[109, 40], [200, 41]]]}),
            "/geometry/coordinates/0/1",
            "degrees",
        ),
    ],
)
def test_one_wrong_feature(area: Any, pointer: str, says: str) -> None:
    (fault,) = faults(CITY, area)
    assert (fault.feature, fault.pointer) == (1, f"/features/1{pointer}")
    assert says in fault.message.en
    assert fault.message.zh


@pytest.mark.parametrize("scheme", ["nbs-2023", "other"])
def test_a_code_occurs_once_in_a_file_whatever_its_scheme(scheme: str) -> None:
    (fault,) = faults(CITY, feature(), feature(name="另一个", scheme=scheme))
    assert (fault.feature, fault.pointer) == (2, "/features/2/properties/code")
    assert "already that of feature 1" in fault.message.en


@pytest.mark.parametrize("level", ["town", "community"])
def test_a_parent_is_of_a_higher_level(level: str) -> None:
    own: dict[str, Any] = {"scheme": "other", "level": level}
    (fault,) = faults(feature(code="a", parent="b", **own), feature(**TOWN_B))
    assert fault.pointer == "/features/0/properties/parent"
    assert fault.message.en == f"parent b is a community, which is not above a {level}"


TOWN_B: dict[str, Any] = {"code": "b", "scheme": "other", "level": "community"}


def test_levels_may_be_left_out() -> None:
    own = {"code": "g", "scheme": "other", "level": "grid", "parent": "150203102"}
    assert len(read(TOWN, feature(**own))) == 2


def test_a_city_has_no_parent() -> None:
    (fault,) = faults(feature(code="150200", level="city", parent="150000"))
    assert "a city has no parent" in fault.message.en


def test_a_circle_of_parents_is_shown_once() -> None:
    ring = [
        feature(code=code, parent=parent, scheme="other", level="town")
        for code, parent in [("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")]
    ]
    circles = [fault for fault in faults(*ring) if "circle" in fault.message.en]
    (fault,) = circles
    assert fault.message.en.endswith("a -> b -> c -> a")
    assert fault.feature == 1


def test_an_area_is_not_its_own_parent() -> None:
    messages = [fault.message.en for fault in faults(feature(parent="150203"))]
    assert any("150203 -> 150203" in message for message in messages)


def test_every_fault_comes_out_at_once_in_the_order_of_the_file() -> None:
    bad_ring = {"type": "Polygon", "coordinates": [[[109, 40]]]}
    found = faults(
        feature(bad_ring, name="", generated=1, datum="utm"),
        CITY,
        # Its boundary is wrong, yet its code counts as a duplicate.
        feature({"type": "Point"}, parent="150200"),
    )
    assert [(fault.feature, fault.pointer) for fault in found] == [
        (0, "/features/0/properties/name"),
        (0, "/features/0/properties/datum"),
        (0, "/features/0/properties/generated"),
        (0, "/features/0/geometry/coordinates/0"),
        (2, "/features/2/geometry/type"),
        (2, "/features/2/properties/code"),
    ]


def test_the_error_names_every_fault() -> None:
    with pytest.raises(AreaFileInvalid) as caught:
        read(feature(name=""), feature(level="x", code="150204"))
    assert "/features/0/properties/name" in str(caught.value)
    assert "/features/1/properties/level" in str(caught.value)


# --- The old crs member -----------------------------------------------------


def crs(name: object) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "name",
    [
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
        "EPSG:4490",
    ],
)
def test_longitude_and_latitude_may_say_so(name: str) -> None:
    assert len(read_features(collection(CITY, crs=crs(name)))) == 1


@pytest.mark.parametrize(
    "member", [crs("EPSG:3857"), crs("EPSG:4549"), crs(None), {"type": "link"}, "4326"]
)
def test_a_projection_is_refused_by_its_name(member: Any) -> None:
    with pytest.raises(AreaFileInvalid, match="export longitude and latitude") as got:
        read_features(collection(CITY, crs=member))
    assert [fault.pointer for fault in got.value.faults] == ["/crs"]


# --- Export -----------------------------------------------------------------


def export(areas: list[AreaFeature]) -> bytes:
    return orjson.dumps(
        to_collection(
            to_feature(
                code=area.code,
                scheme=area.scheme,
                name=area.name,
                level=area.level,
                parent=area.parent,
                boundary=area.boundary,
                generated=area.generated,
            )
            for area in areas
        )
    )


def test_export_then_import_loses_nothing() -> None:
    third = 1 / 3
    twin = {
        "type": "MultiPolygon",
        "coordinates": [
            square(109.8 + third, 40.6)["coordinates"],
            square(110.8, 40.6 + third)["coordinates"],
        ],
    }
    first = read(CITY, feature(twin, parent="150200"), TOWN, VILLAGE, GRID)
    again = read_features(export(first))
    assert again == first
    assert export(again) == export(first)


def test_one_part_is_written_as_a_polygon() -> None:
    written = orjson.loads(export(read(CITY)))
    assert written["type"] == "FeatureCollection"
    (city,) = written["features"]
    assert city["id"] == "150200"
    assert city["geometry"]["type"] == "Polygon"
    assert shape(city["geometry"]).equals(box(109, 40, 111, 42))


def test_a_converted_area_is_exported_in_wgs84() -> None:
    (shifted,) = read(feature(square(109.8, 40.6), datum="gcj02"))
    (again,) = read_features(export([shifted]))
    assert again.datum is Datum.WGS84
    assert again.boundary == shifted.boundary
