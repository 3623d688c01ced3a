"""Group bots and webhooks: setting them up, trying them, their dead letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update

from server.areas import queries as areas
from server.audit.service import record
from server.config import Settings
from server.core.clock import now
from server.core.db import db, release_connection
from server.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from server.core.outbound import NotAllowed, Unreachable
from server.core.permissions import Actor
from server.core.text import Text
from server.departments.models import Department
from server.notifications import deliveries, messages, policy, senders, vault
from server.notifications.deliveries import OWED, to_target
from server.notifications.kinds import TEST
from server.notifications.models import NotificationDelivery, NotificationTarget

SUBJECT = "notification_target"
_T, _D = NotificationTarget, NotificationDelivery


def _seen(actor: Actor) -> Select[Any]:
    return select(_T).where(policy.visible(actor), _T.removed_at.is_(None))


def listed(actor: Actor, after: UUID | None, limit: int) -> list[NotificationTarget]:
    """Return a page of the targets that are the actor's to set up, in order of id."""
    query = _seen(actor).order_by(_T.id).limit(limit)
    if after is not None:
        query = query.where(_T.id > after)
    return list(db.session.scalars(query))


def view(actor: Actor, target_id: UUID, *, lock: bool = False) -> NotificationTarget:
    """Return a target that is the actor's to set up.

    Raises:
        NotFound: none, or another's.
    """
    query = _seen(actor).where(_T.id == target_id)
    if lock:
        query = query.with_for_update()
    found: NotificationTarget | None = db.session.scalar(query)
    if found is None:
        raise NotFound(hidden=db.session.get(_T, target_id) is not None)
    return found


def create(
    actor: Actor, content: dict[str, Any], settings: Settings
) -> NotificationTarget:
    """Set up a target.

    Raises:
        Invalid: a field is missing or wrong; the URL leads where nothing is sent.
        Forbidden: the department or area is not the actor's.
    """
    _check_owner_named(content)
    _check_secret(content["kind"], content["secret"], required=True)
    _check_url(content["kind"], content["url"], settings)
    area_path = _owner(actor, content)
    moment = now()
    target = NotificationTarget(
        kind=content["kind"],
        name=content["name"],
        department_code=content["department"],
        area_code=content["area"],
        area_path=area_path,
        kinds=content["kinds"],
        active=content["active"],
        created_by=actor.staff_id,
        created_at=moment,
        changed_at=moment,
    )
    _keep(target, content, settings)
    db.session.add(target)
    db.session.flush()
    record(f"{SUBJECT}.created", actor, (SUBJECT, target.id), _told(target))
    return target


def change(
    actor: Actor, target_id: UUID, content: dict[str, Any], settings: Settings
) -> NotificationTarget:
    """Change what ``content`` names; kind and owner stay.

    Raises:
        NotFound: no such target of the actor's.
        Invalid: the URL leads where nothing is sent.
    """
    kind = view(actor, target_id).kind
    if "secret" in content:
        _check_secret(kind, content["secret"], required=True)
    if "url" in content:
        _check_url(kind, content["url"], settings)
    target = view(actor, target_id, lock=True)
    for name in ("name", "kinds", "active"):
        if name in content:
            setattr(target, name, content[name])
    _keep(target, content, settings)
    target.changed_at = now()
    # It may work now.
    deliveries.forgive(to_target(target.id))
    told = {**_told(target), "url_changed": "url" in content}
    record(f"{SUBJECT}.changed", actor, (SUBJECT, target.id), told)
    return target


def remove(actor: Actor, target_id: UUID) -> None:
    """Remove a target: its URL and secret are wiped, what it was owed is given up.

    Raises:
        NotFound: no such target of the actor's.
    """
    target = view(actor, target_id, lock=True)
    target.active, target.removed_at = False, now()
    target.url, target.secret = "", None
    db.session.execute(
        update(_D)
        .where(_D.target_id == target.id, _D.state.in_(OWED))
        .values(state="dead", last_error="the target was removed")
    )
    record(f"{SUBJECT}.removed", actor, (SUBJECT, target.id), {"name": target.name})


def _check_owner_named(content: dict[str, Any]) -> None:
    if (content["department"] is None) == (content["area"] is None):
        raise Invalid.at(
            "/department",
            Text(
                "请填写部门或区域之一", "Name either a department or an area, not both"
            ),
        )


def _check_secret(kind: str, secret: str | None, *, required: bool) -> None:
    if kind == "webhook" and required and not secret:
        raise Invalid.at(
            "/secret", Text("通用网址须有签名密钥", "A webhook needs a secret")
        )
    if kind == "wecom" and secret:
        raise Invalid.at(
            "/secret", Text("企业微信机器人没有密钥", "A WeCom bot has no secret")
        )


def _check_url(kind: str, url: str, settings: Settings) -> None:
    release_connection()  # while the name is looked up
    try:
        senders.check_target(settings, kind, url)
    except NotAllowed as error:
        raise Invalid.at("/url", error.why) from error
    except Unreachable as error:
        why = Text("该网址的主机名无法解析", "The host name is not known")
        raise Invalid.at("/url", why) from error


def _owner(actor: Actor, content: dict[str, Any]) -> str | None:
    """Return the path of the area that owns the target, if one does."""
    code = content["department"]
    if code is not None:
        known = db.session.get(Department, code) is not None
        if known and policy.owns_department(actor, code):
            return None
        raise _not_yours("/department", known)
    area = areas.by_code(content["area"])
    if area is not None and policy.owns_area(actor, area.path):
        return area.path
    raise _not_yours("/area", area is not None)


def _not_yours(pointer: str, known: bool) -> Forbidden | Invalid:
    text = Text("没有该部门或区域，或不归您管理", "No such department or area of yours")
    if known:
        return Forbidden(text, errors=[FieldError(pointer, text)])
    return Invalid.at(pointer, text)


def _keep(
    target: NotificationTarget, content: dict[str, Any], settings: Settings
) -> None:
    """Encrypt the URL and the secret that ``content`` names, if it does."""
    key = settings.secret_key
    if "url" in content:
        url = content["url"]
        target.url, target.url_tail = vault.lock(key, url), url[-vault.TAIL :]
        target.bot = vault.fingerprint(key, url)
    if "secret" in content:
        secret = content["secret"]
        target.secret = vault.lock(key, secret) if secret else None
        target.secret_tail = secret[-vault.TAIL :] if secret else None


def _told(target: NotificationTarget) -> dict[str, Any]:
    return {
        "kind": target.kind,
        "name": target.name,
        "department": target.department_code,
        "area": target.area_code,
        "kinds": target.kinds,
        "active": target.active,
    }


# --- trying a target --------------------------------------------------------------


def send_test(actor: Actor, target_id: UUID) -> NotificationDelivery:
    """Owe a target a test message, the same way as any other; return the delivery.

    Raises:
        NotFound: no such target of the actor's.
        Conflict: it is switched off, or a test is under way.
    """
    target = view(actor, target_id, lock=True)
    if not target.active:
        raise Conflict(Text("该通知对象已停用", "The target is switched off"))
    under_way = select(_D.id).where(
        _D.target_id == target.id, _D.kind == TEST, _D.state.in_(OWED)
    )
    if db.session.scalar(under_way.limit(1)) is not None:
        raise Conflict(Text("上一条测试尚未送出", "A test is under way already"))
    moment = now()
    delivery = NotificationDelivery(
        **deliveries.row_for(
            to_target(target.id),
            moment,
            target_id=target.id,
            kind=TEST,
            urgent=True,
            message=messages.for_test(moment, target.name),
        )
    )
    db.session.add(delivery)
    db.session.flush()
    deliveries.forgive(to_target(target.id))
    record(f"{SUBJECT}.tested", actor, (SUBJECT, target.id), {"name": target.name})
    return delivery


def deliveries_of(
    actor: Actor, target_id: UUID, after: int | None, limit: int
) -> list[NotificationDelivery]:
    """Return a page of what a target was owed, newest first.

    Raises:
        NotFound: no such target of the actor's.
    """
    target = view(actor, target_id)
    query = select(_D).where(_D.target_id == target.id)
    if after is not None:
        query = query.where(_D.id < after)
    return list(db.session.scalars(query.order_by(_D.id.desc()).limit(limit)))


# --- dead letters -----------------------------------------------------------------


def dead(actor: Actor, after: int | None, limit: int) -> list[NotificationDelivery]:
    """Return a page of the dead letters the actor answers for, newest first."""
    query = select(_D).where(_D.state == "dead", policy.dead_visible(actor))
    if after is not None:
        query = query.where(_D.id < after)
    return list(db.session.scalars(query.order_by(_D.id.desc()).limit(limit)))


def resend(actor: Actor, delivery_id: int) -> NotificationDelivery:
    """Owe a dead letter anew, as if it had never been tried.

    Raises:
        NotFound: no dead letter with this id that the actor answers for.
        Conflict: its target was removed.
    """
    query = select(_D).where(
        _D.id == delivery_id, _D.state == "dead", policy.dead_visible(actor)
    )
    row = db.session.scalar(query.with_for_update())
    if row is None:
        raise NotFound(hidden=db.session.get(_D, delivery_id) is not None)
    target = db.session.get(_T, row.target_id) if row.target_id else None
    if target is not None and target.removed_at is not None:
        raise Conflict(Text("该通知对象已删除", "The target was removed"))
    row.state, row.attempts, row.due_at = "waiting", 0, now()
    row.leased_until, row.claim = None, None
    deliveries.forgive(row.recipient)
    subject = ("notification_delivery", row.id)
    record("notification.resent", actor, subject, {"kind": row.kind})
    return row
