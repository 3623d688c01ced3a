"""Months and years in which a duty with a rhythm is due; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

MONTHLY, YEARLY = "monthly", "yearly"


def due(rhythm: str | None, first: date, last: date, today: date) -> list[str]:
    """Return the months (``2026-10``) or years (``2026``) a rhythm makes due.

    Only those that lie wholly in first..last and are over on ``today``; none without
    a rhythm.
    """
    if rhythm is None:
        return []
    end = min(last, today - timedelta(days=1))
    return [
        name
        for name in names(rhythm, first, end)
        if first <= _start(name) and _end(name) <= end
    ]


def names(rhythm: str, first: date, last: date) -> list[str]:
    """Return the months or years that first..last touches."""
    if rhythm == YEARLY:
        return [f"{year:04d}" for year in range(first.year, last.year + 1)]
    start = first.year * 12 + first.month - 1
    end = last.year * 12 + last.month
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end)]


def uncovered(
    rhythm: str | None, wanted: Iterable[str], spans: Iterable[tuple[date, date]]
) -> list[str]:
    """Return which of the ``wanted`` months or years no span touches."""
    if rhythm is None:
        return []
    covered = {name for first, last in spans for name in names(rhythm, first, last)}
    return [name for name in wanted if name not in covered]


def month_end(first: date) -> date:
    """Return the last day of the month that begins on ``first``."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(
        days=1
    )


def _start(name: str) -> date:
    return date.fromisoformat(f"{name}-01" if "-" in name else f"{name}-01-01")


def _end(name: str) -> date:
    start = _start(name)
    return month_end(start) if "-" in name else start.replace(month=12, day=31)
