"""The one place that asks what time it is, and whether a phone's answer can be."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.errors import FieldError
from server.core.text import Text

# A phone's clock may run a little fast, not a day.
CLOCK_SLACK = timedelta(minutes=10)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def read_day(said: str) -> date:
    """Return the day written as ``2026-03-01``, and in no other way.

    Raises:
        ValueError: a week date, a day without hyphens, or no day.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.A):
        raise ValueError(said)
    return date.fromisoformat(said)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of ``moment`` (aware) in ``zone``."""
    return moment.astimezone(zone).date()


def check_time(pointer: str, moment: datetime) -> list[FieldError]:
    """Return what is wrong with a moment: the future beyond ten minutes, or a time
    before ``EARLIEST``, which only a clock that was never set can mean."""
    if moment < EARLIEST:
        text = Text("时间早于 2000 年，请检查手机时钟", "Before the year 2000")
        return [FieldError(pointer, text)]
    if moment > now() + CLOCK_SLACK:
        text = Text("时间晚于现在 10 分钟以上", "More than 10 minutes in the future")
        return [FieldError(pointer, text)]
    return []
