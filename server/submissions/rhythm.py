"""The periods in which a ledger is due; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from server.reports.ledger_periods import Period, read_period

WEEKLY, MONTHLY, QUARTERLY = "weekly", "monthly", "quarterly"


def periods(rhythm: str, first: date, last: date, zone: ZoneInfo) -> list[Period]:
    """Return the periods of a rhythm (Monday to Sunday, month, quarter) whose last day
    lies in ``first`` to ``last``, the earliest first."""
    found = (read_period(name, zone) for name in _names(rhythm, first, last))
    return [period for period in found if first <= period.last <= last]


def _names(rhythm: str, first: date, last: date) -> Iterator[str]:
    if rhythm == WEEKLY:
        monday = first - timedelta(days=first.weekday())
        while monday <= last:
            yield f"{monday}..{monday + timedelta(days=6)}"
            monday += timedelta(days=7)
        return
    step = 3 if rhythm == QUARTERLY else 1
    start = first.year * 12 + (first.month - 1) // step * step
    for month in range(start, last.year * 12 + last.month, step):
        year, number = divmod(month, 12)
        quarter = f"{year:04d}-Q{number // 3 + 1}"
        yield quarter if rhythm == QUARTERLY else f"{year:04d}-{number + 1:02d}"
