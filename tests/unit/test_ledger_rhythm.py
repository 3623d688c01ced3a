"""The periods in which ledgers are due."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from server.submissions.rhythm import periods

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("rhythm", "first", "last", "expected"),
    [
        ("monthly", "2026-10-31", "2026-12-30", ["2026-10", "2026-11"]),
        ("monthly", "2026-11-01", "2026-11-29", []),
        ("monthly", "2026-12-31", "2027-01-31", ["2026-12", "2027-01"]),
        ("quarterly", "2026-08-01", "2027-03-31", ["2026-Q3", "2026-Q4", "2027-Q1"]),
        ("quarterly", "2026-12-31", "2026-12-31", ["2026-Q4"]),
        (
            "weekly",
            "2026-11-22",
            "2026-11-29",
            ["2026-11-16..2026-11-22", "2026-11-23..2026-11-29"],
        ),
        ("weekly", "2026-11-23", "2026-11-28", []),
    ],
)
def test_periods(rhythm: str, first: str, last: str, expected: list[str]) -> None:
    days = (date.fromisoformat(first), date.fromisoformat(last))
    assert [period.said for period in periods(rhythm, *days, ZONE)] == expected
