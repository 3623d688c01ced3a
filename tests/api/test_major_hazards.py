"""重大: suspected until the department grades it, ordered with 五落实, and never ended
by who handed it in or called it rectified."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.accounts.service import create_staff
from server.core.db import commit, db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, TOWN
from server.tickets import consistency
from tests.factories import COMMUNITY, FIVE, PASSWORD, Caller, Factory
from tests.factories import workday as day


def graded(ticket: dict[str, Any]) -> tuple[str, str | None]:
    return ticket["severity"], ticket["severity_status"]


def accepted(make: Factory, fire: Caller, severity: str = "major") -> str:
    """Return a refused fire hazard that the fire brigade verifies."""
    number = make.reported(make.grid_worker(), severity=severity)
    fire.done(number, "accept")
    return number


def untouched(who: Caller, number: str, action: str, **fields: Any) -> Any:
    """Do what must be refused; ticket and timeline stay as they are."""
    before = who.ticket(number), who.get(f"/tickets/{number}/events").json
    answer = who.act(number, action, **fields)
    assert answer.status_code in {403, 409, 412, 422}, answer.text
    assert (who.ticket(number), who.get(f"/tickets/{number}/events").json) == before
    return answer


# --- suspected, confirmed, lowered ----------------------------------


@pytest.mark.parametrize(
    ("found", "verified", "after"),
    [
        ("major", None, ("major", "suspected")),
        ("major", "major", ("major", "confirmed")),
        ("major", "serious", ("serious", "lowered")),
        ("general", None, ("general", None)),
        ("general", "serious", ("serious", None)),
        ("serious", "major", ("major", "confirmed")),
    ],
)
def test_the_department_says_how_severe_it_is(
    make: Factory, found: str, verified: str | None, after: tuple[str, str | None]
) -> None:
    fire = make.handler()
    number = accepted(make, fire, found)
    suspected = "suspected" if found == "major" else None
    assert graded(fire.ticket(number)) == (found, suspected)
    said = {"severity": verified} if verified else {}
    told = fire.done(number, "verify", result="substantiated", note="属实", **said)
    assert graded(told) == after
    (row,) = fire.get("/tickets").json["items"]
    assert graded(row) == after
    assert consistency.faults() == []


def test_graded_again_later(make: Factory) -> None:
    fire = make.handler()
    number = accepted(make, fire, "serious")
    fire.done(number, "verify", result="substantiated", note="属实", severity="major")
    lowered = fire.done(number, "grade_severity", severity="general", note="部分消除")
    assert graded(lowered) == ("general", "lowered")
    still = fire.done(number, "grade_severity", severity="serious", note="再评")
    assert graded(still) == ("serious", "lowered")
    raised = fire.done(number, "grade_severity", severity="major", note="人员密集")
    assert graded(raised) == ("major", "confirmed")
    event = fire.get(f"/tickets/{number}/events").json["items"][-1]
    assert (event["type"], event["from"], event["to"]) == (
        "ticket.severity_graded",
        "verifying",
        "verifying",
    )
    assert event["details"]["severity_before"] == "serious"
    wrong = untouched(fire, number, "grade_severity", severity="grave", note="x")
    assert wrong.json["errors"][0]["pointer"] == "/severity"
    officer = make.town_officer()
    denied = untouched(officer, number, "grade_severity", severity="general", note="x")
    assert denied.status_code == 403


def test_what_the_lead_department_finds_itself_is_confirmed(make: Factory) -> None:
    fire = make.handler()
    own = {"source": "department", "handling": {"kind": "report_up", "note": "自查"}}
    number = make.ticket(fire, severity="major", facts=["illegal"], **own)
    assert fire.ticket(number)["state"] == "verifying"
    assert graded(fire.ticket(number)) == ("major", "confirmed")


def test_a_major_hazard_from_before_the_column_is_suspected(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.reported(worker, severity="major")
    db.session.execute(text("UPDATE tickets SET severity_status = NULL"))
    assert graded(worker.ticket(number)) == ("major", "suspected")


# --- 五落实 ----------------------------------


def order_of(ticket: dict[str, Any]) -> dict[str, Any]:
    return next(dict(a) for a in ticket["actions"] if a["action"] == "order")


@pytest.mark.parametrize("severity", ["suspected", "confirmed"])
def test_an_order_on_a_major_hazard_says_all_five(make: Factory, severity: str) -> None:
    fire = make.handler()
    number = accepted(make, fire)
    said = {"severity": "major"} if severity == "confirmed" else {}
    seen = fire.done(number, "verify", result="substantiated", note="属实", **said)
    assert seen["severity_status"] == severity
    assert order_of(seen)["required"] == ["due_on", "note", *FIVE]
    bare = untouched(fire, number, "order", note="限期改正")
    named = {error["pointer"] for error in bare.json["errors"]}
    assert named == {"/due_on", *(f"/{name}" for name in FIVE)}
    for name in FIVE:
        lacking = FIVE | {name: " "}
        answer = untouched(fire, number, "order", due_on=day(9), note="改", **lacking)
        assert [e["pointer"] for e in answer.json["errors"]] == [f"/{name}"]
    assert seen["five"] is None
    ordered = fire.done(number, "order", due_on=day(9), note="限期改正", **FIVE)
    assert ordered["five"] == FIVE | {"deadline": day(9)}
    chief = make.handler("kq-fire", Role.LEAD)
    fire.done(number, "request_extension", due_on=day(12), note="材料未到")
    later = chief.done(number, "extend")
    assert later["five"] == FIVE | {"deadline": day(12)}
    event = fire.get(f"/tickets/{number}/events").json["items"][-3]
    assert {name: event["details"][name] for name in FIVE} == FIVE


@pytest.mark.parametrize("found", ["general", "major"])
def test_what_is_not_major_is_ordered_without(make: Factory, found: str) -> None:
    fire = make.handler()
    number = accepted(make, fire, found)
    fire.done(number, "verify", result="substantiated", note="是", severity="serious")
    assert order_of(fire.ticket(number))["required"] == ["due_on", "note"]
    ordered = fire.done(number, "order", due_on=day(9), note="限期改正")
    assert (ordered["state"], ordered["five"]) == ("ordered", None)


def test_the_town_may_say_them_in_its_notice(make: Factory) -> None:
    worker = make.grid_worker()
    document = make.finding(severity="major", handling={"kind": "deadline"})
    answer = worker.put(f"/findings/{uuid4()}", json=document)
    assert answer.json["errors"][0]["pointer"] == "/handling/due_on"
    number = make.ticket(worker, severity="major")
    told = worker.done(number, "issue_notice", due_on=day(3), note="改", **FIVE)
    assert told["five"] == FIVE | {"deadline": day(3)}


# --- four eyes ----------------------------------


def test_the_finder_does_not_settle_a_major_hazard(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker, severity="major")
    photos = [worker.photo(number)]
    assert "settle" not in {a["action"] for a in worker.ticket(number)["actions"]}
    refused = untouched(worker, number, "settle", note="清了", photos=photos)
    assert (refused.status_code, refused.json["detail"]) == (
        409,
        "重大隐患不得由发现上报人自行销号",
    )
    done = officer.done(number, "settle", note="现场复核已清", photos=photos)
    assert done["state"] == "closed_town"


def test_the_finder_does_not_pass_the_town_s_re_inspection(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    until = {"kind": "deadline", "due_on": day(3), "note": "限期"}
    number = make.ticket(worker, severity="major", handling=until)
    photos = [worker.photo(number)]
    offer = next(
        a for a in worker.ticket(number)["actions"] if a["action"] == "reinspect"
    )
    assert offer["fields"][0]["choices"] == ["failed"]
    passed = {"result": "passed", "note": "已改", "photos": photos}
    assert untouched(worker, number, "reinspect", **passed).status_code == 409
    failed = worker.done(number, "reinspect", result="failed", note="仍未改")
    assert failed["state"] == "town_recheck"
    assert officer.done(number, "reinspect", **passed)["state"] == "closed_town"


def both(make: Factory, username: str) -> Caller:
    """Return somebody who is both a town officer and a handler of the brigade."""
    roles = [(Role.TOWN_OFFICER, TOWN), (Role.HANDLER, DISTRICT)]
    create_staff(username, "双岗", PASSWORD, roles, "kq-fire")
    commit()
    return make.sign_in(username)


def fed_back(make: Factory, inspector: Caller, teller: Caller, finder: Caller) -> str:
    number = make.reported(finder, severity="major")
    inspector.done(number, "accept")
    inspector.done(number, "verify", result="substantiated", note="属实")
    inspector.done(number, "order", due_on=day(9), note="改", **FIVE)
    inspector.done(number, "reinspect", result="passed", note="已改")
    teller.done(number, "feed_back", note="已消除")
    return number


@pytest.mark.parametrize("part", ["finder", "inspector", "teller", "nobody"])
def test_who_does_not_close_a_major_hazard(make: Factory, part: str) -> None:
    two, fire = both(make, f"two-{part}"), make.handler()
    worker, officer = make.grid_worker(), make.town_officer()
    parts = {"inspector": fire, "teller": fire, "finder": worker}
    if part in parts:
        parts[part] = two
    number = fed_back(make, **parts)
    if part == "nobody":
        assert two.done(number, "close", note="销号")["state"] == "closed"
        return
    refused = untouched(two, number, "close", note="销号")
    assert refused.status_code == 409
    assert "重大隐患" in refused.json["detail"]
    assert "close" not in refused.json["allowed"]
    assert officer.done(number, "close", note="销号")["state"] == "closed"


def test_lowered_it_is_closed_by_anyone(make: Factory) -> None:
    two = both(make, "two-lowered")
    number = make.reported(two, severity="major")
    two.done(number, "accept")
    two.done(number, "verify", result="substantiated", note="是", severity="general")
    two.done(number, "order", due_on=day(9), note="改")
    two.done(number, "reinspect", result="passed", note="已改")
    two.done(number, "feed_back", note="已消除")
    assert two.done(number, "close", note="销号")["state"] == "closed"


# --- controls ----------------------------------


def controlled(make: Factory, housing: Caller, severity: str = "general") -> str:
    """Return a house with a control in force that 住建局 verifies."""
    number = make.ticket(
        make.grid_worker(),
        duty_item="28",
        category="B2",
        severity=severity,
        handling={"kind": "report_up"},
        control={"measure": "临时封闭", "note": "已劝离"},
    )
    housing.done(number, "accept")
    return number


def test_nothing_ends_while_a_control_is_in_force(make: Factory) -> None:
    housing, officer = make.handler("kq-housing"), make.town_officer()
    number = controlled(make, housing)
    other = make.ticket(make.grid_worker(), duty_item="28", category="B2")
    housing.done(number, "transfer", department="kq-police", note="涉嫌犯罪")
    make.handler("kq-police").done(number, "answer", note="已处理")
    housing.done(number, "feed_back", note="已办结")
    refused = untouched(officer, number, "close", note="销号")
    assert (refused.status_code, refused.json["detail"]) == (409, "管控措施尚未解除")
    reported = make.ticket(
        make.grid_worker(COMMUNITY),
        duty_item="28",
        category="B2",
        handling={"kind": "report_up"},
        control={"measure": "停止使用", "note": "x"},
    )
    merged = untouched(officer, reported, "merge", into=other, note="重复")
    assert (merged.status_code, merged.json["detail"]) == (409, "管控措施尚未解除")
    housing.done(number, "lift_control", note="可恢复")
    assert officer.done(number, "close", note="销号")["state"] == "closed"


def test_one_of_several_controls_is_lifted(make: Factory) -> None:
    housing, officer = make.handler("kq-housing"), make.town_officer()
    colleague = make.handler("kq-housing")
    number = controlled(make, housing)
    housing.done(number, "impose_control", measure="断电", note="防触电")
    housing.done(number, "verify", result="not_substantiated", note="无隐患")
    first, second = housing.ticket(number)["controls"]
    assert (first["measure"], first["in_force"]) == ("临时封闭", True)
    assert first["imposed_at"] is not None

    offer = next(
        a for a in housing.ticket(number)["actions"] if a["action"] == "lift_control"
    )
    assert offer["required"] == ["note", "control"]
    assert offer["fields"][1]["choice_titles"] == {first["id"]: "临时封闭"}
    own = untouched(housing, number, "lift_control", note="x", control=second["id"])
    assert [e["pointer"] for e in own.json["errors"]] == ["/control"]
    whole = untouched(housing, number, "lift_control", note="x")
    assert (whole.status_code, whole.json["detail"]) == (
        409,
        "实施管控的人不能自行解除",
    )

    lifted = housing.done(number, "lift_control", note="解封", control=first["id"])
    assert lifted["control"] == "in_force"
    assert [c["in_force"] for c in lifted["controls"]] == [False, True]
    assert untouched(housing, number, "lift_control", note="x").status_code == 409
    housing.done(number, "feed_back", note="不属实")
    assert untouched(officer, number, "close").status_code == 409
    rest = colleague.done(number, "lift_control", note="恢复供电")
    assert rest["control"] == "lifted"
    assert officer.done(number, "close")["state"] == "closed"
    assert consistency.faults() == []


# --- two at once ----------------------------------


def test_two_handlers_act_on_one_copy(make: Factory) -> None:
    one, two = make.handler(), make.handler()
    number = make.reported(make.grid_worker(), severity="major")
    copies = {who: who.ticket(number)["etag"] for who in (one, two)}
    path = f"/tickets/{number}/actions/accept"
    first = one.post(path, json={}, headers={"If-Match": copies[one]})
    assert first.status_code == 200
    before = two.get(f"/tickets/{number}/events").json
    second = two.post(path, json={}, headers={"If-Match": copies[two]})
    assert second.status_code == 412
    assert two.get(f"/tickets/{number}/events").json == before
