"""What is owed to recipients: claiming it, noting what became of it, dead letters.

A claim is a lease: rows are locked for a moment and marked, then sent without any
transaction, then marked again. Whoever dies in between loses nothing: the lease ends
and another sends. Recipients fail each for themselves.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from server.accounts.models import Staff
from server.config import Settings
from server.core.clock import now
from server.core.db import db
from server.notifications import messages, quiet, vault
from server.notifications.models import (
    NotificationBackoff,
    NotificationDelivery,
    NotificationPreference,
    NotificationSend,
    NotificationTarget,
)
from server.notifications.senders import BOTS, LIMITS, Parcel, Unsent, bot_pieces

LEASE = timedelta(minutes=3)
# With the pauses below some ten hours of trying.
MAX_ATTEMPTS = 20
LONGEST_PAUSE_S = 3600
# Recipients of one round, and deliveries of one recipient in it.
RECIPIENTS = 40
PER_RECIPIENT = 60
PER_MINUTE = 20
# The bot counts when a message arrives, we when it was claimed: some room between.
MINUTE = timedelta(seconds=70)
# Pseudo-recipient whose back-off stops all mail: the mail server itself.
MAIL_SERVER = "mail-server"

OWED = ("waiting", "held")
_D = NotificationDelivery


@dataclass(frozen=True)
class Claimed:
    """What one recipient gets in this round, in this order.

    ``address``: of a person. ``target_kind``, ``url``, ``secret``: of a target;
    ``trouble`` says why nothing can be sent at all.
    """

    recipient: str
    claim: UUID
    parcels: tuple[Parcel, ...]
    address: str | None = None
    target_kind: str | None = None
    url: str = ""
    secret: str | None = None
    trouble: str | None = None


def to_person(staff_id: UUID) -> str:
    """Return what a person's mail is called as a recipient."""
    return f"mail:{staff_id}"


def to_target(target_id: UUID) -> str:
    """Return what a target is called as a recipient."""
    return f"target:{target_id}"


def add(rows: Sequence[dict[str, Any]]) -> None:
    """Owe deliveries; one that is owed already for its event is not owed twice."""
    if rows:
        db.session.execute(
            insert(_D).on_conflict_do_nothing(index_elements=["event_id", "recipient"]),
            list(rows),
        )


def row_for(recipient: str, moment: datetime, **values: Any) -> dict[str, Any]:
    """Return the columns of a new delivery, due at ``moment`` unless said."""
    return {
        "event_id": None,
        "recipient": recipient,
        "channel": recipient.partition(":")[0],
        "staff_id": None,
        "target_id": None,
        "state": "waiting",
        "attempts": 0,
        "due_at": moment,
        "created_at": moment,
        **values,
    }


# --- claiming ---------------------------------------------------------------------


def claim(settings: Settings) -> list[Claimed]:
    """Lease what is due, by recipient, the longest waiting first."""
    moment = now()
    claimed = []
    for recipient in _due_recipients(moment):
        rows = _lock_due(recipient, moment)
        if not rows:
            continue
        if rows[0].channel == "mail":
            one = _claim_mail(recipient, rows, moment, settings)
        else:
            one = _claim_target(recipient, rows, moment, settings)
        if one is not None:
            claimed.append(one)
    return claimed


def _is_due(moment: datetime) -> ColumnElement[bool]:
    return and_(
        _D.state.in_(OWED),
        _D.due_at <= moment,
        or_(_D.leased_until.is_(None), _D.leased_until <= moment),
    )


def _due_recipients(moment: datetime) -> list[str]:
    pausing = select(NotificationBackoff.recipient).where(
        NotificationBackoff.until > moment
    )
    no_mail = literal(MAIL_SERVER).in_(pausing) & (_D.channel == "mail")
    query = (
        select(_D.recipient)
        .outerjoin(NotificationTarget, NotificationTarget.id == _D.target_id)
        .where(
            _is_due(moment),
            _D.recipient.not_in(pausing),
            ~no_mail,
            or_(_D.target_id.is_(None), NotificationTarget.active),
        )
        .group_by(_D.recipient)
        .order_by(func.min(_D.due_at))
        .limit(RECIPIENTS)
    )
    return list(db.session.scalars(query))


def _lock_due(recipient: str, moment: datetime) -> list[NotificationDelivery]:
    query = (
        select(_D)
        .where(_D.recipient == recipient, _is_due(moment))
        .order_by(_D.id)
        .limit(PER_RECIPIENT)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def _lease(rows: Sequence[NotificationDelivery], moment: datetime) -> UUID:
    token = uuid4()
    for row in rows:
        row.claim, row.leased_until = token, moment + LEASE
    return token


def _parcel(rows: Sequence[NotificationDelivery]) -> Parcel:
    return Parcel(tuple(row.id for row in rows), tuple(row.message for row in rows))


def _claim_mail(
    recipient: str,
    rows: list[NotificationDelivery],
    moment: datetime,
    settings: Settings,
) -> Claimed | None:
    staff_id = rows[0].staff_id
    choice = db.session.get(NotificationPreference, staff_id, populate_existing=True)
    staff = db.session.get(Staff, staff_id, populate_existing=True)
    if choice is None or not choice.email or staff is None or not staff.active:
        for row in rows:
            row.state, row.last_error = "dead", "no mail address any more"
        return None
    end = quiet.ends(moment, choice.quiet_from, choice.quiet_to, settings.timezone)
    if end is not None:
        for row in rows:
            if not row.urgent:
                row.state, row.due_at = "held", end
        rows = [row for row in rows if row.urgent]
    if not rows:
        return None
    parcel = (_parcel(rows),)
    return Claimed(recipient, _lease(rows, moment), parcel, address=choice.email)


def _claim_target(
    recipient: str,
    rows: list[NotificationDelivery],
    moment: datetime,
    settings: Settings,
) -> Claimed | None:
    target = db.session.get(
        NotificationTarget, rows[0].target_id, populate_existing=True
    )
    assert target is not None
    parcels = (
        _for_bot(target, recipient, rows, moment)
        if target.kind in BOTS
        else tuple(_parcel([row]) for row in rows)
    )
    if not parcels:
        return None
    ids = {id for parcel in parcels for id in parcel.ids}
    token = _lease([row for row in rows if row.id in ids], moment)
    trouble = None
    url, secret = "", None
    try:
        url = vault.unlock(settings.secret_key, target.url)
        secret = target.secret and vault.unlock(settings.secret_key, target.secret)
    except vault.Sealed as error:
        trouble = str(error)
    return Claimed(
        recipient,
        token,
        parcels,
        target_kind=target.kind,
        url=url,
        secret=secret,
        trouble=trouble,
    )


def _for_bot(
    target: NotificationTarget,
    recipient: str,
    rows: list[NotificationDelivery],
    moment: datetime,
) -> tuple[Parcel, ...]:
    """Pack the rows into as many messages as the bot takes now, and count these."""
    left = _left_this_minute(target.bot, moment)
    if left == 0:
        _pause(recipient, moment + timedelta(seconds=5))
        return ()
    parcels: list[Parcel] = []
    while rows and len(parcels) < left:
        pieces = bot_pieces(target.kind, _parcel(rows))
        fitting = messages.packed(pieces, LIMITS[target.kind])
        parcels.append(_parcel(rows[:fitting]))
        rows = rows[fitting:]
    db.session.add_all(NotificationSend(bot=target.bot, at=moment) for _ in parcels)
    return tuple(parcels)


def _left_this_minute(bot: str, moment: datetime) -> int:
    """Return how many messages a bot takes yet; held until the commit, so that two
    senders do not both take the last."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(bot))))
    sent = select(func.count()).where(
        NotificationSend.bot == bot, NotificationSend.at > moment - MINUTE
    )
    return max(0, PER_MINUTE - (db.session.scalar(sent) or 0))


def forget_sends() -> None:
    """Remove what no count of messages per minute looks at any more."""
    db.session.execute(
        delete(NotificationSend).where(NotificationSend.at < now() - 2 * MINUTE)
    )


# --- what became of it ------------------------------------------------------------


def _own(claimed: Claimed, ids: Collection[int]) -> ColumnElement[bool]:
    # Another may have sent it since: who was too slow marks nothing.
    return and_(_D.id.in_(ids), _D.claim == claimed.claim, _D.state.in_(OWED))


def mark_sent(claimed: Claimed, parcel: Parcel) -> None:
    """Note that a message was taken."""
    db.session.execute(
        update(_D)
        .where(_own(claimed, parcel.ids))
        .values(
            state="sent",
            sent_at=now(),
            attempts=_D.attempts + 1,
            last_error=None,
            leased_until=None,
        )
    )
    forgiven = [claimed.recipient]
    if claimed.address:
        forgiven.append(MAIL_SERVER)
    db.session.execute(
        delete(NotificationBackoff).where(NotificationBackoff.recipient.in_(forgiven))
    )


def mark_failed(claimed: Claimed, parcel: Parcel, why: Unsent) -> None:
    """Note that a message was not taken: later again, or given up.

    The recipient is left alone for 2, 4, 8 … seconds, at most an hour. "Too quickly"
    and a mail server that is away are no failures of the message.
    """
    blameless = bool(why.wait or why.server)
    dead = _D.attempts + 1 >= MAX_ATTEMPTS
    changes: dict[str, Any] = {"last_error": str(why)[:500], "leased_until": None}
    if not blameless:
        changes["attempts"] = _D.attempts + 1
    own = _own(claimed, parcel.ids)
    if not blameless:
        db.session.execute(update(_D).where(own, dead).values(state="dead", **changes))
    db.session.execute(update(_D).where(own).values(**changes))
    key = MAIL_SERVER if why.server else claimed.recipient
    if why.wait:
        _pause(key, now() + timedelta(seconds=why.wait))
    else:
        _back_off(key)


def release(claimed: Claimed, parcel: Parcel) -> None:
    """Give back what was claimed and not tried."""
    db.session.execute(
        update(_D).where(_own(claimed, parcel.ids)).values(leased_until=None)
    )


def _pause(recipient: str, until: datetime) -> None:
    row = {"recipient": recipient, "failures": 0, "until": until}
    db.session.execute(
        insert(NotificationBackoff)
        .values(row)
        .on_conflict_do_update(index_elements=["recipient"], set_={"until": until})
    )


def _back_off(recipient: str) -> None:
    known = db.session.get(NotificationBackoff, recipient, with_for_update=True)
    failures = (known.failures if known else 0) + 1
    until = now() + pause(failures)
    row = {"recipient": recipient, "failures": failures, "until": until}
    db.session.execute(
        insert(NotificationBackoff)
        .values(row)
        .on_conflict_do_update(index_elements=["recipient"], set_=row)
    )
    db.session.expire_all()


def pause(failures: int) -> timedelta:
    """Return how long a recipient is left alone after so many failures in a row."""
    longest = min(2.0 ** min(failures, 30), LONGEST_PAUSE_S)
    # Recipients that failed together do not come back together.
    return timedelta(seconds=longest * random.uniform(0.75, 1.0))  # noqa: S311


def forgive(recipient: str) -> None:
    """Let a recipient be tried at once."""
    names = [recipient]
    if recipient.startswith("mail:"):
        names.append(MAIL_SERVER)
    db.session.execute(
        delete(NotificationBackoff).where(NotificationBackoff.recipient.in_(names))
    )


def backlog() -> dict[str, int]:
    """Count deliveries that are ``waiting``, ``held`` (quiet hours) and ``dead``."""
    query = select(_D.state, func.count()).where(_D.state != "sent").group_by(_D.state)
    counted = {row[0]: row[1] for row in db.session.execute(query)}
    return {state: counted.get(state, 0) for state in ("waiting", "held", "dead")}
