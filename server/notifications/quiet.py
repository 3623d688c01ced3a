"""Quiet hours (免打扰); pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def ends(
    moment: datetime, start: time | None, end: time | None, zone: ZoneInfo
) -> datetime | None:
    """Return when the quiet hours end in which ``moment`` (aware) falls.

    None outside of them, or where there are none. ``start`` belongs to them, ``end``
    does not; an ``end`` before ``start`` is of the next day.
    """
    if start is None or end is None or start == end:
        return None
    local = moment.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    over_midnight = end < start
    if not (start <= clock < end or (over_midnight and not end <= clock < start)):
        return None
    day = local.date()
    if over_midnight and clock >= start:
        day += timedelta(days=1)
    return datetime.combine(day, end, tzinfo=zone)
