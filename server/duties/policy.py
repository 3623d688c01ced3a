"""Who records, withdraws and sees duty records: the policy on one page.

The town's records are seen by area. A department's are seen by the department, and by
区安委办 and supervisors in whose area it works; ``visible`` (SQL) and ``can_read``
(Python) say the same.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_

from server.core.db import inside_any
from server.core.permissions import (
    AREA_ROLES,
    DEPARTMENT_ROLES,
    SIGNED_IN,
    TOWN_ROLES,
    Actor,
    Permission,
    Role,
)
from server.duties.models import DutyRecord

RECORD = Permission("duty.record", TOWN_ROLES | DEPARTMENT_ROLES)
READ = SIGNED_IN
OVERSEEING = frozenset({Role.SAFETY_OFFICE, Role.SUPERVISOR})
_OFFICER = frozenset({Role.TOWN_OFFICER})


class RecordLike(Protocol):
    """What the policy looks at."""

    staff_id: UUID
    township: bool
    department_code: str
    area_path: str


def own_department(actor: Actor) -> str | None:
    """Return the department for which ``actor`` records and reads, if any."""
    return None if actor.roles.isdisjoint(DEPARTMENT_ROLES) else actor.department


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`DutyRecord`."""
    department = own_department(actor)
    own = DutyRecord.department_code == department if department else false()
    overseen = inside_any(DutyRecord.area_path, actor.paths(OVERSEEING))
    return or_(
        DutyRecord.staff_id == actor.staff_id,
        and_(
            DutyRecord.township,
            inside_any(DutyRecord.area_path, actor.paths(AREA_ROLES)),
        ),
        and_(~DutyRecord.township, or_(own, overseen)),
    )


def can_read(actor: Actor, record: RecordLike) -> bool:
    """Tell whether ``actor`` may see ``record``."""
    if record.staff_id == actor.staff_id:
        return True
    if record.township:
        return actor.covers(record.area_path, AREA_ROLES)
    return record.department_code == own_department(actor) or actor.covers(
        record.area_path, OVERSEEING
    )


def can_answer_for(actor: Actor, record: RecordLike) -> bool:
    """Tell whether ``actor``, who sees ``record``, may withdraw it.

    Its sender, the officers of the town, the department's lead.
    """
    if record.staff_id == actor.staff_id:
        return True
    if record.township:
        return actor.covers(record.area_path, _OFFICER)
    return record.department_code == own_department(actor) and actor.has(Role.LEAD)


def can_see_originals(actor: Actor, record: RecordLike) -> bool:
    """Tell whether ``actor``, who sees ``record``, may read original pictures."""
    return can_answer_for(actor, record) or actor.covers(
        record.area_path, frozenset({Role.SAFETY_OFFICE})
    )


def sees_kind_of(actor: Actor, township: bool, departments: frozenset[str]) -> bool:
    """Tell whether ``actor`` may see records of such a party at all.

    ``departments`` are the codes of the departments whose kind it is.
    """
    if township:
        return actor.has(*AREA_ROLES)
    return actor.has(*OVERSEEING) or own_department(actor) in departments
