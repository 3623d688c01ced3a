"""Who sees which tickets and who is what to a ticket: the policy on one page.

``visible`` (SQL) and ``can_read`` (Python) say the same; a property test holds them
to it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select

from server.core.db import inside_any
from server.core.permissions import (
    AREA_ROLES,
    DEPARTMENT_ROLES,
    SIGNED_IN,
    TOWN_ROLES,
    Actor,
    Permission,
    Person,
    Role,
)
from server.tickets.machine import Hat
from server.tickets.models import Ticket, TicketDepartment
from server.tickets.vocabulary import Part

READ = SIGNED_IN
PREVIEW = SIGNED_IN
ACT = Permission("ticket.act")

# 区安委办 convenes and coordinates through its own role; the coordinating
# department's handlers do not thereby get other departments' tickets.
SEEING_PARTS = frozenset({Part.LEAD, Part.CO, Part.INFORMED})


class TicketLike(Protocol):
    """What the policy looks at."""

    area_path: str
    finder_id: UUID
    lead_department: str | None
    transferred_to: str | None


Parts = Collection[tuple[str, str]]  # (department code, part)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Ticket`."""
    own_department: ColumnElement[bool] = false()
    if actor.department and not actor.roles.isdisjoint(DEPARTMENT_ROLES):
        own_department = exists(
            select(1).where(
                TicketDepartment.ticket_id == Ticket.id,
                TicketDepartment.department_code == actor.department,
                TicketDepartment.part.in_(sorted(SEEING_PARTS)),
            )
        )
    return or_(
        inside_any(Ticket.area_path, actor.paths(AREA_ROLES)),
        Ticket.finder_id == actor.staff_id,
        own_department,
    )


def can_read(actor: Person, ticket: TicketLike, parts: Parts) -> bool:
    """Tell whether ``actor`` may see ``ticket``."""
    return (
        actor.covers(ticket.area_path, AREA_ROLES)
        or ticket.finder_id == actor.staff_id
        or (
            not actor.roles.isdisjoint(DEPARTMENT_ROLES)
            and any(d == actor.department and p in SEEING_PARTS for d, p in parts)
        )
    )


def hats(actor: Actor, ticket: TicketLike, parts: Parts) -> frozenset[Hat]:
    """Return what ``actor`` is to ``ticket``, which they may see."""
    worn = {Hat.VIEWER}
    finder = ticket.finder_id == actor.staff_id and actor.has(*TOWN_ROLES)
    if finder or actor.covers(ticket.area_path, TOWN_ROLES):
        worn.add(Hat.INSPECTOR)
    if actor.covers(ticket.area_path, frozenset({Role.TOWN_OFFICER})):
        worn.add(Hat.OFFICER)
    if actor.covers(ticket.area_path, frozenset({Role.SAFETY_OFFICE})):
        worn.add(Hat.COORDINATOR)
    return frozenset(worn | _department_hats(actor, ticket, parts))


def _department_hats(actor: Actor, ticket: TicketLike, parts: Parts) -> set[Hat]:
    if actor.department is None or actor.roles.isdisjoint(DEPARTMENT_ROLES):
        return set()
    worn = set()
    if ticket.lead_department == actor.department:
        worn.add(Hat.LEAD)
        if actor.has(Role.LEAD):
            worn.add(Hat.CHIEF)
    if (actor.department, Part.CO) in parts:
        worn.add(Hat.CO)
    if ticket.transferred_to == actor.department:
        worn.add(Hat.TRANSFEREE)
    return worn
