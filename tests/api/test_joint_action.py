"""Joint action (联合行动) convened by 区安委办 (30.区应急管理局.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories import Caller, Factory

SOON = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


def action(caller: Caller, number: str, name: str) -> dict[str, Any] | None:
    """Return an action as a ticket offers it to the caller."""
    offered = caller.ticket(number)["actions"]
    return next((one for one in offered if one["action"] == name), None)


def test_convened_and_held(make: Factory) -> None:
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
        on=SOON,
        place="某某餐馆门前",
        note="集中整治",
    )
    (joint,) = called["joint_actions"]
    assert (joint["status"], joint["on"]) == ("convened", SOON)
    assert [d["code"] for d in joint["departments"]] == ["kq-market", "kq-fire"]
    assert called["lead_department"]["code"] == "kq-fire"
    assert market.ticket(number)["joint_actions"] == [joint]
    owed = {
        e["department"]["code"]: e["basis"]
        for e in called["expected"]
        if e["what"] == "part_answer"
    }
    assert owed["kq-market"] == "35.区应急管理局.1"
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
