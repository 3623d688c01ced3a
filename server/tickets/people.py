"""Whom a ticket can be assigned to, and who may be mentioned on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.accounts import people
from server.core.permissions import DEPARTMENT_ROLES, TOWN_ROLES, Person
from server.tickets import policy
from server.tickets.machine import Field
from server.tickets.models import Ticket
from server.tickets.vocabulary import State
from server.tickets.workflow import WITH_TOWN

Parts = list[tuple[str, str]]


def assignable(ticket: Ticket) -> list[Person]:
    """Return who works where the ticket is, by name.

    The handlers and leads of its lead department; while it is with the town, the
    inspectors and officers of its area.
    """
    if State(ticket.state) in WITH_TOWN:
        return people.covering(ticket.area_path, TOWN_ROLES)
    if ticket.lead_department is None:
        return []
    return people.of_department(ticket.lead_department, DEPARTMENT_ROLES)


def chosen(
    field: Field, given: Sequence[str], ticket: Ticket, parts: Parts
) -> dict[str, UUID]:
    """Return the ids of those of ``given`` whom a field may name, by what was given."""
    found = people.named(given)
    if field.choices == "assignable":
        allowed = {person.staff_id for person in assignable(ticket)}
        return {key: p.staff_id for key, p in found.items() if p.staff_id in allowed}
    return {
        key: person.staff_id
        for key, person in found.items()
        if policy.can_read(person, ticket, parts)
    }
