"""Recurrence (隐患反复): what was found again within 12 months of being put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from server.areas import queries as areas
from server.checklists.service import rules_of
from server.core.clock import local_date
from server.core.db import db
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import queries, service
from server.reports.definitions import NO_PLACE, TOTAL
from server.tickets.models import Ticket
from server.tickets.nearby import recurs


class RecurrenceGrouping(StrEnum):
    """By what the report is broken down."""

    PLACE = "place"  # 场所
    CATEGORY = "category"  # 隐患类别
    AREA = "area"  # 区域
    DUTY_ITEM = "duty_item"  # 事项


@dataclass(frozen=True)
class Recurrence:
    """One row; ``recurrence_definitions.FIGURES`` says what each figure means."""

    key: str | None
    label: Text
    found: int
    repeated: int

    @property
    def rate(self) -> float | None:
        """Repeated of found, 0 to 1; None of nothing."""
        return service.share(self.repeated, self.found)


@dataclass(frozen=True)
class RecurrenceReport:
    """A recurrence report with what it was asked for; ``as_of`` is UTC."""

    as_of: datetime
    first: date
    last: date
    zone: ZoneInfo
    group_by: RecurrenceGrouping
    rows: list[Recurrence]
    total: Recurrence


# What the selection of the rectification report groups by; the rest have own keys.
_SHARED = {
    RecurrenceGrouping.AREA: queries.Grouping.AREA,
    RecurrenceGrouping.DUTY_ITEM: queries.Grouping.DUTY_ITEM,
}


def recurrence(
    actor: Actor, wanted: Mapping[str, Any], zone: ZoneInfo, as_of: datetime
) -> RecurrenceReport:
    """Return the recurrence report over the tickets ``actor`` may see.

    ``wanted`` holds the parameters of ``recurrence_schemas.RecurrenceQuery``, each
    possibly missing. Rows are those with a repeat, the most repeated first.

    Raises:
        Invalid: the period ends before it begins, or there is no such area or
            department.
    """
    grouping = RecurrenceGrouping(wanted.get("group_by", RecurrenceGrouping.PLACE))
    shared = _SHARED.get(grouping, queries.Grouping.AREA)
    filters = {**wanted, "group_by": shared.value}
    chosen = service.selection(actor, filters, zone, local_date(as_of, zone))
    counted = db.session.execute(_counted(actor, chosen, grouping)).all()
    total = next(row for row in counted if row.is_total)
    repeats = [row for row in counted if not row.is_total and row.repeated]
    labels = _labels(grouping, repeats)
    return RecurrenceReport(
        as_of,
        chosen.first,
        chosen.last,
        zone,
        grouping,
        [_row(row, labels) for row in sorted(repeats, key=_rank)],
        Recurrence(None, TOTAL, total.found, total.repeated),
    )


def _counted(
    actor: Actor, chosen: queries.Selection, grouping: RecurrenceGrouping
) -> Select[Any]:
    found = (
        select(
            _key(chosen, grouping).label("key"),
            Ticket.ruleset_id,
            Ticket.place_name,
            _repeated().label("repeated"),
        )
        .where(*queries.wanted(actor, chosen), not_(queries.excluded()))
        .subquery("t")
    )
    return select(
        func.grouping(found.c.key).label("is_total"),
        found.c.key,
        func.max(found.c.ruleset_id).label("ruleset_id"),
        func.max(found.c.place_name).label("place_name"),
        func.count().label("found"),
        func.count().filter(found.c.repeated).label("repeated"),
    ).group_by(func.rollup(found.c.key))


def _key(chosen: queries.Selection, grouping: RecurrenceGrouping) -> ColumnElement[Any]:
    if grouping is RecurrenceGrouping.PLACE:
        return cast(Ticket.place_id, String)
    if grouping is RecurrenceGrouping.CATEGORY:
        return Ticket.category.expression
    return queries.key_of(chosen)


def _repeated() -> ColumnElement[bool]:
    """Return the condition that a ticket is an earlier hazard once more."""
    before = aliased(Ticket)

    def again(placed: bool) -> ColumnElement[bool]:
        there = recurs(Ticket, before, placed)
        return exists(select(1).select_from(before).where(there).correlate(Ticket))

    placed = Ticket.place_id.is_not(None)
    return or_(and_(placed, again(True)), and_(not_(placed), again(False)))


def _rank(row: Row[Any]) -> tuple[int, bool, str]:
    return -row.repeated, row.key is None, row.key or ""


def _row(row: Row[Any], labels: Mapping[str, str]) -> Recurrence:
    name = labels.get(row.key) or str(row.key)
    label = NO_PLACE if row.key is None else Text(name, name)
    return Recurrence(row.key, label, row.found, row.repeated)


def _labels(grouping: RecurrenceGrouping, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """Return what people call the groups; one not in here is called by its key."""
    if grouping is RecurrenceGrouping.AREA:
        found = areas.by_codes([row.key for row in rows])
        return {code: area.name for code, area in found.items()}
    if grouping is RecurrenceGrouping.DUTY_ITEM:
        return service.item_names(rows)
    if grouping is RecurrenceGrouping.PLACE:
        return {row.key: row.place_name for row in rows if row.key is not None}
    return {row.key: rules_of(row.ruleset_id).category(row.key).name for row in rows}
