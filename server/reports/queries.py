"""Counting tickets: one statement per report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    case,
    func,
    not_,
    or_,
    select,
)

from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.tickets import policy
from server.tickets.models import Ticket, TicketStage
from server.tickets.queries import day_start, in_time, overdue
from server.tickets.vocabulary import State

SECONDS_PER_DAY = 86_400


class Grouping(StrEnum):
    """By what a report is broken down."""

    DEPARTMENT = "department"  # 部门
    DUTY_ITEM = "duty_item"  # 事项
    AREA = "area"  # 区域
    PLACE_KIND = "place_kind"  # 场所类型
    SEVERITY = "severity"  # 隐患等级
    MONTH = "month"  # 月份


@dataclass(frozen=True)
class Selection:
    """Which tickets are counted and how they are grouped.

    Attributes:
        first, last: local days of finding, both counted.
        today: the local day against which a due day has passed.
        moment: the past moment (aware) as of which is counted, None for now.
        depth: how many steps below the top (city) the area groups stand; 1 is the
            city itself.
        area: path of the area counted, None for no such filter.
        department: code of the answerable department, None for no such filter.
        words: allowed values by column (``duty_item``, ``severity``,
            ``place_kind``).
        catalogue: the duty list whose items and kinds of places go by their bare
            code; those of another list are ``catalogue/code``, since there the same
            code means another thing.
    """

    first: date
    last: date
    today: date
    zone: ZoneInfo
    group_by: Grouping
    depth: int
    area: str | None
    department: str | None
    words: Mapping[str, Sequence[str]]
    catalogue: str | None
    moment: datetime | None = None


def rectification(actor: Actor, chosen: Selection) -> Sequence[Row[Any]]:
    """Count the tickets ``actor`` may see, per group and over all of them.

    Rows hold ``is_total`` (1 on the one row over all groups, which is always there),
    ``key``, ``ruleset_id`` (the newest set of rules in the group), the counts
    ``found``, ``rectified``, ``on_time``, ``with_due``, ``overdue``, ``excluded``
    and ``median_days`` (None where nothing is rectified). ``definitions`` says what
    each means.
    """
    t = _tickets(actor, chosen).subquery("t")
    counted = not_(t.c.excluded)
    rectified = and_(counted, t.c.rectified)

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(condition)

    # An ordered-set aggregate skips nulls, so the median takes the rectified alone.
    days = case((rectified, t.c.days))
    query = select(
        func.grouping(t.c.key).label("is_total"),
        t.c.key,
        func.max(t.c.ruleset_id).label("ruleset_id"),
        number(counted).label("found"),
        number(rectified).label("rectified"),
        number(and_(rectified, t.c.due_on.is_not(None))).label("with_due"),
        number(and_(rectified, t.c.in_time)).label("on_time"),
        number(and_(counted, not_(t.c.rectified), t.c.overdue)).label("overdue"),
        number(t.c.excluded).label("excluded"),
        func.percentile_cont(0.5).within_group(days).label("median_days"),
    ).group_by(func.rollup(t.c.key))
    return db.session.execute(query).all()


def _tickets(actor: Actor, chosen: Selection) -> Select[Any]:
    """Return one row per ticket with what the counts need to know of it."""
    zone = chosen.zone
    # date_part gives a double; extract's numeric made the whole report 13 % slower.
    took = func.date_part("epoch", Ticket.rectified_at - Ticket.found_at)
    query = select(
        key_of(chosen).label("key"),
        Ticket.ruleset_id,
        Ticket.due_on,
        _excluded(chosen.moment).label("excluded"),
        _by(Ticket.rectified_at, chosen.moment).label("rectified"),
        in_time(_local(Ticket.rectified_at, zone).cast(Date)).label("in_time"),
        _overdue(chosen).label("overdue"),
        # A phone's clock may run ahead of ours by minutes; nothing takes less than 0.
        func.greatest(took / SECONDS_PER_DAY, 0.0).label("days"),
    )
    return query.where(*wanted(actor, chosen))


def wanted(actor: Actor, chosen: Selection) -> list[ColumnElement[bool]]:
    """Return the conditions of the tickets that ``chosen`` describes."""
    conditions = [
        policy.visible(actor),
        Ticket.found_at >= day_start(chosen.first, chosen.zone),
        Ticket.found_at < day_start(chosen.last + timedelta(days=1), chosen.zone),
        *(_column(chosen, name).in_(words) for name, words in chosen.words.items()),
    ]
    if chosen.moment is not None:
        conditions.append(Ticket.opened_at <= chosen.moment)
    if chosen.area is not None:
        conditions.append(inside_any(Ticket.area_path, [chosen.area]))
    if chosen.department is not None:
        conditions.append(_answerable() == chosen.department)
    return conditions


def excluded() -> ColumnElement[bool]:
    """Return the condition that a ticket is left out of every figure but one."""
    return or_(
        Ticket.merged_into.is_not(None),
        Ticket.substantiated.is_(False),
        Ticket.state == State.NOT_SUBSTANTIATED,
    )


def _answerable() -> ColumnElement[Any]:
    return func.coalesce(Ticket.lead_department, Ticket.town_department)


def _by(column: Any, moment: datetime | None) -> ColumnElement[bool]:
    """Return that something had happened by then; null is never."""
    happened: ColumnElement[bool] = column.is_not(None)
    return happened if moment is None else and_(happened, column <= moment)


def _excluded(moment: datetime | None) -> ColumnElement[bool]:
    if moment is None:
        return excluded()
    merged = and_(Ticket.merged_into.is_not(None), _by(Ticket.ended_at, moment))
    found_so = select(1).where(
        TicketStage.ticket_id == Ticket.id,
        TicketStage.state == State.NOT_SUBSTANTIATED,
        TicketStage.from_at <= moment,
    )
    return or_(merged, found_so.exists())


def _overdue(chosen: Selection) -> ColumnElement[bool]:
    """Return that the step a ticket waits for, or waited for then, was overdue."""
    if chosen.moment is None:
        return overdue(chosen.today)
    then = select(1).where(
        TicketStage.ticket_id == Ticket.id,
        TicketStage.from_at <= chosen.moment,
        or_(TicketStage.to_at.is_(None), TicketStage.to_at > chosen.moment),
        TicketStage.due_on < chosen.today,
    )
    return then.exists()


def _local(moment: Any, zone: ZoneInfo) -> ColumnElement[Any]:
    """Return the wall clock time of a moment in ``zone``."""
    return func.timezone(zone.key, moment)


def key_of(chosen: Selection) -> ColumnElement[Any]:
    """Return what a ticket is grouped by."""
    if chosen.group_by is Grouping.DEPARTMENT:
        return _answerable()
    if chosen.group_by is Grouping.MONTH:
        return func.to_char(_local(Ticket.found_at, chosen.zone), "YYYY-MM")
    if chosen.group_by is Grouping.AREA:
        step = func.split_part(Ticket.area_path, "/", chosen.depth)
        return func.coalesce(func.nullif(step, ""), Ticket.area_code)
    return _column(chosen, chosen.group_by.value)


def _column(chosen: Selection, name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = getattr(Ticket, name)
    if name not in (Grouping.DUTY_ITEM, Grouping.PLACE_KIND):
        return column
    own = or_(Ticket.catalogue == chosen.catalogue, column.is_(None))
    return case((own, column), else_=func.concat(Ticket.catalogue, "/", column))
