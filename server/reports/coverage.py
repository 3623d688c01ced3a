"""Coverage (检查覆盖率): how many of the registered places were inspected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from server.areas import queries as areas
from server.campaigns import policy as campaign_policy
from server.campaigns.models import Campaign
from server.campaigns.queries import by_id
from server.checklists.catalogue import Rules
from server.checklists.service import NoCatalogue, edition_of
from server.core.clock import local_date
from server.core.errors import Invalid
from server.core.permissions import Actor
from server.core.text import Text
from server.places.service import rules_for
from server.reports import coverage_queries as queries
from server.reports.coverage_queries import Grouping, Selection, Window
from server.reports.definitions import TOTAL
from server.reports.service import area_path, depth_of_all, months, period, share


@dataclass(frozen=True)
class Coverage:
    """One row; ``coverage_definitions.FIGURES`` says what each figure means."""

    key: str | None
    label: Text
    registered: int = 0
    inspected: int = 0
    never: int = 0
    overdue: int = 0
    inspections: int = 0
    night: int = 0

    @property
    def share(self) -> float | None:
        """Inspected of registered, 0 to 1; None of nothing."""
        return share(self.inspected, self.registered)


@dataclass(frozen=True)
class Report:
    """A coverage report with what it was asked for; ``as_of`` is UTC."""

    as_of: datetime
    first: date
    last: date
    zone: ZoneInfo
    group_by: Grouping
    rows: list[Coverage]
    total: Coverage


def coverage(
    actor: Actor, wanted: Mapping[str, Any], zone: ZoneInfo, as_of: datetime
) -> Report:
    """Return the coverage report over the places ``actor`` may see.

    ``wanted`` holds the parameters of ``coverage_schemas.CoverageQuery``, each
    possibly missing. With a campaign the period is the campaign's unless given.

    Raises:
        Invalid: the period ends before it begins, or there is no such area, kind,
            duty item or campaign.
    """
    today = local_date(as_of, zone)
    campaign = _campaign(actor, wanted)
    first, last = _days(wanted, campaign, today)
    grouping = Grouping(wanted.get("group_by", Grouping.AREA))
    whole = Window("", first, last)
    chosen = _selection(actor, wanted, campaign, whole, today, zone)
    by_month = grouping is Grouping.MONTH
    grouped = replace(
        chosen,
        group_by=grouping,
        windows=_months(whole) if by_month else chosen.windows,
    )
    found = {row.key: row for row in queries.coverage(actor, grouped)}
    keys = [w.key for w in grouped.windows] if by_month else sorted(found, key=_rank)
    labels = _labels(actor, grouping, keys)
    (total,) = queries.coverage(actor, chosen)
    return Report(
        as_of,
        first,
        last,
        zone,
        grouping,
        [_row(key, labels.get(key, key), found.get(key)) for key in keys],
        _row(None, TOTAL, total),
    )


def _row(key: str | None, label: str | Text, row: Row[Any] | None) -> Coverage:
    said = label if isinstance(label, Text) else Text(label, label)
    if row is None:
        return Coverage(key, said)
    return Coverage(
        key,
        said,
        row.registered,
        row.inspected,
        row.never,
        row.overdue,
        int(row.inspections),
        int(row.night),
    )


def _rank(key: str) -> tuple[int, str]:
    """Order numbers as numbers: item 9 before item 30, kind 47-site after 46."""
    number = key.partition("-")[0]
    return len(number), key


def _campaign(actor: Actor, wanted: Mapping[str, Any]) -> Campaign | None:
    id = wanted.get("campaign")
    if id is None:
        return None
    campaign = by_id(id)
    if campaign is None or not campaign_policy.sees(actor, campaign):
        raise Invalid.at("/campaign", Text("没有此专项行动", "No such campaign"))
    return campaign


def _days(
    wanted: Mapping[str, Any], campaign: Campaign | None, today: date
) -> tuple[date, date]:
    if campaign is None:
        return period(wanted, today)
    own = {"from": campaign.starts_on, "to": campaign.ends_on}
    given = {name: wanted[name] for name in own if wanted.get(name)}
    return period(own | given, today)


def _selection(
    actor: Actor,
    wanted: Mapping[str, Any],
    campaign: Campaign | None,
    whole: Window,
    today: date,
    zone: ZoneInfo,
) -> Selection:
    rules = rules_for(actor)
    area = area_path(wanted.get("area"))
    duty = [grant.area.path for grant in actor.grants]
    kinds = wanted["kind"].split(",") if wanted.get("kind") else []
    for code in kinds:
        if rules.kind(code) is None:
            raise Invalid.at("/kind", Text("没有此场所类型", "No such kind of place"))
    item = wanted.get("duty_item")
    if item and not rules.kinds_of(item) and not rules.also_by(item):
        raise Invalid.at(
            "/duty_item", Text("该事项没有场所类型", "No kind of place for this item")
        )
    return Selection(
        windows=[whole],
        today=today,
        zone=zone,
        rules=rules,
        group_by=None,
        depth=depth_of_all([area] if area else duty) + 1,
        area=area,
        kinds=kinds,
        duty_item=item,
        campaign=campaign,
    )


def _months(whole: Window) -> list[Window]:
    """Return the months of a period, the first and the last cut to it."""
    windows = []
    for key in months(whole.first, whole.last):
        begin = date.fromisoformat(f"{key}-01")
        following = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        end = date.fromordinal(following.toordinal() - 1)
        windows.append(Window(key, max(begin, whole.first), min(end, whole.last)))
    return windows


def _labels(actor: Actor, grouping: Grouping, keys: list[str]) -> Mapping[str, str]:
    """Return what people call the groups; a group not in here is called by its key."""
    if grouping is Grouping.AREA:
        return {code: area.name for code, area in areas.by_codes(keys).items()}
    rules = _rules(actor)
    if grouping is Grouping.KIND and rules:
        return {kind.code: kind.name for kind in rules.places.kinds}
    if grouping is Grouping.DUTY_ITEM and rules:
        return {item.number: item.name for item in rules.duty_items}
    return {}


def _rules(actor: Actor) -> Rules | None:
    try:
        return edition_of(actor).rules
    except NoCatalogue:
        return None
