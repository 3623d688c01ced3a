"""Photos as evidence: an action may name only what was uploaded for its order."""

from __future__ import annotations

from uuid import UUID

from server.checklists.orders import OrderStep
from server.core.errors import Invalid
from server.core.text import Text
from server.orders.models import Order
from server.orders.queries import SUBJECT
from server.photos import queries as photos


def check(order: Order, step: OrderStep | None, given: list[UUID]) -> None:
    """Refuse photos that are not there, or not of the stage the step asks for.

    Raises:
        Invalid: naming those that are missing.
    """
    stage = step.photos if step else None
    there = photos.stored(given, [(SUBJECT, order.number)], stage) if given else set()
    missing = ", ".join(str(photo) for photo in given if photo not in there)
    if missing:
        raise Invalid.at(
            "/photos",
            Text(
                f"照片尚未上传到本工单{f'（{stage}）' if stage else ''}：{missing}",
                f"Not uploaded for this order{f' as {stage}' if stage else ''}: "
                f"{missing}",
            ),
        )
