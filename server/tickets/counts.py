"""How many tickets there are of each kind, beside the list (faceted search).

For each facet the filters of all others apply and its own is left out, so that a
person sees what another choice would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    String,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from server.areas.queries import by_codes
from server.checklists.service import newest_rules
from server.core.db import db
from server.core.permissions import Actor
from server.core.text import Text
from server.tickets import policy
from server.tickets.listing import NOBODY, Asked, Condition, waiting_for
from server.tickets.models import Ticket, TicketDepartment
from server.tickets.queries import department_names, overdue, staff_names
from server.tickets.vocabulary import (
    CONTROL_TITLES,
    SEVERITY_TITLES,
    SOURCE_TITLES,
    STATE_TITLES,
    Part,
)

FACETS = (
    "state",
    "duty_item",
    "category",
    "severity",
    "source",
    "control",
    "area",
    "assignee",
    "overdue",
    "mine",
    "department",
)
_YES_NO = {"true": Text("是", "Yes"), "false": Text("否", "No")}
Counted = dict[str, dict[str, int]]


def counts(asked: Asked) -> dict[str, Any]:
    """Return the total and, for each facet, its values with how many each has.

    Two statements, whatever is asked; who sees what is as in the list.
    """
    conditions = asked.conditions()
    facets = {k: c for k, c in conditions.items() if k in FACETS}
    always = [c for k, c in conditions.items() if k not in FACETS]
    total, counted = _grouped(asked, facets, always)
    counted["department"] = _by_department(asked, facets, always)
    titles = _titles(counted)
    return {
        "total": total,
        "facets": {
            facet: [
                {"value": value, "title": titles[facet].get(value, value), "count": n}
                for value, n in sorted(
                    counted.get(facet, {}).items(), key=lambda pair: (-pair[1], pair[0])
                )
            ]
            for facet in FACETS
        },
    }


def _grouped(
    asked: Asked, facets: dict[str, Condition], always: Sequence[Condition]
) -> tuple[int, Counted]:
    """Count all facets but the department in one pass over the tickets."""
    values = _values(asked)
    rows = (
        select(
            *(value.label(f"v_{facet}") for facet, value in values.items()),
            *(condition.label(f"c_{facet}") for facet, condition in facets.items()),
        )
        .where(policy.visible(asked.actor), *always)
        .subquery()
    )
    columns = {facet: rows.c[f"v_{facet}"] for facet in values}
    without = {
        facet: func.count().filter(
            and_(true(), *(rows.c[f"c_{k}"] for k in facets if k != facet))
        )
        for facet in [*values, ""]
    }
    which = func.grouping(*columns.values())
    query = select(which, *columns.values(), *without.values()).group_by(
        func.grouping_sets(*(tuple_(column) for column in columns.values()), tuple_())
    )
    total, counted = 0, Counted()
    every = (1 << len(columns)) - 1
    places = list(columns)
    for group, *cells in db.session.execute(query):
        said, numbers = cells[: len(places)], cells[len(places) :]
        if group == every:
            total = numbers[-1]
            continue
        place = next(
            i for i in range(len(places)) if not group >> (len(places) - 1 - i) & 1
        )
        if said[place] is not None and numbers[place]:
            counted.setdefault(places[place], {})[said[place]] = numbers[place]
    return total, counted


def _values(asked: Asked) -> dict[str, Any]:
    own = func.split_part(Ticket.area_path, "/", _below(asked.actor))
    mine = case((waiting_for(asked.actor), "true"))
    late = case((overdue(asked.today), "true"), else_="false")
    nobody = literal(NOBODY)
    return {
        "state": Ticket.state,
        "duty_item": Ticket.duty_item,
        "category": Ticket.category,
        "severity": Ticket.severity,
        "source": Ticket.source,
        "control": Ticket.control,
        "area": func.coalesce(func.nullif(own, ""), Ticket.area_code),
        "assignee": func.coalesce(cast(Ticket.assignee_id, String), nobody),
        "overdue": late,
        "mine": mine,
    }


def _below(actor: Actor) -> int:
    """Return which step of an area's path lies just below the caller's own area."""
    paths = [grant.area.path for grant in actor.grants]
    return min((path.count("/") for path in paths), default=0) + 1


def _by_department(
    asked: Asked, facets: dict[str, Condition], always: Sequence[Condition]
) -> dict[str, int]:
    """Count by department: a ticket counts for each that leads or co-handles it."""
    others = [c for facet, c in facets.items() if facet != "department"]
    # Another name than in the conditions, which ask for the departments of a ticket.
    part = aliased(TicketDepartment)
    query = (
        select(part.department_code, func.count())
        .join(Ticket, Ticket.id == part.ticket_id)
        .where(
            policy.visible(asked.actor),
            part.part.in_([Part.LEAD.value, Part.CO.value]),
            *always,
            *others,
        )
        .group_by(part.department_code)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _titles(counted: Counted) -> dict[str, Mapping[str, Any]]:
    """Return what the values are called, by facet; the newest words go first."""
    items: dict[str, str] = {}
    categories: dict[str, str] = {}
    for rules in newest_rules():
        items |= {item.number: item.name for item in rules.duty_items}
        categories |= {category.code: category.name for category in rules.categories}
    people = [UUID(id) for id in counted.get("assignee", {}) if id != NOBODY]
    return {
        "state": STATE_TITLES,
        "duty_item": items,
        "category": categories,
        "severity": SEVERITY_TITLES,
        "source": SOURCE_TITLES,
        "control": CONTROL_TITLES,
        "area": {c: a.name for c, a in by_codes(list(counted.get("area", {}))).items()},
        "assignee": {str(id): name for id, name in staff_names(people).items()}
        | {NOBODY: Text("未指定", "Nobody")},
        "overdue": _YES_NO,
        "mine": _YES_NO,
        "department": department_names(list(counted["department"])),
    }
