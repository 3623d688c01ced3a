"""What inbound orders refuse: strangers, stale copies, wrong states, wrong fields."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.areas.models import Area
from server.audit.models import AuditEvent
from server.core import workdays
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from tests.factories import COMMUNITY, Caller, Factory, day_off, picture, workday
from tests.orders import Desk, act, document, done, photo, pointers, show

NOWHERE = "150203-XP20260101-999999"


def other_village() -> str:
    """Return another village of the town than the one of the orders."""
    query = select(Area.code).where(Area.parent_code == TOWN, Area.code != COMMUNITY)
    return db.session.scalars(query.order_by(Area.code)).first() or ""


def sees(caller: Caller, number: str) -> bool:
    """Tell whether the caller sees an order, having tried every way."""
    there = caller.get(f"/orders/{number}").status_code
    listed = [o["number"] for o in caller.get("/orders").json["items"]]
    events = caller.get(f"/orders/{number}/events").status_code
    photos = caller.get(f"/photos?order={number}").status_code
    acted = act(caller, number, "comment", note="看").status_code
    assert there == events == photos == acted
    assert (there == 200) == (number in listed)
    assert there in {200, 404}
    return there == 200


def test_who_sees_an_order(make: Factory) -> None:
    desk = Desk(make, "73")
    number = desk.issue()
    those_who = [
        desk.issuer,
        make.handler("kq-resources", Role.LEAD),
        desk.worker,
        desk.officer,
        make.safety_office(),
        make.staff(Role.SUPERVISOR, TOWN),
    ]
    assert [sees(caller, number) for caller in those_who] == [True] * 6
    others = [
        make.handler("kq-agri"),
        make.handler("kq-police"),
        make.other_town_officer(),
        make.grid_worker(other_village()),
        make.staff(Role.SUPERVISOR, OTHER_TOWN),
    ]
    assert [sees(caller, number) for caller in others] == [False] * 5
    denied = db.session.scalars(
        select(AuditEvent.subject_id).where(AuditEvent.type == "access.denied")
    )
    assert f"/api/v1/orders/{number}" in set(denied)


def test_an_order_for_a_whole_town_waits_for_all_its_workers(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue(area=TOWN)
    neighbour = make.grid_worker(other_village())
    assert sees(neighbour, number)
    assert done(neighbour, number, "accept")["state"] == "town_verifying"
    assert not sees(make.grid_worker(OTHER_TOWN), number)


def test_a_stranger_adds_no_photo(make: Factory) -> None:
    number = Desk(make, "52").issue()
    stranger = make.other_town_officer()
    for key in (number, NOWHERE):
        answer = stranger.put(
            f"/photos/{uuid4()}?order={key}&stage=before",
            data=picture(size=(32, 24)),
            content_type="image/jpeg",
        )
        assert answer.status_code == 404


def test_originals_are_for_who_answers_for_the_order(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    path = f"/photos/{photo(desk.worker, number, 'before')}/original"
    assert desk.issuer.get(path).status_code == 200
    assert desk.officer.get(path).status_code == 200
    assert make.safety_office().get(path).status_code == 403
    assert make.other_town_officer().get(path).status_code == 404


def test_who_issues(make: Factory) -> None:
    body = document(make, "73")
    for caller in (make.grid_worker(), make.town_officer(), make.administrator()):
        assert caller.put(f"/orders/{uuid4()}", json=body).status_code == 403
    fire = make.handler("kq-fire").put(f"/orders/{uuid4()}", json=body)
    assert (fire.status_code, fire.json["type"]) == (403, "forbidden")
    lead = make.handler("kq-resources", Role.LEAD)
    assert lead.put(f"/orders/{uuid4()}", json=body).status_code == 201


@pytest.mark.parametrize(
    ("item", "change", "wrong"),
    [
        ("52", {"item": "30"}, ["/item"]),
        ("52", {"title": " "}, ["/title"]),
        ("52", {"source_no": None}, ["/source_no"]),
        ("52", {"area": None}, ["/area"]),
        ("52", {"area": "999"}, ["/area"]),
        ("52", {"area": DISTRICT}, ["/area"]),
        ("52", {"area": "150200"}, ["/area"]),
        ("52", {"due_on": "2020-01-01"}, ["/due_on"]),
        ("52", {"due_on": "soon"}, ["/due_on"]),
        ("52", {"photos": ["x"]}, ["/photos/0"]),
        ("52", {"party": {"name": "张某"}}, ["/party/kind"]),
        ("52", {"colour": "red"}, ["/colour"]),
        ("73", {"due_on": None, "determination": ""}, ["/determination"]),
        (
            "73",
            {"due_on": None, "determination": None},
            ["/determination", "/due_on"],
        ),
        ("74", {"position": None}, ["/position"]),
        (
            "74",
            {"area": None, "position": {"type": "Point", "coordinates": [0, 0]}},
            ["/position"],
        ),
    ],
)
def test_wrong_fields(
    make: Factory, item: str, change: dict[str, Any], wrong: list[str]
) -> None:
    issuer = Desk(make, item).issuer
    body = document(make, item, **change)
    assert pointers(issuer.put(f"/orders/{uuid4()}", json=body)) == wrong
    assert issuer.get("/orders").json["items"] == []


def is_no_day(answer: TestResponse, off: str) -> None:
    """Tell that a day was refused with the next that would do."""
    assert pointers(answer) == ["/due_on"]
    after = workdays.calendar().on_or_after(date.fromisoformat(off)).isoformat()
    message = answer.json["errors"][0]["message"]
    assert off in message
    assert f"期限须为工作日，如 {after}" in message


@pytest.mark.parametrize("item", ["52", "53", "73", "74"])
def test_no_order_is_due_on_a_day_off(make: Factory, item: str) -> None:
    issuer, off = Desk(make, item).issuer, day_off()
    body = document(make, item, due_on=off)
    is_no_day(issuer.put(f"/orders/{uuid4()}", json=body), off)
    body = document(make, item, due_on=workday(-1))
    assert pointers(issuer.put(f"/orders/{uuid4()}", json=body)) == ["/due_on"]
    assert issuer.get("/orders").json["items"] == []
    body = document(make, item, due_on=workday(1))
    assert issuer.put(f"/orders/{uuid4()}", json=body).status_code == 201


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("send_back", {"to": "town_verifying", "note": "补充"}),
        ("assign", {"note": "x"}),
    ],
)
def test_nor_is_one_sent_back_or_assigned_until_a_day_off(
    make: Factory, action: str, said: dict[str, str]
) -> None:
    desk, off = Desk(make, "74"), day_off()
    number = desk.issue()
    done(desk.worker, number, "accept")
    done(desk.worker, number, "verify", result="grazing_ban", note="实地核实")
    done(desk.officer, number, "submit", note="上报")
    done(desk.issuer, number, "take_up")
    before = show(desk.issuer, number)
    is_no_day(act(desk.issuer, number, action, due_on=off, **said), off)
    late = act(desk.issuer, number, action, due_on=workday(-1), **said)
    assert pointers(late) == ["/due_on"]
    assert show(desk.issuer, number) == before
    described = {a["action"]: a for a in before["actions"]}[action]["fields"]
    assert next(f for f in described if f["name"] == "due_on")["working_day"]
    good = done(desk.issuer, number, action, due_on=workday(2), **said)
    assert good["due_on"] == workday(2)


def test_a_position_outside_the_area_named(make: Factory) -> None:
    body = document(make, "74", position=make.position(OTHER_TOWN))
    issuer = Desk(make, "74").issuer
    assert pointers(issuer.put(f"/orders/{uuid4()}", json=body)) == ["/position"]


def post(
    caller: Caller, number: str, action: str, match: str | None, body: Any = None
) -> Any:
    """Do an action with this If-Match, or none."""
    headers = {"If-Match": match} if match is not None else {}
    path = f"/orders/{number}/actions/{action}"
    return caller.post(path, json={} if body is None else body, headers=headers)


def test_if_match(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    assert post(desk.worker, number, "accept", None).status_code == 428
    old = show(desk.worker, number)["etag"]
    done(desk.officer, number, "comment", note="请尽快")
    stale = post(desk.worker, number, "accept", old)
    assert (stale.status_code, stale.json["type"]) == (412, "precondition-failed")
    assert show(desk.worker, number)["state"] == "issued"
    assert post(desk.worker, number, "accept", "*").status_code == 428
    fresh = show(desk.worker, number)["etag"]
    assert post(desk.worker, number, "accept", fresh).status_code == 200


def test_wrong_state_and_wrong_step(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    early = act(desk.worker, number, "verify")
    assert (early.status_code, early.json["type"]) == (409, "not-allowed-in-state")
    assert (early.json["state"], early.json["allowed"]) == (
        "issued",
        ["accept", "comment"],
    )
    assert early.json["action"] == "verify"
    detail = early.json["detail"]
    assert detail.startswith("工单处于“已下派”状态，不能进行“")
    assert "verify" not in detail
    # 52 is never punished by the town nor transferred.
    for action, label in (
        ("enforce", "查处"),
        ("transfer", "移送"),
        ("assign", "交镇处置"),
        ("guide", "指导"),
    ):
        never = act(desk.officer, number, action)
        assert never.status_code == 409
        assert never.json["detail"] == f"该事项没有“{label}”环节"
    assert act(desk.officer, number, "dance").status_code == 404
    assert act(desk.officer, number, "issue").status_code == 404
    assert desk.officer.get(f"/orders/{NOWHERE}").status_code == 404


def test_roles_of_the_steps(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    for caller in (desk.issuer, make.safety_office()):
        assert act(caller, number, "accept").status_code == 403
    done(desk.worker, number, "accept")
    assert act(desk.officer, number, "urge", note="x").status_code == 403
    assert act(make.staff(Role.SUPERVISOR, TOWN), number, "verify").status_code == 403


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ["/land", "/note", "/photos", "/result"]),
        ([], [""]),
        ({"result": "illegal"}, ["/land", "/note", "/photos", "/result"]),
        ({"result": ["abandoned"]}, ["/land", "/note", "/photos", "/result"]),
        ({"photos": ["x"]}, ["/land", "/note", "/photos", "/result"]),
        (
            {"result": "abandoned", "note": "x", "land": "x", "photos": []},
            ["/photos"],
        ),
        (
            {
                "result": "abandoned",
                "note": 3,
                "land": "x",
                "photos": [str(uuid4())],
                "depth": 1,
            },
            ["/depth", "/note"],
        ),
        (
            {"result": "abandoned", "note": "x", "land": "x", "photos": [str(uuid4())]},
            ["/photos/0"],
        ),
    ],
)
def test_wrong_bodies(make: Factory, body: Any, wrong: list[str]) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    done(desk.worker, number, "accept")
    etag = show(desk.worker, number)["etag"]
    assert pointers(post(desk.worker, number, "verify", etag, body)) == wrong
    assert show(desk.worker, number)["state"] == "town_verifying"


def test_photos_must_be_this_orders_and_show_the_right_thing(make: Factory) -> None:
    desk = Desk(make, "52")
    number, other = desk.issue(), desk.issue()
    done(desk.worker, number, "accept")
    said = {"result": "not_abandoned", "note": "在种", "land": "水浇地"}
    foreign = photo(desk.worker, other, "before")
    late = photo(desk.worker, number, "after")
    for id, pointer in ((foreign, "/photos/0"), (late, "/photos")):
        answer = act(desk.worker, number, "verify", photos=[id], **said)
        assert pointers(answer) == [pointer]
        assert f"order={number}&stage=before" in answer.json["detail"]
    good = photo(desk.worker, number, "before")
    done(desk.worker, number, "verify", photos=[late, good], **said)


def test_a_day_of_the_past_is_refused(make: Factory) -> None:
    desk = Desk(make, "74")
    number = desk.issue()
    done(desk.worker, number, "accept")
    done(desk.worker, number, "verify", result="grazing_ban", note="有羊")
    done(desk.officer, number, "submit", note="报")
    done(desk.issuer, number, "take_up")
    answer = act(desk.issuer, number, "assign", note="x", due_on="2020-01-01")
    assert pointers(answer) == ["/due_on"]
    # Nothing was done yet that could be done again.
    back = act(desk.issuer, number, "send_back", note="x", to="town_enforcing")
    assert pointers(back) == ["/to"]
