"""Working days (工作日) with China's public holidays and make-up working days (调休).

The days come from the library ``chinesecalendar``, which holds what the State Council
(国务院办公厅) announces for each year. Beyond its last year a file of the office
(``PATROL_CALENDAR_FILE``) may tell more; beyond that the days are provisional:
weekends and the holidays with a fixed date (全国年节及纪念日放假办法) are days off, and
what is only announced, lunar holidays and make-up days, is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import yaml

from server.core.text import Text

SATURDAY = 5
# Shorter than this before the calendar's end, and the next year is to be loaded.
WARN_DAYS = 90

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}
# 全国年节及纪念日放假办法 (2024), 第二条: those with a fixed date in the solar year.
_FIXED = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
_DAY = timedelta(days=1)
_LIBRARY_YEAR = max(day.year for day in chinese_calendar.holidays)


class CalendarFault(ValueError):
    """The office's calendar file cannot be used; the message says why."""


@dataclass(frozen=True)
class Calendar:
    """Which days are worked.

    ``off`` and ``work`` are the office's own days by date, ``years`` the years that
    its file tells whole.
    """

    off: dict[date, str] = field(default_factory=dict)
    work: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    @property
    def known_until(self) -> date:
        """The last day for which holidays and make-up days are announced."""
        year = _LIBRARY_YEAR
        while year + 1 in self.years:
            year += 1
        return date(year, 12, 31)

    def day_off(self, day: date) -> str | None:
        """Return why ``day`` is a day off (国庆节, 周六), None if it is worked."""
        if day in self.work:
            return None
        if day in self.off:
            return self.off[day]
        weekend = _WEEKDAYS[day.weekday()] if day.weekday() >= SATURDAY else None
        if day.year in self.years:
            return weekend
        try:
            is_off, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            return _FIXED.get((day.month, day.day)) or weekend
        if not is_off:
            return None
        return _NAMES.get(str(name), str(name)) if name else weekend

    def is_make_up(self, day: date) -> bool:
        """Tell whether ``day`` is a worked Saturday or Sunday (调休上班)."""
        return day.weekday() >= SATURDAY and self.day_off(day) is None

    def on_or_after(self, day: date) -> date:
        """Return the first working day from ``day`` on."""
        while self.day_off(day):
            day += _DAY
        return day

    def add(self, day: date, count: int) -> date:
        """Return the day ``count`` working days after ``day`` (before, if negative)."""
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while self.day_off(day):
                day += step
        return day

    def between(self, first: date, last: date) -> int:
        """Count the working days after ``first`` up to ``last``; negative backwards."""
        if last < first:
            return -self.between(last, first)
        days = (first + _DAY * n for n in range(1, (last - first).days + 1))
        return sum(self.day_off(day) is None for day in days)

    def special(self, first: date, last: date) -> Iterator[tuple[date, str, bool]]:
        """Yield (day, name, worked) of each holiday and make-up day, both ends in."""
        day = first
        while day <= last:
            name = self.day_off(day)
            if name and name not in _WEEKDAYS:
                yield day, name, False
            elif self.is_make_up(day):
                yield day, "调休上班", True
            day += _DAY

    def warning(self, today: date) -> Text | None:
        """Return that the calendar ends in under 90 days, None while it does not."""
        left = (self.known_until - today).days
        if left >= WARN_DAYS:
            return None
        said = f"{self.known_until} ({max(left, 0)} days left)"
        return Text(
            f"工作日历只到 {self.known_until}（还有 {max(left, 0)} 天），之后的节假日和"
            "调休未知：请升级 chinesecalendar 或设置 PATROL_CALENDAR_FILE",
            f"The calendar of working days ends on {said}; later holidays and make-up"
            " days are not known: upgrade chinesecalendar or set PATROL_CALENDAR_FILE",
        )


def read(path: Path) -> Calendar:
    """Read the office's calendar file.

    The file says for each year its days off by name, as [first, last], and its
    make-up working days::

        2027:
          source: where it was announced
          holidays: {元旦: [2027-01-01, 2027-01-03]}
          workdays: [2027-01-09]

    Raises:
        CalendarFault: it is no such file; names the year and what is wrong.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CalendarFault(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise CalendarFault(f"{path}: must map years to their days")
    off: dict[date, str] = {}
    work: set[date] = set()
    for year, said in data.items():
        try:
            _read_year(year, said, off, work)
        except KeyError as lacking:
            raise CalendarFault(f"{path}: {year}: lacks {lacking}") from lacking
        except (AttributeError, TypeError, ValueError) as error:
            raise CalendarFault(f"{path}: {year}: {error}") from error
    if both := off.keys() & work:
        raise CalendarFault(f"{path}: both a day off and worked: {min(both)}")
    return Calendar(off, frozenset(work), frozenset(data))


def _read_year(year: Any, said: Any, off: dict[date, str], work: set[date]) -> None:
    if not isinstance(year, int) or not said["source"]:
        raise ValueError("a year needs its source")
    for name, (first, last) in said["holidays"].items():
        for day in (first, last):
            _of_year(day, year)
        if last < first:
            raise ValueError(f"{name} ends before it begins")
        for n in range((last - first).days + 1):
            off[first + _DAY * n] = str(name)
    for day in said.get("workdays", ()):
        _of_year(day, year)
        if day.weekday() < SATURDAY:
            raise ValueError(f"{day} is no Saturday or Sunday")
        work.add(day)


def _of_year(day: Any, year: int) -> None:
    if type(day) is not date or day.year != year:
        raise ValueError(f"{day} is no day of {year}")


_loaded = [Calendar()]


def use(path: Path | None) -> Calendar:
    """Take the calendar of a file, or the library's alone, for this process.

    Raises:
        CalendarFault: see :func:`read`.
    """
    _loaded[0] = read(path) if path else Calendar()
    return _loaded[0]


def calendar() -> Calendar:
    """Return the calendar of this process."""
    return _loaded[0]
