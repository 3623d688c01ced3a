"""Assigning to a colleague, mentions, and what a ticket says of its actions."""

from __future__ import annotations

from typing import Any

import pytest

from server.accounts.service import close_account
from server.core.permissions import Role
from server.demo.seed import DISTRICT
from tests.factories import Caller, Factory


def action(ticket: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a ticket says of one of its actions."""
    return next(a for a in ticket["actions"] if a["action"] == name)


def field(ticket: dict[str, Any], name: str, field: str) -> dict[str, Any]:
    """Return what a ticket says of one field of an action."""
    return next(f for f in action(ticket, name)["fields"] if f["name"] == field)


def test_within_the_lead_department(make: Factory) -> None:
    fire, other = make.handler(), make.handler()
    chief = make.handler(role=Role.LEAD)
    number = make.reported(make.grid_worker())
    ticket = chief.done(number, "assign", assignee=other.username, note="你来办")
    assert ticket["assignee"]["name"] == f"测试{other.username}"
    assert ticket["state"] == "reported"
    event = chief.get(f"/tickets/{number}/events").json["items"][-1]
    assert (event["type"], event["note"]) == ("ticket.assigned", "你来办")
    assert event["details"]["assignee"] == ticket["assignee"]["id"]
    assert event["details"]["assignee_name"] == ticket["assignee"]["name"]
    offered = field(ticket, "assign", "assignee")
    assert offered["type"] == "staff"
    assert set(offered["choices"]) >= {fire.username, other.username, chief.username}
    assert offered["choice_titles"][fire.username] == f"测试{fire.username}"
    # By id too; and taken off again.
    id = ticket["assignee"]["id"]
    assert fire.done(number, "assign", assignee=id)["assignee"]["id"] == id
    assert fire.done(number, "unassign")["assignee"] is None
    assert fire.act(number, "unassign").status_code == 409
    assert fire.ticket(number)["version"] == 4


def test_who_may_not_be_assigned(make: Factory) -> None:
    fire, police = make.handler(), make.handler("kq-police")
    worker, gone = make.grid_worker(), make.handler()
    number = make.reported(worker)
    close_account(gone.username)
    supervisor = make.staff(Role.SUPERVISOR, DISTRICT, "kq-fire")
    for one in (police, worker, gone, supervisor):
        answer = fire.act(number, "assign", assignee=one.username)
        assert answer.status_code == 422, answer.text
        assert [e["pointer"] for e in answer.json["errors"]] == ["/assignee"]
    for wrong in ("nobody", 7, ["x"], {}, "", None, "x" * 5000):
        assert fire.act(number, "assign", assignee=wrong).status_code == 422
    assert worker.act(number, "assign", assignee=fire.username).status_code == 403
    assert police.act(number, "assign", assignee=fire.username).status_code == 403
    assert fire.ticket(number)["assignee"] is None


def test_within_the_town(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    ticket = officer.done(number, "assign", assignee=worker.username)
    assert ticket["assignee"]["name"] == f"测试{worker.username}"
    for one in (make.other_town_officer(), make.handler()):
        assert officer.act(number, "assign", assignee=one.username).status_code == 422
    assert worker.act(number, "assign", assignee=officer.username).status_code == 403
    # Reported, it is on nobody's desk in the department yet.
    worker.done(number, "report_up", trigger="refused", how="当场拒绝", note="拒绝")
    assert officer.ticket(number)["assignee"] is None
    assert officer.act(number, "assign", assignee=worker.username).status_code == 403


def test_it_leaves_the_desk_with_the_department(make: Factory) -> None:
    office, fire = make.safety_office(), make.handler()
    worker = make.grid_worker()
    one, two, three = (make.reported(worker) for _ in range(3))
    for number in (one, two, three):
        fire.done(number, "assign", assignee=fire.username)
    assert fire.done(one, "return", note="不属本部门")["assignee"] is None
    dispatched = office.done(two, "dispatch", department="kq-police", note="改派")
    assert dispatched["assignee"] is None
    fire.done(three, "accept")
    assert fire.ticket(three)["assignee"] is not None
    fire.done(three, "verify", result="substantiated", note="属实")
    moved = fire.done(three, "transfer", department="kq-police", note="移送")
    assert moved["assignee"] is None


def test_nothing_is_assigned_once_it_has_ended(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    officer.done(number, "assign", assignee=worker.username)
    worker.done(number, "settle", note="清了", photos=[worker.photo(number)])
    assert officer.act(number, "assign", assignee=worker.username).status_code == 409
    assert officer.ticket(number)["assignee"]["name"] == f"测试{worker.username}"


def test_mentions(make: Factory) -> None:
    fire, worker, officer = make.handler(), make.grid_worker(), make.town_officer()
    number = make.reported(worker)
    names = [officer.username, fire.username, officer.username]
    fire.done(number, "comment", note="请看", mentions=names)
    event = officer.get(f"/tickets/{number}/events").json["items"][-1]
    told = event["details"]
    assert event["type"] == "ticket.commented"
    assert told["mentioned"] == [f"测试{officer.username}", f"测试{fire.username}"]
    assert told["mentions"] == [
        officer.get("/me").json["id"],
        fire.get("/me").json["id"],
    ]
    stranger = make.other_town_officer()
    mentions = [fire.username, stranger.username, "nobody"]
    answer = fire.act(number, "comment", note="请看", mentions=mentions)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json["errors"]] == [
        "/mentions/1",
        "/mentions/2",
    ]
    # Whether there is such a person is not told.
    said = [e["message"].split(" ", 1)[1] for e in answer.json["errors"]]
    assert said[0] == said[1]
    for wrong in ("x", 7, [7], [None], ["x"] * 21, {"a": 1}):
        assert fire.act(number, "comment", note="x", mentions=wrong).status_code == 422
    assert fire.done(number, "comment", note="没有")["version"] == 3


def test_an_action_says_all_it_needs(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker, handling={"kind": "deadline", "due_on": "2099-01-02"})
    ticket = worker.ticket(number)
    again = action(ticket, "reinspect")
    assert again["title"] == "复查"
    assert again["to"] == [
        {"state": "closed_town", "title": "镇级办结", "when": {"result": "passed"}},
        {"state": "town_recheck", "title": "镇级复查", "when": {"result": "failed"}},
    ]
    assert again["required"] == ["result", "note"]
    photos = field(ticket, "reinspect", "photos")
    assert (photos["max_items"], photos["stages"]) == (30, ["after"])
    assert photos["required_when"] == {"result": ["passed"]}
    assert field(ticket, "reinspect", "note")["max_length"] == 2000
    day = field(ticket, "issue_notice", "due_on")
    assert day["not_before"] < day["before"] == "2100-01-01"
    (suggested,) = day["suggestions"]
    assert suggested["value"] >= day["not_before"]
    assert field(ticket, "comment", "mentions")["max_items"] == 20
    for one in ticket["actions"]:
        assert one["title"]
        assert one["to"]
        assert all(f["title"] for f in one["fields"])


def test_what_is_blocked_and_why(make: Factory) -> None:
    worker, fire, officer = make.grid_worker(), make.handler(), make.town_officer()
    number = make.reported(worker, control={"measure": "临时封闭", "note": "危险"})
    fire.done(number, "accept")
    stuck = {b["action"]: b for b in fire.ticket(number)["blocked"]}
    assert stuck["order"]["reason"] == "尚未核查属实"
    assert stuck["order"]["reasons"][0]["en"]
    fire.done(number, "verify", result="not_substantiated", note="不属实")
    fire.done(number, "feed_back", note="反馈")
    ticket = officer.ticket(number)
    (close,) = [b for b in ticket["blocked"] if b["action"] == "close"]
    assert (close["title"], close["reason"], close["when"]) == (
        "销号",
        "管控措施尚未解除",
        None,
    )
    assert "close" not in [a["action"] for a in ticket["actions"]]
    answer = officer.act(number, "close")
    assert (answer.status_code, answer.json["detail"]) == (409, close["reason"])
    # Who could never do it is told nothing of it.
    assert "close" not in [b["action"] for b in fire.ticket(number)["blocked"]]


def test_blocked_is_what_is_refused(make: Factory) -> None:
    """No action is both; each blocked one is refused with one of its reasons."""
    worker, fire = make.grid_worker(), make.handler()
    town = make.ticket(worker, handling={"kind": "deadline", "due_on": "2099-01-02"})
    led = make.reported(worker)
    fire.done(led, "accept")
    for caller, number in ((worker, town), (fire, led)):
        ticket = caller.ticket(number)
        open_now = {a["action"] for a in ticket["actions"]}
        for one in ticket["blocked"]:
            if one["when"] is None:
                assert one["action"] not in open_now
                answer = caller.act(number, one["action"])
                assert answer.status_code == 409
                assert answer.json["detail"] in [r["zh"] for r in one["reasons"]]


@pytest.mark.parametrize("verb", ["assign", "unassign"])
def test_if_match_as_for_any_action(make: Factory, verb: str) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    path = f"/tickets/{number}/actions/{verb}"
    assert fire.post(path, json={}).status_code == 428
    stale: Caller = fire
    headers = {"If-Match": f'"{number}.99.x"'}
    assert stale.post(path, json={}, headers=headers).status_code == 412
