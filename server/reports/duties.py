"""Duty records (履职): what was done of each duty of the list, and what was not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from server.areas.service import path_of
from server.checklists.catalogue import Rules
from server.checklists.duties import TOWNSHIP, DutyKind
from server.checklists.service import edition_for, edition_of
from server.core.clock import local_date
from server.core.errors import Invalid
from server.core.http.schema import BACKWARDS
from server.core.permissions import Actor
from server.core.text import Text
from server.duties import periods, policy, queries
from server.duties.kinds import party_codes


@dataclass(frozen=True)
class Line:
    """One kind of duty in one item; ``duty_definitions`` defines the figures."""

    kind: DutyKind
    item: str
    departments: list[tuple[str, str]]
    count: int
    incomplete: int
    last_on: date | None
    participants: int | None
    due: list[str]
    periods_missing: list[str]

    @property
    def rate(self) -> float | None:
        """Due months or years with a record of those due, 0 to 1; None of nothing."""
        if not self.due:
            return None
        return round(1 - len(self.periods_missing) / len(self.due), 4)


@dataclass(frozen=True)
class DutyReport:
    """A report with what it was asked for; ``as_of`` is UTC."""

    as_of: datetime
    first: date
    last: date
    zone: ZoneInfo
    lines: list[Line]

    @property
    def recorded(self) -> int:
        """Lines with at least one record."""
        return sum(line.count > 0 for line in self.lines)

    @property
    def rate(self) -> float | None:
        """Recorded of all lines, 0 to 1; None of nothing."""
        return round(self.recorded / len(self.lines), 4) if self.lines else None


def duties(
    actor: Actor, wanted: Mapping[str, Any], zone: ZoneInfo, as_of: datetime
) -> DutyReport:
    """Return the duty report over the records and kinds ``actor`` may see.

    ``wanted`` may hold ``from`` and ``to`` (by default this year so far), ``area``
    (code) and ``item``; ``as_of`` (aware) is now.

    Raises:
        Invalid: the period ends before it begins, no such area or item.
        NoCatalogue: none serves the area.
    """
    today = local_date(as_of, zone)
    last: date = wanted.get("to") or today
    first: date = wanted.get("from") or min(today, last).replace(month=1, day=1)
    if first > last:
        raise Invalid.at("/from", BACKWARDS)
    rules, path = _rules(actor, wanted.get("area"))
    item = wanted.get("item")
    if item is not None and item not in {i for k in rules.duties for i in k.items}:
        raise Invalid.at("/item", Text("该事项没有履职类型", "No duties of this item"))
    filters = {"from": first, "to": last, "area": path, "item": item}
    rows = queries.counted(actor, filters)
    grouped: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        for number in row.items_named:
            grouped[row.kind, number].append(row)
    period = _Period(first, last, today)
    lines = [
        _line(kind, number, rules, grouped[kind.code, number], period)
        for kind in rules.duties
        if _sees(actor, rules, kind)
        for number in kind.items
        if item in {None, number}
    ]
    lines.sort(key=lambda line: int(line.item))
    return DutyReport(as_of, first, last, zone, lines)


@dataclass(frozen=True)
class _Period:
    first: date
    last: date
    today: date


def _rules(actor: Actor, code: str | None) -> tuple[Rules, str | None]:
    if code is None:
        return edition_of(actor).rules, None
    path = path_of(code)
    return edition_for(path).rules, path


def _sees(actor: Actor, rules: Rules, kind: DutyKind) -> bool:
    codes = party_codes(rules, kind)
    return policy.sees_kind_of(
        actor, TOWNSHIP in codes, codes, policy.is_support(kind.clauses)
    )


def _line(
    kind: DutyKind, item: str, rules: Rules, rows: Sequence[Row[Any]], period: _Period
) -> Line:
    complete = [row for row in rows if row.complete]
    inside = [row for row in complete if _inside(row, period)]
    told = [row.participants for row in inside if row.participants is not None]
    due = periods.due(kind.rhythm, period.first, period.last, period.today)
    departments = [rules.department(n) for n in kind.parties if n != TOWNSHIP]
    return Line(
        kind=kind,
        item=item,
        departments=[(d.code, d.name) for d in departments],
        count=len(inside),
        incomplete=sum(not row.complete and _inside(row, period) for row in rows),
        last_on=max((row.counted_on for row in inside), default=None),
        participants=sum(told) if told else None,
        due=due,
        periods_missing=periods.uncovered(kind.rhythm, due, map(_span, complete)),
    )


def _inside(row: Row[Any], period: _Period) -> bool:
    """Tell whether a row counts in the period, not only reaches into it."""
    return bool(period.first <= row.counted_on)


def _span(row: Row[Any]) -> tuple[date, date]:
    if row.month is not None:
        return row.month, periods.month_end(row.month)
    return row.held_on, row.held_until
