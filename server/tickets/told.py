"""What the timeline of a ticket tells beside its columns.

Joint actions, feedback and returns happen a few times in a ticket's life and are
events all the same: they are read from the timeline instead of being kept twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from server.tickets.queries import Event

CONVENED = "ticket.joint_action_convened"
HELD = "ticket.joint_action_held"
RETURNED = "ticket.returned"
FED_BACK = "ticket.fed_back"


@dataclass
class JointAction:
    """A joint action (联合行动) as it was convened, and what became of it.

    Attributes:
        status: ``convened``, ``held``, or ``replaced`` by one convened later.
        took_part: codes of those who came, which may be others than were called.
    """

    on: str
    place: str | None
    departments: list[str]
    note: str
    convened_at: datetime
    convened_by: str
    status: str = "convened"
    held_at: datetime | None = None
    found: str | None = None
    took_part: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    held_note: str | None = None
    recorded_by: str | None = None


def joint_actions(told: Iterable[Event]) -> list[JointAction]:
    """Return the joint actions of a ticket, oldest first."""
    made: list[JointAction] = []
    for event in told:
        if event.type == CONVENED:
            for earlier in _open(made):
                earlier.status = "replaced"
            made.append(_convened(event))
        elif event.type == HELD:
            for action in _open(made):
                _hold(action, event)
    return made


def joint_day(told: Iterable[Event]) -> date | None:
    """Return the day of the joint action that waits for its result; None: none does."""
    waiting = _open(joint_actions(told))
    return date.fromisoformat(waiting[-1].on) if waiting else None


def _open(made: Sequence[JointAction]) -> list[JointAction]:
    return [action for action in made if action.status == "convened"]


def _convened(event: Event) -> JointAction:
    said = event.payload
    return JointAction(
        on=said["on"],
        place=said.get("place"),
        departments=list(said["departments"]),
        note=said["note"],
        convened_at=event.at,
        convened_by=event.actor,
    )


def _hold(action: JointAction, event: Event) -> None:
    said = event.payload
    action.status = "held"
    action.held_at = event.at
    action.found = said["found"]
    action.took_part = list(said["departments"])
    action.photos = list(said["attachments"])
    action.held_note = said["note"] or None
    action.recorded_by = event.actor


def returns(told: Iterable[Event]) -> list[Event]:
    """Return the returns (退回) of a ticket, newest first."""
    return [event for event in told if event.type == RETURNED][::-1]


def feedback(told: Iterable[Event]) -> Event | None:
    """Return the event of the feedback to the town, None where there is none yet."""
    return next((event for event in reversed([*told]) if event.type == FED_BACK), None)
