"""A day that an inspector wrote in a finding: it stands, and a day off is named."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.clock import Clock
from tests.factories import Caller, Factory

FOUND = "2026-03-12"
SATURDAY, SUNDAY, MONDAY, TUESDAY = (f"2026-03-{n}" for n in (14, 15, 16, 17))
_REPORT = f"/reports/rectification?from={FOUND}&to={FOUND}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set(FOUND)
    return clock


def finding(
    make: Factory, due_on: str, at: str = "10:00", **more: Any
) -> dict[str, Any]:
    """Return a finding of the day with a day in writing."""
    handling = {"kind": "deadline", "note": "限期清理", "due_on": due_on} | more
    return make.finding(found_at=f"{FOUND}T{at}:00+08:00", handling=handling)


def opened(make: Factory, worker: Caller, due_on: str) -> str:
    return str(make.sent(worker, finding(make, due_on))["ticket"]["number"])


def test_a_day_off_stands_and_counts_until_the_next_working_day(
    make: Factory, clock: Clock
) -> None:
    worker = make.grid_worker()
    receipt = make.sent(worker, finding(make, SATURDAY))["ticket"]
    number = receipt["number"]
    assert receipt["due_on"] == SATURDAY
    seen = worker.ticket(number)
    assert seen["due_on"] == seen["documents"][0]["due_on"] == SATURDAY
    (line,) = seen["deadlines"]
    origin = "set by the inspector, on a day off"
    assert line == {
        "step": "rectify",
        "due_on": SATURDAY,
        "origin": origin,
        "day_off": "周六",
        "effective_on": MONDAY,
    }
    waits = seen["waits_for"]
    assert (waits["due_on"], waits["origin"]) == (MONDAY, origin)
    for day, late in ((SUNDAY, False), (MONDAY, False), (TUESDAY, True)):
        clock.set(day)
        assert worker.ticket(number)["overdue"] is late, day
        listed = worker.get(f"/tickets?overdue={str(late).lower()}").json["items"]
        assert [t["overdue"] for t in listed] == [late]
        assert worker.get(_REPORT).json["total"]["overdue"] == late


@pytest.mark.parametrize(("day", "on_time"), [(MONDAY, 1), (TUESDAY, 0)])
def test_what_is_gone_by_then_is_in_time(
    make: Factory, clock: Clock, day: str, on_time: int
) -> None:
    worker = make.grid_worker()
    number = opened(make, worker, SATURDAY)
    clock.set(day)
    photos = [worker.photo(number)]
    worker.done(number, "reinspect", result="passed", note="已清理", photos=photos)
    total = worker.get(_REPORT).json["total"]
    assert (total["with_due"], total["on_time"]) == (1, on_time)


def test_the_refusal_by_default_waits_for_it_too(make: Factory, clock: Clock) -> None:
    worker = make.grid_worker()
    number = opened(make, worker, SATURDAY)
    worker.done(number, "reinspect", result="failed", note="未清理")
    report = {"trigger": "refused", "note": "逾期未改"}
    clock.set(MONDAY)
    early = worker.act(number, "report_up", **report)
    assert early.status_code == 422
    assert early.json["errors"][0]["pointer"] == "/how"
    clock.set(TUESDAY)
    assert worker.done(number, "report_up", **report)["state"] == "reported"


def test_a_later_day_is_later_than_that(make: Factory, clock: Clock) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = opened(make, worker, SATURDAY)
    same = worker.act(number, "request_extension", due_on=MONDAY, note="x")
    assert same.status_code == 422
    assert same.json["errors"][0]["pointer"] == "/due_on"
    worker.done(number, "request_extension", due_on=TUESDAY, note="货未到")
    seen = officer.done(number, "extend")
    assert (seen["due_on"], seen["waits_for"]["due_on"]) == (TUESDAY, TUESDAY)
    assert seen["deadlines"] == [
        {"step": "rectify", "due_on": TUESDAY, "origin": "extension"}
    ]


def test_a_working_day_has_no_more_to_say(make: Factory, clock: Clock) -> None:
    worker = make.grid_worker()
    number = opened(make, worker, MONDAY)
    assert worker.ticket(number)["deadlines"] == [
        {"step": "rectify", "due_on": MONDAY, "origin": "set by the inspector"}
    ]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("kind", ["deadline", "on_spot", "report_up"])
def test_no_day_before_the_hazard_was_found(make: Factory, kind: str) -> None:
    """Whatever becomes of the hazard; the day is the local one."""
    worker = make.grid_worker()
    early = finding(make, "2026-03-11", at="00:10", kind=kind)
    answer = worker.put(f"/findings/{uuid4()}", json=early)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/handling/due_on"
    assert worker.get("/tickets").json["items"] == []
    same = finding(make, FOUND, at="00:10", kind=kind)
    assert worker.put(f"/findings/{uuid4()}", json=same).status_code == 201
