"""What a ledger tells of a day that a pause (挂账) moved on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.reports.ledger_entries import Entry, Event, Found, entry_at

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 2, tzinfo=UTC)
MOVED = date(2026, 3, 26)


def entry(*steps: tuple[str, str, dict[str, Any]]) -> Entry:
    """Return a ledger's entry from (type, state after it, payload), a day apart."""
    events = [
        Event(
            START + timedelta(days=n), f"ticket.{type_}", "李安监", {"to": to, **said}
        )
        for n, (type_, to, said) in enumerate([("found", "found", {}), *steps])
    ]
    found = Found(
        number="150203-20260302-000001",
        ruleset_id=1,
        item="35",
        category="F1",
        severity="general",
        description="安全出口被堵",
        source="patrol",
        facts=(),
        area_path="150200/150203/150203102/150203102200/",
        place="某某餐馆",
        party="王某",
        found_at=START,
        photos=(),
    )
    made = entry_at(found, events, START + timedelta(days=90), ZONE)
    assert made is not None
    return made


@pytest.mark.parametrize("state", ["rectifying", "town_recheck"])
def test_the_towns_day(state: str) -> None:
    told = entry(
        ("rectifying", "rectifying", {"due_on": "2026-03-12"}),
        ("suspended", state, {"note": "停业"}),
        ("resumed", state, {"note": "恢复", "due_on": MOVED.isoformat()}),
    )
    assert (told.town_due_on, told.order_due_on) == (MOVED, None)


@pytest.mark.parametrize("state", ["ordered", "dept_recheck"])
def test_the_orders_day(state: str) -> None:
    told = entry(
        ("ordered", "ordered", {"due_on": "2026-03-12"}),
        ("suspended", state, {"note": "停业"}),
        ("resumed", state, {"note": "恢复", "due_on": MOVED.isoformat()}),
    )
    assert (told.order_due_on, told.town_due_on) == (MOVED, None)


def test_the_day_of_another_step_is_none_of_these() -> None:
    told = entry(
        ("accepted", "verifying", {}),
        ("suspended", "verifying", {"note": "封闭"}),
        ("resumed", "verifying", {"note": "恢复", "due_on": MOVED.isoformat()}),
    )
    assert (told.order_due_on, told.town_due_on) == (None, None)
