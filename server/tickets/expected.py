"""What others still owe a ticket; derived, never stored, and it blocks nothing.

Each kind is a function of its own that returns its entries
``{what, department, basis}``; ``basis`` cites clauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.tickets.models import Ticket, TicketDepartment
from server.tickets.told import JointAction
from server.tickets.vocabulary import ENDED, Part, State

# The clause by which 区安委办 convenes, where the item has it (30-38).
_CONVENED = "{item}.区应急管理局.1"


def part_answers(
    ticket: Ticket,
    parts: Iterable[TicketDepartment],
    joint: Iterable[JointAction],
) -> list[dict[str, Any]]:
    """Return the co-handlers who have not answered for their part (办结本部门事项).

    Those whom the route names or a joint action brought in. Who became a co-handler
    by giving the case away (分派, 移送) owes no answer of this kind.
    """
    if State(ticket.state) in ENDED | {State.RETURNED}:
        return []
    basis = _bases(ticket.decision, joint)
    return [
        {
            "what": "part_answer",
            "department": part.department_code,
            "basis": basis[part.department_code],
        }
        for part in parts
        if part.part == Part.CO
        and part.answered_at is None
        and part.department_code in basis
    ]


def _bases(decision: Mapping[str, Any], joint: Iterable[JointAction]) -> dict[str, str]:
    """Return by which clauses each co-handler takes part, by its code."""
    convened = _CONVENED.format(item=decision["item"])
    found = {code: convened for action in joint for code in action.departments}
    found |= {code: "; ".join(decision["basis"]) for code in decision["co"]}
    for _, departments, clauses in decision["co_rules"]:
        found |= {code: "; ".join(clauses) for code in departments}
    return found
