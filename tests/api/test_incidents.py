"""PUT /incidents and what is seen of them: fields, replay, visibility, lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN
from tests.api.test_photos import upload
from tests.factories import COMMUNITY, Caller, Factory, picture

FIELDS: dict[str, dict[str, Any]] = {
    "fire": {"burning": "库房纸箱", "people_trapped": "no"},
    "wildfire": {"fire_size": "small", "people_trapped": "no"},
    "flood": {"situation": "waterlogging", "people_threatened": "no"},
    "weather": {
        "phenomenon": "hail",
        "damage": "大棚受损",
        "people_threatened": "no",
    },
    "geological": {
        "nature": "danger",
        "phenomenon": "landslide",
        "people_threatened": "yes",
    },
    "earthquake": {"damage": "围墙倒塌", "people_trapped": "unknown"},
    "gas_accident": {"phenomenon": "leak", "people_trapped": "no"},
}
OTHER_VILLAGE = "150203102201"


def incident(make: Factory, kind: str = "wildfire", **changes: Any) -> dict[str, Any]:
    """Return a report."""
    document = {
        "kind": kind,
        "position": make.position(),
        "place_text": "村北山坡，蓄水池以东",
        "occurred_at": (datetime.now(UTC) - timedelta(minutes=20)).isoformat(),
        "fields": FIELDS[kind],
        "summary": "有烟，正在确认",
        "photos": [],
    }
    return document | changes


def reported(make: Factory, caller: Caller, **changes: Any) -> str:
    """Send a report that must be taken and return its number."""
    answer = caller.put(f"/incidents/{uuid4()}", json=incident(make, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


def pointers(answer: Any) -> list[str]:
    """Return the pointers of a 422."""
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def test_a_report_reaches_the_command(make: Factory) -> None:
    worker, id = make.grid_worker(), str(uuid4())
    answer = worker.put(f"/incidents/{id}", json=incident(make))
    assert answer.status_code == 201, answer.text
    receipt = answer.json
    number = receipt["number"]
    assert number.startswith("SJ150203-")
    assert receipt | {"received_at": ""} == {
        "id": id,
        "number": number,
        "received_at": "",
        "state": "reported",
        "kind": "wildfire",
        "duty_item": "46",
        "title": "森林草原火情",
        "area": receipt["area"],
        "command": {"code": "kq-emergency", "name": "区应急管理局"},
        "called": [
            {"code": "kq-agri", "name": "区农牧局"},
            {"code": "kq-fire", "name": "区消防救援大队"},
        ],
        "informed": [],
    }
    seen = make.handler("kq-emergency").get(f"/incidents/{number}").json
    assert seen["fields"] == FIELDS["wildfire"]
    assert seen["place_text"] == "村北山坡，蓄水池以东"
    assert seen["party"] == {"code": "town-buerhantu", "name": "卜尔汉图镇"}
    assert seen["basis"] == ["46.township.4"]
    assert seen["position"]["coordinates"] == pytest.approx(make.point_in(COMMUNITY))
    events = worker.get(f"/incidents/{number}/events").json["items"]
    assert [e["type"] for e in events] == ["incident.reported"]
    assert events[0]["to"] == "reported"
    assert events[0]["details"]["departments"]["kq-emergency"] == "command"


def test_the_kinds_are_told_for_the_phone(make: Factory) -> None:
    worker = make.grid_worker()
    answer = worker.get("/incidents/kinds")
    assert [row["kind"] for row in answer.json["items"]] == list(FIELDS)
    fire = answer.json["items"][1]
    assert [f["name"] for f in fire["fields"]] == ["fire_size", "people_trapped"]
    assert fire["fields"][0]["choices"][0] == {"code": "small", "label": "较小"}
    again = {"If-None-Match": answer.headers["ETag"]}
    assert worker.get("/incidents/kinds", headers=again).status_code == 304


def test_the_same_again(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    document = incident(make)
    first = worker.put(f"/incidents/{id}", json=document)
    again = worker.put(f"/incidents/{id}", json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    other = worker.put(f"/incidents/{id}", json=document | {"summary": "另一处"})
    assert (other.status_code, other.json["type"]) == (409, "content-differs")
    neighbour = make.grid_worker().put(f"/incidents/{id}", json=document)
    assert neighbour.status_code == 409
    query = select(AuditEvent.id).where(AuditEvent.type == "incident.reported")
    assert len(db.session.scalars(query).all()) == 1


REQUIRED = [(kind, name) for kind, fields in FIELDS.items() for name in fields]


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
def test_each_mandatory_fact_is_demanded(make: Factory, kind: str, name: str) -> None:
    worker = make.grid_worker()
    fields = {k: v for k, v in FIELDS[kind].items() if k != name}
    document = incident(make, kind, fields=fields)
    answer = worker.put(f"/incidents/{uuid4()}", json=document)
    assert pointers(answer) == [f"/fields/{name}"]
    assert "缺少必填字段" in answer.json["errors"][0]["message"]
    assert worker.get("/incidents").json["items"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"place_text": None}, "/place_text"),
        ({"place_text": "  "}, "/place_text"),
        ({"summary": ""}, "/summary"),
        ({"kind": "volcano"}, "/kind"),
        ({"kind": 46}, "/kind"),
        (
            {"fields": {"fire_size": "huge", "people_trapped": "no"}},
            "/fields/fire_size",
        ),
        ({"fields": ["small"]}, "/fields"),
        ({"fields": FIELDS["wildfire"] | {"colour": "red"}}, "/fields/colour"),
        ({"figures": {"evacuated": -1}}, "/figures/evacuated"),
        ({"figures": {"sheep": 1}}, "/figures/sheep"),
        ({"occurred_at": "2026-05-01T08:00:00"}, "/occurred_at"),
        ({"occurred_at": "2999-05-01T08:00:00Z"}, "/occurred_at"),
        ({"position": {"type": "Point", "coordinates": [0, 0]}}, "/position"),
        ({"photos": ["x"]}, "/photos/0"),
        ({"photos": [str(uuid4())] * 31}, "/photos"),
        ({"state": "closed"}, "/state"),
    ],
)
def test_bad_input(make: Factory, change: dict[str, Any], pointer: str) -> None:
    document = incident(make) | change
    answer = make.grid_worker().put(f"/incidents/{uuid4()}", json=document)
    assert pointer in pointers(answer)


@pytest.mark.parametrize("name", ["kind", "position", "place_text", "occurred_at"])
def test_what_every_report_says(make: Factory, name: str) -> None:
    document = incident(make)
    del document[name]
    answer = make.grid_worker().put(f"/incidents/{uuid4()}", json=document)
    assert pointers(answer) == [f"/{name}"]


@pytest.mark.parametrize(
    ("department", "kind", "status"),
    [
        ("kq-agri", "wildfire", 201),  # 46.区农牧局.4
        ("kq-agri", "flood", 201),
        ("kq-resources", "geological", 201),
        ("kq-fire", "fire", 201),
        ("kq-fire", "wildfire", 403),
        ("kq-culture", "weather", 403),
        ("kq-commerce", "fire", 403),
    ],
)
def test_departments_report_what_they_find(
    make: Factory, department: str, kind: str, status: int
) -> None:
    handler = make.handler(department)
    answer = handler.put(f"/incidents/{uuid4()}", json=incident(make, kind))
    assert answer.status_code == status, answer.text
    if status == 201:
        seen = handler.get(f"/incidents/{answer.json['number']}").json
        assert seen["party"]["code"] == department
        assert seen["area"].startswith(COMMUNITY)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_others_do_not_report(make: Factory, role: Role) -> None:
    caller = make.staff(role, DISTRICT)
    answer = caller.put(f"/incidents/{uuid4()}", json=incident(make))
    assert answer.status_code == 403


def test_who_sees_it(make: Factory) -> None:
    number = reported(make, make.grid_worker(), kind="fire")
    seeing = [
        make.grid_worker(),
        make.grid_worker(OTHER_VILLAGE),
        make.town_officer(),
        make.handler("kq-fire"),
        make.handler("kq-emergency", Role.LEAD),
        make.safety_office(),
        make.staff(Role.SUPERVISOR, DISTRICT),
    ]
    blind = [
        make.other_town_officer(),
        make.grid_worker(OTHER_TOWN),
        make.handler("kq-agri"),
        make.handler("kq-commerce"),
    ]
    for caller in seeing:
        assert caller.get(f"/incidents/{number}").status_code == 200
        assert [i["number"] for i in caller.get("/incidents").json["items"]] == [number]
    entry = {"entry": "update", "occurred_at": datetime.now(UTC).isoformat()}
    for caller in blind:
        for path in ("", "/entries", "/events"):
            assert caller.get(f"/incidents/{number}{path}").status_code == 404
        put = caller.put(f"/incidents/{number}/entries/{uuid4()}", json=entry)
        assert put.status_code == 404
        assert caller.get("/incidents").json["items"] == []
    assert make.grid_worker().get("/incidents/SJ0").status_code == 404


def test_the_sender_sees_it_beyond_the_town(make: Factory) -> None:
    """A report from outside the sender's town counts in their own area."""
    stranger = make.grid_worker(OTHER_TOWN)
    number = reported(make, stranger)
    assert stranger.get(f"/incidents/{number}").json["area"] == OTHER_TOWN
    assert make.town_officer().get(f"/incidents/{number}").status_code == 404


def test_filters_and_pages(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    day = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    old = reported(make, worker, kind="flood", occurred_at=day)
    numbers = [old, *(reported(make, worker, kind=kind) for kind in ("fire", "fire"))]

    def listed(query: str) -> list[str]:
        answer = officer.get(f"/incidents?{query}")
        assert answer.status_code == 200, answer.text
        return [row["number"] for row in answer.json["items"]]

    assert listed("") == numbers[::-1]
    assert listed("kind=flood") == [old]
    assert listed("kind=flood,fire") == numbers[::-1]
    assert listed("state=closed,false_alarm") == []
    assert listed("state=reported&kind=fire") == numbers[:0:-1]
    assert listed(f"area={COMMUNITY}") == numbers[::-1]
    assert listed(f"area={OTHER_VILLAGE}") == []
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    assert listed(f"to={today - timedelta(days=2)}") == [old]
    assert listed(f"from={today - timedelta(days=2)}") == numbers[:0:-1]
    first = officer.get("/incidents?limit=2").json
    assert [row["number"] for row in first["items"]] == numbers[:0:-1]
    assert listed(f"limit=2&cursor={first['next']}") == [old]


@pytest.mark.parametrize(
    "query",
    [
        "kind=volcano",
        "state=asleep",
        "area=000",
        "from=yesterday",
        "limit=0",
        "cursor=nonsense",
        "colour=red",
    ],
)
def test_wrong_filters(make: Factory, query: str) -> None:
    answer = make.town_officer().get(f"/incidents?{query}")
    assert pointers(answer) == [f"/{query.partition('=')[0]}"]


def test_the_map(make: Factory) -> None:
    number = reported(make, make.grid_worker())
    accept = {"Accept": "application/geo+json"}
    answer = make.town_officer().get("/incidents", headers=accept)
    assert answer.mimetype == "application/geo+json"
    (feature,) = answer.json["features"]
    assert (feature["id"], feature["geometry"]["type"]) == (number, "Point")
    assert feature["properties"]["state"] == "reported"


def test_photos_may_come_first(make: Factory) -> None:
    worker, officer, id = make.grid_worker(), make.town_officer(), uuid4()
    answer = upload(worker, f"incident={id}", picture())
    assert answer.status_code == 201, answer.text
    photo = answer.json["id"]
    assert officer.get(f"/photos/{photo}").status_code == 404
    worker.put(f"/incidents/{id}", json=incident(make, photos=[photo]))
    assert officer.get(f"/photos/{photo}").json["owner"] == {
        "kind": "incident",
        "key": str(id),
    }
    fire = make.handler("kq-agri")
    listed = fire.get(f"/photos?incident={id}").json["items"]
    assert [p["id"] for p in listed] == [photo]
    assert make.other_town_officer().get(f"/photos/{photo}").status_code == 404
    originals = {
        "officer": officer.get(f"/photos/{photo}/original").status_code,
        "department": fire.get(f"/photos/{photo}/original").status_code,
        "neighbour": make.grid_worker().get(f"/photos/{photo}/original").status_code,
    }
    assert originals == {"officer": 200, "department": 200, "neighbour": 403}
    late = upload(make.other_town_officer(), f"incident={id}", picture())
    assert late.status_code == 404
