"""By when, of whom: days off, later days, pauses, what is overdue, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.audit.models import AuditEvent
from server.core import workdays
from server.core.db import db
from server.core.permissions import Role
from server.tickets import reminders
from server.tickets.models import Ticket
from tests.clock import ZONE, Clock
from tests.factories import Caller, Factory, day_off, workday


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def ordered(make: Factory, due_on: str) -> tuple[str, Caller, Caller]:
    """Return a ticket with an order, a handler of the lead and its head."""
    fire, head = make.handler("kq-fire"), make.handler("kq-fire", Role.LEAD)
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on=due_on, note="整改")
    return number, fire, head


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["errors"][0]["pointer"]


def test_no_due_date_on_a_day_off(make: Factory) -> None:
    number, fire, _ = ordered(make, workday(3))
    before = fire.ticket(number)
    answer = fire.act(number, "request_extension", due_on=day_off(), note="x")
    assert refusal(answer) == (422, "/due_on")
    message = answer.json["errors"][0]["message"]
    assert "休息日" in message
    assert day_off() in message
    other = make.reported(make.grid_worker())
    fire.done(other, "accept")
    fire.done(other, "verify", result="substantiated", note="属实")
    assert refusal(fire.act(other, "order", due_on=day_off(), note="x")) == (
        422,
        "/due_on",
    )
    assert fire.ticket(number) == before
    described = {a["action"]: a for a in before["actions"]}["request_extension"]
    assert next(f for f in described["fields"] if f["name"] == "due_on")["working_day"]


def test_a_make_up_day_is_a_working_day(make: Factory, clock: Clock) -> None:
    clock.set("2026-09-21")
    fire = make.handler("kq-fire")
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    wrong = fire.act(number, "order", due_on="2026-10-05", note="x")
    assert "国庆节" in wrong.json["errors"][0]["message"]
    assert "2026-10-08" in wrong.json["errors"][0]["message"]
    done = fire.done(number, "order", due_on="2026-10-10", note="整改")
    assert done["due_on"] == "2026-10-10"


@pytest.mark.parametrize(
    ("reported", "accept", "verify"),
    [
        ("2026-09-29", "2026-10-08", "2026-10-13"),  # accepted on 09-30
        ("2026-02-12", "2026-02-14", "2026-02-27"),  # accepted on 02-13
    ],
)
def test_the_clock_over_holidays(
    make: Factory, clock: Clock, reported: str, accept: str, verify: str
) -> None:
    """Two working days to accept, five to verify, over 国庆, 春节 and make-up days."""
    clock.set(reported)
    fire = make.handler("kq-fire")
    number = make.reported(make.grid_worker())
    waits = fire.ticket(number)["waits_for"]
    assert (waits["step"], waits["due_on"]) == ("accept", accept)
    assert waits["department"]["code"] == "kq-fire"
    clock.set((date.fromisoformat(reported) + timedelta(days=1)).isoformat())
    waits = fire.done(number, "accept")["waits_for"]
    assert (waits["step"], waits["due_on"]) == ("verify", verify)
    line = fire.ticket(number)["deadlines"][-1]
    assert (line["amount"], line["unit"]) == (5, "working_days")
    assert line["origin"] == "local setting"
    clock.set(verify)
    assert not fire.ticket(number)["overdue"]
    clock.set((date.fromisoformat(verify) + timedelta(days=3)).isoformat())
    late = fire.ticket(number)
    assert late["overdue"]
    assert late["waits_for"]["days_late"] == 3
    listed = fire.get("/tickets?overdue=true").json["items"]
    assert [t["number"] for t in listed] == [number]


def test_no_clock_runs_while_a_ticket_is_returned(make: Factory, clock: Clock) -> None:
    clock.set("2026-03-02")
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    returned = fire.done(number, "return", note="不属本部门")
    waits = returned["waits_for"]
    assert (waits["step"], waits["due_on"]) == ("report", None)
    clock.set("2026-04-20")
    assert not worker.ticket(number)["overdue"]
    again = worker.done(number, "report_up", note="补充", facts=["refused"], how="口头")
    # Two working days from now, not from the first report.
    assert again["waits_for"]["due_on"] == "2026-04-22"


def test_extension_is_asked_by_one_and_approved_by_another(make: Factory) -> None:
    number, fire, head = ordered(make, workday(3))
    assert head.act(number, "extend").json["type"].endswith("not-allowed-in-state")
    early = fire.act(number, "request_extension", due_on=workday(2), note="x")
    assert refusal(early) == (422, "/due_on")
    asked = fire.done(number, "request_extension", due_on=workday(9), note="材料未到")
    assert asked["extension"]["due_on"] == workday(9)
    assert asked["due_on"] == workday(3)
    twice = fire.act(number, "request_extension", due_on=workday(12), note="x")
    assert twice.status_code == 409
    assert fire.act(number, "extend").status_code == 403
    done = head.done(number, "extend", note="同意")
    assert (done["due_on"], done["extension"]) == (workday(9), None)
    assert done["waits_for"]["origin"] == "extension"
    event = head.get(f"/tickets/{number}/events").json["items"][-1]
    assert event["type"] == "ticket.extended"

    own = head.done(number, "request_extension", due_on=workday(20), note="再延")
    assert "extend" not in {a["action"] for a in own["actions"]}
    assert head.act(number, "extend").status_code == 409
    second = make.handler("kq-fire", Role.LEAD)
    kept = second.done(number, "refuse_extension", note="不同意")
    assert (kept["due_on"], kept["extension"]) == (workday(9), None)


def test_a_later_day_begins_after_the_one_in_force(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    handling = {"kind": "deadline", "due_on": workday(4)}
    number = make.ticket(worker, handling=handling)
    first = limit(worker.ticket(number), "request_extension", "due_on")
    after = date.fromisoformat(workday(4)) + timedelta(days=1)
    assert first == after
    worker.done(number, "reinspect", result="failed", note="未改")
    assert limit(officer.ticket(number), "extend", "due_on") == first
    refused = officer.act(number, "extend", due_on=workday(4), note="再缓")
    assert refused.status_code == 422
    taken = workdays.calendar().on_or_after(first).isoformat()
    officer.done(number, "extend", due_on=taken, note="再缓")
    early = limit(officer.ticket(number), "suspend", "until") - timedelta(days=1)
    refused = officer.act(number, "suspend", until=early.isoformat(), note="x")
    assert refused.status_code == 422


def limit(ticket: dict[str, Any], action: str, field: str) -> date:
    """Return the first day that a field of an action takes."""
    offered = {a["action"]: a for a in ticket["actions"]}
    named = {f["name"]: f for f in offered[action]["fields"]}
    return date.fromisoformat(named[field]["not_before"])


def test_the_town_extends_what_was_asked(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    handling = {"kind": "deadline", "note": "限期", "due_on": workday(3)}
    number = make.ticket(worker, handling=handling)
    worker.done(number, "request_extension", due_on=workday(6), note="货未到")
    assert worker.act(number, "extend").status_code == 403
    done = officer.done(number, "extend", due_on=workday(5))
    assert (done["state"], done["due_on"]) == ("rectifying", workday(5))


def test_an_order_that_was_missed_is_followed_by_another(make: Factory) -> None:
    number, fire, _ = ordered(make, workday(3))
    early = fire.act(number, "order", due_on=workday(5), note="x")
    assert early.status_code == 409
    fire.done(number, "reinspect", result="failed", note="未改")
    again = fire.done(number, "order", due_on=workday(5), note="再次责令")
    assert (again["state"], again["due_on"]) == ("ordered", workday(5))
    assert fire.act(number, "order", due_on=workday(6), note="x").status_code == 409


@pytest.fixture
def told(clock: Clock) -> Callable[[str], list[tuple[str, int]]]:
    def _run(day: str) -> list[tuple[str, int]]:
        clock.set(day)
        last = db.session.scalar(select(func.max(AuditEvent.id)))
        reminders.remind(ZONE, 1, 3)
        db.session.commit()
        query = select(AuditEvent.type, AuditEvent.payload["level"].as_integer())
        types = ["ticket.due_soon", "ticket.overdue"]
        query = query.where(AuditEvent.id > last, AuditEvent.type.in_(types))
        return [tuple(row) for row in db.session.execute(query.order_by(AuditEvent.id))]

    return _run


def test_each_is_told_once(make: Factory, clock: Clock, told: Any) -> None:
    clock.set("2026-03-02")
    number, fire, head = ordered(make, "2026-03-12")
    assert told("2026-03-10") == []
    assert told("2026-03-11") == [("ticket.due_soon", 0)]
    assert told("2026-03-12") == []
    assert told("2026-03-13") == [("ticket.overdue", 1)]
    assert told("2026-03-13") == []
    assert told("2026-03-17") == []
    assert told("2026-03-18") == [("ticket.overdue", 2)]
    fire.done(number, "request_extension", due_on="2026-03-30", note="x")
    head.done(number, "extend")
    assert told("2026-03-20") == []
    assert told("2026-03-31") == [("ticket.overdue", 1)]


def test_the_calendar_is_told(make: Factory, app: Flask) -> None:
    worker = make.grid_worker()
    answer = worker.get("/calendar?from=2026-09-19&to=2026-10-11").json
    off = [d["date"] for d in answer["days"] if not d["working_day"]]
    assert off == [
        *(f"2026-09-{n}" for n in (25, 26, 27)),
        *(f"2026-10-0{n}" for n in range(1, 8)),
    ]
    worked = [d["date"] for d in answer["days"] if d["working_day"]]
    assert worked == ["2026-09-20", "2026-10-10"]
    assert answer["known_until"] >= "2026-12-31"
    assert worker.get("/calendar?from=2026-02-01&to=2026-01-01").status_code == 422


def test_a_past_day_is_told_as_it_was(make: Factory, clock: Clock) -> None:
    """What was overdue on a past day follows from the stages, whatever came later."""
    clock.set("2026-03-02")
    number, fire, head = ordered(make, "2026-03-12")
    other, _, _ = ordered(make, "2026-03-30")
    day = datetime(2026, 3, 1, tzinfo=ZONE)
    for one in (number, other):
        ticket = db.session.scalar(select(Ticket).where(Ticket.number == one))
        assert ticket is not None
        ticket.found_at = day
    clock.set("2026-03-16")
    fire.done(number, "request_extension", due_on="2026-03-25", note="x")
    head.done(number, "extend")
    clock.set("2026-03-20")
    passed = {"result": "passed", "note": "已改", "photos": [fire.photo(number)]}
    fire.done(number, "reinspect", **passed)
    clock.set("2026-04-10")

    def then(as_of: str) -> tuple[int, int, int]:
        query = f"from=2026-03-01&to=2026-03-31&as_of={as_of}"
        total = fire.get(f"/reports/rectification?{query}").json["total"]
        return total["found"], total["rectified"], total["overdue"]

    assert then("2026-03-12") == (2, 0, 0)
    assert then("2026-03-13") == (2, 0, 1)
    assert then("2026-03-15") == (2, 0, 1)
    assert then("2026-03-16") == (2, 0, 0)  # a later day by then
    assert then("2026-03-20") == (2, 1, 0)
    assert then("2026-03-31") == (2, 1, 1)  # the other one
    tomorrow = (datetime.now(ZONE) + timedelta(days=2)).date()
    late = fire.get(f"/reports/rectification?as_of={tomorrow}")
    assert refusal(late) == (422, "/as_of")
