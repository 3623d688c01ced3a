"""A pause (挂账): nothing counts as overdue while it lasts, and the day moves on."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.permissions import Role
from server.tickets import queries, reminders
from tests.clock import ZONE, Clock
from tests.factories import FIVE, Factory

FOUND, DUE, PAUSED, UNTIL = "2026-03-02", "2026-03-12", "2026-03-05", "2026-06-01"
_REPORT = "/reports/rectification?from=2026-03-01&to=2026-03-31"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Case:
    """A ticket with an order, put aside by the head of its department."""

    def __init__(self, make: Factory, clock: Clock, until: str = UNTIL) -> None:
        self.clock = clock
        clock.set(FOUND)
        self.fire = make.handler("kq-fire")
        self.head = make.handler("kq-fire", Role.LEAD)
        self.number = make.reported(make.grid_worker(), severity="major")
        self.fire.done(self.number, "accept")
        self.fire.done(self.number, "verify", result="substantiated", note="属实")
        self.fire.done(self.number, "order", due_on=DUE, note="整改", **FIVE)
        ticket = queries.by_number(self.number)
        assert ticket is not None
        ticket.found_at = datetime.fromisoformat(f"{FOUND}T08:00:00+08:00")
        db.session.flush()
        clock.set(PAUSED)
        self.head.done(self.number, "suspend", until=until, note="待拆迁")

    def late(self, day: str) -> dict[str, bool]:
        """Return where the ticket counts as overdue on a local day."""
        self.clock.set(day)
        one = self.fire.ticket(self.number)
        (row,) = self.fire.get("/tickets").json["items"]
        counts = self.fire.get("/tickets/counts").json["facets"]["overdue"]
        bundle = self.fire.get("/device/bundle").json["tickets"]
        return {
            "ticket": one["overdue"],
            "days late": one["waits_for"]["days_late"] > 0,
            "list": row["overdue"],
            "overdue=true": bool(self._listed("overdue=true")),
            "overdue=false": not self._listed("overdue=false"),
            "counts": {c["value"]: c["count"] for c in counts} == {"true": 1},
            "counts of overdue": self._total("overdue=true") == 1,
            "bundle": [t["overdue"] for t in bundle] == [True],
            "report": self._reported("") == 1,
            "report of a past day": self._reported(f"&as_of={day}") == 1,
            "reminder": "ticket.overdue" in self._told(),
        }

    def _listed(self, query: str) -> list[str]:
        return [t["number"] for t in self.fire.get(f"/tickets?{query}").json["items"]]

    def _total(self, query: str) -> int:
        return int(self.fire.get(f"/tickets/counts?{query}").json["total"])

    def _reported(self, more: str) -> int:
        answer = self.fire.get(_REPORT + more)
        assert answer.status_code == 200, answer.text
        assert answer.json["total"]["found"] == 1
        return int(answer.json["total"]["overdue"])

    def _told(self) -> list[str]:
        last = db.session.scalar(select(func.max(AuditEvent.id)))
        reminders.remind(ZONE, 1, 3)
        db.session.commit()
        query = select(AuditEvent.type).where(AuditEvent.id > last)
        return list(db.session.scalars(query))


def test_who_puts_aside_and_until_when(make: Factory, clock: Clock) -> None:
    case = Case(make, clock)
    case.fire.done(case.number, "resume", note="恢复")
    body = {"until": UNTIL, "note": "x"}
    assert case.fire.act(case.number, "suspend", **body).status_code == 403
    for until in (PAUSED, "2026-03-04"):
        wrong = case.head.act(case.number, "suspend", until=until, note="x")
        assert wrong.status_code == 422
        assert wrong.json["errors"][0]["pointer"] == "/until"


def test_nothing_is_overdue_while_put_aside(make: Factory, clock: Clock) -> None:
    """The day of the order stands still and is told; what counts is the pause's."""
    case = Case(make, clock)
    for day in ("2026-03-13", "2026-04-01", UNTIL):
        late = case.late(day)
        assert late == dict.fromkeys(late, False), day
        one = case.fire.ticket(case.number)
        (row,) = case.fire.get("/tickets").json["items"]
        (sent,) = case.fire.get("/device/bundle").json["tickets"]
        for told in (one, row, sent):
            assert told["due_on"] == DUE
            assert told["waits_for"]["due_on"] == UNTIL
            assert told["waits_for"]["origin"] == "suspension"
            assert told["waits_for"]["paused"] is True
        assert one["suspended"]["until"] == UNTIL


def test_nothing_is_worked_while_put_aside(make: Factory, clock: Clock) -> None:
    case = Case(make, clock)
    blocked = case.fire.act(case.number, "reinspect", result="passed", note="x")
    assert blocked.status_code == 409
    assert "挂账" in blocked.json["detail"]
    offered = {a["action"] for a in case.fire.ticket(case.number)["actions"]}
    assert "resume" in offered
    assert "reinspect" not in offered


def test_a_pause_that_outlives_its_day_is_overdue(make: Factory, clock: Clock) -> None:
    """It was granted until a day; past it somebody is to take the case up again."""
    case = Case(make, clock, until="2026-04-01")
    late = case.late("2026-04-01")
    assert late == dict.fromkeys(late, False)
    late = case.late("2026-04-02")
    assert late == dict.fromkeys(late, True)


def test_the_day_moves_on_by_the_working_days_of_the_pause(
    make: Factory, clock: Clock
) -> None:
    case = Case(make, clock)
    clock.set("2026-04-01")
    case.fire.done(case.number, "resume", note="恢复")
    # Five working days were left on 03-05; 清明 is off from 04-04 to 04-06.
    moved = "2026-04-09"
    one = case.fire.ticket(case.number)
    (row,) = case.fire.get("/tickets").json["items"]
    (sent,) = case.fire.get("/device/bundle").json["tickets"]
    for told in (one, row, sent):
        assert told["due_on"] == told["waits_for"]["due_on"] == moved
        assert told["waits_for"]["origin"] == "order"
        assert told["waits_for"]["paused"] is False
    assert one["suspended"] is None
    line = one["deadlines"][-1]
    assert (line["step"], line["due_on"], line["was"]) == ("order", moved, DUE)
    # The round and 五落实 tell of the same day.
    assert [one["rounds"][-1]["due_on"], one["five"]["deadline"]] == [moved, moved]
    late = case.late(moved)
    assert late == dict.fromkeys(late, False)
    late = case.late("2026-04-10")
    assert late == dict.fromkeys(late, True)


def test_what_is_done_by_the_moved_day_is_in_time(make: Factory, clock: Clock) -> None:
    case = Case(make, clock)
    clock.set("2026-04-01")
    case.fire.done(case.number, "resume", note="恢复")
    clock.set("2026-04-09")
    photos = [case.fire.photo(case.number)]
    case.fire.done(case.number, "reinspect", result="passed", note="x", photos=photos)
    total = case.fire.get(_REPORT).json["total"]
    assert (total["with_due"], total["on_time"]) == (1, 1)


def test_a_pause_of_another_step_moves_no_order(make: Factory, clock: Clock) -> None:
    """While it verifies, the department's own day moves; no round tells of it."""
    clock.set(FOUND)
    fire, head = make.handler("kq-fire"), make.handler("kq-fire", Role.LEAD)
    number = make.reported(make.grid_worker(), severity="major")
    fire.done(number, "accept")  # five working days: until 03-09
    head.done(number, "suspend", until=UNTIL, note="现场封闭")
    clock.set("2026-03-16")
    seen = fire.done(number, "resume", note="恢复")
    assert (seen["waits_for"]["step"], seen["due_on"]) == ("verify", None)
    assert seen["waits_for"]["due_on"] == "2026-03-23"
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2026-04-10", note="整改", **FIVE)
    seen = fire.ticket(number)
    assert [r["due_on"] for r in seen["rounds"]] == ["2026-04-10"]
    assert seen["five"]["deadline"] == "2026-04-10"


def test_a_round_that_is_over_keeps_its_day(make: Factory, clock: Clock) -> None:
    """The town's re-inspection failed, then the case was put aside: the next round
    goes by the moved day, the one before by its own."""
    clock.set(FOUND)
    worker, officer = make.grid_worker(), make.town_officer()
    found_at = datetime.fromisoformat(f"{FOUND}T08:00:00+08:00").isoformat()
    handling = {"kind": "deadline", "note": "限期", "due_on": DUE}
    number = make.ticket(worker, handling=handling, found_at=found_at)
    worker.done(number, "reinspect", result="failed", note="未改")
    officer.done(number, "suspend", until=UNTIL, note="停业")
    clock.set("2026-03-09")
    officer.done(number, "resume", note="恢复")
    moved = "2026-03-19"
    seen = worker.done(number, "reinspect", result="failed", note="仍未改")
    assert [r["due_on"] for r in seen["rounds"]] == [DUE, moved]
    assert seen["due_on"] == moved
