"""The rounds (轮次) of a ticket: ordered, re-inspected, and again while it is not gone.

Nothing of it is stored: a ticket's events tell of every round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.tickets.models import Ticket
from server.tickets.queries import Event
from server.tickets.stages import moves_the_hazards_day
from server.tickets.vocabulary import ACTION_LABELS, Severity, State

TOWN, DEPARTMENT = "town", "department"
ORDERED, EXTENDED = "ticket.ordered", "ticket.extended"
RESUMED = "ticket.resumed"
RECHECK_PASSED, RECHECK_FAILED = "ticket.recheck_passed", "ticket.recheck_failed"
PENALISED = "ticket.penalised"

_BEGUN: Mapping[str, str] = {
    "ticket.rectifying": TOWN,  # opened with a day (T3)
    "ticket.notice_issued": TOWN,
    ORDERED: DEPARTMENT,
}
_REINSPECTED: Mapping[str, tuple[str, str]] = {
    "ticket.town_recheck_passed": (TOWN, "passed"),
    "ticket.town_recheck_failed": (TOWN, "failed"),
    RECHECK_PASSED: (DEPARTMENT, "passed"),
    RECHECK_FAILED: (DEPARTMENT, "failed"),
}
_ENDING = (RECHECK_PASSED, "ticket.answered", "ticket.fed_back")


@dataclass
class Round:
    """One round; what follows ``document_no`` is empty until it is re-inspected.

    Attributes:
        round: counts from 1 at each level.
        ordered_on, due_on: local calendar days as ``2026-03-01``.
        by: who re-inspected.
        photos: those the re-inspection named, id and stage.
        penalties: those decided from its order to the next; departments are codes.
    """

    round: int
    level: str
    ordered_on: str | None = None
    due_on: str | None = None
    document_no: str | None = None
    reinspected_at: Any = None
    by: str | None = None
    result: str | None = None
    note: str | None = None
    photos: list[dict[str, Any]] = field(default_factory=list)
    penalties: list[dict[str, Any]] = field(default_factory=list)


def rounds_of(
    events: Iterable[Event], stages: Mapping[str, str], zone: ZoneInfo
) -> list[Round]:
    """Return the rounds that a ticket's ``events`` tell of, oldest first.

    ``stages``: the stage of each photo that came, by id. A round begins with the
    order or notice, or, where a failed re-inspection is followed by none, with the
    later day or the next re-inspection under the order that stands.
    """
    course = _Course(zone)
    for event in events:
        if event.type in _BEGUN:
            course.ordered(_BEGUN[event.type], event)
        elif event.type == EXTENDED:
            course.extended(event)
        elif moved_by_a_pause(event):
            course.resumed(event)
        elif event.type in _REINSPECTED:
            course.reinspected(*_REINSPECTED[event.type], event, stages)
        elif event.type == PENALISED:
            course.penalised(event)
    return course.rounds


def moved_by_a_pause(event: Event) -> bool:
    """Tell whether an event moved the hazard's day on by a pause (挂账)."""
    said = event.payload
    moved = event.type == RESUMED and said.get("due_on") is not None
    return moved and moves_the_hazards_day(said["to"])


def _extended_by(event: Event) -> str:
    return TOWN if event.payload["to"] == State.RECTIFYING else DEPARTMENT


class _Course:
    """Follows the events; keeps the order that stands and the penalties before it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.rounds: list[Round] = []
        self._standing: dict[str, Any] = {}
        self._before: list[dict[str, Any]] = []

    def ordered(self, level: str, event: Event) -> None:
        number = (event.payload.get("document") or {}).get("number")
        self._standing = {
            "ordered_on": local_date(event.at, self.zone).isoformat(),
            "due_on": event.payload.get("due_on"),
            "document_no": number or event.payload.get("document_no"),
        }
        self._under_way(level)

    def extended(self, event: Event) -> None:
        self._standing["due_on"] = event.payload.get("due_on")
        self._under_way(_extended_by(event))

    def resumed(self, event: Event) -> None:
        """A pause moves the day of the round that waits; it begins none."""
        self._standing["due_on"] = event.payload["due_on"]
        if self.rounds and self.rounds[-1].result is None:
            self.rounds[-1].due_on = event.payload["due_on"]

    def reinspected(
        self, level: str, result: str, event: Event, stages: Mapping[str, str]
    ) -> None:
        looked = self._under_way(level)
        looked.reinspected_at, looked.by, looked.result = event.at, event.actor, result
        looked.note = event.payload.get("note")
        looked.photos = [
            {"id": photo, "stage": stages.get(photo)}
            for photo in event.payload.get("attachments", ())
        ]

    def penalised(self, event: Event) -> None:
        amount = event.payload.get("amount")
        penalty = {
            "kind": event.payload["kind"],
            "amount": None if amount is None else float(amount),
            "document_no": event.payload.get("document_no"),
            "department": event.payload.get("department_of_actor"),
            "decided_at": event.at,
        }
        last = self.rounds[-1] if self.rounds else None
        if last is not None and last.level == DEPARTMENT:
            last.penalties.append(penalty)
        else:
            self._before.append(penalty)

    def _under_way(self, level: str) -> Round:
        """Return the round under way at ``level`` as the standing order has it."""
        last = self.rounds[-1] if self.rounds else None
        if last is None or last.level != level or last.result is not None:
            nth = sum(one.level == level for one in self.rounds) + 1
            last = Round(nth, level)
            self.rounds.append(last)
            if level == DEPARTMENT:
                last.penalties, self._before = self._before, []
        for name, value in self._standing.items():
            setattr(last, name, value)
        return last


def photos_by_step(events: Iterable[Event]) -> Iterator[tuple[str, list[UUID]]]:
    """Yield what each step that names photos is called, and its photos.

    Re-inspections are counted at each level: 镇级第1次复查.
    """
    counted: Counter[str] = Counter()
    for event in events:
        label = ACTION_LABELS.get(event.payload.get("action", ""), "处理")
        if event.type == "ticket.found":
            label = "发现"
        elif event.type in _REINSPECTED:
            level = _REINSPECTED[event.type][0]
            counted[level] += 1
            who = "镇级" if level == TOWN else "部门"
            label = f"{who}第{counted[level]}次复查"
        named = [UUID(photo) for photo in event.payload.get("attachments", ())]
        if named:
            yield label, named


def looked_at(events: Iterable[Event]) -> Collection[UUID]:
    """Return the photos that the re-inspections among a ticket's events named."""
    return {
        UUID(photo)
        for event in events
        if event.type in _REINSPECTED
        for photo in event.payload.get("attachments", ())
    }


def handlers(ticket: Ticket, events: Iterable[Event]) -> frozenset[UUID]:
    """Return who passed the re-inspection, answered for it or fed the result back.

    Of a major hazard that waits to be closed; empty otherwise.
    """
    if ticket.severity != Severity.MAJOR or ticket.state != State.FEEDBACK:
        return frozenset()
    ending = (e.actor_id for e in events if e.type in _ENDING)
    return frozenset(actor for actor in ending if actor is not None)


def is_over(ticket: Ticket, events: Iterable[Event]) -> bool:
    """Tell whether the department's last re-inspection failed with no new day since."""
    if ticket.state != State.ORDERED or not ticket.failed_rechecks:
        return False
    kinds = (ORDERED, EXTENDED, RECHECK_FAILED)
    told = [event.type for event in events if event.type in kinds]
    return told[-1] == RECHECK_FAILED
