"""Do the inbound orders say what their timelines say? Part of ``audit verify``."""

from __future__ import annotations

from server.audit.rows import Told, faults_of, states_apart, text_of, told_of
from server.orders.models import Order
from server.orders.queries import SUBJECT

ORDERS = Told(
    "order",
    Order,
    Order.number,
    told_of(SUBJECT, Order.number),
    "order.issued",
    text_of("content") == Order.content_hash,
)


def faults(most: int = 100) -> list[str]:
    """Return where orders and events disagree, at most ``most`` of each kind.

    Each order's state is the ``to`` of its last event; each was issued by an event
    that names its content, and is as its last event left it.
    """
    return [*states_apart(ORDERS, Order.state, most), *faults_of(ORDERS, most)]
