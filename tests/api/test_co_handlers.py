"""Co-handlers answer for their part, the lead for the whole (A8, A13)."""

from __future__ import annotations

from typing import Any

from tests.factories import Caller, Factory


def parts(ticket: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parts of a ticket by department code."""
    return {part["department"]["code"]: part for part in ticket["parts"]}


def owed(ticket: dict[str, Any]) -> list[str]:
    """Return who still owes an answer for its part."""
    return [
        one["department"]["code"]
        for one in ticket["expected"]
        if one["what"] == "part_answer"
    ]


def offered(caller: Caller, number: str) -> set[str]:
    """Return the actions a ticket offers."""
    return {action["action"] for action in caller.ticket(number)["actions"]}


def test_a_co_handler_answers_without_waiting_for_the_lead(make: Factory) -> None:
    worker, police = make.grid_worker(), make.handler("kq-police")
    fire = make.handler("kq-fire")
    number = make.reported(worker)
    assert "answer_part" in offered(police, number)
    assert "answer_part" not in offered(fire, number)
    seen = fire.ticket(number)
    assert owed(seen) == ["kq-police"]
    assert seen["expected"][0]["basis"] == "35.区消防救援大队.2; 35.区应急管理局.1"
    photo = police.photo(number, "document")
    body = {"result": "nothing_found", "note": "未发现违反治安管理行为"}
    done = police.done(number, "answer_part", **body, photos=[photo], document_no="公1")
    assert done["state"] == "reported"
    part = parts(done)["kq-police"]
    assert (part["part"], part["answer"]) == ("co", "nothing_found")
    assert part["note"] == body["note"]
    assert part["answered_at"] is not None
    assert owed(done) == []
    assert fire.act(number, "answer_part", **body).status_code == 403


def test_the_newest_answer_counts_and_all_stay_told(make: Factory) -> None:
    police = make.handler("kq-police")
    number = make.reported(make.grid_worker())
    police.done(number, "answer_part", result="not_ours", note="一")
    last = police.done(number, "answer_part", result="done", note="二")
    assert parts(last)["kq-police"]["answer"] == "done"
    events = police.get(f"/tickets/{number}/events").json["items"]
    answers = [e for e in events if e["type"] == "ticket.part_answered"]
    assert [e["details"]["result"] for e in answers] == ["not_ours", "done"]
    wrong = police.act(number, "answer_part", result="perhaps", note="x")
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["pointer"] == "/result"


def test_an_unanswered_part_blocks_nothing(make: Factory) -> None:
    fire, police = make.handler("kq-fire"), make.handler("kq-police")
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    fire.done(number, "verify", result="not_substantiated", note="查无此事")
    fed = fire.done(number, "feed_back", note="不属实")
    assert owed(fed) == ["kq-police"]
    assert owed(police.done(number, "answer_part", result="done", note="晚了")) == []
    closed = make.town_officer().done(number, "close")
    assert closed["expected"] == []
    assert "answer_part" not in offered(police, number)


def test_parts_are_made_anew_after_a_return(make: Factory) -> None:
    worker, police = make.grid_worker(), make.handler("kq-police")
    number = make.reported(worker)
    police.done(number, "answer_part", result="done", note="已处理")
    make.handler("kq-fire").done(number, "return", note="情况不清")
    assert police.act(number, "answer_part", result="done", note="x").status_code == 409
    again = worker.done(number, "report_up", note="补充")
    assert parts(again)["kq-police"]["answered_at"] is None
    assert owed(again) == ["kq-police"]


def test_the_feedback_is_told_in_a_form_that_can_be_counted(make: Factory) -> None:
    fire, worker = make.handler("kq-fire"), make.grid_worker()
    number = make.reported(worker)
    assert worker.ticket(number)["feedback"] is None
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="整改")
    fire.done(number, "penalise", kind="fine", amount="500.50", note="罚")
    photo = fire.photo(number)
    fire.done(number, "reinspect", result="passed", note="已改", photos=[photo])
    fire.done(number, "feed_back", note="已整改并罚款")
    told = worker.ticket(number)
    said = told["feedback"]
    assert said["result"] == "rectified"
    assert said["recheck_on"] is not None
    assert said["note"] == "已整改并罚款"
    assert said["department"]["code"] == "kq-fire"
    (penalty,) = said["penalties"]
    assert (penalty["name"], penalty["amount"]) == ("罚款", "500.50")
