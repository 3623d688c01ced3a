"""The period of a ledger: a month, a quarter, a year or a range of days; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import read_day
from server.core.http.schema import BACKWARDS
from server.core.text import Text
from server.tickets.queries import day_start

FIRST_YEAR, LAST_YEAR = 1970, 2099

# A change begun before the period's end may be committed a moment after it.
SETTLING = timedelta(minutes=5)

UNREADABLE = Text(
    "时段应为月 2026-11、季 2026-Q4、年 2026 或起止日 2026-11-01..2026-11-30"
    f"（{FIRST_YEAR} 至 {LAST_YEAR} 年）",
    "A period is a month 2026-11, a quarter 2026-Q4, a year 2026 or days"
    f" 2026-11-01..2026-11-30, from {FIRST_YEAR} to {LAST_YEAR}",
)


class BadPeriod(ValueError):
    """What was given is no period; ``why`` is for whoever asked."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True)
class Period:
    """Whole local days, ``first`` and ``last`` both included.

    Attributes:
        said: as it was asked for, ``2026-Q4``.
        start, end: the moments (aware) it begins and those after it begin.
    """

    said: str
    first: date
    last: date
    start: datetime
    end: datetime

    @property
    def settled_at(self) -> datetime:
        """When it is over for good: nothing of it can be committed any more."""
        return self.end + SETTLING


def not_ended(period: Period) -> Text:
    """Return what to say of a period that runs still."""
    ends = period.settled_at.isoformat(timespec="minutes")
    return Text(
        f"时段 {period.said} 尚未结束，{ends} 起可取可报；现在只能取暂时数据"
        "（provisional=true）",
        f"The period {period.said} has not ended: ask, or hand over, from {ends} on, or"
        " ask now for what is provisional (provisional=true)",
    )


def read_period(said: str, zone: ZoneInfo) -> Period:
    """Return the period that ``said`` names.

    Raises:
        BadPeriod: it names none.
    """
    first, last = _days(said)
    after = last + timedelta(days=1)
    return Period(said, first, last, day_start(first, zone), day_start(after, zone))


def _days(said: str) -> tuple[date, date]:
    if days := re.fullmatch(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", said, re.A):
        first, last = _day(days[1]), _day(days[2])
        if first > last:
            text = BACKWARDS
            raise BadPeriod(text)
        return first, last
    if quarter := re.fullmatch(r"(\d{4})-Q([1-4])", said, re.A):
        month = int(quarter[2]) * 3
        return _months(int(quarter[1]), month - 2, month)
    if year := re.fullmatch(r"\d{4}", said, re.A):
        return _months(int(year[0]), 1, 12)
    if named := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", said, re.A):
        return _months(int(named[1]), int(named[2]), int(named[2]))
    raise BadPeriod(UNREADABLE)


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadPeriod(UNREADABLE)
    after = date(year + last // 12, last % 12 + 1, 1)
    return date(year, first, 1), after - timedelta(days=1)


def _day(said: str) -> date:
    try:
        day = read_day(said)
    except ValueError as error:
        raise BadPeriod(UNREADABLE) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadPeriod(UNREADABLE)
    return day
