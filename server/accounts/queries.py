"""Reading accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from server.accounts.models import Device, RoleGrant, SignInFailure, Staff
from server.areas.models import Area
from server.core import fastsql
from server.core.db import db, inside_any

# One statement per request decides who is calling, so it is worth spelling out.
_CALLER = """
    SELECT t.id AS token_id, t.device_id, t.renewed_at, t.expires_at, t.revoked_at,
           s.id AS staff_id, s.username, s.name, s.active,
           s.department_code, d.name AS department_name,
           (SELECT json_agg(json_build_array(g.role, a.code, a.name, a.level, a.path)
                            ORDER BY a.path, g.role)
              FROM role_grants g JOIN areas a ON a.code = g.area_code
             WHERE g.staff_id = s.id) AS grants
      FROM tokens t
      JOIN staff s ON s.id = t.staff_id
      LEFT JOIN departments d ON d.code = s.department_code
     WHERE t.hash = %(hash)s
    """


def by_token(token_hash: bytes) -> Any:
    """Return the token with its owner and their grants, or None."""
    return fastsql.first(_CALLER, {"hash": token_hash})


def by_username(username: str) -> Staff | None:
    """Return the account with this name (lower case), or None."""
    return db.session.scalar(select(Staff).where(Staff.username == username))


def count_failures(since: datetime, *, username: str = "", address: str = "") -> int:
    """Count failed sign-ins since a moment, of one account or one address."""
    query = select(func.count()).where(SignInFailure.at >= since)
    if username:
        query = query.where(SignInFailure.username == username)
    if address:
        query = query.where(SignInFailure.address == address)
    return db.session.scalar(query) or 0


def is_enrolled(username: str, device_id: str) -> bool:
    """Tell whether a phone is enrolled for this account and not revoked."""
    query = (
        select(Device.id)
        .join(Staff, Staff.id == Device.staff_id)
        .where(
            Staff.username == username,
            Device.id == device_id,
            Device.revoked_at.is_(None),
        )
    )
    return db.session.scalar(query) is not None


def devices_of(staff_id: UUID) -> list[tuple[Device, str]]:
    """Return a person's enrolled phones with the owner's name, newest first."""
    query = (
        select(Device, Staff.name)
        .join(Staff, Staff.id == Device.staff_id)
        .where(Device.staff_id == staff_id, Device.revoked_at.is_(None))
        .order_by(Device.enrolled_at.desc())
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def devices_under(paths: tuple[str, ...]) -> list[tuple[Device, str]]:
    """Return the phones of everyone with a role below one of ``paths``."""
    inside = select(RoleGrant.staff_id).join(Area, Area.code == RoleGrant.area_code)
    inside = inside.where(inside_any(Area.path, paths))
    query = (
        select(Device, Staff.name)
        .join(Staff, Staff.id == Device.staff_id)
        .where(Device.revoked_at.is_(None), Device.staff_id.in_(inside))
        .order_by(Staff.username, Device.enrolled_at.desc())
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def area_paths_of(staff_id: UUID) -> list[str]:
    """Return the paths of the areas in which a person holds any role."""
    query = (
        select(Area.path)
        .join(RoleGrant, RoleGrant.area_code == Area.code)
        .where(RoleGrant.staff_id == staff_id)
    )
    return list(db.session.scalars(query))


def name_of(staff_id: UUID) -> str:
    """Return the name of a member of staff."""
    return db.session.scalars(select(Staff.name).where(Staff.id == staff_id)).one()
