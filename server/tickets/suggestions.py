"""Which department might take a case: proposals to a person who decides; pure.

From the rows ``suggest`` of routing.yaml, and from what departments that gave the
ticket back said (退回时的建议).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.checklists.catalogue import Rules
from server.checklists.rows import SuggestRow
from server.core.text import Text
from server.tickets.models import Ticket
from server.tickets.queries import Event
from server.tickets.told import returns

# The actions that name a department, and why one may be without a proposal.
NONE = {
    "dispatch": Text(
        "本地未设定该类隐患的建议部门，请按职责确定",
        "No department is set here for this kind of hazard: choose by remit",
    ),
    "transfer": Text(
        "本事项未设定建议移送的部门",
        "No department to transfer to is set for this item",
    ),
    "convene": Text(
        "本事项未设定建议联合的部门", "No departments to convene are set for this item"
    ),
}
LOCAL = "local setting"
LISTED = "duty list"
RETURNED = "returning department"


def suggestions(
    rules: Rules, ticket: Ticket, action: str, told: Iterable[Event]
) -> list[dict[str, Any]]:
    """Return ``{department, reason, source, basis}`` for an action of :data:`NONE`.

    ``department`` is a code. Each department stands once, those the last return named
    first.
    """
    item = ticket.decision["item"]
    facts = frozenset(ticket.facts)
    found = _said_on_return(told) if action == "dispatch" else []
    found += [
        {
            "department": row.department,
            "reason": row.reason,
            "source": _source(row),
            "basis": "; ".join(row.basis_for(item)),
        }
        for row in rules.suggest_rows
        if row.action == action and row.fits(item, ticket.category, facts)
    ]
    return list({one["department"]: one for one in reversed(found)}.values())[::-1]


def _source(row: SuggestRow) -> str:
    return LOCAL if row.source == "local" else LISTED


def _said_on_return(told: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {
            "department": event.payload["suggested"],
            "reason": Text(
                f"退回时建议：{event.payload['note']}",
                f"Proposed on return: {event.payload['note']}",
            ),
            "source": RETURNED,
            "basis": "",
        }
        for event in returns(told)
        if event.payload.get("suggested")
    ]
