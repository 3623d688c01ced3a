"""By when: days on a day off, and days that a pause moves on."""

from __future__ import annotations

from datetime import date

import pytest

from server.core import workdays
from server.tickets import deadlines


def day(said: str) -> date:
    return date.fromisoformat(said)


@pytest.mark.parametrize(
    ("due_on", "paused_on", "resumed_on", "moved"),
    [
        # Two working days were left before 国庆; 10-10 is a make-up Saturday.
        ("2026-09-30", "2026-09-28", "2026-10-08", "2026-10-10"),
        # On its own day, which is worked, and taken up on a Sunday.
        ("2026-03-12", "2026-03-12", "2026-03-15", "2026-03-16"),
        # A pause of a weekend takes no working day.
        ("2026-03-18", "2026-03-13", "2026-03-15", "2026-03-18"),
        # 春节 2026 is off from 02-15 to 02-23, 02-14 worked.
        ("2026-02-13", "2026-02-11", "2026-02-14", "2026-02-25"),
        # What had passed stays passed by as many days.
        ("2026-03-10", "2026-03-12", "2026-03-20", "2026-03-18"),
        ("2026-03-13", "2026-03-14", "2026-03-16", "2026-03-15"),
    ],
)
@pytest.mark.parametrize("unit", ["working_days", None])
def test_a_pause_moves_a_day_by_its_working_days(
    due_on: str, paused_on: str, resumed_on: str, moved: str, unit: str | None
) -> None:
    line = deadlines.entry("order", day(due_on), deadlines.ORDER) | {"unit": unit}
    new = deadlines.put_off(line, day(paused_on), day(resumed_on))
    assert (new["due_on"], new["was"]) == (moved, due_on)
    again = deadlines.put_off(new, day(resumed_on), day(resumed_on))
    assert again["was"] == due_on


def test_a_day_off_in_writing_says_so_and_until_when_it_counts() -> None:
    line = deadlines.by_inspector("rectify", day("2026-10-01"))
    assert line == {
        "step": "rectify",
        "due_on": "2026-10-01",
        "origin": "set by the inspector, on a day off",
        "day_off": "国庆节",
        "effective_on": "2026-10-08",
    }
    assert deadlines.effective(line) == day("2026-10-08")
    assert deadlines.last_day([line], day("2026-10-01")) == day("2026-10-08")
    worked = deadlines.by_inspector("rectify", day("2026-10-10"))
    assert worked["origin"] == "set by the inspector"
    assert worked.keys() == {"step", "due_on", "origin"}
    assert deadlines.last_day([line, worked], day("2026-10-10")) == day("2026-10-10")
    assert deadlines.last_day([line], None) is None


def test_a_day_off_in_writing_that_a_pause_moves_is_one_no_more() -> None:
    line = deadlines.by_inspector("rectify", day("2026-03-14"))  # counts until 03-16
    moved = deadlines.put_off(line, day("2026-03-13"), day("2026-03-20"))
    assert moved == {
        "step": "rectify",
        "due_on": "2026-03-23",
        "origin": "set by the inspector",
        "was": "2026-03-14",
    }
    assert workdays.calendar().day_off(day("2026-03-23")) is None
