"""Tickets over HTTP, from the finding to the end, on each path of the model."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from server.core.permissions import Role
from server.tickets import queries
from tests.factories import FIVE, Caller, Factory
from tests.factories import workday as day


def steps(caller: Caller, number: str) -> list[tuple[str, str | None, str | None]]:
    """Return (transition, from, to) of the whole timeline."""
    answer = caller.get(f"/tickets/{number}/events")
    assert answer.status_code == 200, answer.text
    assert answer.json["next"] is None
    return [(e["transition"], e["from"], e["to"]) for e in answer.json["items"]]


def offered(ticket: dict[str, Any]) -> set[str]:
    """Return the actions a ticket offers."""
    return {action["action"] for action in ticket["actions"]}


def origins(ticket: dict[str, Any]) -> dict[str, str]:
    """Return where each day comes from, by step."""
    return {line["step"]: line["origin"] for line in ticket["deadlines"]}


def fields(ticket: dict[str, Any], action: str) -> dict[str, Any]:
    """Return the fields of an action a ticket offers, by name."""
    described = next(a for a in ticket["actions"] if a["action"] == action)
    return {field["name"]: field for field in described["fields"]}


def refused_fields(answer: Any) -> dict[str, str]:
    """Return the messages of a 422 by pointer."""
    assert answer.status_code == 422, answer.text
    return {e["pointer"]: e["message"] for e in answer.json["errors"]}


def test_refused_exit_to_the_very_end(make: Factory) -> None:
    """Path C: 35 refused, order, failed re-inspection, penalty, passed, closed."""
    worker, officer = make.grid_worker(), make.town_officer()
    fire = make.handler("kq-fire")
    number = make.reported(worker)
    opened = fire.ticket(number)
    assert opened["state"] == "reported"
    assert opened["lead_department"] == {"code": "kq-fire", "name": "区消防救援大队"}
    assert [d["code"] for d in opened["co_departments"]] == ["kq-police"]
    assert opened["routing"]["basis"].startswith("35.区消防救援大队.2")
    assert origins(opened) == {"accept": "local setting"}
    assert offered(opened) == {
        "accept",
        "return",
        "impose_control",
        "comment",
        "assign",
    }

    accepted = fire.done(number, "accept")
    assert (accepted["state"], accepted["version"]) == ("verifying", 2)
    assert origins(accepted)["verify"] == "local setting"
    assert "order" not in offered(accepted)
    verified = fire.done(number, "verify", result="substantiated", note="属实")
    assert (verified["state"], verified["substantiated"]) == ("verifying", True)

    ordered = fire.done(
        number, "order", due_on=day(5), note="限期清理", document_no="消改〔2026〕1号"
    )
    assert (ordered["state"], ordered["due_on"]) == ("ordered", day(5))
    assert origins(ordered)["order"] == "order"
    document = ordered["documents"][-1]
    assert document["title"] == "责令改正通知书"
    assert (document["number"], document["due_on"]) == ("消改〔2026〕1号", day(5))

    failed = fire.done(number, "reinspect", result="failed", note="仍堵塞")
    assert (failed["state"], failed["failed_rechecks"]) == ("ordered", 1)
    penalised = fire.done(number, "penalise", kind="fine", amount=5000, note="罚款")
    assert penalised["state"] == "ordered"
    penalty = penalised["penalties"][0]
    assert (penalty["kind"], penalty["amount"]) == ("fine", 5000)
    assert penalty["department"] == {"code": "kq-fire", "name": "区消防救援大队"}

    passed = fire.done(
        number, "reinspect", result="passed", note="已清理", photos=[fire.photo(number)]
    )
    assert passed["state"] == "rectified"
    assert passed["rectified_at"] is not None
    assert origins(passed)["feedback"] == "local setting"
    assert fire.done(number, "feed_back", note="已复查合格")["state"] == "feedback"
    assert fire.act(number, "close").status_code == 403
    closed = officer.done(number, "close", note="台账已更新")
    assert closed["state"] == "closed"
    assert closed["ended_at"] is not None
    assert offered(closed) == {"comment"}
    assert steps(officer, number) == [
        ("T1", None, "found"),
        ("T10", "found", "reported"),
        ("T12", "reported", "verifying"),
        ("T15", "verifying", "verifying"),
        ("T15", "verifying", "ordered"),
        ("T18", "ordered", "dept_recheck"),
        ("T20", "dept_recheck", "ordered"),
        ("P1", "ordered", "ordered"),
        ("T18", "ordered", "dept_recheck"),
        ("T19", "dept_recheck", "rectified"),
        ("T23", "rectified", "feedback"),
        ("T24", "feedback", "closed"),
    ]


def test_settled_on_the_spot_needs_an_after_photo(make: Factory) -> None:
    """Path A."""
    worker = make.grid_worker()
    number = make.ticket(worker)
    opened = worker.ticket(number)
    assert (opened["state"], opened["due_on"]) == ("on_spot", day(0))
    assert origins(opened) == {"on_spot": "local setting"}
    assert set(refused_fields(worker.act(number, "settle", note="清了"))) == {"/photos"}
    pictures = [worker.photo(number)]
    settled = worker.done(number, "settle", note="已清理", photos=pictures)
    assert settled["state"] == "closed_town"
    assert settled["rectified_at"] == settled["ended_at"]
    last = worker.get(f"/tickets/{number}/events").json["items"][-1]
    assert (last["attachments"], last["note"]) == (pictures, "已清理")


def test_the_towns_deadline(make: Factory) -> None:
    """Path B, and its way up: refusal is an evidenced act, never set by the clock."""
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker, handling={"kind": "deadline", "due_on": day(7)})
    opened = worker.ticket(number)
    assert (opened["state"], opened["due_on"]) == ("rectifying", day(7))
    assert origins(opened) == {"rectify": "set by the inspector"}
    assert opened["documents"][0]["title"] == "整改提醒单"
    failed = worker.done(number, "reinspect", result="failed", note="未清理")
    assert failed["state"] == "town_recheck"
    assert worker.act(number, "extend", due_on=day(9), note="x").status_code == 403
    extended = officer.done(number, "extend", due_on=day(9), note="等待货架")
    assert (extended["state"], extended["due_on"]) == ("rectifying", day(9))
    assert origins(extended) == {"rectify": "extension"}
    again = worker.done(number, "reinspect", result="failed", note="仍未清理")
    assert again["state"] == "town_recheck"

    report = {"trigger": "refused", "note": "拒不清理"}
    assert set(refused_fields(officer.act(number, "report_up", **report))) == {"/how"}
    told = officer.done(number, "report_up", how="当场声明拒绝", **report)
    assert (told["state"], told["due_on"]) == ("reported", None)
    assert told["lead_department"]["code"] == "kq-fire"
    assert told["facts"] == ["refused", "restaurant"]
    event = officer.get(f"/tickets/{number}/events").json["items"][-1]
    assert event["details"]["refused"] == {"how": "当场声明拒绝"}
    assert event["details"]["basis"][0] == "35.区消防救援大队.2"
    assert make.handler("kq-fire").ticket(number)["state"] == "reported"


def test_a_failed_recheck_after_the_day_is_the_refusal(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker, handling={"kind": "deadline", "due_on": day(1)})
    worker.done(number, "reinspect", result="failed", note="未清理")
    ticket = queries.by_number(number)
    assert ticket is not None
    for due_on, taken in ((day(0), 422), (day(-1), 200)):
        ticket.due_on = date.fromisoformat(due_on)
        answer = worker.act(number, "report_up", trigger="refused", note="逾期未改")
        assert answer.status_code == taken, due_on


def test_illegal_needs_no_refusal(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    choices = fields(worker.ticket(number), "report_up")["trigger"]["choices"]
    assert choices == ["refused", "illegal"]
    told = worker.done(number, "report_up", trigger="illegal", note="无证经营")
    assert told["routing"]["rule"] == "L04"


def test_passed_town_recheck_closes_with_a_photo(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker, handling={"kind": "deadline"})
    assert worker.ticket(number)["due_on"] is not None
    described = fields(worker.ticket(number), "reinspect")["photos"]
    assert described["required_when"] == {"result": ["passed"]}
    passed = {"result": "passed", "note": "已清理"}
    assert set(refused_fields(worker.act(number, "reinspect", **passed))) == {"/photos"}
    done = worker.done(number, "reinspect", photos=[worker.photo(number)], **passed)
    assert done["state"] == "closed_town"
    assert steps(worker, number)[-2:] == [
        ("T6", "rectifying", "town_recheck"),
        ("T7", "town_recheck", "closed_town"),
    ]


def test_a_notice_sets_the_day_once(make: Factory) -> None:
    """A later day needs a re-inspection and its reason, not another notice."""
    worker = make.grid_worker()
    number = make.ticket(worker, duty_item="42", category="P3")
    noticed = worker.done(
        number, "issue_notice", due_on=day(3), note="限期", document_no="整字1号"
    )
    assert (noticed["state"], noticed["due_on"]) == ("rectifying", day(3))
    assert origins(noticed)["rectify"] == "notice"
    document = noticed["documents"][-1]
    assert (document["title"], document["number"]) == ("整改通知书", "整字1号")
    assert "issue_notice" not in offered(noticed)
    answer = worker.act(number, "issue_notice", due_on=day(30), note="再宽限")
    assert (answer.status_code, answer.json["type"]) == (409, "not-allowed-in-state")


@pytest.mark.parametrize("item", ["39", "40", "43", "44"])
def test_items_without_a_town_deadline(make: Factory, item: str) -> None:
    worker = make.grid_worker()
    category = "G1" if item == "44" else "F1"
    late = make.finding(
        duty_item=item, category=category, handling={"kind": "deadline"}
    )
    answer = worker.put(f"/findings/{uuid4()}", json=late)
    assert set(refused_fields(answer)) == {"/handling/kind"}
    number = make.ticket(worker, duty_item=item, category=category)
    assert "issue_notice" not in offered(worker.ticket(number))


def test_a_due_date_before_the_finding_is_refused(make: Factory) -> None:
    worker = make.grid_worker()
    early = make.finding(handling={"kind": "deadline", "due_on": day(-3)})
    answer = worker.put(f"/findings/{uuid4()}", json=early)
    assert set(refused_fields(answer)) == {"/handling/due_on"}


def cracked_house(make: Factory) -> dict[str, Any]:
    """Return the changes that make a finding a cracked self-built house."""
    return {
        "duty_item": "28",
        "category": "B2",
        "severity": "major",
        "description": "承重墙贯通裂缝",
        "handling": {"kind": "report_up"},
        "control": {"measure": "临时封闭", "note": "已劝离住户"},
    }


def test_appraised_house_with_a_control(make: Factory) -> None:
    """Path F: the control blocks closing, its imposer cannot lift it, the lead can."""
    worker, officer = make.grid_worker(), make.town_officer()
    housing, colleague = make.handler("kq-housing"), make.handler("kq-housing")
    number = make.ticket(worker, **cracked_house(make))
    opened = housing.ticket(number)
    assert (opened["state"], opened["control"]) == ("reported", "in_force")
    assert opened["routing"]["at_once"] is True
    housing.done(number, "accept")
    asked = housing.done(number, "appraise", appraiser="某鉴定公司", note="委托鉴定")
    assert asked["state"] == "appraisal"
    assert "order" not in offered(asked)
    graded = housing.done(number, "appraise", grade="C", document_no="鉴1", note="C级")
    assert (graded["state"], graded["grade"]) == ("appraisal", "C")
    ordered = housing.done(number, "order", due_on=day(30), note="加固", **FIVE)
    assert ordered["documents"][-1]["title"] == "整改要求"
    imposed = housing.done(
        number, "impose_control", measure="停止使用", note="加固期间"
    )
    assert [c["measure"] for c in imposed["controls"]] == ["临时封闭", "停止使用"]
    assert worker.act(number, "lift_control", note="x").status_code == 403
    assert housing.act(number, "lift_control", note="x").status_code == 409
    photos = [housing.photo(number)]
    housing.done(number, "reinspect", result="passed", note="加固完成", photos=photos)
    own = housing.act(number, "lift_control", note="解除")
    assert (own.status_code, own.json["detail"]) == (409, "实施管控的人不能自行解除")
    colleague.done(number, "feed_back", note="已加固")
    blocked = officer.act(number, "close")
    assert blocked.status_code == 409
    assert (blocked.json["state"], blocked.json["detail"]) == (
        "feedback",
        "管控措施尚未解除",
    )
    assert "close" not in offered(officer.ticket(number))
    lifted = colleague.done(number, "lift_control", note="复查合格，解除")
    assert lifted["control"] == "lifted"
    assert all(c["lift_note"] == "复查合格，解除" for c in lifted["controls"])
    assert officer.done(number, "close")["state"] == "closed"


def test_appraisal_finds_no_hazard(make: Factory) -> None:
    worker, housing = make.grid_worker(), make.handler("kq-housing")
    number = make.ticket(worker, **cracked_house(make) | {"control": None})
    housing.done(number, "accept")
    housing.done(number, "appraise", appraiser="某鉴定公司", note="委托")
    none = housing.done(number, "appraise", grade="none", note="A级")
    assert (none["state"], none["grade"]) == ("not_substantiated", None)
    assert none["substantiated"] is False
    assert housing.done(number, "feed_back", note="无危险")["state"] == "feedback"


def test_not_substantiated(make: Factory) -> None:
    officer, fire = make.town_officer(), make.handler("kq-fire")
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    told = fire.done(number, "verify", result="not_substantiated", note="不属实")
    assert (told["state"], told["substantiated"]) == ("not_substantiated", False)
    assert told["rectified_at"] is None
    assert "penalise" not in offered(told)
    fire.done(number, "feed_back", note="不属实")
    assert officer.done(number, "close")["state"] == "closed"


def test_a_control_takes_the_case_from_the_town(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.ticket(worker, handling={"kind": "deadline"})
    assert fire.get(f"/tickets/{number}").status_code == 404
    told = worker.done(number, "impose_control", measure="临时封闭", note="楼板下沉")
    assert (told["state"], told["control"]) == ("reported", "in_force")
    assert "collapse_risk" in told["facts"]
    assert told["lead_department"]["code"] == "kq-fire"
    assert fire.ticket(number)["control"] == "in_force"


def test_dispatched_by_the_safety_office(make: Factory) -> None:
    """Path H: who led before stays a co-handler, the assigned one accepts."""
    office = make.safety_office()
    fire, market = make.handler("kq-fire"), make.handler("kq-market")
    number = make.reported(make.grid_worker())
    assert fire.act(
        number, "dispatch", department="kq-market", note="x"
    ).status_code == (403)
    assert market.get(f"/tickets/{number}").status_code == 404
    wrong = office.act(number, "dispatch", department="town-buerhantu", note="x")
    assert set(refused_fields(wrong)) == {"/department"}
    sent = office.done(number, "dispatch", department="市场监管局", note="联合执法")
    assert sent["state"] == "dispatched"
    assert sent["lead_department"]["code"] == "kq-market"
    assert {d["code"] for d in sent["co_departments"]} == {"kq-fire", "kq-police"}
    assert fire.act(number, "accept").status_code == 403
    assert market.done(number, "accept")["state"] == "verifying"


def test_returned_and_reported_again(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker, handling={"kind": "report_up"}, facts=["illegal"])
    fire.done(number, "return", note="缺少照片")
    back = worker.ticket(number)
    assert back["state"] == "returned"
    assert offered(back) >= {"report_up", "comment"}
    # A refusal needs its evidence here too.
    answer = worker.act(number, "report_up", note="补充", facts=["refused"])
    assert set(refused_fields(answer)) == {"/how"}
    told = worker.done(
        number, "report_up", note="补充", facts=["refused", "crime"], how="拒绝签字"
    )
    assert told["state"] == "reported"
    assert set(told["facts"]) == {"illegal", "refused", "crime", "restaurant"}
    assert fire.ticket(number)["state"] == "reported"


def test_a_dispatched_ticket_returned_goes_back_to_its_route(make: Factory) -> None:
    worker, market = make.grid_worker(), make.handler("kq-market")
    number = make.reported(worker)
    make.safety_office().done(number, "dispatch", department="kq-market", note="试")
    back = market.done(number, "return", note="不属我局职责")
    assert (back["state"], back["lead_department"]["code"]) == ("reported", "kq-fire")
    assert market.act(number, "accept").status_code == 403
    assert worker.act(number, "report_up", note="重报").status_code == 409
    assert make.handler("kq-fire").done(number, "accept")["state"] == "verifying"


def test_transferred_to_the_police(make: Factory) -> None:
    """Path I: the answer comes from whoever took it over, or from the lead."""
    fire, health = make.handler("kq-fire"), make.handler("kq-health")
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    own = fire.act(number, "transfer", department="kq-fire", note="x")
    assert set(refused_fields(own)) == {"/department"}
    moved = fire.done(number, "transfer", department="区卫健委", note="涉嫌犯罪")
    assert moved["state"] == "transferred"
    assert moved["transferred_to"] == {"code": "kq-health", "name": "区卫生健康委员会"}
    assert offered(health.ticket(number)) >= {"answer"}
    police = make.handler("kq-police")
    assert police.act(number, "answer", note="x").status_code == 403
    done = health.done(number, "answer", note="已处理", document_no="复1")
    assert done["state"] == "rectified"
    assert done["rectified_at"] is not None
    assert fire.done(number, "feed_back", note="已办结")["state"] == "feedback"


def test_the_next_level(make: Factory) -> None:
    """Path G, for a route that names a next level (27, 41)."""
    housing = make.handler("kq-housing")
    number = make.reported(make.grid_worker(), duty_item="41", category="B6")
    housing.done(number, "accept")
    housing.done(number, "verify", result="substantiated", note="属实")
    housing.done(number, "order", due_on=day(3), note="整改")
    failed = housing.done(number, "reinspect", result="failed", note="未改")
    assert failed["state"] == "dept_recheck"
    assert offered(failed) >= {"escalate", "order", "reinspect"}
    city = make.handler("bt-housing")
    assert city.get(f"/tickets/{number}").status_code == 404
    assert housing.done(number, "escalate", note="报市局")["state"] == "escalated"
    assert city.ticket(number)["state"] == "escalated"
    assert offered(city.ticket(number)) == {"comment"}
    answered = housing.done(number, "answer", note="市局意见", document_no="市1")
    assert answered["state"] == "dept_recheck"
    assert housing.done(number, "order", due_on=day(9), note="再令")["state"] == (
        "ordered"
    )


def test_the_departments_day_is_put_off_by_its_head(make: Factory) -> None:
    fire, head = make.handler("kq-fire"), make.handler("kq-fire", Role.LEAD)
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on=day(3), note="整改")
    fire.done(number, "request_extension", due_on=day(9), note="材料未到")
    assert fire.act(number, "extend").status_code == 403
    later = head.done(number, "extend", note="同意")
    assert (later["state"], later["due_on"]) == ("ordered", day(9))
    assert origins(later)["order"] == "extension"


def test_merged_duplicates(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number, twin = make.ticket(worker), make.ticket(worker)
    assert worker.act(twin, "merge", into=number, note="x").status_code == 403
    for into in (twin, "150203-20260101-999999"):
        answer = officer.act(twin, "merge", into=into, note="重复")
        assert set(refused_fields(answer)) == {"/into"}
    merged = officer.done(twin, "merge", into=number, note="重复")
    assert (merged["state"], merged["merged_into"]) == ("closed_town", number)
    assert merged["rectified_at"] is None
    ended = officer.act(number, "merge", into=twin, note="反向")
    assert set(refused_fields(ended)) == {"/into"}


def test_another_towns_ticket_is_not_there_to_merge_into(make: Factory) -> None:
    officer, other = make.town_officer(), make.other_town_officer()
    number = make.ticket(make.grid_worker())
    theirs = make.ticket(other, position=make.position("150203100"))
    hidden = officer.act(number, "merge", into=theirs, note="重复")
    missing = officer.act(number, "merge", into="150203-20260101-999999", note="重复")
    assert set(refused_fields(hidden)) == set(refused_fields(missing)) == {"/into"}
    texts = [a.json["detail"].replace(theirs, "") for a in (hidden, missing)]
    assert texts[0] == texts[1].replace("150203-20260101-999999", "")


def test_comments_stay_possible(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    worker.done(number, "settle", note="清了", photos=[worker.photo(number)])
    said = worker.done(number, "comment", note="回访无反弹")
    assert said["state"] == "closed_town"
    event = worker.get(f"/tickets/{number}/events").json["items"][-1]
    assert (event["type"], event["note"]) == ("ticket.commented", "回访无反弹")
    assert set(refused_fields(worker.act(number, "comment"))) == {"/note"}
