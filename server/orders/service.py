"""Reading and working inbound orders; every change goes through :func:`act`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.audit.rows import told_now
from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.orders import OrderStep
from server.checklists.service import rules_of
from server.core.clock import local_date, now
from server.core.errors import Conflict, Forbidden, NotAllowedInState, NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.orders import policy, queries, workflow
from server.orders.consistency import ORDERS
from server.orders.machine import Hat, Situation, Transition
from server.orders.models import Order
from server.orders.queries import SUBJECT
from server.orders.vocabulary import State
from server.photos import evidence
from server.photos.owners import Owner
from server.photos.queries import uploaded
from server.tickets.fields import BodyReader
from server.tickets.machine import Refused


@dataclass(frozen=True)
class View:
    """An order with what this actor may do on it now."""

    order: Order
    rules: Rules
    situation: Situation
    hats: frozenset[Hat]

    @property
    def available(self) -> list[str]:
        """The actions open to the actor now."""
        rows = workflow.available(self.situation, self.hats)
        return list(dict.fromkeys(row.action for row in rows))


def view(actor: Actor, number: str, *, lock: bool = False) -> View:
    """Return an order the actor may see.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    order = queries.by_number(number, lock=lock)
    if order is None:
        raise NotFound()
    if not policy.can_read(actor, order):
        raise NotFound(hidden=True)
    return seen_by(actor, order)


def seen_by(actor: Actor, order: Order) -> View:
    """Return an order that the actor may see, with what they may do."""
    rules = rules_of(order.ruleset_id)
    return View(order, rules, _situation(order, rules), policy.hats(actor, order))


def _situation(order: Order, rules: Rules) -> Situation:
    return Situation(
        state=State(order.state),
        process=rules.order_process(order.item),
        result=order.result,
        done=frozenset(order.done),
        back_to=State(order.back_to) if order.back_to else None,
    )


def act(
    actor: Actor,
    number: str,
    action: str,
    body: Any,
    zone: ZoneInfo,
    check_version: Callable[[Order], None],
) -> View:
    """Do one transition of an order.

    ``check_version`` gets the locked order and raises when the caller's copy is
    stale; two callers at once therefore give one change and one refusal.

    Raises:
        NotFound: no such order for this actor, or no such action.
        NotAllowedInState: the item, the state or a guard forbids it.
        Forbidden: the actor may see the order but not do this.
        Invalid: fields are missing, unknown or wrong, or photos are not uploaded.
    """
    seen = view(actor, number, lock=True)
    if action not in workflow.ACTIONS:
        raise NotFound(Text(f"没有操作 {action}", f"No action {action}"))
    check_version(seen.order)
    case = seen.situation
    try:
        allowed = workflow.candidates(action, case, seen.hats)
    except Refused as refused:
        raise _refusal(refused, action, seen) from refused
    moment = now()
    reader = BodyReader(
        local_date(moment, zone), lambda field: list(workflow.choices(field, case))
    )
    values = reader.read_fields(workflow.fields(action, case), body)
    step = case.process.step(action)
    stage = step.photos if step else None
    owner = Owner(SUBJECT, number)
    named = values.get("photos", ())
    evidence.require(owner, named, stage, lambda: uploaded([owner]))
    row = workflow.select(allowed, case, values)
    move(actor, seen, row, step, values, moment)
    return view(actor, number)


def _refusal(refused: Refused, action: str, seen: View) -> Forbidden | Conflict:
    if refused.kind == "hat":
        return Forbidden(refused.why)
    extra = {
        "state": seen.situation.state,
        "action": action,
        "allowed": seen.available,
    }
    return NotAllowedInState(refused.why, extra=extra)


def move(
    actor: Actor,
    seen: View,
    row: Transition,
    step: OrderStep | None,
    values: dict[str, Any],
    moment: datetime,
) -> None:
    """Write the state and its event; the only place that changes a state."""
    order, before = seen.order, seen.situation.state
    after = workflow.moved(seen.situation, row, values)
    order.state = after.state.value
    order.result = after.result
    order.done = sorted(after.done)
    order.back_to = after.back_to
    order.due_on = values.get("due_on", order.due_on)
    if after.state is State.SUBMITTED:
        order.submitted_at = moment
    if after.state is State.CLOSED:
        order.closed_at = moment
    if row.action == "transfer" and step is not None:
        order.transferred_to = step.to
    order.version += 1
    order.changed_at = moment
    said = {k: v for k, v in values.items() if k not in {"note", "photos", "to"}}
    record(
        f"order.{row.event}",
        actor,
        (SUBJECT, order.number),
        {
            "transition": row.id,
            "action": row.action,
            "from": before,
            "to": after.state,
            "step": step.title if step else None,
            "basis": list(step.basis) if step else [],
            "note": values.get("note", ""),
            "attachments": [str(photo) for photo in values.get("photos", ())],
            "department_of_actor": actor.department,
            "department": order.transferred_to if row.action == "transfer" else None,
            "back_to": after.back_to,
            **said,
            "rows": told_now(ORDERS, order.id),
        },
    )
