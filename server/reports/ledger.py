"""The ledger (台账) of an addressee as it stood at the end of a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from server.areas import queries as areas
from server.checklists.catalogue import Department, LedgerRow, Rules
from server.checklists.service import Edition, edition_for, edition_of, rules_of
from server.core.errors import Invalid, NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import ledger_queries, policy
from server.reports.ledger_columns import Cell, Words, cells
from server.reports.ledger_entries import Entry, entry_at, in_period
from server.reports.ledger_periods import BadPeriod, Period, not_ended, read_period
from server.reports.ledger_queries import Selection

TOWN_ONLY = "town_only"


class Line(NamedTuple):
    """One row; ``is_open``: not ended; ``is_stale``: and nothing happened to it in
    the period."""

    cells: list[Cell]
    is_open: bool
    is_stale: bool


@dataclass(frozen=True)
class Ledger:
    """A ledger, its rows still to be read.

    Attributes:
        addressee: None where the ledger stays in the town.
        ruleset_id: the rules that say which ledgers there are.
        kept: the rows of the rules (D01 …) it is made of.
        until: the moment as of which it is told: the period's end, or now (UTC) while
            it runs, or when it is corrected.
        provisional: the period is not over, so that the same may look otherwise later.
        scope: (code, name) of the areas whose hazards it holds.
    """

    addressee: Department | None
    ruleset_id: int
    kept: Sequence[LedgerRow]
    period: Period
    until: datetime
    provisional: bool
    zone: ZoneInfo
    scope: Sequence[tuple[str, str]]
    selection: Selection
    areas: Mapping[str, ledger_queries.Named]

    def rows(self) -> Iterator[list[Cell]]:
        """Yield the cells of :meth:`lines`."""
        return (line.cells for line in self.lines())

    def lines(self) -> Iterator[Line]:
        """Yield the rows, oldest ticket first, each once for each ledger it is in.

        Reads as it goes; to be read to the end within the unit of work.
        """
        for found, events in ledger_queries.timelines(self.selection):
            entry = entry_at(found, events, self.until, self.zone)
            if entry is None or not in_period(entry, self.period.start):
                continue
            rules = rules_of(found.ruleset_id)
            is_open = entry.closed_at is None
            touched = entry.touched_at
            is_stale = is_open and touched is not None and touched < self.period.start
            village = ledger_queries.village(self.areas, found.area_path)
            for row in self.kept:
                if found.item in row.items and _holds(row, entry, rules):
                    said = cells(entry, Words(rules, village, row.id))
                    yield Line(said, is_open, is_stale)


def _holds(row: LedgerRow, entry: Entry, rules: Rules) -> bool:
    """Tell whether an entry of the row's items is in it (39 reports with it)."""
    if not row.reported_only:
        return True
    triggers = rules.process(entry.found.item).report_triggers
    return entry.reported_on is not None and not entry.facts.isdisjoint(triggers)


def ledger(
    actor: Actor,
    wanted: Mapping[str, Any],
    zone: ZoneInfo,
    now: datetime,
    *,
    corrected: bool = False,
) -> Ledger:
    """Return the ledger that ``wanted`` (``ledger_schemas.LedgerQuery``) asks for.

    The rules that were in force at the period's end say which ledgers there are.
    ``corrected``: told by what is known now of what was found before the period's end
    (更正); without it, by what was known then.

    Raises:
        Invalid: no such period, addressee, ledger or area; a period that has not
            ended, without ``provisional``.
        NotFound: the ledger, or the area, is not the actor's to read.
        NoCatalogue: none serves the area.
    """
    period = _period(wanted, zone, now)
    provisional = now < period.settled_at
    ended = min(period.end, now)
    until = now if corrected else ended
    edition, area = _edition(actor, wanted.get("area"), ended)
    kept, addressee, town = _kept(edition.rules, wanted)
    paths = policy.ledger_paths(actor, addressee.code if addressee else None)
    for narrower in (town, area):
        paths = _narrowed(paths, narrower)
    if not paths:
        raise NotFound(hidden=True)
    items = sorted({item for row in kept for item in row.items}, key=int)
    named = ledger_queries.areas_named(until)
    codes = sorted({path.rstrip("/").split("/")[-1] for path in paths})
    return Ledger(
        addressee=addressee,
        ruleset_id=edition.id,
        kept=kept,
        period=period,
        until=until,
        provisional=provisional,
        zone=zone,
        scope=[(code, named[code].name) for code in codes],
        selection=Selection(edition.catalogue, items, paths, period, until),
        areas=named,
    )


def _period(wanted: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Period:
    try:
        period = read_period(wanted["period"], zone)
    except BadPeriod as error:
        raise Invalid.at("/period", error.why) from error
    if now < period.start:
        message = Text(
            f"时段 {period.said} 尚未开始", f"The period {period.said} has not begun"
        )
        raise Invalid.at("/period", message)
    if now < period.settled_at and not wanted["provisional"]:
        raise Invalid.at("/period", not_ended(period))
    return period


def _edition(
    actor: Actor, code: str | None, at: datetime
) -> tuple[Edition, str | None]:
    """Return the rules of the area asked for, else of the actor's, and its path."""
    if code is None:
        home = actor.home
        return (edition_for(home.path, at) if home else edition_of(actor)), None
    area = areas.by_code(code)
    if area is None:
        raise Invalid.at("/area", Text("没有此区域", "No such area"))
    return edition_for(area.path, at), area.path


def _kept(
    rules: Rules, wanted: Mapping[str, Any]
) -> tuple[list[LedgerRow], Department | None, str | None]:
    """Return the rows asked for, their addressee, and the path of the town named.

    Raises:
        Invalid: nobody of this name gets a ledger, or not this one.
    """
    rows, town = _addressed(rules, wanted["addressee"])
    one = wanted.get("ledger")
    if one is not None:
        ids = "、".join(row.id for row in rows)
        rows = [row for row in rows if row.id == one]
        if not rows:
            message = Text(f"应为其中之一：{ids}", f"Must be one of: {ids}")
            raise Invalid.at("/ledger", message)
    code = rows[0].addressee
    return rows, rules.department(code) if code else None, town


def _addressed(rules: Rules, key: str) -> tuple[list[LedgerRow], str | None]:
    """Return the ledgers of an addressee (or one by its id), and a town's path."""
    by_id = [row for row in rules.ledgers if row.id == key]
    if by_id:
        return by_id, None
    code, town = None, None
    try:
        department = None if key == TOWN_ONLY else rules.department(key)
    except KeyError as error:
        raise _nobody(rules) from error
    if department is not None and department.level != "town":
        code = department.code
    elif department is not None and department.area is not None:
        area = areas.by_code(department.area)
        town = area.path if area else None
    rows = [row for row in rules.ledgers if row.addressee == code]
    if not rows:
        raise _nobody(rules)
    return rows, town


def _nobody(rules: Rules) -> Invalid:
    codes = sorted({row.addressee for row in rules.ledgers if row.addressee})
    names = "、".join(rules.department(code).name for code in codes)
    ids = ", ".join(row.id for row in rules.ledgers)
    return Invalid.at(
        "/addressee",
        Text(
            f"没有报送此处的台账；应为{names}、{TOWN_ONLY} 或 {ids}",
            f"No ledger goes there: {', '.join(codes)}, {TOWN_ONLY} or {ids}",
        ),
    )


def _narrowed(paths: Sequence[str], path: str | None) -> tuple[str, ...]:
    """Return what of ``paths`` lies at or below ``path``; None narrows nothing."""
    if path is None:
        return tuple(paths)
    if any(path.startswith(own) for own in paths):
        return (path,)
    return tuple(own for own in paths if own.startswith(path))
