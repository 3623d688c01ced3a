"""Telling people and groups; the inbox; each person's choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from server.audit.service import record
from server.config import Settings
from server.core.clock import now
from server.core.db import db
from server.core.errors import NotFound
from server.core.permissions import Actor
from server.notifications import cases, deliveries, messages, quiet, recipients
from server.notifications.cases import Case
from server.notifications.kinds import KINDS, RULES, Rule
from server.notifications.messages import Facts
from server.notifications.models import (
    Notification,
    NotificationDelivery,
    NotificationPreference,
)
from server.notifications.people import Person

MAIL = "email"
_KEEP_SENT = timedelta(days=90)
_KEEP_READ = timedelta(days=365)

_N = Notification


class Told(NamedTuple):
    """A person and what they are told, by language."""

    person: Person
    said: dict[str, dict[str, str]]


# --- from an event to messages ----------------------------------------------------


def tell(event: dict[str, Any], settings: Settings) -> None:
    """Write the inbox rows and the deliveries of one event, all or none.

    The same event again adds nothing, whoever would be concerned by now.
    """
    rule = RULES.get(event["type"])
    case = cases.load(event["subject_type"], event["subject_id"])
    if rule is None or case is None or _is_told(event["id"]):
        return
    rule = recipients.effective(rule, event)
    facts = _facts(rule, case, event)
    found = [
        Told(person, _said(person, rule, case, event, facts))
        for person in recipients.people_for(rule, case, event)
    ]
    if found:
        rows = [_inbox_row(told, rule, case, event) for told in found]
        query = insert(_N).on_conflict_do_nothing(
            index_elements=["event_id", "staff_id"]
        )
        db.session.execute(query, rows)
    moment = now()
    deliveries.add(_mails(found, rule, event, settings, moment))
    public = messages.for_groups(facts, event["type"])
    deliveries.add(
        [
            deliveries.row_for(
                deliveries.to_target(target.id),
                moment,
                event_id=event["id"],
                target_id=target.id,
                kind=rule.kind,
                urgent=rule.urgent,
                message=public,
            )
            for target in recipients.targets_for(rule, case)
        ]
    )


def _is_told(event_id: int) -> bool:
    query = select(
        or_(
            exists(select(1).where(_N.event_id == event_id)),
            exists(select(1).where(NotificationDelivery.event_id == event_id)),
        )
    )
    return bool(db.session.scalar(query))


def _facts(rule: Rule, case: Case, event: dict[str, Any]) -> Facts:
    payload = event["payload"]
    return Facts(
        kind=rule.kind,
        what=rule.what,
        type=case.type,
        number=case.number,
        place=case.place,
        category=case.category,
        department=case.department_name,
        due_on=messages.due_on(payload, case.due_on),
        at=event["at"],
        actor="" if event["actor_id"] is None else event["actor_name"],
        note=str(payload.get("note") or ""),
    )


def _said(
    person: Person, rule: Rule, case: Case, event: dict[str, Any], facts: Facts
) -> dict[str, dict[str, str]]:
    what = recipients.said_to(person, rule, case, event)
    return messages.for_people(replace(facts, what=what))


def _inbox_row(
    told: Told, rule: Rule, case: Case, event: dict[str, Any]
) -> dict[str, Any]:
    return {
        "event_id": event["id"],
        "staff_id": told.person.actor.staff_id,
        "kind": rule.kind,
        "urgent": rule.urgent,
        "subject_type": case.type,
        "subject_id": case.number,
        "said": told.said,
        "at": event["at"],
    }


def _mails(
    found: Sequence[Told],
    rule: Rule,
    event: dict[str, Any],
    settings: Settings,
    moment: datetime,
) -> list[dict[str, Any]]:
    if settings.mail_server is None:
        return []
    rows = []
    for person, said in found:
        choice = person.choice
        if choice is None or not _by_mail(choice, rule.kind):
            continue
        state, due_at = _when(choice, rule, settings, moment)
        rows.append(
            deliveries.row_for(
                deliveries.to_person(choice.staff_id),
                moment,
                event_id=event["id"],
                staff_id=choice.staff_id,
                kind=rule.kind,
                urgent=rule.urgent,
                message={**said[choice.language], "language": choice.language},
                state=state,
                due_at=due_at,
            )
        )
    return rows


def _by_mail(choice: NotificationPreference, kind: str) -> bool:
    return bool(choice.email) and MAIL in choice.channels.get(kind, [MAIL])


def _when(
    choice: NotificationPreference, rule: Rule, settings: Settings, moment: datetime
) -> tuple[str, datetime]:
    """Return the state and the moment of a mail: at once, with others, or held."""
    if rule.urgent:
        return "waiting", moment
    due_at = _batched(moment, settings.mail_batch_seconds)
    end = quiet.ends(due_at, choice.quiet_from, choice.quiet_to, settings.timezone)
    return ("waiting", due_at) if end is None else ("held", end)


def _batched(moment: datetime, seconds: int) -> datetime:
    """Return the end of the stretch of time in which mails of a person are gathered."""
    if seconds == 0:
        return moment
    return datetime.fromtimestamp(
        math.ceil(moment.timestamp() / seconds) * seconds, tz=UTC
    )


# --- the inbox --------------------------------------------------------------------


def inbox(
    actor: Actor, unread: bool | None, kind: str | None, after: int | None, limit: int
) -> list[Notification]:
    """Return a page of the actor's own messages, newest first, below id ``after``."""
    query = select(_N).where(_N.staff_id == actor.staff_id)
    if unread is not None:
        query = query.where(_N.read_at.is_(None) if unread else _N.read_at.is_not(None))
    if kind:
        query = query.where(_N.kind == kind)
    if after is not None:
        query = query.where(_N.id < after)
    return list(db.session.scalars(query.order_by(_N.id.desc()).limit(limit)))


def inbox_of(staff_id: UUID, since: datetime | None = None) -> list[Notification]:
    """Return a person's messages that came after ``since`` (aware), oldest first.

    For whoever shows them elsewhere, such as a phone's bundle.
    """
    query = select(_N).where(_N.staff_id == staff_id)
    if since is not None:
        query = query.where(_N.at > since)
    return list(db.session.scalars(query.order_by(_N.id)))


def count_unread(actor: Actor) -> int:
    """Return how many of the actor's messages are unread."""
    query = select(func.count()).where(
        _N.staff_id == actor.staff_id, _N.read_at.is_(None)
    )
    return db.session.scalar(query) or 0


def mark_read(actor: Actor, notification_id: int) -> Notification:
    """Mark one of the actor's own messages as read; again changes nothing.

    Raises:
        NotFound: none, or another person's.
    """
    row = db.session.get(_N, notification_id, with_for_update=True)
    if row is None:
        raise NotFound()
    if row.staff_id != actor.staff_id:
        raise NotFound(hidden=True)
    row.read_at = row.read_at or now()
    return row


def mark_all_read(actor: Actor, up_to: int) -> int:
    """Mark the actor's messages with ids up to ``up_to`` as read; return how many."""
    done = db.session.execute(
        update(_N)
        .where(_N.staff_id == actor.staff_id, _N.id <= up_to, _N.read_at.is_(None))
        .values(read_at=now())
    )
    return int(getattr(done, "rowcount", 0))


# --- what a person chose ----------------------------------------------------------


def choice_of(actor: Actor) -> NotificationPreference:
    """Return what the actor chose, or what holds as long as they did not."""
    known = db.session.get(NotificationPreference, actor.staff_id)
    return known or NotificationPreference(
        staff_id=actor.staff_id,
        email=None,
        language="zh-CN",
        channels={},
        quiet_from=None,
        quiet_to=None,
    )


def language_of(actor: Actor) -> str:
    """Return the language in which the actor wants messages."""
    return choice_of(actor).language


def choose(actor: Actor, content: dict[str, Any]) -> NotificationPreference:
    """Set the actor's choices, all of them; what is left out is the default."""
    hours = content["quiet_hours"] or {"from": None, "to": None}
    values = {
        "email": content["email"],
        "language": content["language"],
        "channels": {k: v for k, v in content["channels"].items() if k in KINDS},
        "quiet_from": hours["from"],
        "quiet_to": hours["to"],
        "changed_at": now(),
    }
    db.session.execute(
        insert(NotificationPreference)
        .values(staff_id=actor.staff_id, **values)
        .on_conflict_do_update(index_elements=["staff_id"], set_=values)
    )
    # What was held for hours that hold no more is looked at again.
    db.session.execute(
        update(NotificationDelivery)
        .where(
            NotificationDelivery.staff_id == actor.staff_id,
            NotificationDelivery.state == "held",
        )
        .values(due_at=now())
    )
    # The address itself stays out of the chain, from which nothing can be removed.
    told = {
        "mail": content["email"] is not None,
        "language": content["language"],
        "quiet_hours": content["quiet_hours"] is not None,
    }
    subject = ("account", actor.username)
    record("account.notifications_chosen", actor, subject, told)
    known = db.session.get(
        NotificationPreference, actor.staff_id, populate_existing=True
    )
    assert known is not None
    return known


# --- housekeeping -----------------------------------------------------------------


def forget_old() -> int:
    """Remove deliveries sent 90 days ago and messages read a year ago."""
    moment = now()
    sent = db.session.execute(
        delete(NotificationDelivery).where(
            NotificationDelivery.state == "sent",
            NotificationDelivery.sent_at < moment - _KEEP_SENT,
        )
    )
    read = db.session.execute(delete(_N).where(_N.read_at < moment - _KEEP_READ))
    return sum(int(getattr(done, "rowcount", 0)) for done in (sent, read))
