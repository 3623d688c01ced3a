"""Lead rows are read from the top and the first match decides: can each be reached?

A co row is read for the item in force after the reroutes: can its case come there?
"""

from collections.abc import Container, Iterator
from itertools import product

from server.checklists.build import co_row, lead_row
from server.checklists.catalogue import CoRow, LeadRow
from server.checklists.marked import Fault, Marked

_Case = tuple[str, str | None, frozenset[str]]


def faults(routing: Marked, processes: Container[int]) -> Iterator[Fault]:
    """Rows that no finding comes to, and lead rows that tie with an earlier one.

    ``processes`` are the items that are patrolled: a finding is always of one.
    """
    yield from _not_patrolled(routing, processes)
    yield from _hidden_leads(routing)
    yield from _hidden_cos(routing)


def _not_patrolled(routing: Marked, processes: Container[int]) -> Iterator[Fault]:
    for part in ("lead", "co", "town", "suggest"):
        for i, row in enumerate(routing.data.get(part, ())):
            for j, item in enumerate(row["when"]["item"]):
                if item not in processes:
                    message = (
                        f"规则 {row['id']} 对事项 {item} 永远用不到："
                        "items.yaml 里没有它的处置流程"
                    )
                    yield routing.fault(message, part, i, "when", "item", j)


def _hidden_cos(routing: Marked) -> Iterator[Fault]:
    """Co rows whose every case is sent on to another item."""
    leads = [lead_row(row) for row in routing.data["lead"]]
    reroutes = [row for row in leads if row.reroute_to_item]
    for i, data in enumerate(routing.data["co"]):
        hiding = _hiding(reroutes, co_row(data))
        if hiding:
            sent = "、".join(hiding)
            message = f"规则 {data['id']} 永远用不到：它的情况都被 {sent} 转走"
            yield routing.fault(message, "co", i)


def _hidden_leads(routing: Marked) -> Iterator[Fault]:
    rows = [lead_row(row) for row in routing.data["lead"]]
    for i, row in enumerate(rows):
        twins = [other.id for other in rows[:i] if _ties(other, row)]
        if twins:
            message = f"规则 {row.id} 与 {twins[0]} 条件相同"
            yield routing.fault(message, "lead", i)
            continue
        hiding = _hiding(rows[:i], row)
        if hiding:
            message = f"规则 {row.id} 永远用不到：{'、'.join(hiding)} 先符合"
            yield routing.fault(message, "lead", i)


def _ties(one: LeadRow, other: LeadRow) -> bool:
    return bool(set(one.items) & set(other.items)) and _when(one) == _when(other)


def _when(row: LeadRow) -> tuple[frozenset[str], ...]:
    return (
        frozenset(row.categories),
        frozenset(row.any_facts),
        frozenset(row.facts),
    )


def _hiding(earlier: list[LeadRow], row: LeadRow | CoRow) -> list[str]:
    """The earlier rows that together take every case of ``row``, or nothing."""
    hiding: set[str] = set()
    for case in _least_cases(row):
        first = next((other.id for other in earlier if _matches(other, case)), None)
        if first is None:
            return []
        hiding.add(first)
    return [other.id for other in earlier if other.id in hiding]


def _least_cases(row: LeadRow | CoRow) -> Iterator[_Case]:
    """The smallest findings that match a row.

    Conditions are never negative, so an earlier row that matches the smallest
    finding also matches every finding with more facts.
    """
    for item, category, trigger, fact in product(
        row.items,
        row.categories or (None,),
        (row.any_facts if isinstance(row, LeadRow) else ()) or (None,),
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
