"""The calendar of working days: holidays, make-up days, what is not known yet."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.workdays import Calendar, CalendarFault, read

KNOWN = Calendar()


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-10-01", "国庆节"),
        ("2026-10-07", "国庆节"),
        ("2026-10-08", None),
        ("2026-10-10", None),  # a Saturday, worked for 国庆
        ("2026-09-20", None),  # a Sunday, worked for 国庆
        ("2026-02-14", None),  # a Saturday, worked for 春节
        ("2026-02-16", "春节"),
        ("2026-02-23", "春节"),
        ("2026-02-24", None),
        ("2026-02-28", None),  # a Saturday, worked for 春节
        ("2026-11-28", "周六"),
        ("2025-10-07", "国庆节"),
        ("2025-10-11", None),
    ],
)
def test_announced_days(day: str, why: str | None) -> None:
    assert KNOWN.day_off(date.fromisoformat(day)) == why


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-03-02", 0, "2026-03-02"),  # a Monday
        ("2026-03-06", 1, "2026-03-09"),  # over a weekend
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-09-30", 1, "2026-10-08"),  # over 国庆
        ("2026-09-30", 3, "2026-10-10"),  # the make-up Saturday counts
        ("2026-09-30", 4, "2026-10-12"),
        ("2026-02-13", 1, "2026-02-14"),  # before 春节, a make-up Saturday
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-27", 1, "2026-02-28"),
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-12-31", 1, "2027-01-04"),  # 元旦 2027, then a weekend: not announced
    ],
)
def test_counting(start: str, count: int, end: str) -> None:
    day = date.fromisoformat(start)
    assert KNOWN.add(day, count) == date.fromisoformat(end)


@given(st.dates(date(2024, 1, 1), date(2027, 6, 1)), st.integers(0, 40))
def test_between_undoes_add(day: date, count: int) -> None:
    end = KNOWN.add(day, count)
    assert KNOWN.between(day, end) == count
    assert KNOWN.between(end, day) == -count
    assert count == 0 or KNOWN.day_off(end) is None
    assert KNOWN.on_or_after(end) == end or count == 0


def test_beyond_what_is_announced() -> None:
    """Weekends and the fixed holidays are off; nothing raises."""
    assert KNOWN.known_until == date(2026, 12, 31)
    assert KNOWN.day_off(date(2031, 10, 2)) == "国庆节"
    assert KNOWN.day_off(date(2031, 10, 4)) == "周六"
    assert KNOWN.day_off(date(2031, 10, 6)) is None


@pytest.mark.parametrize(("left", "warned"), [(90, False), (89, True), (0, True)])
def test_it_warns_before_it_ends(left: int, warned: bool) -> None:
    warning = KNOWN.warning(KNOWN.known_until - timedelta(days=left))
    assert (warning is not None) is warned
    if warning:
        assert str(KNOWN.known_until) in warning.zh
        assert str(left) in warning.en


FILE = """
2027:
  source: 一份通知
  holidays:
    元旦: [2027-01-01, 2027-01-03]
    春节: [2027-02-05, 2027-02-11]
  workdays: [2027-01-30]
"""


def test_the_offices_own_year(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(FILE, "utf-8")
    own = read(path)
    assert own.known_until == date(2027, 12, 31)
    assert own.day_off(date(2027, 2, 8)) == "春节"
    assert own.day_off(date(2027, 1, 30)) is None
    assert own.is_make_up(date(2027, 1, 30))
    assert own.day_off(date(2027, 5, 3)) is None  # the file tells the year whole
    special = list(own.special(date(2027, 1, 1), date(2027, 1, 31)))
    assert [day.day for day, _, worked in special if not worked] == [1, 2, 3]
    assert special[-1] == (date(2027, 1, 30), "调休上班", True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[1, 2]", "years"),
        ("2027: {holidays: {}}", "2027"),
        ("2027: {source: x, holidays: {元旦: [2028-01-01, 2028-01-02]}}", "2028-01-01"),
        ("2027: {source: x, holidays: {元旦: [2027-01-03, 2027-01-01]}}", "元旦"),
        ("2027: {source: x, holidays: {}, workdays: [2027-01-04]}", "2027-01-04"),
        ("2027: {source: x, holidays: {元旦: 3}}", "2027"),
        ("2027: {", "calendar.yaml"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(CalendarFault, match=named):
        read(path)
    with pytest.raises(CalendarFault, match="nowhere"):
        read(tmp_path / "nowhere.yaml")
