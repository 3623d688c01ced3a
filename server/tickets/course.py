"""What a ticket's events tell beside its columns: 五落实, 鉴定, 报上级, 移送; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from server.checklists.catalogue import ItemProcess
from server.tickets.inputs import FIVE_NAMES
from server.tickets.queries import Event
from server.tickets.rounds import (
    EXTENDED,
    ORDERED,
    PENALISED,
    RECHECK_FAILED,
    moved_by_a_pause,
)
from server.tickets.vocabulary import ENDED

HEAVIER = "heavier"
_WITH_A_DAY = frozenset({ORDERED, EXTENDED, "ticket.notice_issued"})


def five(events: Iterable[Event]) -> dict[str, Any] | None:
    """Return 责任, 措施, 资金, 时限 and 预案 as last written, None before that.

    The day moves on with each extension and each pause.
    """
    told: dict[str, Any] | None = None
    for event in events:
        if event.type not in _WITH_A_DAY and not moved_by_a_pause(event):
            continue
        payload = event.payload
        if any(payload.get(name) for name in FIVE_NAMES):
            told = {name: payload.get(name) for name in FIVE_NAMES}
        if told is not None:
            told["deadline"] = payload.get("due_on")
    return told


def appraisal(events: Iterable[Event], kind: str | None) -> dict[str, Any] | None:
    """Return the appraisal (鉴定) and its result, None before it was ordered.

    ``kind`` is that of the route: ``third_party`` (27) or ``professional`` (28).
    """
    told: dict[str, Any] | None = None
    for event in events:
        payload = event.payload
        if event.type == "ticket.appraisal_ordered":
            told = {
                "kind": kind,
                "appraiser": payload.get("appraiser"),
                "ordered_at": event.at,
                "grade": None,
                "document_no": None,
                "appraised_on": None,
                "note": payload.get("note"),
                "photos": [],
            }
        elif told is not None and payload.get("action") == "appraise":
            told |= {
                "grade": payload.get("grade"),
                "document_no": payload.get("document_no"),
                "appraised_on": payload.get("appraised_on"),
                "note": payload.get("note"),
                "photos": payload.get("attachments", []),
            }
    return told


def escalation(events: Iterable[Event]) -> dict[str, Any] | None:
    """Return the last report to the next level and its answer; None without one."""
    return _sent(events, "ticket.escalated", "T22", ("decision", "answered_on"))


def transfer(events: Iterable[Event]) -> dict[str, Any] | None:
    """Return the transfer (移送) with the letter's facts, and its answer."""
    return _sent(events, "ticket.transferred", "T17b", ("answered_on",))


def _sent(
    events: Iterable[Event], sent: str, answered: str, more: tuple[str, ...]
) -> dict[str, Any] | None:
    told: dict[str, Any] | None = None
    for event in events:
        payload = event.payload
        if event.type == sent:
            told = {
                "department": payload.get("department"),
                "since": event.at,
                "document_no": payload.get("document_no"),
                "note": payload.get("note"),
                "photos": payload.get("attachments", []),
                "answer": None,
            }
        elif told is not None and payload.get("transition") == answered:
            told["answer"] = {
                "at": event.at,
                "by": event.actor,
                "document_no": payload.get("document_no"),
                "note": payload.get("note"),
            } | {name: payload.get(name) for name in more}
    return told


def expected(
    events: Sequence[Event], process: ItemProcess, state: str
) -> list[dict[str, Any]]:
    """Return what the list expects now and nobody has recorded yet; blocks nothing.

    加重处罚 after a failed re-inspection, where the item names it (42).
    """
    if state in ENDED or HEAVIER not in {p.code for p in process.penalties}:
        return []
    due = False
    for event in events:
        if event.type == RECHECK_FAILED:
            due = True
        elif event.type == PENALISED and event.payload.get("kind") == HEAVIER:
            due = False
    return [{"what": "heavier_penalty", "basis": _basis(process)}] if due else []


def _basis(process: ItemProcess) -> str:
    """Return the clauses that speak of re-inspection and penalty at once."""
    looking = process.steps.get("reinspect", ())
    punishing = process.steps.get("penalise", ())
    return "; ".join(clause for clause in punishing if clause in looking)
