"""What an event is about, read for the message and for whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from server.areas import queries as areas
from server.checklists.service import rules_of
from server.core.permissions import Actor
from server.incidents import policy as incident_policy
from server.incidents import queries as incidents
from server.incidents.vocabulary import Part as IncidentPart
from server.orders import policy as order_policy
from server.orders import queries as orders
from server.tickets import policy as ticket_policy
from server.tickets import queries as tickets
from server.tickets.vocabulary import Part, State

# The step is the town's: what it has not reported, what came back, what it closes.
_WITH_THE_TOWN = frozenset(
    {
        State.ON_SPOT,
        State.RECTIFYING,
        State.TOWN_RECHECK,
        State.RETURNED,
        State.FEEDBACK,
    }
)


@dataclass(frozen=True)
class Case:
    """A ticket, an incident or an order as a message needs it.

    Attributes:
        lead: code of the department it lies with (牵头, command, issuer).
        parts: departments that see it, by code, with their part.
        finder: who found, or reported, it.
        with_town: the town owes the next step.
        around: people below its area are concerned too (an order of a village).
        decides: 区安委办 decides who takes it, after repeated returns.
        can_read: tells whether a person may see it.
    """

    type: str
    number: str
    area_path: str
    place: str
    category: str
    lead: str | None
    department_name: str
    parts: Mapping[str, str]
    finder: UUID | None
    due_on: date | None
    can_read: Callable[[Actor], bool]
    transferee: str | None = None
    with_town: bool = False
    around: bool = False
    decides: bool = False


def load(subject_type: str, number: str) -> Case | None:
    """Return the case, None when there is none of this type and number."""
    reader = _READERS.get(subject_type)
    return reader(number) if reader else None


def _ticket(number: str) -> Case | None:
    ticket = tickets.by_number(number)
    if ticket is None:
        return None
    parts = tickets.parts_of([ticket.id])[ticket.id]
    rules = rules_of(ticket.ruleset_id)
    category, limit = rules.category(ticket.category), rules.returns_before_decision
    return Case(
        type="ticket",
        number=number,
        area_path=ticket.area_path,
        place=_place(ticket.place_name, ticket.area_code),
        category=category.name,
        lead=ticket.lead_department,
        department_name=_name(ticket.lead_department or ticket.town_department),
        parts=dict(parts),
        finder=ticket.finder_id,
        due_on=ticket.due_on,
        can_read=lambda actor: ticket_policy.can_read(actor, ticket, parts),
        transferee=ticket.transferred_to,
        with_town=State(ticket.state) in _WITH_THE_TOWN,
        decides=ticket.state == State.RETURNED
        and limit is not None
        and (ticket.returns or 0) >= limit,
    )


def _incident(number: str) -> Case | None:
    incident = incidents.by_number(number)
    if incident is None:
        return None
    parts = incidents.parts_of(incident.id)
    kind = rules_of(incident.ruleset_id).incident_kind(incident.kind)
    command = incident.command_department
    return Case(
        type="incident",
        number=number,
        area_path=incident.area_path,
        place=_place(incident.place_text, incident.area_code),
        category=kind.title,
        lead=command,
        department_name=_name(command),
        parts=parts,
        finder=incident.staff_id,
        due_on=None,
        can_read=lambda actor: incident_policy.can_read(actor, incident, parts),
    )


def _order(number: str) -> Case | None:
    order = orders.by_number(number)
    if order is None:
        return None
    process = rules_of(order.ruleset_id).order_process(order.item)
    parts = {order.department: Part.LEAD.value}
    if order.transferred_to:
        parts[order.transferred_to] = Part.CO.value
    return Case(
        type="order",
        number=number,
        area_path=order.area_path,
        place=_place(None, order.area_code),
        category=process.title,
        lead=order.department,
        department_name=_name(order.department),
        parts=parts,
        finder=order.issued_by,
        due_on=order.due_on,
        can_read=lambda actor: order_policy.can_read(actor, order),
        transferee=order.transferred_to,
        with_town=True,
        around=True,
    )


_READERS: Mapping[str, Callable[[str], Case | None]] = {
    "ticket": _ticket,
    "incident": _incident,
    "order": _order,
}

# Departments with one of these parts have a group that is told.
CONCERNED = frozenset(
    {Part.LEAD, Part.CO, Part.INFORMED, *(part.value for part in IncidentPart)}
)


def _place(said: str | None, area_code: str) -> str:
    """Return where it is: the area, and the place where one is known."""
    area: Any = areas.by_code(area_code)
    named = area.name if area else area_code
    return f"{named} {said}" if said else named


def _name(code: str) -> str:
    return tickets.department_names([code]).get(code, code)
