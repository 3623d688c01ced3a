"""Finding the people an event concerns; each comes with what they chose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from server.accounts.models import RoleGrant, Staff
from server.areas.models import Area
from server.core.db import db
from server.core.permissions import (
    DEPARTMENT_ROLES,
    TOWN_ROLES,
    Actor,
    AreaRef,
    Grant,
    Role,
)
from server.notifications.models import NotificationPreference


@dataclass
class Wanted:
    """Whom to look for: any of these.

    ``roles`` are held in the area of the case or above it.
    """

    departments: set[str] = field(default_factory=set)
    chiefs: set[str] = field(default_factory=set)
    roles: set[Role] = field(default_factory=set)
    ids: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Person:
    """Someone to be told, as the policies see them, and their choice, if any."""

    actor: Actor
    choice: NotificationPreference | None

    def wanted_by(self, wanted: Wanted, area_path: str) -> bool:
        """Tell which of those that :func:`find` finds together this person is."""
        actor = self.actor
        held = {grant.role for grant in actor.grants}
        near = {
            grant.role
            for grant in actor.grants
            if area_path.startswith(grant.area.path)
            or grant.area.path.startswith(area_path)
        }
        return (
            actor.staff_id in wanted.ids
            or (
                actor.department in wanted.departments
                and not held.isdisjoint(DEPARTMENT_ROLES)
            )
            or (actor.department in wanted.chiefs and Role.LEAD in held)
            or not near.isdisjoint(wanted.roles)
        )


def find(wanted: Wanted, area_path: str, *, around: bool = False) -> list[Person]:
    """Return the people with an open account, in order of id.

    ``around``: people of the town whose own area lies below ``area_path``, too.
    """
    conditions = [
        Staff.id.in_(wanted.ids),
        _in_departments(wanted.departments, DEPARTMENT_ROLES),
        _in_departments(wanted.chiefs, {Role.LEAD}),
        _holding(wanted.roles, area_path, around),
    ]
    query = (
        select(Staff, NotificationPreference)
        .outerjoin(NotificationPreference, NotificationPreference.staff_id == Staff.id)
        .where(Staff.active, or_(*conditions))
        .order_by(Staff.id)
    )
    rows = db.session.execute(query).all()
    grants = _grants([staff.id for staff, _ in rows])
    return [Person(_actor(staff, grants[staff.id]), choice) for staff, choice in rows]


def _in_departments(codes: set[str], roles: Iterable[Role]) -> ColumnElement[bool]:
    if not codes:
        return false()
    held = select(1).where(
        RoleGrant.staff_id == Staff.id,
        RoleGrant.role.in_([role.value for role in roles]),
    )
    return and_(Staff.department_code.in_(codes), exists(held))


def _holding(roles: set[Role], area_path: str, around: bool) -> ColumnElement[bool]:
    if not roles:
        return false()
    codes = area_path.strip("/").split("/")
    above = ["/".join(codes[: depth + 1]) + "/" for depth in range(len(codes))]
    where: ColumnElement[bool] = Area.path.in_(above)
    if around:
        town = RoleGrant.role.in_([role.value for role in TOWN_ROLES])
        where = or_(where, and_(town, Area.path.startswith(area_path)))
    held = (
        select(1)
        .select_from(RoleGrant)
        .join(Area, Area.code == RoleGrant.area_code)
        .where(
            RoleGrant.staff_id == Staff.id,
            RoleGrant.role.in_([role.value for role in roles]),
            where,
        )
    )
    return exists(held)


def _grants(staff_ids: list[UUID]) -> dict[UUID, list[Grant]]:
    query = (
        select(RoleGrant.staff_id, RoleGrant.role, Area)
        .join(Area, Area.code == RoleGrant.area_code)
        .where(RoleGrant.staff_id.in_(staff_ids))
        .order_by(Area.path, RoleGrant.role)
    )
    found: dict[UUID, list[Grant]] = {id: [] for id in staff_ids}
    for staff_id, role, area in db.session.execute(query):
        ref = AreaRef(area.code, area.name, area.level, area.path)
        found[staff_id].append(Grant(Role(role), ref))
    return found


def _actor(staff: Staff, grants: list[Grant]) -> Actor:
    """Return a person as policies ask for them; nobody is signed in."""
    return Actor(
        staff_id=staff.id,
        username=staff.username,
        name=staff.name,
        grants=tuple(grants),
        department=staff.department_code,
        department_name=None,
        token_id=UUID(int=0),
        device_id=None,
        expires_at=datetime.min.replace(tzinfo=UTC),
    )
