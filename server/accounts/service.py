"""Signing in and out, phones, and who a token belongs to."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.accounts import policy, queries
from server.accounts.models import (
    Device,
    RoleGrant,
    SignInFailure,
    Staff,
    Token,
)
from server.accounts.passwords import hash_password, matches
from server.areas import queries as areas
from server.audit.service import record
from server.config import Settings
from server.core.clock import now
from server.core.db import commit, db
from server.core.errors import Invalid, NotFound, TooManyRequests, Unauthenticated
from server.core.permissions import DEPARTMENT_ROLES, Actor, AreaRef, Grant, Role
from server.core.text import Text
from server.departments.models import Department

# A token in use is renewed at most this often: not every request should write.
RENEW_EVERY = timedelta(hours=6)


@dataclass(frozen=True)
class SignedIn:
    """The outcome of a sign-in: the token exists here only, never in the database."""

    token: str
    expires_at: datetime
    actor: Actor


def token_hash(token: str) -> bytes:
    """Return what is stored of a token. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def authenticate(token: str, settings: Settings) -> Actor:
    """Return who holds ``token``, renewing a device token that is in use.

    Raises:
        Unauthenticated: unknown, revoked or expired token, or a closed account.
    """
    row = queries.by_token(token_hash(token))
    moment = now()
    usable = (
        row is not None
        and row.active
        and row.revoked_at is None
        and row.expires_at > moment
    )
    if row is None or not usable:
        raise Unauthenticated(Text("登录已失效", "The token is not valid any more"))
    expires_at = row.expires_at
    if row.device_id is not None and moment - row.renewed_at > RENEW_EVERY:
        expires_at = moment + timedelta(days=settings.device_token_days)
        db.session.execute(
            update(Token)
            .where(Token.id == row.token_id)
            .values(renewed_at=moment, expires_at=expires_at)
        )
        # Now: a route that waits for its body gives this transaction up.
        commit()
    return _actor(row, expires_at)


def _actor(row: Any, expires_at: datetime) -> Actor:
    grants = tuple(
        Grant(Role(role), AreaRef(code, name, level, path))
        for role, code, name, level, path in row.grants or ()
    )
    return Actor(
        staff_id=row.staff_id,
        username=row.username,
        name=row.name,
        grants=grants,
        department=row.department_code,
        department_name=row.department_name,
        token_id=row.token_id,
        device_id=row.device_id,
        expires_at=expires_at,
    )


def sign_in(
    username: str,
    password: str,
    device: dict[str, str] | None,
    address: str,
    settings: Settings,
) -> SignedIn:
    """Sign a person in.

    Attempts on one account are taken one after the other (advisory lock), so that
    many at once cannot slip through the count.

    Raises:
        Unauthenticated: wrong name or password, which of the two is not told.
        TooManyRequests: too many failures of this account or from this address.
    """
    name = username.strip().lower()
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))
    _throttle(name, (device or {}).get("id"), address, settings)
    staff = queries.by_username(name)
    known = staff.password_hash if staff and staff.active else None
    if not matches(password, known) or staff is None:
        db.session.add(SignInFailure(username=name, address=address, at=now()))
        record("account.sign_in_failed", None, ("account", name), {"address": address})
        raise Unauthenticated(Text("用户名或密码不正确", "Wrong user name or password"))
    db.session.execute(delete(SignInFailure).where(SignInFailure.username == name))
    signed_in = _issue(staff, device, settings)
    record(
        "account.signed_in",
        signed_in.actor,
        ("account", name),
        {"address": address, "device": (device or {}).get("id")},
    )
    return signed_in


def _throttle(
    name: str, device_id: str | None, address: str, settings: Settings
) -> None:
    """Refuse an attempt on an account, or from an address, that has had too many.

    A whole office may share an address: whoever guesses from it must not lock out
    the phones that are enrolled. A guesser does not know what such a phone calls
    itself, and the account's own limit holds for it all the same.
    """
    since = now() - timedelta(seconds=settings.login_window_seconds)
    too_many = (
        queries.count_failures(since, username=name) >= settings.login_attempts
    ) or (
        queries.count_failures(since, address=address)
        >= settings.login_attempts_per_address
        and not (device_id and queries.is_enrolled(name, device_id))
    )
    if too_many:
        record("account.throttled", None, ("account", name), {"address": address})
        raise TooManyRequests(
            Text("登录尝试过多，请稍后再试", "Too many attempts, try again later"),
            retry_after=settings.login_window_seconds,
        )


def _issue(staff: Staff, device: dict[str, str] | None, settings: Settings) -> SignedIn:
    moment = now()
    lifetime = (
        timedelta(days=settings.device_token_days)
        if device
        else timedelta(hours=settings.session_token_hours)
    )
    if device:
        _enrol(staff.id, device, moment)
    token = secrets.token_urlsafe(32)
    db.session.add(
        Token(
            hash=token_hash(token),
            staff_id=staff.id,
            device_id=device["id"] if device else None,
            issued_at=moment,
            renewed_at=moment,
            expires_at=moment + lifetime,
        )
    )
    db.session.flush()
    row = queries.by_token(token_hash(token))
    assert row is not None
    return SignedIn(token, row.expires_at, _actor(row, row.expires_at))


def _enrol(staff_id: UUID, device: dict[str, str], moment: datetime) -> None:
    """Enrol a phone; signing in again on it ends its earlier token."""
    fresh = {
        "name": device.get("name", ""),
        "platform": device.get("platform", ""),
        "enrolled_at": moment,
        "revoked_at": None,
    }
    db.session.execute(
        upsert(Device)
        .values(staff_id=staff_id, id=device["id"], **fresh)
        .on_conflict_do_update(index_elements=["staff_id", "id"], set_=fresh)
    )
    _end_tokens(staff_id, device["id"], moment)


def _end_tokens(staff_id: UUID, device_id: str, moment: datetime) -> None:
    db.session.execute(
        update(Token)
        .where(
            Token.staff_id == staff_id,
            Token.device_id == device_id,
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=moment)
    )


def sign_out(actor: Actor) -> None:
    """End the token that is used now."""
    db.session.execute(
        update(Token).where(Token.id == actor.token_id).values(revoked_at=now())
    )
    record("account.signed_out", actor, ("account", actor.username))


def list_devices(actor: Actor) -> list[tuple[Device, str]]:
    """Return the phones ``actor`` may see: their own; administrators: their area's."""
    if actor.has(Role.ADMINISTRATOR):
        return queries.devices_under(actor.paths(policy.ADMINISTRATORS))
    return queries.devices_of(actor.staff_id)


def revoke_device(actor: Actor, device_id: str) -> None:
    """Revoke a phone and end its tokens at once.

    Raises:
        NotFound: no such phone among those the actor may see.
    """
    visible = [d for d, _ in list_devices(actor) if d.id == device_id]
    if not visible:
        raise NotFound()
    moment = now()
    for device in visible:
        device.revoked_at = moment
        _end_tokens(device.staff_id, device.id, moment)
        record(
            "device.revoked",
            actor,
            ("device", device.id),
            {"owner": str(device.staff_id)},
        )


def create_staff(
    username: str,
    name: str,
    password: str,
    grants: list[tuple[Role, str]],
    department: str | None = None,
    by: Actor | None = None,
) -> Staff:
    """Create an account; ``grants`` are (role, area code) pairs."""
    staff = Staff(
        username=username.strip().lower(),
        name=name,
        password_hash=hash_password(password),
        department_code=department,
        created_at=now(),
    )
    db.session.add(staff)
    db.session.flush()
    db.session.add_all(
        RoleGrant(staff_id=staff.id, role=role.value, area_code=code)
        for role, code in grants
    )
    db.session.flush()
    record(
        "account.created",
        by,
        ("account", staff.username),
        {"grants": [[role.value, code] for role, code in grants]},
    )
    return staff


def open_account(
    username: str,
    name: str,
    password: str,
    grants: list[tuple[Role, str]],
    department: str | None = None,
) -> Staff:
    """Create an account after checking everything it names.

    Raises:
        Invalid: the name is taken, an area or the department does not exist, or a
            department's role comes without a department.
    """
    if queries.by_username(username.strip().lower()) is not None:
        raise Invalid.at("/username", Text("用户名已存在", "the name is taken"))
    for role, code in grants:
        if areas.by_code(code) is None:
            raise Invalid.at("/area", Text(f"没有区域 {code}", f"no area {code}"))
        if role in DEPARTMENT_ROLES and department is None:
            message = Text("该角色须有部门", f"role {role} needs a department")
            raise Invalid.at("/department", message)
    if department is not None and db.session.get(Department, department) is None:
        message = Text(f"没有部门 {department}", f"no department {department}")
        raise Invalid.at("/department", message)
    return create_staff(username, name, password, grants, department)


def reset_password(username: str, password: str) -> None:
    """Give an account another password and end all its tokens.

    Raises:
        NotFound: no such account.
    """
    staff = _existing(username)
    staff.password_hash = hash_password(password)
    _end_all_tokens(staff)
    record("account.password_reset", None, ("account", staff.username))


def close_account(username: str) -> None:
    """Close an account and end all its tokens; what it did stays.

    Raises:
        NotFound: no such account.
    """
    staff = _existing(username)
    staff.active = False
    _end_all_tokens(staff)
    record("account.closed", None, ("account", staff.username))


def _existing(username: str) -> Staff:
    staff = queries.by_username(username.strip().lower())
    if staff is None:
        raise NotFound(Text(f"没有账户 {username}", f"no account {username}"))
    return staff


def _end_all_tokens(staff: Staff) -> None:
    db.session.execute(
        update(Token)
        .where(Token.staff_id == staff.id, Token.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def forget_old_failures(settings: Settings) -> int:
    """Remove failed sign-ins that no throttle looks at any more; return how many."""
    before = now() - timedelta(seconds=settings.login_window_seconds)
    gone = db.session.execute(delete(SignInFailure).where(SignInFailure.at < before))
    return int(getattr(gone, "rowcount", 0))
