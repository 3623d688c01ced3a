"""By when a step is due, and where that day comes from; pure.

The duty list names no number of days, so every default is a local setting and says
so; the day in an issued notice or order overrides it. Defaults never end on a day off
(:mod:`server.core.workdays`): they go on to the next working day. A day that an
inspector wrote stands as written, also on a day off, and counts until the next
working day is over.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.checklists.catalogue import Deadline, ItemProcess
from server.core import workdays

# Where a day comes from.
LOCAL_SETTING = "local setting"
BY_INSPECTOR = "set by the inspector"
BY_INSPECTOR_OFF = "set by the inspector, on a day off"
NOTICE = "notice"
EXTENSION = "extension"
ORDER = "order"

Line = dict[str, Any]


def default_due(
    process: ItemProcess, step: str, severity: str, start: datetime, zone: ZoneInfo
) -> date | None:
    """Return the local day by which ``step`` is due when it starts at ``start``.

    None when the item has no such step or no figure has been decided.
    """
    setting = process.deadline(step, severity)
    if setting is None or setting.amount is None:
        return None
    local = start.astimezone(zone)
    if setting.unit == "hours":
        return (local + timedelta(hours=setting.amount)).date()
    return _counted(setting, local.date())


def _counted(setting: Deadline, day: date) -> date:
    """Return the last day of a term; the day it starts on does not count."""
    calendar = workdays.calendar()
    amount = setting.amount or 0
    if setting.unit == "working_days":
        return calendar.add(day, amount)
    if amount == 0:  # the same day, whichever it is
        return day
    return calendar.on_or_after(day + timedelta(days=amount))


def entry(step: str, due_on: date, origin: str) -> Line:
    """Return one line of a ticket's deadlines."""
    return {"step": step, "due_on": due_on.isoformat(), "origin": origin}


def by_inspector(step: str, due_on: date) -> Line:
    """Return the line of a day that an inspector wrote; the paper may be handed over.

    Of a day off it says so: why it is one (``day_off``), and the working day until
    which it counts (``effective_on``).
    """
    calendar = workdays.calendar()
    why = calendar.day_off(due_on)
    if why is None:
        return entry(step, due_on, BY_INSPECTOR)
    line = entry(step, due_on, BY_INSPECTOR_OFF)
    effective = calendar.on_or_after(due_on).isoformat()
    return line | {"day_off": why, "effective_on": effective}


def effective(line: Line) -> date:
    """Return the last day that is in time; the line's day but for one off."""
    return date.fromisoformat(line.get("effective_on") or line["due_on"])


def last_day(deadlines: list[Line], due_on: date | None) -> date | None:
    """Return the last day that is in time of the hazard's day ``due_on``.

    ``queries.in_time`` is the same in SQL.
    """
    written = due_on and due_on.isoformat()
    days = (effective(line) for line in deadlines if line["due_on"] == written)
    return max(days, default=due_on)


def default_entry(
    process: ItemProcess, step: str, severity: str, start: datetime, zone: ZoneInfo
) -> Line | None:
    """Return the line of a default day, with the setting and the day it counts from."""
    due_on = default_due(process, step, severity, start, zone)
    if due_on is None:
        return None
    setting = process.deadlines[step][severity]
    line = entry(step, due_on, LOCAL_SETTING)
    line |= {"amount": setting.amount, "unit": setting.unit}
    line["from"] = start.astimezone(zone).date().isoformat()
    if due_on > workdays.calendar().known_until:
        line["provisional"] = True  # holidays of that year are not announced yet
    return line


def of_step(deadlines: list[Line], step: str | None) -> Line | None:
    """Return the line of ``step``, None without one."""
    return next((line for line in deadlines if line["step"] == step), None)


def in_writing(deadlines: list[Line], step: str) -> bool:
    """Tell whether the day of ``step`` stands in a notice, an extension or an order."""
    line = of_step(deadlines, step)
    return line is not None and line["origin"] in {NOTICE, EXTENSION, ORDER}


def replaced(deadlines: list[Line], step: str, line: Line | None) -> list[Line]:
    """Return ``deadlines`` with the line of ``step`` set anew (None: removed)."""
    kept = [other for other in deadlines if other["step"] != step]
    return kept if line is None else [*kept, line]


def put_off(line: Line, paused_on: date, resumed_on: date) -> Line:
    """Return a line moved on by a pause (挂账): as many working days as it took.

    What was left of the term is left then, and it ends on a working day. A day that
    had passed stays passed by as many days.
    """
    calendar = workdays.calendar()
    due_on = effective(line)
    if due_on < paused_on:
        moved = resumed_on - (paused_on - due_on)
    else:
        left = calendar.between(paused_on, calendar.on_or_after(due_on))
        moved = calendar.on_or_after(calendar.add(resumed_on, left))
    new = {**line, "due_on": moved.isoformat(), "was": line.get("was", line["due_on"])}
    if new.pop("effective_on", None):
        new |= {"origin": BY_INSPECTOR}
        del new["day_off"]
    return new
