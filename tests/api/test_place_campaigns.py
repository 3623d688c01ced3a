"""Campaigns: setting up, who sees them, progress, nights."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from tests.api.test_place_register import age, inspected, registered
from tests.factories import COMMUNITY, Caller, Factory

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(ZONE).date()


def campaign(**changes: Any) -> dict[str, Any]:
    """Return a campaign of this week over restaurants of the town."""
    document = {
        "name": "国庆前消防检查",
        "items": ["35"],
        "areas": [TOWN],
        "starts_on": str(TODAY - timedelta(days=3)),
        "ends_on": str(TODAY + timedelta(days=3)),
    }
    return document | changes


def made(caller: Caller, **changes: Any) -> str:
    """Set a campaign up and return its id."""
    id = str(uuid4())
    answer = caller.put(f"/campaigns/{id}", json=campaign(**changes))
    assert answer.status_code == 201, answer.text
    return id


def test_set_up_again_and_change(make: Factory) -> None:
    officer, id = make.town_officer(), uuid4()
    first = officer.put(f"/campaigns/{id}", json=campaign())
    again = officer.put(f"/campaigns/{id}", json=campaign())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    other = campaign(name="春节")
    assert officer.put(f"/campaigns/{id}", json=other).status_code == 428
    any_version = {"If-Match": "*"}
    refused = officer.put(f"/campaigns/{id}", json=other, headers=any_version)
    assert refused.status_code == 428
    stale = {"If-Match": f'"{id}.9"'}
    assert officer.put(f"/campaigns/{id}", json=other, headers=stale).status_code == 412
    match = {"If-Match": officer.get(f"/campaigns/{id}").headers["ETag"]}
    changed = officer.put(f"/campaigns/{id}", json=other, headers=match)
    assert (changed.status_code, changed.json["version"]) == (200, 2)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"items": []}, "/items"),
        ({"items": ["1"]}, "/items/0"),
        ({"items": ["35", "35"]}, "/items"),
        ({"areas": [OTHER_TOWN]}, "/areas/0"),
        ({"areas": ["999"]}, "/areas/0"),
        ({"kinds": ["36"]}, "/kinds/0"),
        ({"ends_on": str(TODAY - timedelta(days=9))}, "/ends_on"),
        ({"ends_on": str(TODAY + timedelta(days=900))}, "/ends_on"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_wrong_fields(make: Factory, change: Any, pointer: str) -> None:
    officer = make.town_officer()
    answer = officer.put(f"/campaigns/{uuid4()}", json=campaign(**change))
    assert answer.status_code == 422
    assert pointer in [e["pointer"] for e in answer.json["errors"]]


def test_who_sets_up_and_who_sees(make: Factory) -> None:
    for caller in (make.grid_worker(), make.handler(), make.administrator()):
        answer = caller.put(f"/campaigns/{uuid4()}", json=campaign())
        assert answer.status_code == 403
    town = made(make.town_officer())
    district = made(make.safety_office(), areas=[DISTRICT])
    assert make.handler().get("/campaigns").status_code == 403

    def seen(caller: Caller) -> set[str]:
        return {c["id"] for c in caller.get("/campaigns").json["items"]}

    assert seen(make.grid_worker()) == {town, district}
    assert seen(make.safety_office()) == {town, district}
    stranger = make.other_town_officer()
    assert seen(stranger) == {district}
    assert stranger.get(f"/campaigns/{town}").status_code == 404
    match = {"If-Match": f'"{district}.1"'}
    body = campaign(name="别的", areas=[OTHER_TOWN])
    denied = stranger.put(f"/campaigns/{district}", json=body, headers=match)
    assert denied.status_code == 403
    hidden = stranger.put(f"/campaigns/{town}", json=body, headers=match)
    assert hidden.status_code == 404


def test_progress(make: Factory) -> None:
    officer, worker = make.town_officer(), make.grid_worker()
    id = made(officer)
    empty = officer.get(f"/campaigns/{id}").json["progress"]
    assert empty == {"places": 0, "visited": 0, "remaining": 0, "share": None}
    done, open_, other_item = (
        registered(worker, make, i * 0.001, name=f"店{i}") for i in range(3)
    )
    registered(worker, make, kind="30", name="不在内")
    inspected(worker, make, done)
    inspected(worker, make, done)
    inspected(worker, make, open_, ended=datetime.now(UTC) - timedelta(days=9))
    inspected(worker, make, other_item, checklist="44")
    progress = officer.get(f"/campaigns/{id}").json["progress"]
    assert progress == {"places": 3, "visited": 1, "remaining": 2, "share": 0.3333}
    left = officer.get(f"/campaigns/{id}/places?visited=false&limit=1").json
    rest = officer.get(
        f"/campaigns/{id}/places?visited=false&limit=1&cursor={left['next']}"
    ).json
    names = {p["id"] for p in left["items"] + rest["items"]}
    assert names == {open_, other_item}
    (been,) = officer.get(f"/campaigns/{id}/places?visited=true").json["items"]
    assert been["id"] == done
    assert len(officer.get(f"/campaigns/{id}/places").json["items"]) == 3


def test_night_patrols(make: Factory) -> None:
    officer, worker = make.town_officer(), make.grid_worker()
    id = made(officer, items=["40"], night=True)
    places = [
        registered(worker, make, i * 0.001, kind="40", name=f"楼{i}") for i in range(3)
    ]
    yesterday = TODAY - timedelta(days=1)
    for place, clock in zip(
        places, (time(19, 59), time(20, 0), time(5, 59)), strict=True
    ):
        start = datetime.combine(yesterday, clock, ZONE)
        end = start + timedelta(minutes=20)
        inspected(worker, make, place, checklist="40", ended=end)
    visited = officer.get(f"/campaigns/{id}/places?visited=true").json["items"]
    assert [p["id"] for p in visited] == places[1:]


def test_places_registered_afterwards_are_no_target(make: Factory) -> None:
    officer, worker = make.town_officer(), make.grid_worker()
    past = {
        "starts_on": str(TODAY - timedelta(days=30)),
        "ends_on": str(TODAY - timedelta(days=20)),
    }
    id = made(officer, **past)
    registered(worker, make, name="新店")
    age(registered(worker, make, 0.001, name="老店"), 40)
    assert officer.get(f"/campaigns/{id}").json["progress"]["places"] == 1


def test_list_by_day_and_page(make: Factory) -> None:
    officer = make.town_officer()
    now_on = made(officer)
    later = made(officer, starts_on=str(TODAY + timedelta(days=2)))
    on = officer.get(f"/campaigns?on={TODAY}").json["items"]
    assert [c["id"] for c in on] == [now_on]
    page = officer.get("/campaigns?limit=1").json
    rest = officer.get(f"/campaigns?limit=1&cursor={page['next']}").json
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [later, now_on]
    assert rest["next"] is None
    assert officer.get("/campaigns?cursor=zzz").status_code == 422
    assert COMMUNITY.startswith(TOWN)
