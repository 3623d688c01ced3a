"""Likely duplicates: open, of the same category, at the same spot, visible."""

from __future__ import annotations

from typing import Any

from tests.factories import Caller, Factory


def shifted(make: Factory, north_m: float) -> dict[str, Any]:
    """Return the position of the factory, so many metres to the north."""
    position = make.position()
    lon, lat = position["coordinates"]
    return position | {"coordinates": [lon, lat + north_m / 111_000]}


def similar(caller: Caller, number: str) -> list[dict[str, Any]]:
    """Return what may be the same hazard."""
    answer = caller.get(f"/tickets/{number}/similar")
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def test_the_nearest_first_within_50_metres(make: Factory) -> None:
    worker = make.grid_worker()
    first = make.ticket(worker)
    near = make.ticket(worker, position=shifted(make, 40))
    nearer = make.ticket(worker, position=shifted(make, 10))
    make.ticket(worker, position=shifted(make, 70))
    make.ticket(worker, category="F2")
    settled = make.ticket(worker)
    worker.done(settled, "settle", note="清了", photos=[worker.photo(settled)])
    found = similar(worker, first)
    assert [one["number"] for one in found] == [nearer, near]
    assert [round(one["distance_m"], -1) for one in found] == [10, 40]
    assert not any(one["same_place"] for one in found)
    assert worker.ticket(first)["duplicates_hint"] == 2
    assert worker.ticket(settled)["duplicates_hint"] is None


def test_only_what_the_caller_may_see(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    make.ticket(worker)
    assert len(similar(worker, number)) == 1
    assert similar(fire, number) == []
    assert fire.ticket(number)["duplicates_hint"] is None
    stranger = make.other_town_officer()
    assert stranger.get(f"/tickets/{number}/similar").status_code == 404


def test_a_new_twin_changes_the_etag(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    before = worker.ticket(number)["etag"]
    match = {"If-None-Match": before}
    assert worker.get(f"/tickets/{number}", headers=match).status_code == 304
    make.ticket(worker)
    assert worker.get(f"/tickets/{number}", headers=match).status_code == 200
