"""Do the inbound orders say what their timelines say? Part of ``audit verify``."""

from __future__ import annotations

from sqlalchemy import select

from server.audit.models import AuditEvent
from server.audit.timeline import states_apart, told_of, vanished
from server.core.db import db
from server.orders.models import Order
from server.orders.queries import SUBJECT

ISSUED = "order.issued"


def faults(most: int = 100) -> list[str]:
    """Return where orders and events disagree, at most ``most`` of each kind.

    Each order's state is the ``to`` of its last event; each was issued by an event
    that names its content, and each such event has its order.
    """
    return [
        *states_apart(SUBJECT, Order.number, Order.state, most),
        *_unissued(most),
        *vanished(SUBJECT, ISSUED, Order.number, most),
    ]


def _unissued(most: int) -> list[str]:
    issued = select(AuditEvent.id).where(
        told_of(SUBJECT, Order.number),
        AuditEvent.type == ISSUED,
        AuditEvent.payload["content"].as_string() == Order.content_hash,
    )
    query = select(Order.number).where(~issued.exists()).order_by(Order.serial)
    return [
        f"order {number} has no event that issued its content"
        for number in db.session.scalars(query.limit(most))
    ]
