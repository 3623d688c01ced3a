"""Reading and working tickets; every change goes through :func:`act`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.audit.rows import told_now
from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.service import rules_of
from server.core.clock import local_date, now
from server.core.db import db
from server.core.errors import Conflict, Forbidden, NotAllowedInState, NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.documents import service as documents
from server.tickets import (
    deadlines,
    evidence,
    papers,
    people,
    policy,
    queries,
    rounds,
    search,
    stages,
    told,
    workflow,
    written,
)
from server.tickets.change import Change
from server.tickets.consistency import TICKETS
from server.tickets.effects import EFFECTS
from server.tickets.fields import Reader
from server.tickets.machine import Hat, Refused, Situation, Transition
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import Control, State


@dataclass(frozen=True)
class View:
    """A ticket with what this actor may do on it now.

    ``events`` are all of the ticket's, oldest first: read once, handed down.
    """

    ticket: Ticket
    rules: Rules
    parts: list[tuple[str, str]]
    situation: Situation
    hats: frozenset[Hat]
    events: list[queries.Event]

    @property
    def available(self) -> list[Transition]:
        """The transitions open to the actor now."""
        return workflow.available(self.situation, self.hats)


def readable(
    actor: Actor, number: str, *, lock: bool = False
) -> tuple[Ticket, list[tuple[str, str]]]:
    """Return a ticket the actor may see, with its (department, part) pairs.

    Raises:
        NotFound: none, or outside the actor's areas and department.
    """
    ticket = queries.by_number(number, lock=lock)
    if ticket is None:
        raise NotFound()
    parts = queries.parts_of([ticket.id])[ticket.id]
    if not policy.can_read(actor, ticket, parts):
        raise NotFound(hidden=True)
    return ticket, parts


def view(actor: Actor, number: str, zone: ZoneInfo, *, lock: bool = False) -> View:
    """Return a ticket the actor may see, with what they may do on it.

    ``zone`` says which local day it is.

    Raises:
        NotFound: as :func:`readable`.
    """
    ticket, parts = readable(actor, number, lock=lock)
    rules = rules_of(ticket.ruleset_id)
    hats = policy.hats(actor, ticket, parts)
    if Hat.LEAD in hats and rules.dispatches(ticket.decision["rule"]):
        hats |= {Hat.DISPATCHER}
    item = ticket.decision["item"]
    if Hat.CO in hats and papers.orders_beside(rules, item, actor.department):
        hats |= {Hat.ORDERER}
    events = queries.events_of(number)
    today = local_date(now(), zone)
    situation = _situation(ticket, rules, actor, events, today)
    return View(ticket, rules, parts, situation, hats, events)


def etag(ticket: Ticket, actor: Actor, seen: str, today: date) -> str:
    """Return the ETag of a ticket as ``actor`` sees it.

    The day belongs to it because ``overdue`` turns at midnight, the person because
    of ``actions`` (on a shared machine one must not get the other's copy), and in
    ``seen`` the number of photos and what lies around, because they change no
    version. ``If-Match`` looks at the version only.
    """
    person = actor.staff_id.hex[:8]
    return f'"{ticket.number}.{ticket.version}.{today:%Y%m%d}.{person}.{seen}"'


def _situation(
    ticket: Ticket,
    rules: Rules,
    actor: Actor,
    events: list[queries.Event],
    today: date,
) -> Situation:
    imposer, others = None, []
    joint_day = told.joint_day(events)
    if ticket.control == Control.IN_FORCE:
        in_force = [c for c in queries.controls_of(ticket.id) if c.lifted_at is None]
        own = [c for c in in_force if c.imposed_by == actor.staff_id]
        others = [c for c in in_force if c.imposed_by != actor.staff_id]
        imposer = (own or in_force)[0].imposed_by if in_force else None
    return Situation(
        state=State(ticket.state),
        control=Control(ticket.control),
        process=rules.process_by(ticket.decision["item"], ticket.decision["rule"]),
        professional="professional" in ticket.facts,
        next_level=ticket.next_level,
        appraisal=ticket.appraisal,
        grade=ticket.grade,
        substantiated=ticket.substantiated,
        control_imposed_by=imposer,
        actor_id=actor.staff_id,
        due_in_writing=deadlines.in_writing(ticket.deadlines, "rectify"),
        extension_by=UUID(ticket.extension["asked_by"]) if ticket.extension else None,
        suspended=ticket.suspended is not None,
        severity=ticket.severity,
        finder_id=ticket.finder_id,
        handled_by=rounds.handlers(ticket, events),
        failed_rechecks=ticket.failed_rechecks,
        round_over=rounds.is_over(ticket, events),
        liftable=tuple((str(c.id), c.measure) for c in others),
        coordinator=ticket.decision["coordinator"],
        joint_open=joint_day is not None,
        returns=ticket.returns or 0,
        decided_after=rules.returns_before_decision,
        binding=bool(ticket.binding),
        assigned=ticket.assignee_id is not None,
        joint_to_come=joint_day if joint_day and joint_day > today else None,
    )


def act(
    actor: Actor,
    number: str,
    action: str,
    body: Any,
    zone: ZoneInfo,
    check_version: Callable[[Ticket], None],
) -> View:
    """Do one transition of a ticket.

    ``check_version`` gets the locked ticket and raises when the caller's copy is
    stale; two callers at once therefore give one change and one refusal.

    Raises:
        NotFound: no such ticket for this actor, or no such action.
        NotAllowedInState: the state or a guard forbids it; names what is allowed.
        Forbidden: the actor may see the ticket but not do this.
        Invalid: fields are missing, unknown or wrong.
    """
    seen = view(actor, number, zone, lock=True)
    if action not in workflow.ACTIONS:
        raise NotFound(Text(f"没有操作 {action}", f"No action {action}"))
    check_version(seen.ticket)
    allowed = _allowed(seen, action)
    change = _change(actor, seen, action, allowed, body, zone)
    EFFECTS[action](change)
    _add_paper(change)
    move(change)
    paper = (change.payload.get("document") or {}).get("number")
    written_as = paper or change.values.get("document_no")
    search.add(seen.ticket.id, change.values.get("note"), written_as)
    return view(actor, number, zone)


def _change(
    actor: Actor,
    seen: View,
    action: str,
    allowed: list[Transition],
    body: Any,
    zone: ZoneInfo,
) -> Change:
    """Return the transition that ``body`` asks for, checked but for its effects.

    Raises:
        Invalid, NotAllowedInState: as :func:`act`.
    """
    moment = now()
    reader = Reader(
        seen.rules,
        seen.situation.process,
        local_date(moment, zone),
        seen.rules.department_code,
        lambda field, given: people.chosen(field, given, seen.ticket, seen.parts),
        seen.situation.liftable,
    )
    demanded = workflow.demanded(allowed, seen.situation)
    values = reader.read(allowed, body, demanded)
    row = workflow.select(allowed, values)
    if row is None:
        raise _refusal(workflow.unfit(action, seen.situation, values), seen)
    if why := workflow.shut(row, seen.situation, values):
        raise _refusal(Refused("guard", why), seen)
    reader.require(row.needs, values)
    photos = values.get("photos", ())
    evidence.require(seen.ticket, photos, row.evidence, seen.events)
    return Change(
        seen.ticket,
        row,
        values,
        actor,
        seen.rules,
        seen.situation.process,
        moment,
        zone,
        due_before=seen.ticket.due_on,
    )


def draft(
    actor: Actor, number: str, action: str, body: Any, zone: ZoneInfo, format: str
) -> bytes:
    """Return the paper that an action would make now, marked 草稿.

    Everything is checked as in :func:`act`, nothing is kept and no number taken.

    Raises:
        Conflict: the action makes no paper that is issued here.
    """
    seen = view(actor, number, zone)
    allowed = _allowed(seen, action)
    trial = db.session.begin_nested()
    try:
        change = _change(actor, seen, action, allowed, body, zone)
        EFFECTS[action](change)
        paper = written.paper_of(_case(change), _made(change))
        if paper is None:
            text = Text("此操作不制发文书", "No document is issued with this action")
            raise Conflict(text, slug="no-document")
        return documents.draft(actor, paper, seen.rules, zone, format)
    finally:
        trial.rollback()


def _allowed(seen: View, action: str) -> list[Transition]:
    if action not in workflow.ACTIONS:
        raise NotFound(Text(f"没有操作 {action}", f"No action {action}"))
    try:
        return workflow.candidates(action, seen.situation, seen.hats)
    except Refused as refused:
        raise _refusal(refused, seen) from refused


def _add_paper(change: Change) -> None:
    """Issue or note the paper that the action makes."""
    made = written.issued(_case(change), _made(change))
    if made:
        change.payload["document"] = made


def _made(change: Change) -> dict[str, Any] | None:
    """Return the paper of an action, not issued yet; an appraisal's comes with its
    result, and what the town does is the town's whoever does it."""
    if "document" in change.payload:
        return dict(change.payload["document"])
    if change.row.action == "appraise" and "grade" not in change.values:
        return None
    by_town = not change.row.hats.isdisjoint({Hat.INSPECTOR, Hat.OFFICER})
    return papers.paper(
        change.rules,
        change.process.item,
        change.row.action,
        None if by_town else change.actor.department,
        number=change.values.get("document_no"),
        due_on=change.values.get("due_on") or change.payload.get("due_on"),
    )


def _case(change: Change) -> written.Case:
    return written.Case(
        change.ticket,
        change.rules,
        change.process.item,
        change.actor,
        change.moment,
        change.zone,
        change.values,
        change.due_before,
        asked=change.payload.get("extension"),
    )


def _refusal(refused: Refused, seen: View) -> Forbidden | Conflict:
    if refused.kind == "hat":
        return Forbidden(refused.why)
    allowed = list(dict.fromkeys(t.action for t in seen.available))
    extra = {"state": seen.situation.state, "allowed": allowed}
    return NotAllowedInState(refused.why, extra=extra)


def move(change: Change) -> None:
    """Write the state and the events; the only place that changes a state.

    A transition that passes through another state (a re-inspection) writes an event
    for each step.
    """
    ticket, row = change.ticket, change.row
    before = ticket.state
    if row.via is not None and before != row.via:
        payload = {"transition": row.via_id, "from": before, "to": row.via}
        payload["action"] = row.action
        record(f"ticket.{row.via}", change.actor, (SUBJECT, ticket.number), payload)
        before = row.via
    after = row.target or State(before)
    if after != ticket.state:  # what was asked or put aside in the old one is over
        ticket.extension = ticket.suspended = None
    ticket.state = after.value
    ticket.version += 1
    ticket.changed_at = change.moment
    stages.follow(ticket, change.moment)
    fields = {k: v for k, v in change.values.items() if k not in {"note", "photos"}}
    record(
        f"ticket.{row.event}",
        change.actor,
        (SUBJECT, ticket.number),
        {
            "transition": row.id,
            "action": row.action,
            "from": before,
            "to": after,
            "note": change.values.get("note", ""),
            "attachments": [str(p) for p in change.values.get("photos", ())],
            "department_of_actor": change.actor.department,
            **fields,
            **change.payload,
            "rows": told_now(TICKETS, ticket.id),
        },
    )
