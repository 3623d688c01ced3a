"""What a person may do on a ticket now, what it needs, and what stands in the way.

For whoever makes a form or a grey button of it: every action with where it leads and
all its fields, with their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.core.permissions import Person
from server.core.text import Text
from server.tickets import deadlines, delays, people, suggestions, workflow
from server.tickets.fields import (
    LATEST,
    LONGEST_TEXT,
    MOST_DEPARTMENTS,
    MOST_PEOPLE,
    MOST_PHOTOS,
    choices_of,
)
from server.tickets.machine import Field, Transition
from server.tickets.service import View
from server.tickets.vocabulary import (
    ACTION_TITLES,
    CHOICE_TITLES,
    ORDER_BY_GRADE,
    STATE_TITLES,
)


@dataclass(frozen=True)
class Sight:
    """A ticket as somebody looks at it at a moment (aware)."""

    seen: View
    moment: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The local calendar day."""
        return local_date(self.moment, self.zone)


def actions(sight: Sight) -> list[dict[str, Any]]:
    """Return what the caller may do now, each action once with all its fields."""
    by_action: dict[str, list[Transition]] = {}
    for row in sight.seen.available:
        by_action.setdefault(row.action, []).append(row)
    return [_action(action, rows, sight) for action, rows in by_action.items()]


def blocked(seen: View) -> list[dict[str, Any]]:
    """Return what the caller could do here but for a guard, with the reasons."""
    found = []
    for rows, reasons in workflow.blocked(seen.situation, seen.hats):
        row = rows[0]
        found.append(
            {
                "action": row.action,
                "title": ACTION_TITLES[row.action],
                "when": {row.when[0]: row.when[1]} if row.when else None,
                "reason": _joined(reasons),
                "reasons": [{"zh": why.zh, "en": why.en} for why in reasons],
            }
        )
    return found


def _joined(reasons: Sequence[Text]) -> Text:
    return Text("；".join(r.zh for r in reasons), "; ".join(r.en for r in reasons))


def _action(action: str, rows: list[Transition], sight: Sight) -> dict[str, Any]:
    described = {f.name: f for row in rows for f in row.fields}
    case = sight.seen.situation
    demanded = workflow.demanded(rows, case) | workflow.always_needed(rows)
    listed = [_field(f, rows, sight, demanded) for f in described.values()]
    return {
        "action": action,
        "title": ACTION_TITLES[action],
        "to": [_leads(row, sight.seen) for row in rows],
        "required": [f["name"] for f in listed if f["required"]],
        "optional": [f["name"] for f in listed if not f["required"]],
        "fields": listed,
    } | _proposed(action, sight.seen)


def _proposed(action: str, seen: View) -> dict[str, Any]:
    """Return which departments are proposed for an action that names some."""
    if action not in suggestions.NONE:
        return {}
    names = {d.code: d.name for d in seen.rules.departments}
    found = suggestions.suggestions(seen.rules, seen.ticket, action, seen.events)
    return {
        "suggestions": [
            {
                **one,
                "department": {
                    "code": one["department"],
                    "name": names.get(one["department"], one["department"]),
                },
            }
            for one in found
        ],
        "suggestions_note": None if found else suggestions.NONE[action],
    }


def _leads(row: Transition, seen: View) -> dict[str, Any]:
    state = row.target or seen.situation.state
    return {
        "state": state.value,
        "title": STATE_TITLES[state],
        "when": {row.when[0]: row.when[1]} if row.when else None,
    }


def _field(
    field: Field, rows: list[Transition], sight: Sight, demanded: Collection[str]
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": field.name,
        "type": field.kind,
        "title": field.title,
        "required": field.required or field.name in demanded,
    }
    suggestion = ORDER_BY_GRADE.get(sight.seen.situation.grade or "")
    if suggestion and field.name == "note" and rows[0].action == "order":
        document["suggestion"] = suggestion
    if field.kind == "choice":
        document |= _choices(field, rows, sight.seen)
    elif field.kind in ("department", "departments"):
        document |= _departments(sight.seen)
    elif field.choices == "assignable":
        document |= _people(people.assignable(sight.seen.ticket))
    needed = [row.when[1] for row in rows if row.when and field.name in row.needs]
    if needed:
        document["required_when"] = {"result": needed}
    elif field.needed_with:
        name, value = field.needed_with
        document["required_when"] = {name: [value]}
    suggest = SUGGESTIONS.get(field.name)
    suggested = suggest(rows, sight) if suggest else []
    if suggested:
        document["suggestions"] = suggested
    return document | _limits(field, rows, sight)


def _choices(field: Field, rows: list[Transition], seen: View) -> dict[str, Any]:
    case = seen.situation
    possible = {row.when[1] for row in rows if row.when and row.when[0] == field.name}
    open_now = [
        choice
        for choice in choices_of(field, case.process, case.liftable)
        if (not possible or choice in possible)
        and not all(workflow.closed(row, case, field.name, choice) for row in rows)
    ]
    return {
        "choices": open_now,
        "choice_titles": choice_titles(field, open_now, seen),
    }


def choice_titles(
    field: Field, choices: Collection[str], seen: View
) -> dict[str, str | Text]:
    """Return the words for a field's choices, by choice (of the catalogue: Chinese)."""
    if field.choices == "report_triggers":
        return {code: seen.rules.fact(code).label for code in choices}
    if field.choices == "penalties":
        named = {p.code: p.name for p in seen.situation.process.penalties}
        return {code: named[code] for code in choices}
    if field.choices == "liftable":
        return dict(seen.situation.liftable)
    return {code: CHOICE_TITLES[code] for code in choices}


def _departments(seen: View) -> dict[str, Any]:
    """Return the district's departments; a field takes names and aliases too."""
    known = [d for d in seen.rules.departments if d.level == "district"]
    return {
        "choices": [d.code for d in known],
        "choice_titles": {d.code: d.name for d in known},
    }


def _people(known: list[Person]) -> dict[str, Any]:
    return {
        "choices": [person.username for person in known],
        "choice_titles": {person.username: person.name for person in known},
    }


def _limits(field: Field, rows: list[Transition], sight: Sight) -> dict[str, Any]:
    if field.kind in ("text", "ticket"):
        return {"max_length": LONGEST_TEXT}
    if field.kind == "date" and field.past:
        return {"past": True, "not_after": sight.today.isoformat()}
    if field.kind == "date":
        first = delays.first_day(rows[0].action, sight.seen.ticket, sight.today)
        limits = {"not_before": first.isoformat(), "before": LATEST.isoformat()}
        return limits | ({"working_day": True} if field.working_day else {})
    if field.kind == "departments":
        return {"max_items": MOST_DEPARTMENTS}
    if field.kind == "people":
        return {"max_items": MOST_PEOPLE}
    if field.kind == "photos":
        stages = sorted({row.evidence for row in rows if row.evidence})
        return {"max_items": MOST_PHOTOS} | ({"stages": stages} if stages else {})
    return {}


def _day(rows: list[Transition], sight: Sight) -> list[dict[str, Any]]:
    """Return the day that the local setting gives the town, where it gives one."""
    if rows[0].action != "issue_notice":
        return []
    process, severity = sight.seen.situation.process, sight.seen.ticket.severity
    day = deadlines.default_due(process, "rectify", severity, sight.moment, sight.zone)
    if day is None or day < sight.today:
        return []
    return [{"value": day.isoformat(), "reason": deadlines.LOCAL_SETTING}]


Suggest = Callable[[list[Transition], Sight], list[dict[str, Any]]]

# field -> what is likely meant: each with ``value`` and ``reason``
SUGGESTIONS: Mapping[str, Suggest] = {"due_on": _day}
