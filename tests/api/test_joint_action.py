"""Joint action (联合行动) convened by 区安委办 (30.区应急管理局.1)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tests.clock import Clock
from tests.factories import Caller, Factory

SOON = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
# A Sunday: offices hold joint actions when the shops are open.
DAY, DAY_BEFORE, DAY_AFTER = "2026-03-15", "2026-03-14", "2026-03-16"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def action(caller: Caller, number: str, name: str) -> dict[str, Any] | None:
    """Return an action as a ticket offers it to the caller."""
    offered = caller.ticket(number)["actions"]
    return next((one for one in offered if one["action"] == name), None)


def test_convened_and_held(make: Factory, clock: Clock) -> None:
    clock.set("2026-03-10")
    office, fire = make.safety_office(), make.handler("kq-fire")
    market = make.handler("kq-market")
    number = make.reported(make.grid_worker())
    assert market.get(f"/tickets/{number}").status_code == 404
    offer = action(office, number, "convene")
    assert offer is not None
    assert [s["department"]["code"] for s in offer["suggestions"]] == [
        "kq-fire",
        "kq-police",
    ]
    assert action(fire, number, "convene") is None
    assert action(office, number, "record_joint") is None
    called = office.done(
        number,
        "convene",
        departments=["区市场监管局", "kq-fire", "kq-market"],
        on=DAY,
        place="某某餐馆门前",
        note="集中整治",
    )
    (joint,) = called["joint_actions"]
    assert (joint["status"], joint["on"]) == ("convened", DAY)
    assert [d["code"] for d in joint["departments"]] == ["kq-market", "kq-fire"]
    assert called["lead_department"]["code"] == "kq-fire"
    assert market.ticket(number)["joint_actions"] == [joint]
    owed = {
        e["department"]["code"]: e["basis"]
        for e in called["expected"]
        if e["what"] == "part_answer"
    }
    assert owed["kq-market"] == "35.区应急管理局.1"
    clock.set(DAY)
    photo = fire.photo(number)
    held = fire.done(
        number,
        "record_joint",
        found="后门已清空",
        departments=["kq-fire", "kq-police"],
        photos=[photo],
    )
    (joint,) = held["joint_actions"]
    assert (joint["status"], joint["found"]) == ("held", "后门已清空")
    assert [d["code"] for d in joint["took_part"]] == ["kq-fire", "kq-police"]
    assert joint["photos"] == [photo]
    again = fire.act(number, "record_joint", found="x", departments=["kq-fire"])
    assert again.status_code == 409


def test_no_result_before_the_day_begins(make: Factory, clock: Clock) -> None:
    """The day is the local one: from its midnight in Asia/Shanghai on."""
    clock.set("2026-03-10")
    office, fire = make.safety_office(), make.handler("kq-fire")
    number = make.reported(make.grid_worker())
    office.done(number, "convene", departments=["kq-police"], on=DAY, note="x")
    body = {"found": "后门已清空", "departments": ["kq-police"]}
    clock.set(DAY_BEFORE, time(23, 59))
    before = office.ticket(number)
    for caller in (office, fire):
        assert action(caller, number, "record_joint") is None
        blocked = {b["action"]: b for b in caller.ticket(number)["blocked"]}
        assert blocked["record_joint"]["reason"] == f"联合行动定于 {DAY}，届时方可记录"
        assert DAY in blocked["record_joint"]["reasons"][0]["en"]
        early = caller.act(number, "record_joint", **body)
        assert early.status_code == 409
        assert early.json["type"].endswith("not-allowed-in-state")
        assert DAY in early.json["detail"]
    assert office.ticket(number) == before
    clock.set(DAY, time(0, 0))
    assert action(fire, number, "record_joint") is not None
    (joint,) = fire.done(number, "record_joint", **body)["joint_actions"]
    assert joint["status"] == "held"


def test_what_replaces_it_has_a_day_of_its_own(make: Factory, clock: Clock) -> None:
    clock.set("2026-03-10")
    office = make.safety_office()
    number = make.reported(make.grid_worker())
    for on in (DAY, DAY_AFTER):
        office.done(number, "convene", departments=["kq-police"], on=on, note="x")
    clock.set(DAY)
    assert action(office, number, "record_joint") is None
    clock.set("2026-03-20")  # told late
    assert action(office, number, "record_joint") is not None


def test_convened_for_today_at_the_earliest(make: Factory, clock: Clock) -> None:
    """Yesterday is past from the local midnight on, whatever day it is in UTC."""
    office = make.safety_office()
    number = make.reported(make.grid_worker())
    clock.set(DAY, time(0, 0))
    body = {"departments": ["kq-police"], "note": "x"}
    late = office.act(number, "convene", on=DAY_BEFORE, **body)
    assert late.status_code == 422
    assert late.json["errors"][0]["pointer"] == "/on"
    assert office.ticket(number)["joint_actions"] == []
    field = next(
        f for f in action(office, number, "convene")["fields"] if f["name"] == "on"
    )
    assert field["not_before"] == DAY
    office.done(number, "convene", on=DAY, **body)
    assert action(office, number, "record_joint") is not None


def test_convened_anew_replaces_what_was_not_held(make: Factory) -> None:
    office = make.safety_office()
    number = make.reported(make.grid_worker())
    for note in ("一", "二"):
        office.done(number, "convene", departments=["kq-police"], on=SOON, note=note)
    seen = office.ticket(number)["joint_actions"]
    assert [(one["note"], one["status"]) for one in seen] == [
        ("一", "replaced"),
        ("二", "convened"),
    ]


def test_what_is_wrong_is_named_and_changes_nothing(make: Factory) -> None:
    office = make.safety_office()
    number = make.reported(make.grid_worker())
    good = {"departments": ["kq-market"], "on": SOON, "note": "x"}
    for field, value in [
        ("on", "2020-01-01"),
        ("departments", []),
        ("departments", "kq-market"),
        ("departments", ["没有的部门"]),
        ("departments", ["town-buerhantu"]),
    ]:
        answer = office.act(number, "convene", **good | {field: value})
        assert answer.status_code == 422, (field, value)
        assert answer.json["errors"][0]["pointer"] == f"/{field}"
    assert office.ticket(number)["version"] == 1


def test_only_where_the_route_names_a_coordinator(make: Factory) -> None:
    office = make.safety_office()
    number = make.reported(make.grid_worker(), duty_item="42", category="P1")
    assert action(office, number, "convene") is None
    body = {"departments": ["kq-market"], "on": SOON, "note": "x"}
    assert office.act(number, "convene", **body).status_code == 409
