"""Reading inbound orders."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.orders import policy
from server.orders.models import Order
from server.orders.vocabulary import WITH_THE_TOWN

SUBJECT = "order"


def by_id(order_id: UUID) -> Order | None:
    """Return an order by the id its desk made."""
    return db.session.get(Order, order_id)


def by_number(number: str, *, lock: bool = False) -> Order | None:
    """Return an order, locked for a change if asked."""
    query = select(Order).where(Order.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def located() -> Select[Any]:
    """Return the query for (Order, lon, lat), EPSG:4326; None without a position."""
    return select(
        Order, func.ST_X(Order.geom).label("lon"), func.ST_Y(Order.geom).label("lat")
    )


def row_of(order: Order) -> Row[Any]:
    """Return (Order, lon, lat) of one order."""
    return db.session.execute(located().where(Order.id == order.id)).one()


def page(
    actor: Actor, filters: dict[str, Any], today: date, after: int | None, limit: int
) -> list[Row[Any]]:
    """Return (Order, lon, lat) of visible orders, newest first, after a serial.

    ``filters`` are those of ``schemas.OrderQuery`` with the area as a path and the
    department as a code.
    """
    query = located().where(policy.visible(actor), *_plain(filters))
    if "overdue" in filters:
        late = overdue(today)
        query = query.where(late if filters["overdue"] else ~late)
    if filters.get("mine"):
        query = query.where(policy.waiting(actor))
    if after is not None:
        query = query.where(Order.serial < after)
    return list(db.session.execute(query.order_by(Order.serial.desc()).limit(limit)))


def waiting(actor: Actor) -> list[Row[Any]]:
    """Return (Order, lon, lat) of all that wait for ``actor``, oldest first."""
    query = located().where(policy.waiting(actor)).order_by(Order.serial)
    return list(db.session.execute(query))


def overdue(today: date) -> ColumnElement[bool]:
    """Return the condition of ``workflow.overdue``."""
    with_town = Order.state.in_([state.value for state in WITH_THE_TOWN])
    return and_(Order.due_on.is_not(None), Order.due_on < today, with_town)


def _plain(filters: dict[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.get("state"):
        conditions.append(Order.state.in_(filters["state"].split(",")))
    if filters.get("item"):
        conditions.append(Order.item.in_(filters["item"].split(",")))
    if filters.get("department"):
        conditions.append(Order.department == filters["department"])
    if filters.get("area"):
        conditions.append(inside_any(Order.area_path, [filters["area"]]))
    if filters.get("q"):
        needle = filters["q"]
        conditions.append(
            or_(
                Order.number == needle,
                Order.source_no == needle,
                Order.title.contains(needle, autoescape=True),
                Order.description.contains(needle, autoescape=True),
            )
        )
    return conditions
