"""What a ticket's own page tells of several departments, its spot and its past.

Parts and answers, what is still expected, joint actions, the last return, the
feedback, likely duplicates and recurrence. The list has none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from server.core.permissions import Actor
from server.tickets import expected, nearby, queries, told
from server.tickets.machine import Hat
from server.tickets.models import Ticket, TicketDepartment
from server.tickets.schemas import Names, department_out
from server.tickets.service import View
from server.tickets.vocabulary import CHOICE_TITLES, ENDED, State

_TOWN = frozenset({Hat.INSPECTOR, Hat.OFFICER})


@dataclass(frozen=True)
class Around:
    """What other tickets have to do with one; changes without a change of its own.

    ``duplicates``: how many may be the same hazard; None for who does not merge, and
    for a ticket that has ended.
    """

    duplicates: int | None
    earlier: Sequence[Row[Any]]

    @property
    def tag(self) -> str:
        """A part of an ETag that differs when this differs."""
        seen = sum(row.visible for row in self.earlier)
        return f"{self.duplicates or 0}-{len(self.earlier)}-{seen}"


def around(actor: Actor, seen: View) -> Around:
    """Return what other tickets have to do with the one ``actor`` sees."""
    ticket = seen.ticket
    merges = not seen.hats.isdisjoint(_TOWN) and ticket.state not in ENDED
    return Around(
        nearby.count_similar(actor, ticket) if merges else None,
        nearby.earlier(actor, ticket),
    )


def members(seen: View, others: Around) -> dict[str, Any]:
    """Return the members that :class:`schemas.TicketOut` has beyond a row's."""
    ticket = seen.ticket
    names = {d.code: d.name for d in seen.rules.departments}
    parts = queries.departments_of(ticket.id)
    joint = told.joint_actions(seen.events)
    owed = expected.part_answers(ticket, parts, joint)
    return {
        "parts": [_part_out(part, names) for part in parts],
        "expected": [
            {**one, "department": department_out(one["department"], names)}
            for one in owed
        ],
        "joint_actions": [_joint_out(action, names) for action in joint],
        "returned": _returned_out(seen, names),
        "feedback": _feedback_out(seen, names),
        "duplicates_hint": others.duplicates,
        "recurrence": {
            "count": len(others.earlier),
            "earlier": [
                _earlier_out(row, names) for row in others.earlier if row.visible
            ],
        },
    }


def _part_out(part: TicketDepartment, names: Names) -> dict[str, Any]:
    return {
        "department": department_out(part.department_code, names),
        "part": part.part,
        "answered_at": part.answered_at,
        "answer": part.answer,
        "note": part.answer_note,
    }


def _joint_out(action: told.JointAction, names: Names) -> dict[str, Any]:
    return {
        "status": action.status,
        "on": action.on,
        "place": action.place,
        "departments": [department_out(code, names) for code in action.departments],
        "note": action.note,
        "convened_at": action.convened_at,
        "convened_by": action.convened_by,
        "held_at": action.held_at,
        "found": action.found,
        "took_part": [department_out(code, names) for code in action.took_part],
        "photos": action.photos,
        "held_note": action.held_note,
        "recorded_by": action.recorded_by,
    }


def _returned_out(seen: View, names: Names) -> dict[str, Any] | None:
    """Return the last return; ``decides`` is whose turn it is, None: nobody's."""
    last = next(iter(told.returns(seen.events)), None)
    if last is None:
        return None
    said = last.payload
    reason = said.get("reason")
    return {
        "at": last.at,
        "by": department_out(said["department_of_actor"], names),
        "reason": reason,
        "reason_title": CHOICE_TITLES[reason] if reason else None,
        "note": said["note"],
        "to": department_out(said.get("suggested"), names),
        "returns": seen.ticket.returns or 0,
        "decides": _decides(seen),
        "binding": bool(seen.ticket.binding),
    }


def _decides(seen: View) -> str | None:
    if seen.ticket.state != State.RETURNED:
        return None
    return "safety_office" if seen.situation.office_decides else "town"


def _feedback_out(seen: View, names: Names) -> dict[str, Any] | None:
    event = told.feedback(seen.events)
    if event is None or "feedback" not in event.payload:
        return None
    said = event.payload["feedback"]
    kinds = {p.code: p.name for p in seen.situation.process.penalties}
    return {
        "result": said["result"],
        "recheck_on": said["recheck_on"],
        "penalties": [
            {
                **penalty,
                "name": kinds.get(penalty["kind"], penalty["kind"]),
                "department": department_out(penalty["department"], names),
            }
            for penalty in said["penalties"]
        ],
        "note": event.payload["note"],
        "at": event.at,
        "department": department_out(event.payload["department_of_actor"], names),
    }


def _earlier_out(row: Row[Any], names: Names) -> dict[str, Any]:
    return {
        "number": row.number,
        "found_at": row.found_at,
        "rectified_at": row.rectified_at,
        "department": department_out(row.department, names),
    }


def similar_out(
    row: dict[str, Any], ticket: Ticket, other: Ticket, metres: float
) -> dict[str, Any]:
    """Return a row of the list with how far it lies and whether at the same place."""
    same = ticket.place_id is not None and ticket.place_id == other.place_id
    return row | {"distance_m": round(metres, 1), "same_place": same}
