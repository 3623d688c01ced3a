"""The one place that asks what time it is, and whether a phone's answer can be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.errors import FieldError
from server.core.text import Text

# A phone's clock may run a little fast, not a day.
CLOCK_SLACK = timedelta(minutes=10)


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of ``moment`` (aware) in ``zone``."""
    return moment.astimezone(zone).date()


def check_time(pointer: str, moment: datetime) -> list[FieldError]:
    """Return what is wrong with a moment: the future beyond ten minutes."""
    if moment > now() + CLOCK_SLACK:
        text = Text("时间晚于现在 10 分钟以上", "More than 10 minutes in the future")
        return [FieldError(pointer, text)]
    return []
