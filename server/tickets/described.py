"""The bodies of the actions as JSON Schema, made from the machine; pure.

For who writes a client. What a ticket's own ``actions`` say is narrower: only the rows
open to the caller, with the choices of the ticket's item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from server.tickets import workflow
from server.tickets.fields import (
    LONGEST_TEXT,
    MOST_DEPARTMENTS,
    MOST_PEOPLE,
    MOST_PHOTOS,
)
from server.tickets.machine import Field, Transition
from server.tickets.vocabulary import ACTION_LABELS, State

_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "text": _TEXT,
    "ticket": _TEXT,
    "department": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "choice": {"type": "string"},
    "photos": {
        "type": "array",
        "maxItems": MOST_PHOTOS,
        "items": {"type": "string", "format": "uuid"},
    },
    "amount": {"type": ["number", "string"], "minimum": 0},
    "facts": {"type": "array", "items": {"type": "string"}},
    "departments": {
        "type": "array",
        "maxItems": MOST_DEPARTMENTS,
        "items": {"type": "string"},
    },
    "staff": {"type": "string", "description": "user name or id"},
    "people": {
        "type": "array",
        "maxItems": MOST_PEOPLE,
        "items": {"type": "string"},
    },
}


def _body(action: str) -> dict[str, Any]:
    rows = workflow.rows(action)
    fields: dict[str, list[Field]] = {}
    for row in rows:
        for field in row.fields:
            fields.setdefault(field.name, []).append(field)
    return {
        "type": "object",
        "title": action,
        "description": f"{ACTION_LABELS[action]}. {'; '.join(map(_said, rows))}",
        "properties": {name: _field(name, fields[name], rows) for name in fields},
        "required": [name for name in fields if all(_requires(name)(r) for r in rows)],
        "additionalProperties": False,
    }


def _said(row: Transition) -> str:
    """Return a row of the machine in words: from where to where, and who."""
    target = row.target.value if row.target else "the same"
    when = f" with {row.when[0]} {row.when[1]}" if row.when else ""
    return f"{_sources(row)} to {target}{when} ({', '.join(sorted(row.hats))})"


def _sources(row: Transition) -> str:
    every = len(row.sources) == len(State)
    return "any state" if every else ", ".join(sorted(row.sources))


def _requires(name: str) -> Callable[[Transition], bool]:
    return lambda row: any(f.name == name and f.required for f in row.fields)


def _field(name: str, kinds: Sequence[Field], rows: list[Transition]) -> dict[str, Any]:
    first = kinds[0]
    document: dict[str, Any] = dict(_KINDS[first.kind])
    said = [first.title.zh]
    if first.kind in ("staff", "people"):
        said.append(f"user names or ids of {first.choices}")
    elif isinstance(first.choices, str):
        said.append(f"one of the {first.choices} of the ticket's item")
    elif first.choices:
        document["enum"] = list(first.choices)
    if first.kind in {"department", "departments"}:
        said.append("code, name or alias")
    if first.needed_with:
        said.append("required with {} {}".format(*first.needed_with))
    asking = [row for row in rows if _requires(name)(row)]
    if asking and len(asking) < len(rows):
        said.append(f"required from {' or '.join(map(_sources, asking))}")
    said += [
        f"required with {row.when[0]} {row.when[1]}"
        for row in rows
        if row.when and name in row.needs
    ]
    if any(name in row.needs_major for row in rows):
        said.append("required in an order on a major hazard")
    if first.past:
        said.append("today at the latest")
    said += [
        f"{value} only where the ticket's own actions offer it"
        for row in rows
        for choice, value, _ in row.only
        if choice == name and value is not None
    ]
    if first.kind == "photos":
        said += [f"one of stage {row.evidence}" for row in rows if row.evidence]
    return document | {"description": "; ".join(dict.fromkeys(said))}


ACTION_BODIES: Mapping[str, Mapping[str, Any]] = {
    action: _body(action) for action in workflow.ACTIONS
}
