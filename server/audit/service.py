"""Recording events, and the seal that chains them just before the commit.

``record`` only notes the event on the session. Right before the commit all noted
events are numbered, hashed and inserted while the head row is locked, so the lock is
held for two statements and the commit, not for the whole request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from orjson import Fragment
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

from server.audit import chain
from server.audit.models import AuditEvent, Delivery
from server.core import fastsql
from server.core.clock import now
from server.core.db import db
from server.core.permissions import Actor

_PENDING = "audit.pending"


class Pending(NamedTuple):
    """An event noted on the session, not yet numbered."""

    at: datetime
    type: str
    actor_id: UUID | None
    actor_name: str
    subject_type: str
    subject_id: str
    payload: str


def record(
    type: str,
    actor: Actor | None,
    subject: tuple[str, object],
    payload: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Note an event of the current unit of work.

    Args:
        type: dotted name such as ``ticket.reported``.
        actor: who did it; None for the system or someone not signed in.
        subject: kind and id of what it happened to.
        payload: JSON-able details.
        at: when (aware); now by default.
    """
    pending = db.session.info.setdefault(_PENDING, [])
    pending.append(
        Pending(
            at or now(),
            type,
            actor.staff_id if actor else None,
            actor.name if actor else "system",
            subject[0],
            str(subject[1]),
            chain.canonical(dict(payload or {})),
        )
    )


def noted(subject: tuple[str, object]) -> list[Pending]:
    """Return the events of ``subject`` noted in this unit of work, not yet sealed.

    For who must tell of a change before its commit.
    """
    pending: list[Pending] = db.session.info.get(_PENDING, [])
    return [
        one
        for one in pending
        if (one.subject_type, one.subject_id) == (subject[0], str(subject[1]))
    ]


_LOCK = "SELECT last_id, last_hash FROM audit_head WHERE id = 1 FOR UPDATE"
_ADVANCE = "UPDATE audit_head SET last_id = %(id)s, last_hash = %(hash)s WHERE id = 1"


class Sealer:
    """Chains the noted events of every session before it commits.

    Args:
        key: the HMAC key.
        subscriptions: event type → names of the jobs owed for it.
    """

    def __init__(self, key: bytes, subscriptions: Mapping[str, Sequence[str]]) -> None:
        self.key = key
        self.subscriptions = subscriptions

    def attach(self, session: scoped_session[Any]) -> None:
        """Seal on every commit of ``session``, forget on every rollback."""
        event.listen(session, "before_commit", self.seal)
        event.listen(session, "after_rollback", _forget)

    def seal(self, session: Session) -> None:
        """Number, hash and insert what was noted; owe the subscribed jobs."""
        pending: list[Pending] = session.info.pop(_PENDING, [])
        if not pending:
            return
        # Everything else first: the shorter the head is locked, the better.
        session.flush()
        head = fastsql.first(_LOCK, {})
        last_id, last_hash = head
        rows, owed = [], []
        for noted in pending:
            last_id += 1
            fields = noted._asdict()
            last_hash = chain.link(self.key, last_hash, id=last_id, **fields)
            fields["payload"] = Fragment(noted.payload)
            rows.append({"id": last_id, "hash": last_hash, **fields})
            owed += [
                {"event_id": last_id, "job": job, "due_at": noted.at, "attempts": 0}
                for job in self.subscriptions.get(noted.type, ())
            ]
        fastsql.write(
            [(AuditEvent, rows), (Delivery, owed)],
            _ADVANCE,
            {"id": last_id, "hash": last_hash},
        )


def _forget(session: Session) -> None:
    session.info.pop(_PENDING, None)
