"""What the actions of several departments on one ticket change.

Co-handlers answer for their part (A8, A13), 区安委办 convenes a joint action
(30.区应急管理局.1), departments give a ticket back and tell the town what came of it.
Called from :data:`server.tickets.effects.EFFECTS`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.core.clock import local_date
from server.core.db import db
from server.core.errors import Invalid
from server.core.text import Text
from server.tickets import queries
from server.tickets.change import Change
from server.tickets.models import TicketDepartment
from server.tickets.vocabulary import Part, State


def involve(ticket_id: int, department: str, part: Part) -> None:
    """Give a department a part in a ticket, or another part than it had."""
    db.session.execute(
        upsert(TicketDepartment)
        .values(ticket_id=ticket_id, department_code=department, part=part.value)
        .on_conflict_do_update(
            index_elements=["ticket_id", "department_code"],
            set_={"part": part.value},
        )
    )


def answer_part(change: Change) -> None:
    """A co-handler's answer for its own part; the newest counts."""
    db.session.execute(
        update(TicketDepartment)
        .where(
            TicketDepartment.ticket_id == change.ticket.id,
            TicketDepartment.department_code == change.actor.department,
        )
        .values(
            answered_at=change.moment,
            answer=change.values["result"],
            answer_note=change.values["note"],
            answered_by=change.actor.staff_id,
        )
    )


def convene(change: Change) -> None:
    """Departments called to a joint action become co-handlers.

    Who leads or coordinates already keeps that part.
    """
    parts = dict(queries.parts_of([change.ticket.id])[change.ticket.id])
    for code in change.values["departments"]:
        if queries.department_level(code) == "town":
            message = Text(
                "联合行动由部门参加，不含镇街", "A joint action is of departments"
            )
            raise Invalid.at("/departments", message)
        if parts.get(code) not in {Part.LEAD, Part.COORDINATOR}:
            involve(change.ticket.id, code, Part.CO)


def give_back(change: Change) -> None:
    """A return (退回): to the town, to who assigned the case, or to 区安委办."""
    ticket = change.ticket
    ticket.returns = (ticket.returns or 0) + 1
    change.payload["returns"] = ticket.returns
    # An event's ``to`` is the state.
    suggested = change.values.pop("to", None)
    if suggested is not None:
        _require_another(suggested, ticket.lead_department)
        change.payload["suggested"] = suggested
    limit = change.rules.returns_before_decision
    if change.row.target is State.REPORTED:
        change.payload["next"] = "dispatcher"
        _back_to_the_route(change)
    elif limit is not None and ticket.returns >= limit:
        change.payload["next"] = "safety_office"
    else:
        change.payload["next"] = "town"


def _require_another(suggested: str, own: str | None) -> None:
    if suggested == own or queries.department_level(suggested) == "town":
        message = Text("应为另一个部门", "Must be another department")
        raise Invalid.at("/to", message)


def _back_to_the_route(change: Change) -> None:
    """Who led by the route leads again; who gave it back goes on seeing it."""
    ticket = change.ticket
    assert ticket.lead_department is not None
    involve(ticket.id, ticket.lead_department, part_beside(change))
    ticket.lead_department = ticket.decision["lead"]
    involve(ticket.id, ticket.decision["lead"], Part.LEAD)
    change.payload["department"] = ticket.lead_department


def part_beside(change: Change) -> Part:
    """Return what the lead has to do with a ticket that it gave back."""
    named = change.ticket.lead_department in change.ticket.decision["co"]
    return Part.CO if named else Part.INFORMED


def feed_back(change: Change) -> None:
    """The town learns what came of it, in a form that can be counted."""
    ticket = change.ticket
    rechecked = ticket.rectified_at if ticket.transferred_to is None else None
    change.payload["feedback"] = {
        "result": ticket.state,
        "recheck_on": rechecked and local_date(rechecked, change.zone).isoformat(),
        "penalties": [_penalty(p) for p in queries.penalties_of(ticket.id)],
    }


def _penalty(penalty: Any) -> dict[str, Any]:
    return {
        "kind": penalty.kind,
        "amount": None if penalty.amount is None else str(penalty.amount),
        "department": penalty.department_code,
        "document_no": penalty.document_no,
    }
