"""The area tree, boundaries, point look-up; import and export."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select

from server.areas.geojson import AreaFileInvalid
from server.areas.models import Area, AreaBoundary
from server.areas.service import export_areas, import_areas, locate
from server.core.db import commit, db
from server.core.geo import from_wgs84
from tests.factories import COMMUNITY, Factory


def feature(code: str, parent: str, ring: Any, **more: Any) -> dict[str, Any]:
    """Return a grid of our own."""
    properties = {
        "code": code,
        "parent": parent,
        "name": f"网格{code}",
        "level": "grid",
        "scheme": "hazard-patrol",
    }
    return {
        "type": "Feature",
        "properties": properties | more,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features: dict[str, Any]) -> bytes:
    """Return an area file."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


SQUARE = [[109.5, 40.6], [109.6, 40.6], [109.6, 40.7], [109.5, 40.7], [109.5, 40.6]]
BOW = [[109.5, 40.6], [109.6, 40.7], [109.6, 40.6], [109.5, 40.7], [109.5, 40.6]]


def test_chain_at_a_point(make: Factory) -> None:
    lon, lat = make.point_in(COMMUNITY)
    worker = make.grid_worker()
    chain = worker.get(f"/areas/at?lon={lon}&lat={lat}").json["chain"]
    assert [area["level"] for area in chain] == [
        "grid", "community", "town", "district", "city",
    ]  # fmt: skip
    assert [area["code"] for area in chain[1:]] == [
        "150203102200", "150203102", "150203", "150200",
    ]  # fmt: skip
    assert {area["scheme"] for area in chain} == {"hazard-patrol", "nbs-2023"}


def test_chain_in_another_datum(make: Factory) -> None:
    worker, point = make.grid_worker(), make.point_in(COMMUNITY)
    lon, lat = from_wgs84(*point, "gcj02")
    plain = worker.get(f"/areas/at?lon={point[0]}&lat={point[1]}").json["chain"]
    shifted = worker.get(f"/areas/at?lon={lon}&lat={lat}&datum=gcj02").json["chain"]
    assert shifted == plain


def test_nowhere(make: Factory) -> None:
    answer = make.grid_worker().get("/areas/at?lon=0&lat=0")
    assert answer.json["chain"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("lon=1", "/lat"),
        ("lon=x&lat=1", "/lon"),
        ("lon=181&lat=1", "/lon"),
        ("lon=nan&lat=1", "/lon"),
        ("lon=1&lat=1&datum=mars", "/datum"),
        ("lon=1&lat=1&lat=2", "/lat"),
    ],
)
def test_wrong_point(make: Factory, query: str, pointer: str) -> None:
    answer = make.grid_worker().get(f"/areas/at?{query}")
    assert answer.status_code == 422
    assert pointer in [e["pointer"] for e in answer.json["errors"]]


def test_boundary_and_etag(make: Factory) -> None:
    worker = make.grid_worker()
    answer = worker.get(f"/areas/{COMMUNITY}")
    assert answer.json["boundary"]["type"] == "MultiPolygon"
    assert answer.json["generated"] is True
    etag = answer.headers["ETag"]
    again = worker.get(f"/areas/{COMMUNITY}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert worker.get("/areas/999").status_code == 404


def test_real_boundaries_are_not_called_generated(make: Factory) -> None:
    assert make.grid_worker().get("/areas/150203").json["generated"] is False


def test_pages_without_skips_or_repeats(make: Factory) -> None:
    worker, seen, path = make.grid_worker(), [], "/areas?limit=100"
    while path:
        page = worker.get(path).json
        seen += [area["code"] for area in page["items"]]
        path = page["next"] and f"/areas?limit=100&cursor={page['next']}"
    assert (
        len(seen) == len(set(seen)) == db.session.scalar(select(func.count(Area.code)))
    )


@pytest.mark.parametrize("cursor", ["abc", "W10", "WzFd", "====", "%F0%9F%98%80"])
def test_broken_cursor(make: Factory, cursor: str) -> None:
    answer = make.grid_worker().get(f"/areas?cursor={cursor}")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/cursor")


def test_point_on_a_boundary_is_deterministic(app: Flask) -> None:
    """Two grids share the edge at 109.55: the lower code wins, at every call."""
    left = [[109.5, 41.0], [109.55, 41.0], [109.55, 41.1], [109.5, 41.1], [109.5, 41.0]]
    right = [[x + 0.05, y] for x, y in left]
    import_areas(
        collection(
            feature(f"{COMMUNITY}-71", COMMUNITY, right),
            feature(f"{COMMUNITY}-72", COMMUNITY, left),
        )
    )
    assert {locate(109.55, 41.05)[0].code for _ in range(5)} == {f"{COMMUNITY}-71"}


def test_import_again_changes_nothing_and_a_new_boundary_is_a_version(
    app: Flask,
) -> None:
    code = f"{COMMUNITY}-81"
    file = collection(feature(code, COMMUNITY, SQUARE))
    assert import_areas(file).created == [code]
    assert import_areas(file).unchanged == [code]
    moved = [[x, y - 0.01] for x, y in SQUARE]
    assert import_areas(collection(feature(code, COMMUNITY, moved))).changed == [code]
    versions = db.session.scalars(
        select(AreaBoundary)
        .where(AreaBoundary.area_code == code)
        .order_by(AreaBoundary.id)
    ).all()
    assert [v.valid_to is None for v in versions] == [False, True]
    assert versions[0].valid_to == versions[1].valid_from


@pytest.mark.parametrize(
    ("features", "pointer"),
    [
        ([feature("150203102200-91", COMMUNITY, BOW)], "/features/0/geometry"),
        (
            [feature("150203102200-91", COMMUNITY, SQUARE)] * 2,
            "/features/1/properties/code",
        ),
        (
            [feature("150203102999-01", "150203102999", SQUARE)],
            "/features/0/properties/parent",
        ),
        (
            [feature("150203102200-91", COMMUNITY, SQUARE, datum="mars")],
            "/features/0/properties/datum",
        ),
    ],
)
def test_a_wrong_file_is_refused_whole(
    app: Flask, features: list[Any], pointer: str
) -> None:
    good = feature("150203102200-92", COMMUNITY, SQUARE)
    with pytest.raises(AreaFileInvalid) as refused:
        import_areas(collection(*features, good))
    assert any(f.pointer.startswith(pointer) for f in refused.value.faults)
    db.session.rollback()
    assert db.session.get(Area, "150203102200-92") is None


def test_code_of_another_scheme(app: Flask) -> None:
    import_areas(collection(feature("150203102200-93", COMMUNITY, SQUARE)))
    commit()
    other = feature("150203102200-93", COMMUNITY, SQUARE, scheme="someone-else")
    with pytest.raises(AreaFileInvalid) as refused:
        import_areas(collection(other))
    assert refused.value.faults[0].pointer == "/features/0/properties/scheme"


def test_export_imports_back_unchanged(app: Flask) -> None:
    report = import_areas(orjson.dumps(export_areas()))
    assert (report.created, report.changed) == ([], [])
    assert len(report.unchanged) == 450
