"""What the start page says about the last day: counts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from server.core.clock import local_date
from server.core.db import db
from server.core.permissions import Actor, AreaRef, Grant, Role
from server.reports.service import rectification
from server.tickets.queries import day_start
from server.tickets.vocabulary import STATE_LABELS
from server.web import queries
from server.web.queries import Span

RATE_DAYS = 30

NO_LEAD = "镇（街道）自行处理，未上报部门"

# The reports count what an actor may see. This one, whom nobody can sign in as,
# sees every area; the page shows nothing but the total's rate.
_EVERYWHERE = Actor(
    staff_id=UUID(int=0),
    username="",
    name="",
    grants=(Grant(Role.SUPERVISOR, AreaRef(code="", name="", level="", path="")),),
    department=None,
    department_name=None,
    token_id=UUID(int=0),
    device_id=None,
    expires_at=datetime.max.replace(tzinfo=UTC),
)


@dataclass(frozen=True)
class Count:
    """One row of a table: what people call it, its code, how many."""

    label: str
    code: str | None
    count: int


@dataclass(frozen=True)
class Day:
    """A local day with data. States and leads are those the tickets have now."""

    day: date
    findings: int
    states: list[Count]
    departments: list[Count]


@dataclass(frozen=True)
class Summary:
    """The figures of the start page.

    Attributes:
        day: the last local day on which findings came in; None before the first.
        rate: rectified of found over the last ``RATE_DAYS`` local days including
            today, 0 to 1, as the report of that name defines it; None of nothing.
        last_event_at: UTC.
    """

    day: Day | None
    rate: float | None
    controls: int
    photos_waiting: int
    last_event_at: datetime | None


def summary(zone: ZoneInfo, moment: datetime) -> Summary | None:
    """Return the figures at ``moment`` (aware), None where they cannot be read.

    They cannot while the database is away or holds no schema yet.
    """
    try:
        return Summary(
            _last_day(zone),
            _rate(zone, moment),
            queries.controls_in_force(),
            queries.photos_waiting(),
            queries.last_event_at(),
        )
    except SQLAlchemyError:
        db.session.rollback()
        return None


def _last_day(zone: ZoneInfo) -> Day | None:
    newest = queries.last_opened_at()
    if newest is None:
        return None
    day = local_date(newest, zone)
    span = Span(day_start(day, zone), day_start(day + timedelta(days=1), zone))
    states = queries.by_state(span)
    return Day(
        day,
        queries.findings_received(span),
        [
            Count(label, state.value, states[state])
            for state, label in STATE_LABELS.items()
            if state in states
        ],
        [
            Count(row.name or NO_LEAD, row.code, row.tickets)
            for row in queries.by_department(span)
        ],
    )


def _rate(zone: ZoneInfo, moment: datetime) -> float | None:
    last = local_date(moment, zone)
    period = {"from": last - timedelta(days=RATE_DAYS - 1), "to": last}
    # By severity: the grouping that needs no names looked up.
    wanted = {**period, "group_by": "severity"}
    return rectification(_EVERYWHERE, wanted, zone, moment).total.figures.rate
