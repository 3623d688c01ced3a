"""A later day (延期) and a pause (挂账): what they change on their ticket."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from server.core.errors import Invalid
from server.core.text import Text
from server.tickets import deadlines
from server.tickets.change import Change
from server.tickets.models import Ticket
from server.tickets.stages import OF_THE_HAZARD, STEPS
from server.tickets.vocabulary import State

# The actions whose day is later than the one in force.
LATER = frozenset({"extend", "request_extension"})


def request_extension(change: Change) -> None:
    """Asked for by who works the case; somebody else decides it."""
    asked_for = _later(change, change.values["due_on"])
    change.ticket.extension = {
        "due_on": asked_for.isoformat(),
        "note": change.values["note"],
        "safeguards": change.values.get("safeguards"),
        "asked_by": str(change.actor.staff_id),
        "asked_by_name": change.actor.name,
        "asked_on": change.today.isoformat(),
    }


def extend(change: Change) -> None:
    """A later day, with its reason: of one's own accord after the town's failed
    re-inspection (T8), else as it was asked for, or until another day."""
    ticket = change.ticket
    asked = ticket.extension
    due_on = change.values.get("due_on")
    if due_on is None:
        assert asked is not None  # the machine lets nobody decide what was not asked
        due_on = date.fromisoformat(asked["due_on"])
    before = ticket.due_on
    step = STEPS[State(ticket.state)]
    change.set_due(step, _later(change, due_on), deadlines.EXTENSION)
    ticket.extension = None
    change.payload["due_on"] = due_on
    change.payload["extension"] = _told(asked) | {"from": before, "to": due_on}


def refuse_extension(change: Change) -> None:
    """The day stays."""
    asked = change.ticket.extension
    change.ticket.extension = None
    change.payload["extension"] = _told(asked) | {"from": change.ticket.due_on}


def suspend(change: Change) -> None:
    """Put on the pending list (挂账): the clock stands until it is resumed."""
    until = change.values["until"]
    if until <= change.today:
        message = Text("挂账期限须晚于今天", "Must be later than today")
        raise Invalid.at("/until", message)
    change.ticket.suspended = {
        "since": change.today.isoformat(),
        "until": until.isoformat(),
        "note": change.values["note"],
        "by": change.actor.name,
    }


def resume(change: Change) -> None:
    """Taken up again: the day moves on by the working days of the pause."""
    ticket = change.ticket
    assert ticket.suspended is not None  # the machine resumes nothing else
    since = date.fromisoformat(ticket.suspended["since"])
    ticket.suspended = None
    step = STEPS[State(ticket.state)]
    line = deadlines.of_step(ticket.deadlines, step)
    if line is None:
        return
    moved = deadlines.put_off(line, since, change.today)
    ticket.deadlines = deadlines.replaced(ticket.deadlines, step, moved)
    due_on = date.fromisoformat(moved["due_on"])
    if ticket.due_on is not None and step in OF_THE_HAZARD:
        ticket.due_on = due_on
    change.payload |= {"due_on": due_on, "paused_days": (change.today - since).days}


def first_day(action: str, ticket: Ticket, today: date) -> date:
    """Return the first day that an action's date may name."""
    if action == "suspend":
        return today + timedelta(days=1)
    day = deadlines.last_day(ticket.deadlines, ticket.due_on)
    if action in LATER and day is not None:
        return max(today, day + timedelta(days=1))
    return today


def _later(change: Change, due_on: date) -> date:
    day = deadlines.last_day(change.ticket.deadlines, change.ticket.due_on)
    if day is not None and due_on <= day:
        said = f"延期日期须晚于原期限 {day}"
        message = Text(said, f"Must be later than the present day, {day}")
        raise Invalid.at("/due_on", message)
    return due_on


def _told(asked: dict[str, Any] | None) -> dict[str, Any]:
    if asked is None:
        return {}
    told = {name: asked[name] for name in ("asked_by", "asked_by_name", "asked_on")}
    told |= {"asked_for": asked["due_on"], "reason": asked["note"]}
    # What was asked for before there was the field has none.
    return told | {"safeguards": asked.get("safeguards")}
