"""The register: criteria, risk points, visits, doubles, map."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from server.checklists.loader import bundled_root, load
from server.core.clock import local_date
from server.core.db import db
from server.places import queries
from server.places.models import Place
from server.places.visits import visits_of
from tests.factories import COMMUNITY, Caller, Factory

ZONE = ZoneInfo("Asia/Shanghai")
RULES = load(bundled_root() / "buerhantu").rules.places


def registered(caller: Caller, make: Factory, east: float = 0, **changes: Any) -> str:
    """Register a place and return its id."""
    answer = put(caller, make, east, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def put(caller: Caller, make: Factory, east: float = 0, **changes: Any) -> Any:
    """Send a place."""
    lon, lat = make.point_in(COMMUNITY)
    position = {"type": "Point", "coordinates": [lon + east, lat]}
    document = {"name": "老张面馆", "kind": "35", "position": position}
    return caller.put(f"/places/{uuid4()}", json=document | changes)


def age(id: str, days: int) -> None:
    """Set back when a place was registered."""
    moment = datetime.now(UTC) - timedelta(days=days)
    db.session.execute(
        text("UPDATE places SET registered_at = :at WHERE id = :id"),
        {"at": moment, "id": id},
    )
    db.session.expire_all()


def inspected(caller: Caller, make: Factory, place: str, **changes: Any) -> None:
    """Send an inspection of a place, an hour ago, all in order."""
    code = str(changes.pop("checklist", "35"))
    checklist = caller.get(f"/checklists/{code}").json
    end = changes.pop("ended", datetime.now(UTC) - timedelta(hours=1))
    document = {
        "checklist": code,
        "version": checklist["version"],
        "place": place,
        "started_at": (end - timedelta(minutes=20)).isoformat(),
        "finished_at": end.isoformat(),
        "position": make.position(),
        "answers": [
            {"checkpoint": point["id"], "answer": "yes"}
            for point in checklist["checkpoints"]
        ],
    }
    answer = caller.put(f"/inspections/{uuid4()}", json=document | changes)
    assert answer.status_code == 201, answer.text


def test_a_workshop_outside_its_criteria_is_refused(make: Factory) -> None:
    worker = make.grid_worker()
    big = {"workers": 80, "dormitory_beds": 0}
    refused = put(worker, make, kind="38", attributes=big)
    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json["errors"]} == {
        "/kind",
        "/attributes/workers",
        "/attributes/dormitory_beds",
    }
    dormitory = {"workers": 80, "dormitory_beds": 20}
    assert put(worker, make, kind="38", attributes=dormitory).status_code == 201
    assert put(worker, make, kind="42", attributes=big).status_code == 201


def test_what_cannot_be_told_is_flagged(make: Factory) -> None:
    worker = make.grid_worker()
    flagged = put(worker, make, kind="38").json["criteria"]
    assert flagged["state"] == "unknown"
    assert flagged["missing"] == ["workers", "dormitory_beds"]
    span = put(worker, make, kind="27", attributes={"span_m": 40}).json["criteria"]
    assert (span["state"], span["open"]) == ("unknown", ["span_m"])
    marked = put(worker, make, kind="27", attributes={"large_span": True}).json
    assert marked["criteria"]["state"] == "inside"
    house = put(worker, make, kind="28", attributes={"storeys": 3}).json
    assert house["criteria"]["priority"] == ["storeys"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"attributes": {"storeys": 0}}, "/attributes/storeys"),
        ({"attributes": {"storeys": "3"}}, "/attributes/storeys"),
        ({"attributes": {"height": 3}}, "/attributes/height"),
        ({"attributes": {"gas_kind": "steam"}}, "/attributes/gas_kind"),
        ({"credit_code": "91350100M000100Y44"}, "/credit_code"),
        ({"risk_level": "major"}, "/risk_level"),
        ({"visit_every_days": 0}, "/visit_every_days"),
        ({"contact": {"phone": "1"}}, "/contact/name"),
        ({"kind": "47-manhole"}, "/risk"),
        ({"kind": "49", "risk": "滑坡"}, "/keeper/name"),
        ({"kind": "49", "risk": "x", "keeper": {"name": "王"}}, "/keeper/phone"),
    ],
)
def test_wrong_fields(make: Factory, change: Any, pointer: str) -> None:
    answer = put(make.grid_worker(), make, **change)
    assert answer.status_code == 422
    assert pointer in [e["pointer"] for e in answer.json["errors"]]


def test_risk_points_are_listed_and_mapped(make: Factory) -> None:
    worker = make.grid_worker()
    keeper = {"name": "王某", "phone": "13800000000"}
    point = {"kind": "47-manhole", "risk": "井盖破损", "keeper": keeper}
    id = registered(worker, make, name="3号井", **point)
    registered(worker, make, east=0.001)
    (listed,) = worker.get("/places?risk_points=true").json["items"]
    assert (listed["id"], listed["keeper"], listed["risk_point"]) == (id, keeper, True)
    (other,) = worker.get("/places?risk_points=false").json["items"]
    assert other["kind"] == "35"
    (flood,) = worker.get("/places?duty_item=47").json["items"]
    assert flood["id"] == id
    map_of = {"Accept": "application/geo+json"}
    drawn = worker.get("/places?risk_points=true", headers=map_of)
    assert drawn.mimetype == "application/geo+json"
    (feature,) = drawn.json["features"]
    assert feature["geometry"]["coordinates"] == listed["position"]["coordinates"]
    assert feature["properties"]["risk"] == "井盖破损"


def test_gas_users_are_inspected_for_gas_as_well(make: Factory) -> None:
    worker = make.grid_worker()
    id = registered(worker, make, attributes={"uses_gas": True, "gas_kind": "bottled"})
    registered(worker, make, name="无气店")
    (found,) = worker.get("/places?duty_item=44").json["items"]
    assert (found["id"], found["duty_items"]) == (id, ["35", "44"])


def test_one_place_with_its_etag(make: Factory) -> None:
    worker = make.grid_worker()
    id = registered(worker, make)
    seen = worker.get(f"/places/{id}")
    cached = {"If-None-Match": seen.headers["ETag"]}
    assert worker.get(f"/places/{id}", headers=cached).status_code == 304
    body = {"name": "改名", "kind": "35", "position": seen.json["position"]["sent"]}
    match = {"If-Match": seen.headers["ETag"]}
    changed = worker.put(f"/places/{id}", json=body, headers=match)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert worker.put(f"/places/{id}", json=body, headers=match).status_code == 200
    body["name"] = "再改"
    assert worker.put(f"/places/{id}", json=body, headers=match).status_code == 412
    assert make.other_town_officer().get(f"/places/{id}").status_code == 404
    assert worker.get(f"/places/{uuid4()}").status_code == 404


def test_visits_are_due_by_kind_and_risk(make: Factory) -> None:
    worker = make.grid_worker()
    plain = registered(worker, make, name="普通")
    high = registered(worker, make, name="高风险", risk_level="high")
    own = registered(worker, make, name="自定", visit_every_days=5)
    for id in (plain, high, own):
        age(id, 40)
    seen = {p["name"]: p["visits"] for p in worker.get("/places").json["items"]}
    assert {name: v["every_days"] for name, v in seen.items()} == {
        "普通": 90,
        "高风险": 30,
        "自定": 5,
    }
    assert {v["origin"] for v in seen.values()} == {"local setting", "register"}
    assert [v["overdue"] for v in (seen["普通"], seen["高风险"], seen["自定"])] == [
        False,
        True,
        True,
    ]
    due = [p["name"] for p in worker.get("/places?due=true").json["items"]]
    assert sorted(due) == ["自定", "高风险"]
    inspected(worker, make, high)
    db.session.expire_all()
    after = worker.get(f"/places/{high}").json
    assert after["visits"]["overdue"] is False
    assert after["version"] == 1
    assert after["visits"]["last_visited_at"]
    left = [p["name"] for p in worker.get("/places?due=true").json["items"]]
    assert left == ["自定"]


@pytest.mark.parametrize("level", [None, "low", "medium", "high"])
@pytest.mark.parametrize("days", [None, 30])
def test_the_database_and_python_agree_on_the_day(
    make: Factory, level: str | None, days: int | None
) -> None:
    worker = make.grid_worker()
    id = registered(worker, make, risk_level=level, visit_every_days=days)
    age(id, 45)
    place = db.session.get(Place, id)
    assert place is not None
    in_sql = db.session.scalar(
        select(queries.next_due(RULES, ZONE)).where(Place.id == place.id)
    )
    today = local_date(datetime.now(UTC), ZONE)
    assert visits_of(place, RULES, ZONE, today).next_due == in_sql
    assert isinstance(in_sql, date)


def test_an_earlier_visit_that_arrives_late_changes_nothing(make: Factory) -> None:
    worker = make.grid_worker()
    id = registered(worker, make)
    inspected(worker, make, id)
    inspected(worker, make, id, ended=datetime.now(UTC) - timedelta(days=3))
    db.session.expire_all()
    last = worker.get(f"/places/{id}").json["visits"]["last_visited_at"]
    assert datetime.now(UTC) - datetime.fromisoformat(last) < timedelta(hours=2)


def test_similar_places(make: Factory) -> None:
    worker, code = make.grid_worker(), "91350100M000100Y43"
    first = registered(worker, make, credit_code=code)
    near = registered(worker, make, 0.0002, name="老张面馆（总店）")
    registered(worker, make, 0.0002, name="完全不同")
    registered(worker, make, 0.0002, name="老张面馆", kind="30")
    registered(worker, make, 0.01, name="老张面馆")
    firm = registered(worker, make, 0.01, name="宏达", kind="42", credit_code=code)
    found = worker.get(f"/places/{first}/similar").json["items"]
    assert [(f["id"], f["why"]) for f in found] == [
        (near, "near_and_alike"),
        (firm, "credit_code"),
    ]
    assert 10 < found[0]["metres"] < 30
    stranger = make.other_town_officer()
    assert stranger.get(f"/places/{first}/similar").status_code == 404


def test_what_phones_sent_before_is_still_the_same_content(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    old = {"name": "甲", "kind": "35", "position": make.position()}
    assert worker.put(f"/places/{id}", json=old).status_code == 201
    empty = {"attributes": {}, "contact": None, "risk": None, "risk_level": None}
    again = worker.put(f"/places/{id}", json=old | empty)
    assert (again.status_code, again.json["version"]) == (200, 1)
    assert db.session.scalar(select(func.count()).select_from(Place)) == 1


def test_kinds(make: Factory) -> None:
    worker = make.grid_worker()
    answer = worker.get("/places/kinds")
    kinds = {kind["code"]: kind for kind in answer.json["kinds"]}
    assert kinds["38"]["criteria"][0]["at_most"] == 50
    assert kinds["27"]["criteria"][0]["open"] is True
    assert kinds["35"]["visits"]["high"]["origin"] == "local setting"
    assert answer.json["attributes"]["workers"] == "职工人数"
    cached = {"If-None-Match": answer.headers["ETag"]}
    assert worker.get("/places/kinds", headers=cached).status_code == 304
