"""Which ledgers are due (应报), and whether they were handed over in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from server.areas.models import Area
from server.checklists.catalogue import Department, LedgerRow
from server.checklists.service import Edition, NoCatalogue, edition_for
from server.core.clock import local_date
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import ledger_queries
from server.reports import policy as reports
from server.reports.ledger_periods import Period
from server.reports.ledger_queries import Selection
from server.submissions import queries
from server.submissions.models import REJECTED, LedgerSubmission
from server.submissions.rhythm import periods

RUNNING, DUE, OVERDUE = "running", "due", "overdue"
SUBMITTED, LATE, RETURNED = "submitted", "late", "returned"
LABELS = {
    RUNNING: Text("时段未结束", "The period runs"),
    DUE: Text("待报送", "Due"),
    OVERDUE: Text("逾期未报送", "Overdue"),
    SUBMITTED: Text("已报送", "Handed over"),
    LATE: Text("逾期报送", "Handed over late"),
    RETURNED: Text("被退回", "Sent back"),
}
# How far back it is looked for what was never handed over.
BACK = timedelta(days=92)


@dataclass(frozen=True)
class Due:
    """A ledger that a town owes for a period.

    Attributes:
        due_on: the last local day on which it is in time.
        first: the first submission, by which it is in time or late; None without any.
        latest: the newest one (row of ``queries.shown``), which counts.
        state: one of ``LABELS``.
        late: the day passed before it was handed over for the first time.
        stale: rows not ended to which nothing happened in the period.
    """

    town: Area
    kept: LedgerRow
    addressee: Department
    period: Period
    due_on: date
    first: Row[Any] | None
    latest: Row[Any] | None
    state: str
    late: bool
    stale: int


def due_for(
    actor: Actor,
    area: str | None,
    days: tuple[date, date],
    moment: datetime,
    zone: ZoneInfo,
) -> list[Due]:
    """Return what the towns that ``actor`` oversees, or that owe the actor's
    department, owe for the periods that end in ``days`` (both included).

    ``area``: only towns at or below this path.
    """
    everything = {actor.department, None}
    paths = tuple(p for code in everything for p in reports.ledger_paths(actor, code))
    towns = [t for t in queries.towns(paths) if area is None or t.path.startswith(area)]

    def shown(town: Area, row: LedgerRow) -> bool:
        own = reports.ledger_paths(actor, row.addressee)
        return any(town.path.startswith(path) for path in own)

    return _due(towns, shown, days, moment, zone)


def ledgers_due(moment: datetime, zone: ZoneInfo) -> list[Due]:
    """Return what every town has still to hand over at ``moment`` (aware): periods
    that are over, not handed over or returned. For a reminder."""
    today = local_date(moment, zone)
    found = _due(
        queries.towns([""]), lambda *_: True, (today - BACK, today), moment, zone
    )
    return [one for one in found if one.state in {DUE, OVERDUE, RETURNED}]


def _due(
    towns: Sequence[Area],
    shown: Callable[[Area, LedgerRow], bool],
    days: tuple[date, date],
    moment: datetime,
    zone: ZoneInfo,
) -> list[Due]:
    there = _submitted([town.code for town in towns], days)
    since: dict[str, date] = {}
    found = []
    for town in towns:
        try:
            edition = edition_for(town.path, moment)
        except NoCatalogue:
            continue
        name = edition.catalogue
        if name not in since:
            start = queries.in_use_since(name) or moment
            since[name] = local_date(start, zone)
        for row in edition.rules.ledgers:
            if row.addressee is None or row.period is None or not shown(town, row):
                continue
            for period in periods(row.period, *days, zone):
                if period.last < since[name] or period.start > moment:
                    continue  # before the list was in use here; or not begun
                key = (town.code, row.id, period.first, period.last)
                found.append(
                    _one(town, edition, row, period, there.get(key), moment, zone)
                )
    return sorted(found, key=lambda d: (d.period.last, d.town.code, d.kept.id))


_Key = tuple[str, str, date, date]


def _submitted(
    codes: Sequence[str], days: tuple[date, date]
) -> dict[_Key, list[Row[Any]]]:
    found: dict[_Key, list[Row[Any]]] = {}
    for shown in queries.of_towns(codes, *days):
        row: LedgerSubmission = shown.LedgerSubmission
        key = (row.area_code, row.ledger, row.period_from, row.period_to)
        found.setdefault(key, []).append(shown)
    return found


def _one(
    town: Area,
    edition: Edition,
    row: LedgerRow,
    period: Period,
    there: list[Row[Any]] | None,
    moment: datetime,
    zone: ZoneInfo,
) -> Due:
    assert row.addressee is not None
    due_on = period.last + timedelta(days=row.due_days or 0)
    first, latest = (there[0], there[-1]) if there else (None, None)
    if latest is not None:
        stale = latest.LedgerSubmission.stale_rows
    else:
        until = min(period.end, moment)
        chosen = Selection(
            edition.catalogue, list(row.items), [town.path], period, until
        )
        stale = ledger_queries.stale(chosen)
    today = local_date(moment, zone)
    sent_on = first and local_date(first.LedgerSubmission.submitted_at, zone)
    late = (sent_on or today) > due_on
    return Due(
        town=town,
        kept=row,
        addressee=edition.rules.department(row.addressee),
        period=period,
        due_on=due_on,
        first=first,
        latest=latest,
        state=_state(latest, late, moment < period.settled_at),
        late=late,
        stale=stale,
    )


def _state(latest: Row[Any] | None, late: bool, running: bool) -> str:
    if latest is None:
        return RUNNING if running else OVERDUE if late else DUE
    if latest.LedgerReceipt is not None and latest.LedgerReceipt.outcome == REJECTED:
        return RETURNED
    return LATE if late else SUBMITTED
