"""Ways to get rid of a ticket without curing the hazard."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Factory


def wrong(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def test_a_case_is_not_transferred_to_a_town(make: Factory) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    answer = fire.act(number, "transfer", department="town-buerhantu", note="x")
    assert wrong(answer) == ["/department"]


def test_the_lead_does_not_answer_for_an_unverified_transfer(make: Factory) -> None:
    fire, police = make.handler(), make.handler("kq-police")
    worker = make.grid_worker()
    for verified in (False, True):
        number = make.reported(worker)
        fire.done(number, "accept")
        if verified:
            fire.done(number, "verify", result="substantiated", note="属实")
        fire.done(number, "transfer", department="kq-police", note="涉嫌违法")
        answer = fire.act(number, "answer", note="公安已处理")
        assert answer.status_code == (200 if verified else 409)
        if not verified:
            assert police.done(number, "answer", note="已处理")["state"] == "rectified"


@pytest.mark.parametrize(
    ("changes", "merged"),
    [
        ({}, True),
        ({"category": "F2"}, False),
        ({"position": "elsewhere"}, False),
    ],
)
def test_only_what_could_be_one_hazard_is_merged(
    make: Factory, changes: dict[str, Any], merged: bool
) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    if "position" in changes:
        changes = {"position": make.position("150203102201")}
    one, two = make.ticket(worker), make.ticket(officer, **changes)
    answer = officer.act(two, "merge", into=one, note="重复")
    if merged:
        assert answer.status_code == 200
    else:
        assert wrong(answer) == ["/into"]
    assert wrong(officer.act(one, "merge", into="no-such", note="x")) == ["/into"]


@pytest.mark.parametrize(
    "amount", [0, "0.00", -1, "1_000", "１２３", "1e-400", "1e3", 1.234, True, "12.345"]
)
def test_an_amount_no_decision_would_state(make: Factory, amount: Any) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    answer = fire.act(number, "penalise", kind="fine", note="x", amount=amount)
    assert wrong(answer) == ["/amount"]
    fined = fire.done(number, "penalise", kind="fine", note="x", amount="5000.50")
    assert fined["penalties"][0]["amount"] == 5000.5


def test_a_day_that_never_comes(make: Factory) -> None:
    worker = make.grid_worker()
    far = make.finding(handling={"kind": "deadline", "due_on": "9999-12-31"})
    answer = worker.put("/findings/5b0f4a57-5a4b-4a6e-9d0e-000000000009", json=far)
    assert wrong(answer) == ["/handling/due_on"]
    number = make.ticket(worker)
    answer = worker.act(number, "issue_notice", due_on="2100-01-01", note="x")
    assert wrong(answer) == ["/due_on"]


def test_the_fire_brigade_orders_what_a_safety_inspection_found(make: Factory) -> None:
    """42: 应急局 leads, 责令改正通知书 stays the fire brigade's (model, A36)."""
    worker, lead, fire = (
        make.grid_worker(),
        make.handler("kq-emergency"),
        make.handler("kq-fire"),
    )
    number = make.reported(worker, duty_item="42", category="F3")
    lead.done(number, "accept")
    day = {"due_on": "2099-01-02", "note": "限期改正"}
    assert fire.act(number, "order", **day).status_code == 409
    lead.done(number, "verify", result="substantiated", note="属实")
    ordered = fire.done(number, "order", **day, document_no="消1号")
    assert (ordered["state"], ordered["due_on"]) == ("verifying", None)
    ordered = lead.done(number, "order", due_on="2098-01-02", note="限期整改")
    assert (ordered["state"], ordered["due_on"]) == ("ordered", "2098-01-02")
    outside, issued = ordered["documents"]
    assert (outside["title"], outside["number"]) == ("责令改正通知书", "消1号")
    assert (outside["issuer"], "id" in outside) == ("kq-fire", False)
    assert (issued["title"], issued["issuer"]) == ("整改指令", "kq-emergency")
    assert issued["number"].startswith("昆应急整令〔")


def test_each_step_leaves_its_paper(make: Factory) -> None:
    worker, emergency = make.grid_worker(), make.handler("kq-emergency")
    fireworks = {"duty_item": "30", "category": "F5"}
    number = make.ticket(worker, **fireworks, handling={"kind": "report_up"})
    emergency.done(number, "accept")
    emergency.done(number, "verify", result="substantiated", note="属实")
    emergency.done(number, "order", due_on="2099-01-02", note="x")
    kinds = next(
        field["choice_titles"]
        for action in emergency.ticket(number)["actions"]
        if action["action"] == "penalise"
        for field in action["fields"]
        if field["name"] == "kind"
    )
    assert kinds == {"punished": "处罚", "fine": "罚款"}
    emergency.done(number, "penalise", kind="punished", note="x", document_no="罚1号")
    photos = [emergency.photo(number)]
    emergency.done(number, "reinspect", result="passed", note="x", photos=photos)
    fed = emergency.done(number, "feed_back", note="x")
    # 责令改正通知书 is the fire brigade's alone: 应急局's order has a plain name.
    assert [(d["kind"], d["title"]) for d in fed["documents"]] == [
        ("order", "整改要求"),
        ("penalty_decision", "处罚决定"),
        ("recheck", "复查意见"),
        ("feedback", "整改结果反馈"),
    ]
    stopped = worker.ticket(make.ticket(worker, duty_item="40", category="F10"))
    assert [d["title"] for d in stopped["documents"]] == ["劝导记录"]
