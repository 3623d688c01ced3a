"""The open tickets whose decision rests on what a new version of the list changed.

They keep the decision, the process and the checkpoints of the version under which
they were opened; the people who work on them are told which they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from server.checklists.difference import ADDED, CHANGED, HOW, REMOVED, Difference
from server.tickets import queries


@dataclass(frozen=True)
class Touched:
    """An open ticket, the version of the rules it keeps, and why it is named."""

    number: str
    state: str
    ruleset: int
    why: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """The JSON-able form."""
        return {
            "number": self.number,
            "state": self.state,
            "ruleset": self.ruleset,
            "why": list(self.why),
        }


def open_tickets(catalogue: str, difference: Difference) -> list[Touched]:
    """Return the open tickets of a catalogue that ``difference`` touches."""
    rows = queries.open_decisions(catalogue)
    found = (
        Touched(
            row.number,
            row.state,
            row.version,
            tuple(_why(row.duty_item, row.decision, difference)),
        )
        for row in rows
    )
    return [ticket for ticket in found if ticket.why]


def _why(item: str, decision: dict[str, Any], changed: Difference) -> Iterator[str]:
    """Yield what changed under a stored decision: rules, items, clauses."""
    rests = {decision["rule"], decision["rerouted_by"]}
    rests |= {row[0] for row in decision["co_rules"]}
    for key in sorted(rests & changed.keys("route", CHANGED, REMOVED)):
        yield f"流转规则 {key} {_how(changed, 'route', key)}"
    for key in sorted({item, decision["item"]}, key=int):
        for part, label in (("duty_item", "事项"), ("process", "处置流程")):
            if key in changed.keys(part, CHANGED, REMOVED):
                yield f"{label} {key} {_how(changed, part, key)}"
    basis = {*decision["basis"], *(c for row in decision["co_rules"] for c in row[2])}
    for clause in sorted(basis & set(changed.removed)):
        yield f"条款 {clause} 删除"


def _how(changed: Difference, part: str, key: str) -> str:
    hows = {c.how for c in changed.changes if (c.part, c.key) == (part, key)} - {ADDED}
    return "、".join(HOW[how] for how in sorted(hows))
