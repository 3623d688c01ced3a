"""Ordered, re-inspected, ordered again: the rounds of a ticket and what each shows."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from server.core.permissions import Role
from server.tickets import consistency
from tests.factories import Caller, Factory, picture
from tests.factories import workday as day


def ordered(make: Factory, lead: Caller, **finding: Any) -> str:
    number = make.reported(make.grid_worker(), **finding)
    lead.done(number, "accept")
    lead.done(number, "verify", result="substantiated", note="属实")
    lead.done(number, "order", due_on=day(5), note="限期改正", document_no="令1")
    return number


def told(ticket: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one[name] for name in names) for one in ticket["rounds"]]


def sent(caller: Caller, number: str, data: bytes, stage: str = "after") -> str:
    photo = str(uuid4())
    path = f"/photos/{photo}?ticket={number}&stage={stage}"
    answer = caller.put(path, data=data, content_type="image/jpeg")
    assert answer.status_code == 201, answer.text
    return photo


def test_three_rounds_of_the_department(make: Factory) -> None:
    fire, chief = make.handler(), make.handler("kq-fire", Role.LEAD)
    number = ordered(make, fire)
    (under_way,) = fire.ticket(number)["rounds"]
    assert under_way == {
        "round": 1,
        "level": "department",
        "ordered_on": day(0),
        "due_on": day(5),
        "document_no": "令1",
        "reinspected_at": None,
        "by": None,
        "result": None,
        "note": None,
        "photos": [],
        "penalties": [],
    }
    # The order stands until it is re-inspected: no other day by another order.
    early = fire.act(number, "order", due_on=day(30), note="另定")
    assert early.status_code == 409

    shows = fire.photo(number, "before")
    fire.done(number, "reinspect", result="failed", note="仍堵", photos=[shows])
    fire.done(number, "penalise", kind="fine", note="罚款", amount=500)
    second = {"due_on": day(8), "note": "再令改正", "document_no": "令2"}
    assert fire.done(number, "order", **second)["state"] == "ordered"
    assert fire.act(number, "order", **second).status_code == 409
    fire.done(number, "reinspect", result="failed", note="部分")
    # Put off instead of ordered anew: the same order, a later day.
    asked = {"due_on": day(11), "note": "施工中"}
    fire.done(number, "request_extension", **asked)
    chief.done(number, "extend")
    assert fire.act(number, "order", **second).status_code == 409
    gone = fire.photo(number)
    last = fire.done(number, "reinspect", result="passed", note="清", photos=[gone])

    names = ("round", "level", "due_on", "document_no", "result", "note")
    assert told(last, *names) == [
        (1, "department", day(5), "令1", "failed", "仍堵"),
        (2, "department", day(8), "令2", "failed", "部分"),
        (3, "department", day(11), "令2", "passed", "清"),
    ]
    assert [one["photos"] for one in last["rounds"]] == [
        [{"id": shows, "stage": "before"}],
        [],
        [{"id": gone, "stage": "after"}],
    ]
    assert all(one["reinspected_at"] and one["by"] for one in last["rounds"])
    (fine,) = last["rounds"][0]["penalties"]
    assert (fine["kind"], fine["amount"], fine["department"]["code"]) == (
        "fine",
        500.0,
        "kq-fire",
    )
    assert consistency.faults() == []


def test_three_rounds_of_the_town_then_the_department(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    until = {"kind": "deadline", "due_on": day(2), "note": "限期"}
    number = make.ticket(worker, handling=until)
    officer.done(number, "reinspect", result="failed", note="一")
    officer.done(number, "extend", due_on=day(4), note="材料未到")
    officer.done(number, "reinspect", result="failed", note="二")
    third = officer.done(number, "reinspect", result="failed", note="三")
    names = ("round", "level", "due_on", "result", "note")
    rounds = [
        (1, "town", day(2), "failed", "一"),
        (2, "town", day(4), "failed", "二"),
        (3, "town", day(4), "failed", "三"),
    ]
    assert told(third, *names) == rounds
    worker.done(number, "report_up", trigger="refused", how="拒签", note="上报")
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "penalise", kind="warning", note="警告")
    last = fire.done(number, "order", due_on=day(7), note="责令")
    assert told(last, *names) == [*rounds, (1, "department", day(7), None, None)]
    assert [p["kind"] for p in last["rounds"][-1]["penalties"]] == ["warning"]


@pytest.mark.parametrize("level", ["town", "department"])
def test_a_round_is_passed_on_a_new_picture(make: Factory, level: str) -> None:
    """Neither the picture of an earlier round again, nor its bytes under a new id."""
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    if level == "town":
        until = {"kind": "deadline", "due_on": day(2), "note": "限期"}
        number, who, state = make.ticket(worker, handling=until), officer, "closed_town"
    else:
        number, who, state = ordered(make, fire), fire, "rectified"
    data = picture(size=(32, 24))
    old = sent(who, number, data)
    who.done(number, "reinspect", result="failed", note="仍在", photos=[old])
    again = sent(who, number, data)
    for photo in (old, again):
        before = who.ticket(number), who.get(f"/tickets/{number}/events").json
        answer = who.act(
            number, "reinspect", result="passed", note="已改", photos=[photo]
        )
        assert answer.status_code == 422
        assert [e["pointer"] for e in answer.json["errors"]] == ["/photos"]
        assert "以往复查" in answer.json["detail"]
        assert (who.ticket(number), who.get(f"/tickets/{number}/events").json) == before
    new = who.photo(number)
    fields = {"result": "passed", "note": "已改", "photos": [old, new]}
    assert who.done(number, "reinspect", **fields)["state"] == state


# --- 加重处罚 -----------------------------------------------------------------------


def kinds(ticket: dict[str, Any]) -> list[str]:
    offer = next(a for a in ticket["actions"] if a["action"] == "penalise")
    choices = next(f["choices"] for f in offer["fields"] if f["name"] == "kind")
    return list(choices)


def test_heavier_after_each_failed_re_inspection(make: Factory) -> None:
    lead = make.handler("kq-emergency")
    number = ordered(make, lead, duty_item="42", category="P3")
    before = lead.ticket(number), lead.get(f"/tickets/{number}/events").json
    assert kinds(before[0]) == ["fine", "stop_work", "close_down"]
    early = lead.act(number, "penalise", kind="heavier", note="加重")
    assert (early.status_code, early.json["detail"]) == (
        409,
        "复查不合格后才能加重处罚",
    )
    unnamed = lead.act(number, "penalise", kind="warning", note="x")
    assert unnamed.status_code == 422
    assert [e["pointer"] for e in unnamed.json["errors"]] == ["/kind"]
    after = lead.ticket(number), lead.get(f"/tickets/{number}/events").json
    assert after == before

    expected = [{"what": "heavier_penalty", "basis": "42.区应急管理局.5"}]
    assert before[0]["expected"] == []
    for round_ in (1, 2):
        failed = lead.done(number, "reinspect", result="failed", note="仍在")
        assert failed["expected"] == expected
        assert "heavier" in kinds(failed)
        lead.done(number, "penalise", kind="fine", note="罚款")
        assert lead.ticket(number)["expected"] == expected
        heavier = lead.done(number, "penalise", kind="heavier", note="加重")
        assert heavier["expected"] == []
        told_kinds = [p["kind"] for p in heavier["rounds"][round_ - 1]["penalties"]]
        assert told_kinds == ["fine", "heavier"]


def test_expected_does_not_block_and_ends_with_the_ticket(make: Factory) -> None:
    lead = make.handler("kq-emergency")
    number = ordered(make, lead, duty_item="42", category="P3")
    lead.done(number, "reinspect", result="failed", note="仍在")
    passed = lead.done(number, "reinspect", result="passed", note="已改")
    assert passed["expected"] != []
    lead.done(number, "feed_back", note="已改")
    closed = make.town_officer().done(number, "close", note="销号")
    assert (closed["state"], closed["expected"]) == ("closed", [])


def test_items_that_do_not_name_it_are_as_before(make: Factory) -> None:
    fire = make.handler()
    number = ordered(make, fire)
    failed = fire.done(number, "reinspect", result="failed", note="仍在")
    assert "heavier_penalty" not in {owed["what"] for owed in failed["expected"]}
    answer = fire.act(number, "penalise", kind="heavier", note="x")
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json["errors"]] == ["/kind"]
