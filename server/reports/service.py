"""Rectification (整改): the figures a supervisor asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from server.areas import queries as areas
from server.areas.service import path_of
from server.checklists.service import own_catalogue, rules_of
from server.core.clock import local_date
from server.core.errors import Invalid
from server.core.http.schema import BACKWARDS
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import queries
from server.reports.definitions import NO_PLACE, SEVERITIES, TOTAL
from server.reports.queries import Grouping, Selection
from server.tickets.queries import day_start, department_code, department_names
from server.tickets.vocabulary import Severity


@dataclass(frozen=True)
class Figures:
    """The figures of one group; ``definitions.FIGURES`` says what each means."""

    found: int = 0
    rectified: int = 0
    on_time: int = 0
    with_due: int = 0
    overdue: int = 0
    excluded: int = 0
    median_days: float | None = None

    @property
    def open(self) -> int:
        """Found and not rectified."""
        return self.found - self.rectified

    @property
    def rate(self) -> float | None:
        """Rectified of found, 0 to 1; None of nothing."""
        return share(self.rectified, self.found)

    @property
    def on_time_rate(self) -> float | None:
        """On time of the rectified that have a due day, 0 to 1; None of nothing."""
        return share(self.on_time, self.with_due)


@dataclass(frozen=True)
class Group:
    """One row of a report."""

    key: str | None
    label: Text
    figures: Figures


@dataclass(frozen=True)
class Report:
    """A report with what it was asked for; ``as_of`` is UTC."""

    as_of: datetime
    first: date
    last: date
    zone: ZoneInfo
    group_by: Grouping
    rows: list[Group]
    total: Group


def share(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole``, 0 to 1, to 0.0001; None of nothing."""
    return round(part / whole, 4) if whole else None


def rectification(
    actor: Actor, wanted: Mapping[str, Any], zone: ZoneInfo, as_of: datetime
) -> Report:
    """Return the rectification report over the tickets ``actor`` may see.

    ``wanted`` holds the parameters of ``schemas.RectificationQuery``, each possibly
    missing; ``as_of`` (aware) is now, against which a due day has passed. With a past
    day as its parameter ``as_of`` everything is told as it stood at that day's end.

    Raises:
        Invalid: the period ends before it begins, there is no such area or department,
            or the day lies ahead.
    """
    past = _end_of(wanted.get("as_of"), as_of, zone)
    as_of = past or as_of
    chosen = selection(actor, wanted, zone, local_date(as_of, zone))
    counted = queries.rectification(actor, replace(chosen, moment=past))
    total = next(row for row in counted if row.is_total)
    found = [row for row in counted if not row.is_total]
    return Report(
        as_of,
        chosen.first,
        chosen.last,
        zone,
        chosen.group_by,
        _groups(chosen, found),
        Group(None, TOTAL, _figures(total)),
    )


def _end_of(day: date | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the last moment of a past day; None for today, or no day at all."""
    today = local_date(now, zone)
    if day is None or day == today:
        return None
    if day > today:
        message = Text("不能晚于今天", "Must not be later than today")
        raise Invalid.at("/as_of", message)
    return day_start(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def selection(
    actor: Actor, wanted: Mapping[str, Any], zone: ZoneInfo, today: date
) -> Selection:
    """Return which tickets a report counts, from its parameters.

    Raises:
        Invalid: the period ends before it begins, or there is no such area or
            department.
    """
    first, last = period(wanted, today)
    area = area_path(wanted.get("area"))
    duty = [grant.area.path for grant in actor.grants]
    names = ("duty_item", "severity", "place_kind")
    catalogue = own_catalogue(actor)
    return Selection(
        first=first,
        last=last,
        today=today,
        zone=zone,
        group_by=Grouping(wanted.get("group_by", Grouping.DEPARTMENT)),
        depth=depth_of_all([area] if area else duty) + 1,
        area=area,
        department=_department(wanted.get("department"), catalogue),
        words={name: wanted[name].split(",") for name in names if wanted.get(name)},
        catalogue=catalogue,
    )


def period(wanted: Mapping[str, Any], today: date) -> tuple[date, date]:
    """Return the first and last day: by default this month so far.

    Where only an earlier end is given, the month begins that it lies in.

    Raises:
        Invalid: the period ends before it begins.
    """
    last: date = wanted.get("to") or today
    first: date = wanted.get("from") or min(today, last).replace(day=1)
    if first > last:
        raise Invalid.at("/from", BACKWARDS)
    return first, last


def area_path(code: str | None) -> str | None:
    """Return the path of the area filtered by.

    Raises:
        Invalid: no such area.
    """
    if code is None:
        return None
    return path_of(code)


def _department(key: str | None, catalogue: str | None) -> str | None:
    if key is None:
        return None
    code = department_code(key, catalogue)
    if code is None:
        raise Invalid.at("/department", Text("没有此部门", "No such department"))
    return code


def depth_of_all(paths: Sequence[str]) -> int:
    """Return how deep the smallest area holding all ``paths`` stands; 1 is a city.

    0 when nothing holds them all.
    """
    levels = zip(*(path.rstrip("/").split("/") for path in paths), strict=False)
    return sum(1 for _ in takewhile(lambda codes: len(set(codes)) == 1, levels))


def _groups(chosen: Selection, found: Sequence[Row[Any]]) -> list[Group]:
    """Return the rows in their order, with empty ones where all are listed."""
    labels = _labels(chosen.group_by, found)
    figures = {row.key: _figures(row) for row in found}
    keys: list[str | None]
    if chosen.group_by is Grouping.MONTH:
        keys = [*months(chosen.first, chosen.last)]
    elif chosen.group_by is Grouping.SEVERITY:
        keys = [severity.value for severity in Severity]
    else:
        keys = sorted(figures, key=lambda key: _rank(chosen.group_by, key))
    return [
        Group(key, labels.get(key) or _same(str(key)), figures.get(key, Figures()))
        for key in keys
    ]


def _same(name: str) -> Text:
    """Return a name that has no translation."""
    return Text(name, name)


def _rank(grouping: Grouping, key: str | None) -> tuple[bool, int, str]:
    """Order by key, item numbers as numbers, the nameless last."""
    numbered = grouping in {Grouping.DUTY_ITEM, Grouping.PLACE_KIND}
    return key is None, len(key or "") if numbered else 0, key or ""


def _figures(row: Row[Any]) -> Figures:
    days = row.median_days
    return Figures(
        found=row.found,
        rectified=row.rectified,
        on_time=row.on_time,
        with_due=row.with_due,
        overdue=row.overdue,
        excluded=row.excluded,
        median_days=None if days is None else round(float(days), 2),
    )


def months(first: date, last: date) -> list[str]:
    """Return the months from ``first`` to ``last`` as ``YYYY-MM``."""
    start = first.year * 12 + first.month - 1
    end = last.year * 12 + last.month
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end)]


def _labels(grouping: Grouping, found: Sequence[Row[Any]]) -> Mapping[str | None, Text]:
    """Return what people call the groups; a group not in here is called by its key."""
    keys = [row.key for row in found if row.key is not None]
    if grouping is Grouping.SEVERITY:
        return {word.value: text for word, text in SEVERITIES.items()}
    if grouping is Grouping.DEPARTMENT:
        names = department_names(keys)
    elif grouping is Grouping.AREA:
        names = {code: area.name for code, area in areas.by_codes(keys).items()}
    elif grouping is Grouping.MONTH:
        names = {}
    else:
        names = item_names(found)
    return {None: NO_PLACE, **{key: _same(name) for key, name in names.items()}}


def item_names(found: Sequence[Row[Any]]) -> dict[str, str]:
    """Return the names of duty items and of kinds, as the newest rules have them."""
    names: dict[str, str] = {}
    for row in found:
        rules = rules_of(row.ruleset_id)
        items = {kind.code: kind.name for kind in rules.places.kinds}
        items |= {item.number: item.name for item in rules.duty_items}
        number = str(row.key).rpartition("/")[2]
        if number in items:
            names[row.key] = items[number]
    return names
