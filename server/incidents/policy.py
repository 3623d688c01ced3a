"""Who reports, sees and records what of an incident: the policy on one page.

``visible`` (SQL) and ``can_read`` (Python) say the same; a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select

from server.checklists.incidents import TOWN, IncidentKind
from server.core.db import inside_any
from server.core.permissions import (
    DEPARTMENT_ROLES,
    SIGNED_IN,
    TOWN_ROLES,
    Actor,
    Permission,
    Role,
)
from server.incidents.models import Incident, IncidentDepartment
from server.places.policy import town_paths

READ = SIGNED_IN
REPORT = Permission("incident.report", TOWN_ROLES | DEPARTMENT_ROLES)
RECORD = Permission("incident.record", TOWN_ROLES | DEPARTMENT_ROLES)
# Who may read original photos, besides the departments of the incident.
ORIGINAL_ROLES = frozenset({Role.TOWN_OFFICER, Role.SAFETY_OFFICE})


class IncidentLike(Protocol):
    """What the policy looks at."""

    area_path: str
    staff_id: UUID


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Incident`.

    In an emergency the next village helps: the whole town sees its incidents.
    """
    own_department: ColumnElement[bool] = false()
    if department := acting_department(actor):
        own_department = exists(
            select(1).where(
                IncidentDepartment.incident_id == Incident.id,
                IncidentDepartment.department_code == department,
            )
        )
    return or_(
        inside_any(Incident.area_path, town_paths(actor)),
        Incident.staff_id == actor.staff_id,
        own_department,
    )


def can_read(actor: Actor, incident: IncidentLike, departments: Iterable[str]) -> bool:
    """Tell whether ``actor`` may see ``incident``."""
    return (
        any(incident.area_path.startswith(path) for path in town_paths(actor))
        or incident.staff_id == actor.staff_id
        or acting_department(actor) in set(departments)
    )


def parties(
    actor: Actor, incident: IncidentLike, departments: Iterable[str]
) -> frozenset[str]:
    """Return in whose names ``actor``, who sees the incident, may record entries."""
    worn = set()
    near = any(incident.area_path.startswith(p) for p in town_paths(actor, TOWN_ROLES))
    if near or (incident.staff_id == actor.staff_id and actor.has(*TOWN_ROLES)):
        worn.add(TOWN)
    department = acting_department(actor)
    if department is not None and department in set(departments):
        worn.add(department)
    return frozenset(worn)


def reports_as(actor: Actor, kind: IncidentKind) -> str | None:
    """Return the party for which ``actor`` may report an incident of this kind."""
    if actor.has(*TOWN_ROLES):
        return TOWN
    department = acting_department(actor)
    finds = {row.department for row in kind.involved if row.reports}
    return department if department in finds else None


def acting_department(actor: Actor) -> str | None:
    """Return the department whose handler or lead ``actor`` is, or None."""
    return actor.department if actor.has(*DEPARTMENT_ROLES) else None
