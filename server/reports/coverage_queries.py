"""Counting places and their inspections: one statement per breakdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Row,
    Text,
    and_,
    column,
    false,
    func,
    literal,
    select,
    true,
    union_all,
    values,
)

from server.campaigns.models import Campaign
from server.campaigns.queries import counts, targets
from server.checklists.places import PlaceRules
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.patrols.models import Inspection
from server.patrols.queries import at_night
from server.places import policy
from server.places.models import Place
from server.places.queries import inspected_under, next_due
from server.tickets.queries import day_start


class Grouping(StrEnum):
    """By what the coverage report is broken down."""

    AREA = "area"  # 区域
    KIND = "kind"  # 场所类型
    DUTY_ITEM = "duty_item"  # 事项
    MONTH = "month"  # 月份


@dataclass(frozen=True)
class Window:
    """A stretch of local days, both counted, and the key of its row."""

    key: str
    first: date
    last: date


@dataclass(frozen=True)
class Selection:
    """Which places and inspections are counted and how they are grouped.

    Attributes:
        windows: one, or one per month.
        today: the local day of as_of; nothing is overdue on a day to come.
        group_by: None for the total over all.
        depth: how many steps below the top (city) the area groups stand.
    """

    windows: Sequence[Window]
    today: date
    zone: ZoneInfo
    rules: PlaceRules
    group_by: Grouping | None
    depth: int
    area: str | None = None
    kinds: Sequence[str] = ()
    duty_item: str | None = None
    campaign: Campaign | None = None


def coverage(actor: Actor, chosen: Selection) -> Sequence[Row[Any]]:
    """Count places and inspections per group.

    Rows hold ``key`` (None in a total), ``registered``, ``inspected``, ``never``,
    ``overdue``, ``inspections`` and ``night``; ``coverage_definitions`` says what
    each means.
    """
    window = _windows(chosen)
    key, item, source = _keyed(chosen, window)
    seen = _inspections(chosen, window, item)
    due = next_due(chosen.rules, chosen.zone, seen.c.last)
    query = (
        select(
            key.label("key"),
            func.count().label("registered"),
            func.count().filter(seen.c.inspections > 0).label("inspected"),
            func.count().filter(seen.c.last.is_(None)).label("never"),
            func.count().filter(due < window.c.last_day).label("overdue"),
            func.coalesce(func.sum(seen.c.inspections), 0).label("inspections"),
            func.coalesce(func.sum(seen.c.night), 0).label("night"),
        )
        .select_from(source)
        .join(window, Place.registered_at < window.c.end_at)
        .join(seen, true())
        .where(policy.visible(actor), *_conditions(chosen))
    )
    if chosen.group_by is not None:
        query = query.group_by(key)
    return db.session.execute(query).all()


def _windows(chosen: Selection) -> Any:
    rows = [
        (
            window.key,
            day_start(window.first, chosen.zone),
            day_start(window.last + timedelta(days=1), chosen.zone),
            min(window.last, chosen.today),
        )
        for window in chosen.windows
    ]
    moment = DateTime(timezone=True)
    return (
        values(
            column("key", Text),
            column("start_at", moment),
            column("end_at", moment),
            column("last_day", Date),
        )
        .data(rows)
        .alias("period")
    )


def _keyed(chosen: Selection, window: Any) -> tuple[Any, ColumnElement[Any], Any]:
    """Return the group's key, the item that a visit must be under, and the rows."""
    none = literal(chosen.duty_item, Text)
    grouping = chosen.group_by
    if grouping is Grouping.DUTY_ITEM:
        pairs = _pairs(chosen)
        source = Place.__table__.join(pairs, pairs.c.id == Place.id)
        return pairs.c.item, pairs.c.item, source
    if grouping is Grouping.MONTH:
        return window.c.key, none, Place.__table__
    if grouping is Grouping.KIND:
        return Place.kind, none, Place.__table__
    if grouping is Grouping.AREA:
        step = func.split_part(Place.area_path, "/", chosen.depth)
        key = func.coalesce(func.nullif(step, ""), Place.area_code)
        return key, none, Place.__table__
    return literal(None, Text), none, Place.__table__


def _pairs(chosen: Selection) -> Any:
    """Return (place id, item): each place under every item it is inspected under."""
    rules = chosen.rules
    listed = [(kind.code, item) for kind in rules.kinds for item in kind.items]
    known = (
        values(column("kind", Text), column("item", Text))
        .data(listed or [("", "")])
        .alias("known")
    )
    own = select(Place.id, known.c.item).join(known, known.c.kind == Place.kind)
    more = [
        select(Place.id, literal(also.item, Text).label("item")).where(
            Place.attributes.contains({also.attribute: True}),
            Place.kind.not_in(rules.kinds_of(also.item)),
        )
        for also in rules.also
    ]
    both = union_all(own, *more).subquery("pairs")
    if chosen.duty_item is None:
        return both
    return select(both).where(both.c.item == chosen.duty_item).subquery("chosen")


def _inspections(chosen: Selection, window: Any, item: ColumnElement[Any]) -> Any:
    """Return the inspections of a place up to the end of its window, counted."""
    night = chosen.rules.night
    in_time = Inspection.finished_at >= window.c.start_at
    dark = at_night(night, chosen.zone) if night else false()
    query = select(
        func.max(Inspection.finished_at).label("last"),
        func.count().filter(in_time).label("inspections"),
        func.count().filter(and_(in_time, dark)).label("night"),
    ).where(
        Inspection.place_id == Place.id,
        Inspection.finished_at < window.c.end_at,
    )
    if chosen.group_by is Grouping.DUTY_ITEM or chosen.duty_item is not None:
        query = query.where(Inspection.checklist == item)
    if chosen.campaign is not None:
        query = query.where(counts(chosen.campaign, chosen.rules, chosen.zone))
    return query.correlate_except(Inspection).lateral("seen")


def _conditions(chosen: Selection) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.area is not None:
        conditions.append(inside_any(Place.area_path, [chosen.area]))
    if chosen.kinds:
        conditions.append(Place.kind.in_(chosen.kinds))
    if chosen.duty_item is not None:
        conditions.append(inspected_under(chosen.duty_item, chosen.rules))
    if chosen.campaign is not None:
        conditions.append(targets(chosen.campaign, chosen.rules))
    return conditions
