"""Lead rows are read from the top and the first match decides: can each be reached?"""

from collections.abc import Iterator
from itertools import product

from server.checklists.build import lead_row
from server.checklists.catalogue import LeadRow
from server.checklists.marked import Fault, Marked

_Case = tuple[str, str | None, frozenset[str]]


def faults(routing: Marked) -> Iterator[Fault]:
    """Lead rows with the conditions of an earlier row, or hidden by earlier rows."""
    rows = [lead_row(row) for row in routing.data["lead"]]
    for i, row in enumerate(rows):
        twins = [other.id for other in rows[:i] if _ties(other, row)]
        if twins:
            message = f"row {row.id} ties with {twins[0]}: same conditions"
            yield routing.fault(message, "lead", i)
            continue
        hiding = _hiding(rows[:i], row)
        if hiding:
            message = f"row {row.id} is never reached: {', '.join(hiding)} match first"
            yield routing.fault(message, "lead", i)


def _ties(one: LeadRow, other: LeadRow) -> bool:
    return bool(set(one.items) & set(other.items)) and _when(one) == _when(other)


def _when(row: LeadRow) -> tuple[frozenset[str], ...]:
    return (
        frozenset(row.categories),
        frozenset(row.any_facts),
        frozenset(row.facts),
    )


def _hiding(earlier: list[LeadRow], row: LeadRow) -> list[str]:
    """The earlier rows that together take every case of ``row``, or nothing."""
    hiding: set[str] = set()
    for case in _least_cases(row):
        first = next((other.id for other in earlier if _matches(other, case)), None)
        if first is None:
            return []
        hiding.add(first)
    return [other.id for other in earlier if other.id in hiding]


def _least_cases(row: LeadRow) -> Iterator[_Case]:
    """The smallest findings that match a row.

    Conditions are never negative, so an earlier row that matches the smallest
    finding also matches every finding with more facts.
    """
    for item, category, trigger, fact in product(
        row.items,
        row.categories or (None,),
        row.any_facts or (None,),
        row.facts or (None,),
    ):
        yield item, category, frozenset(f for f in (trigger, fact) if f is not None)


def _matches(row: LeadRow, case: _Case) -> bool:
    item, category, facts = case
    return (
        item in row.items
        and (not row.categories or category in row.categories)
        and (not row.any_facts or not facts.isdisjoint(row.any_facts))
        and (not row.facts or not facts.isdisjoint(row.facts))
    )
