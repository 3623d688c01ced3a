"""Do the inbound orders say what their timelines say? Part of ``audit verify``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.orders.models import Order
from server.orders.queries import SUBJECT

ISSUED = "order.issued"


def faults(most: int = 100) -> list[str]:
    """Return where orders and events disagree, at most ``most`` of each kind.

    Each order's state is the ``to`` of its last event; each was issued by an event
    that names its content, and each such event has its order.
    """
    return [*_states(most), *_unissued(most), *_vanished(most)]


def _of_order() -> ColumnElement[bool]:
    return and_(
        AuditEvent.subject_type == SUBJECT, AuditEvent.subject_id == Order.number
    )


def _states(most: int) -> list[str]:
    last = (
        select(AuditEvent.payload["to"].as_string())
        .where(_of_order())
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
    )
    query = (
        select(Order.number, Order.state, last)
        .where(Order.state.is_distinct_from(last))
        .order_by(Order.serial)
        .limit(most)
    )
    return [
        f"order {number} is '{state}', its last event says '{said}'"
        for number, state, said in db.session.execute(query)
    ]


def _unissued(most: int) -> list[str]:
    issued = select(AuditEvent.id).where(
        _of_order(),
        AuditEvent.type == ISSUED,
        AuditEvent.payload["content"].as_string() == Order.content_hash,
    )
    query = select(Order.number).where(~issued.exists()).order_by(Order.serial)
    return [
        f"order {number} has no event that issued its content"
        for number in db.session.scalars(query.limit(most))
    ]


def _vanished(most: int) -> list[str]:
    there = select(Order.id).where(Order.number == AuditEvent.subject_id)
    query = (
        select(AuditEvent.subject_id)
        .where(AuditEvent.type == ISSUED, ~there.exists())
        .order_by(AuditEvent.id)
        .limit(most)
    )
    return [f"order {number} is gone" for number in db.session.scalars(query)]
