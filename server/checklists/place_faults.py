"""What ``places.yaml`` says of the rest of the catalogue: every reference must hold."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from server.checklists.build import Data
from server.checklists.marked import Fault, Marked, Where


def faults(
    marked: Marked, duty: Container[int], has_clause: Callable[[str], bool]
) -> Iterator[Fault]:
    """Unknown items and clauses, kinds under a foreign number, undecided criteria."""
    night = marked.data["night"]
    yield from _clauses(marked, night, ("night",), None, has_clause)
    for i, entry in enumerate(marked.data["also"]):
        yield from _item(marked, entry["item"], ("also", i, "item"), duty)
        yield from _clauses(marked, entry, ("also", i), None, has_clause)
    for i, entry in enumerate(marked.data["kinds"]):
        at: Where = ("kinds", i)
        for j, item in enumerate(entry["items"]):
            yield from _item(marked, item, (*at, "items", j), duty)
        own = entry["items"][0]
        if entry["code"].partition("-")[0] != str(own):
            message = f"场所类型 {entry['code']} 须以自己的事项 {own} 开头"
            yield marked.fault(message, *at, "code")
        yield from _clauses(marked, entry, at, own, has_clause)
        yield from _criteria(marked, entry, at)


def _item(
    marked: Marked, item: int, where: Where, duty: Container[int]
) -> Iterator[Fault]:
    if item not in duty:
        yield marked.fault(f"没有事项 {item}", *where)


def _clauses(
    marked: Marked,
    entry: Data,
    where: Where,
    item: int | None,
    has_clause: Callable[[str], bool],
) -> Iterator[Fault]:
    for i, reference in enumerate(entry["basis"]):
        filled = reference.replace("{item}", str(item)) if item else reference
        if not has_clause(filled):
            message = f"履职清单没有条款 {filled}"
            yield marked.fault(message, *where, "basis", i)


def _criteria(marked: Marked, entry: Data, at: Where) -> Iterator[Fault]:
    """A bound is either given or open; a lower bound is not above the upper."""
    lists: list[tuple[Where, list[Data]]] = [
        (("criteria", key), value) for key, value in entry.get("criteria", {}).items()
    ]
    lists.append((("priority",), entry.get("priority", [])))
    for path, criteria in lists:
        for i, one in enumerate(criteria):
            where = (*at, *path, i)
            low, high = one.get("at_least"), one.get("at_most")
            given = low is not None or high is not None or "equals" in one
            if given == one.get("open", False):
                yield marked.fault("须写界限，或写 open: true", *where)
            if low is not None and high is not None and low > high:
                yield marked.fault(f"at_least {low} 大于 at_most {high}", *where)
