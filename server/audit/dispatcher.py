"""From the outbox to the queue.

Requests never talk to Redis. This loop, the only one that enqueues event jobs, reads
owed deliveries in batches and hands them over; a delivery stays in the outbox until
its job has succeeded, so a Redis that is down, or comes back empty, loses nothing:
what was handed over and not finished is handed over again after a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from server.audit.models import AuditEvent, Delivery
from server.core.clock import now
from server.core.db import db, unit_of_work

logger = logging.getLogger(__name__)

BATCH = 200
# A delivery that was enqueued and not finished by then is enqueued again.
PATIENCE = timedelta(minutes=2)
# After so many failures a delivery waits for a person (it stays in the outbox).
MAX_ATTEMPTS = 8

Enqueue = Callable[[Sequence[tuple[int, int]]], None]


def dispatch_once(enqueue: Enqueue) -> int:
    """Hand one batch of due deliveries to ``enqueue``; return how many.

    ``enqueue`` takes (delivery id, attempt) pairs. When it raises, nothing is marked
    and the batch is due again at once. When the process dies between the enqueue and
    the commit, the batch is enqueued twice: jobs are idempotent.
    """
    with unit_of_work():
        moment = now()
        due = db.session.execute(
            select(Delivery.id, Delivery.attempts)
            .where(Delivery.due_at <= moment, Delivery.attempts < MAX_ATTEMPTS)
            .order_by(Delivery.due_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        if not due:
            return 0
        enqueue([(row.id, row.attempts) for row in due])
        db.session.execute(
            update(Delivery)
            .where(Delivery.id.in_([row.id for row in due]))
            .values(due_at=moment + PATIENCE)
        )
    return len(due)


def backlog() -> dict[str, int]:
    """Count what the outbox owes: ``waiting``, and ``given_up`` for a person."""
    given_up = Delivery.attempts >= MAX_ATTEMPTS
    query = select(func.count().filter(~given_up), func.count().filter(given_up))
    waiting, stuck = db.session.execute(query.select_from(Delivery)).one()
    return {"waiting": waiting, "given_up": stuck}


def run_delivery(delivery_id: int, run: Callable[[str, dict[str, Any]], None]) -> None:
    """Do the job of one delivery and strike it off, in one unit of work.

    ``run`` gets the job's name and the event as a dict. A delivery that is struck off
    is no work; one that somebody else holds is waited for: what holds it may be the
    dispatcher, which hands over before it commits. A failure is noted and the
    delivery becomes due again after 2, 4, 8 … seconds; the error is raised on.
    """
    try:
        with unit_of_work():
            row = db.session.execute(
                select(Delivery, AuditEvent)
                .join(AuditEvent, AuditEvent.id == Delivery.event_id)
                .where(Delivery.id == delivery_id)
                .with_for_update(of=Delivery)
            ).one_or_none()
            if row is None:
                return
            delivery, happened = row
            run(delivery.job, _as_dict(happened))
            db.session.execute(delete(Delivery).where(Delivery.id == delivery_id))
    except Exception as error:
        _note_failure(delivery_id, error)
        raise


def _as_dict(happened: AuditEvent) -> dict[str, Any]:
    return {
        "id": happened.id,
        "at": happened.at,
        "type": happened.type,
        "actor_id": happened.actor_id,
        "actor_name": happened.actor_name,
        "subject_type": happened.subject_type,
        "subject_id": happened.subject_id,
        "payload": happened.payload,
    }


def _note_failure(delivery_id: int, error: Exception) -> None:
    with unit_of_work():
        delivery = db.session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is not None:
            delivery.attempts += 1
            delivery.due_at = now() + timedelta(seconds=2**delivery.attempts)
            delivery.last_error = f"{type(error).__name__}: {error}"[:500]
            logger.warning(
                "delivery %s failed %s times", delivery_id, delivery.attempts
            )
