"""One row of a ledger (台账) as it stood at a moment; pure.

A row is told from what never changes: the finding, and the ticket's events up to that
moment. The ticket's own columns, which say how it stands now, are not looked at; so a
period that is over gives the same ledger whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.tickets.stages import STEPS
from server.tickets.vocabulary import ENDED, State

OPENED = "ticket.found"


class Event(NamedTuple):
    """An event of a ticket; ``at`` is aware, ``actor`` the name it was done under."""

    at: datetime
    type: str
    actor: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """The finding and what a ticket is given for good when it opens.

    Attributes:
        ruleset_id: the rules whose words the ticket uses.
        item: the duty item under which it was found (the programme).
        place: name as the finding tells it, with its address where it has one.
    """

    number: str
    ruleset_id: int
    item: str
    category: str
    severity: str
    description: str
    source: str
    facts: tuple[str, ...]
    area_path: str
    place: str | None
    party: str | None
    found_at: datetime
    photos: tuple[str, ...]


class Measure(NamedTuple):
    """What the town did: ``kind`` is a key of ``ledger_columns.MEASURES``."""

    kind: str
    note: str


class Remark(NamedTuple):
    """What else happened: ``kind`` is a key of ``ledger_columns.REMARKS``."""

    kind: str
    value: str
    on: date


class Penalised(NamedTuple):
    """A penalty; ``amount`` is yuan as it was written, ``department`` a code."""

    kind: str
    amount: str | None
    document_no: str | None
    department: str | None
    on: date


class Order(NamedTuple):
    """A department's order, the lead's or a co-handler's beside it.

    ``due_on`` is the day it set, without later extensions; ``department`` a code.
    """

    title: str | None
    number: str | None
    department: str | None
    on: date
    due_on: date | None
    withdrawn: bool = False


@dataclass
class Entry:
    """A row in codes and local days; ``ledger_columns`` puts it in words.

    Attributes:
        facts: those known when it was last reported; a trigger is among them.
        verified: ``substantiated`` or ``not_substantiated``.
        rechecked, town_rechecked: ``passed`` or ``failed``, the last time.
        order, order_no, ordered_on, order_due_on: of the lead's last order, the day as
            extensions moved it; ``orders`` are all.
        closed_on: the day it ended: settled by the town, or struck off.
        severity: as the department last graded it, else as found.
        touched_at: when something last happened to it.
    """

    found: Found
    found_on: date
    inspector: str
    state: str
    photos: list[str]
    measures: list[Measure] = field(default_factory=list)
    measured_on: date | None = None
    notice: str | None = None
    notice_no: str | None = None
    town_due_on: date | None = None
    town_rechecked: str | None = None
    town_rechecked_on: date | None = None
    reported_to: str | None = None
    reported_on: date | None = None
    facts: frozenset[str] = frozenset()
    rule: str | None = None
    accepted_by: str | None = None
    accepted_on: date | None = None
    verified: str | None = None
    verified_on: date | None = None
    order: str | None = None
    order_no: str | None = None
    ordered_on: date | None = None
    order_due_on: date | None = None
    orders: list[Order] = field(default_factory=list)
    penalties: list[Penalised] = field(default_factory=list)
    rechecked: str | None = None
    rechecked_on: date | None = None
    fed_back_on: date | None = None
    closed_at: datetime | None = None
    closed_on: date | None = None
    remarks: list[Remark] = field(default_factory=list)
    severity: str = ""
    touched_at: datetime | None = None


Step = Callable[[Entry, Mapping[str, Any], date], None]


def entry_at(
    found: Found, events: Iterable[Event], end: datetime, zone: ZoneInfo
) -> Entry | None:
    """Return the row as it stood right before ``end`` (aware), or None.

    ``events``: those of the ticket in their order; what happened at ``end`` or later
    changes nothing. None: it was not found, or not known here, before ``end``.
    """
    known = [event for event in events if event.at < end]
    if found.found_at >= end or not known or known[0].type != OPENED:
        return None
    entry = Entry(
        found=found,
        found_on=local_date(found.found_at, zone),
        inspector=known[0].actor,
        state=State.FOUND,
        photos=list(found.photos),
        facts=frozenset(found.facts),
        severity=found.severity,
    )
    for event in known:
        _follow(entry, event, local_date(event.at, zone))
    return entry


def in_period(entry: Entry, start: datetime) -> bool:
    """Tell whether a row as it stood at a period's end belongs to that period.

    It was found in it, or had not ended before its ``start`` (aware).
    """
    ended = entry.closed_at is not None and entry.closed_at < start
    return entry.found.found_at >= start or not ended


def _follow(entry: Entry, event: Event, on: date) -> None:
    payload = event.payload
    entry.touched_at = event.at
    entry.photos += [
        photo for photo in payload.get("attachments", ()) if photo not in entry.photos
    ]
    step = _STEPS.get(event.type, _issued)
    step(entry, payload, on)
    state = payload.get("to")
    if state is None:
        return
    entry.state = state
    if state in ENDED and entry.closed_at is None:
        entry.closed_at, entry.closed_on = event.at, on


def _day(payload: Mapping[str, Any], name: str = "due_on") -> date | None:
    said = payload.get(name)
    return date.fromisoformat(said) if said else None


def _document(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    document: Mapping[str, Any] = payload.get("document") or {}
    return document


def _measured(kind: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.measures.append(Measure(kind, payload.get("note") or ""))
        entry.measured_on = on

    return step


def _noticed(kind: str) -> Step:
    measured = _measured(kind)

    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        measured(entry, payload, on)
        document = _document(payload)
        if document.get("kind") == "extension":
            document = {}  # the notice that is put off stays the notice
        entry.notice = document.get("title") or entry.notice
        number = document.get("number") or payload.get("document_no")
        entry.notice_no = number or entry.notice_no
        due_on = _day(document) or _day(payload)
        entry.town_due_on = due_on or entry.town_due_on

    return step


def _extended(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    if payload["to"] == State.RECTIFYING:
        _noticed("extended")(entry, payload, on)
    else:
        entry.order_due_on = _day(payload)
    safeguards = (payload.get("extension") or {}).get("safeguards")
    if safeguards:
        entry.remarks.append(Remark("safeguarded", safeguards, on))


def _resumed(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    """Taken up again: a day that was set is moved on by the pause."""
    _remarked("resumed", "note")(entry, payload, on)
    step = STEPS.get(State(payload["to"]))
    if step == "order":
        entry.order_due_on = _day(payload) or entry.order_due_on
    elif step == "rectify":
        entry.town_due_on = _day(payload) or entry.town_due_on


def _town_rechecked(result: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.town_rechecked, entry.town_rechecked_on = result, on

    return step


def _reported(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    entry.reported_to = payload.get("department")
    entry.reported_on = entry.reported_on or on
    entry.facts |= set(payload.get("facts") or ())
    entry.rule = payload.get("rule")


def _controlled(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    entry.remarks.append(Remark("control_imposed", payload["measure"], on))
    if entry.found.source != "department" and not payload.get("department_of_actor"):
        note = payload.get("note") or ""
        said = f"{payload['measure']}，{note}" if note else payload["measure"]
        entry.measures.append(Measure("control", said))
        entry.measured_on = on
    if payload.get("to") == State.REPORTED:
        _reported(entry, payload, on)


def _taken(by: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.accepted_by, entry.accepted_on = payload.get(by), on

    return step


def _verified(result: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.verified, entry.verified_on = result, on
        _graded(entry, payload, on)
        if payload.get("grade") not in {None, "none"}:
            entry.remarks.append(Remark("appraised", payload["grade"], on))

    return step


def _graded(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    entry.severity = payload.get("severity") or entry.severity


def _ordered(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    document = _document(payload)
    entry.order = document.get("title")
    entry.order_no = document.get("number")
    entry.ordered_on, entry.order_due_on = on, _day(document) or _day(payload)
    _add_order(entry, payload, on)


def _add_order(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    document = _document(payload)
    entry.orders.append(
        Order(
            document.get("title"),
            document.get("number") or payload.get("document_no"),
            payload.get("department_of_actor"),
            on,
            _day(document) or _day(payload),
        )
    )


def _co_ordered(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    _remarked("co_ordered", "note")(entry, payload, on)
    _add_order(entry, payload, on)


def _withdrawn(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    _remarked("document_withdrawn", "note")(entry, payload, on)
    number = (payload.get("withdrawn") or {}).get("number")
    entry.orders = [
        order._replace(withdrawn=True) if number and order.number == number else order
        for order in entry.orders
    ]


def _penalised(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    amount = payload.get("amount")
    entry.penalties.append(
        Penalised(
            payload["kind"],
            None if amount is None else str(amount),
            _document(payload).get("number") or payload.get("document_no"),
            payload.get("department_of_actor"),
            on,
        )
    )


def _issued(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    """Read the number of a paper that was issued after the step that made it."""
    document = _document(payload)
    kind, number = document.get("kind"), document.get("number")
    if number is None:
        return
    if kind == "town_notice":
        entry.notice_no = number
    elif kind == "order":
        entry.order_no = number
        if entry.orders and not entry.orders[-1].number:
            entry.orders[-1] = entry.orders[-1]._replace(number=number)
    elif kind == "penalty_decision":
        last = next((p for p in reversed(entry.penalties) if not p.document_no), None)
        if last is not None:
            at = entry.penalties.index(last)
            entry.penalties[at] = last._replace(document_no=number)


def _rechecked(result: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.rechecked, entry.rechecked_on = result, on

    return step


def _fed_back(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
    entry.fed_back_on = on


def _remarked(kind: str, name: str) -> Step:
    def step(entry: Entry, payload: Mapping[str, Any], on: date) -> None:
        entry.remarks.append(Remark(kind, payload.get(name) or "", on))

    return step


_STEPS: Mapping[str, Step] = {
    "ticket.on_spot": _measured("on_spot"),
    "ticket.rectifying": _noticed("deadline"),
    "ticket.notice_issued": _noticed("notice"),
    "ticket.settled": _measured("settled"),
    "ticket.extended": _extended,
    "ticket.town_recheck_passed": _town_rechecked("passed"),
    "ticket.town_recheck_failed": _town_rechecked("failed"),
    "ticket.reported": _reported,
    "ticket.verifying": _taken("department"),  # opened by the department itself (A33)
    "ticket.accepted": _taken("department_of_actor"),
    "ticket.dispatched": _remarked("dispatched", "department"),
    "ticket.returned": _remarked("returned", "note"),
    "ticket.substantiated": _verified("substantiated"),
    "ticket.not_substantiated": _verified("not_substantiated"),
    "ticket.appraised": _verified("substantiated"),
    "ticket.ordered": _ordered,
    "ticket.co_ordered": _co_ordered,
    "ticket.penalised": _penalised,
    "ticket.recheck_passed": _rechecked("passed"),
    "ticket.recheck_failed": _rechecked("failed"),
    "ticket.transferred": _remarked("transferred", "department"),
    "ticket.escalated": _remarked("escalated", "department"),
    "ticket.answered": _remarked("answered", "note"),
    "ticket.fed_back": _fed_back,
    "ticket.merged": _remarked("merged", "into"),
    "ticket.control_imposed": _controlled,
    "ticket.control_lifted": _remarked("control_lifted", "note"),
    "ticket.suspended": _remarked("suspended", "note"),
    "ticket.resumed": _resumed,
    "ticket.severity_graded": _graded,
    "ticket.part_answered": _remarked("part_answered", "note"),
    "ticket.joint_action_convened": _remarked("joint_convened", "note"),
    "ticket.joint_action_held": _remarked("joint_held", "found"),
    "ticket.document_withdrawn": _withdrawn,
}
