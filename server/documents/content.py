"""What a paper says (see ``shape``), put into words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.checklists.catalogue import Rules
from server.documents.shape import SHAPE

Content = dict[str, Any]


def content_with(**known: Any) -> Content:
    """Return a content that holds what is ``known`` and every other member empty.

    Raises:
        ValueError: a member that no template knows.
    """
    unknown = known.keys() - SHAPE.keys()
    if unknown:
        raise ValueError(f"no members of a document: {', '.join(sorted(unknown))}")
    empty: Content = {
        name: [] if isinstance(s, list) else None for name, s in SHAPE.items()
    }
    return empty | {name: _plain(value) for name, value in known.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    # Words of an enumeration are text; so is a day.
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in local time, to the second, as RFC 3339."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


_NOBODY = {"township": "镇（街道）"}


def cited(clauses: Iterable[str]) -> list[dict[str, str | None]]:
    """Return clauses of the duty list (``42.township.1``) with the words in print."""
    return [
        {"clause": clause, "text": _words(clause)} for clause in dict.fromkeys(clauses)
    ]


def _words(clause: str) -> str:
    item, party, *numbers = clause.split(".")
    whole = f"配合履职事项清单第{item}项"
    if not numbers:
        return whole
    point = "".join(f"第{n}{unit}" for n, unit in zip(numbers, "条点", strict=False))
    return f"{whole}{_NOBODY.get(party, party)}职责{point}"


def duty_item(rules: Rules, number: str) -> dict[str, str]:
    """Return a duty item as a document names it."""
    return {"number": number, "title": rules.duty_item(number).name}


def signing_name(rules: Rules, department: str | None) -> str:
    """Return a department as papers name it: as it signs, else by the list's name."""
    if department is None:
        return ""
    office = rules.issuing.office(department)
    if office is not None:
        return office.name
    known = rules.department_code(department)
    return rules.department(known).name if known else department


def masked(name: str) -> str:
    """Return a name as strangers may read it: its first character, its last if long."""
    if len(name) < 2:
        return "*" * len(name)
    if len(name) < 4:
        return name[0] + "*" * (len(name) - 1)
    return name[0] + "*" * (len(name) - 2) + name[-1]
