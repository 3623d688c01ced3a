"""By when a step is due, and where that day comes from; pure.

The duty list names no number of days, so every default is a local setting and says
so; the day in an issued notice or order overrides it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.checklists.catalogue import ItemProcess

SATURDAY = 5

# Where a day comes from.
LOCAL_SETTING = "local setting"
BY_INSPECTOR = "set by the inspector"
NOTICE = "notice"
EXTENSION = "extension"
ORDER = "order"


def default_due(
    process: ItemProcess, step: str, severity: str, start: datetime, zone: ZoneInfo
) -> date | None:
    """Return the local day by which ``step`` is due when it starts at ``start``.

    None when the item has no such step or no figure has been decided. Working days
    skip Saturdays and Sundays; public holidays are not known here.
    """
    setting = process.deadline(step, severity)
    if setting is None or setting.amount is None:
        return None
    local = start.astimezone(zone)
    if setting.unit == "hours":
        return (local + timedelta(hours=setting.amount)).date()
    if setting.unit == "days":
        return local.date() + timedelta(days=setting.amount)
    return add_working_days(local.date(), setting.amount)


def add_working_days(day: date, count: int) -> date:
    """Return the day ``count`` working days (Monday to Friday) after ``day``."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            count -= 1
    return day


def entry(step: str, due_on: date, origin: str) -> dict[str, Any]:
    """Return one line of a ticket's deadlines."""
    return {"step": step, "due_on": due_on.isoformat(), "origin": origin}


def in_writing(deadlines: list[dict[str, Any]], step: str) -> bool:
    """Tell whether the day of ``step`` stands in a notice, an extension or an order."""
    written = {NOTICE, EXTENSION, ORDER}
    return any(d["step"] == step and d["origin"] in written for d in deadlines)


def replaced(
    deadlines: list[dict[str, Any]], step: str, due_on: date | None, origin: str
) -> list[dict[str, Any]]:
    """Return ``deadlines`` with the line of ``step`` set anew (None: removed)."""
    kept = [line for line in deadlines if line["step"] != step]
    return kept if due_on is None else [*kept, entry(step, due_on, origin)]
