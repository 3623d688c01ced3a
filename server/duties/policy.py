"""Who records, withdraws and sees duty records: the policy on one page.

The town's records are seen by area. A department's are seen by the department, and by
区安委办 and supervisors in whose area it works. Support (履职保障) that a department
records is owed to the towns of the list: their people see it as well. ``visible`` (SQL)
and ``can_read`` (Python) say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from server.checklists.models import Ruleset
from server.checklists.service import own_catalogue, rules_of
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

SUPPORT = ".support"  # how a reference to a support line ends
RECORD = Permission("duty.record", TOWN_ROLES | DEPARTMENT_ROLES)
READ = SIGNED_IN
OVERSEEING = frozenset({Role.SAFETY_OFFICE, Role.SUPERVISOR})
# To whom support is owed: the people of a town in the record's area.
_SUPPORTED = TOWN_ROLES | {Role.SUPERVISOR}
_OFFICER = frozenset({Role.TOWN_OFFICER})


class RecordLike(Protocol):
    """What the policy looks at."""

    staff_id: UUID
    township: bool
    department_code: str
    area_path: str
    clauses: list[str]
    ruleset_id: int


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
        and_(~DutyRecord.township, or_(own, overseen, _supported(actor))),
    )


def _supported(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a record is of support owed to the actor's town."""
    paths = actor.paths(_SUPPORTED)
    if not paths:
        return false()
    lists = select(Ruleset.id).where(Ruleset.catalogue == own_catalogue(actor))
    around = [func.starts_with(path, DutyRecord.area_path) for path in paths]
    return and_(
        func.array_to_string(DutyRecord.clauses, " ").contains(SUPPORT),
        or_(inside_any(DutyRecord.area_path, paths), *around),
        DutyRecord.ruleset_id.in_(lists),
    )


def is_support(clauses: Iterable[str]) -> bool:
    """Tell whether a support line (履职保障) is among ``clauses``."""
    return any(clause.endswith(SUPPORT) for clause in clauses)


def can_read(actor: Actor, record: RecordLike) -> bool:
    """Tell whether ``actor`` may see ``record``."""
    if record.staff_id == actor.staff_id:
        return True
    if record.township:
        return actor.covers(record.area_path, AREA_ROLES)
    if record.department_code == own_department(actor):
        return True
    return actor.covers(record.area_path, OVERSEEING) or _is_owed(actor, record)


def _is_owed(actor: Actor, record: RecordLike) -> bool:
    """Say of one record what :func:`_supported` says."""
    paths = actor.paths(_SUPPORTED)
    there = any(
        path.startswith(record.area_path) or record.area_path.startswith(path)
        for path in paths
    )
    return (
        there
        and is_support(record.clauses)
        and rules_of(record.ruleset_id).catalogue == own_catalogue(actor)
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


def sees_kind_of(
    actor: Actor, township: bool, departments: frozenset[str], support: bool
) -> bool:
    """Tell whether ``actor`` may see records of such a kind at all.

    ``departments`` are the codes of the departments whose kind it is; ``support``: it
    is about a support line.
    """
    if township:
        return actor.has(*AREA_ROLES)
    if actor.has(*OVERSEEING) or own_department(actor) in departments:
        return True
    return support and actor.has(*_SUPPORTED)
