"""Who issues, sees and works inbound orders: the policy on one page.

``visible`` (SQL) and ``can_read`` (Python) say the same; a test holds them to it.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import ColumnElement, and_, false, or_

from server.core.db import inside_any
from server.core.permissions import (
    AREA_ROLES,
    DEPARTMENT_ROLES,
    SIGNED_IN,
    TOWN_ROLES,
    Actor,
    Permission,
    Role,
)
from server.orders.machine import Hat
from server.orders.models import Order
from server.orders.workflow import TRANSITIONS

ISSUE = Permission("order.issue", DEPARTMENT_ROLES)
READ = SIGNED_IN
ACT = Permission("order.act")

# The file of a photo as it came from the phone: who answers for the order.
ORIGINAL_HATS = frozenset({Hat.OFFICER, Hat.ISSUER})

# city / district / town: an order lies in a town or below.
TOWN_DEPTH = 3


class OrderLike(Protocol):
    """What the policy looks at."""

    area_path: str
    department: str
    transferred_to: str | None


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Order`.

    The department that issued it, the town's staff in the area, who watches over
    the area, and whom it was transferred to.
    """
    return or_(
        inside_any(Order.area_path, actor.paths(AREA_ROLES)),
        _around(actor),
        *(
            or_(Order.department == code, Order.transferred_to == code)
            for code in _departments(actor)
        ),
    )


def can_read(actor: Actor, order: OrderLike) -> bool:
    """Tell whether ``actor`` may see ``order``."""
    return (
        actor.covers(order.area_path, AREA_ROLES)
        or order.area_path in _areas_around(actor)
        or bool({order.department, order.transferred_to} & set(_departments(actor)))
    )


def hats(actor: Actor, order: OrderLike) -> frozenset[Hat]:
    """Return what ``actor`` is to ``order``, which they may see."""
    worn = {Hat.VIEWER}
    if actor.covers(order.area_path, TOWN_ROLES) or order.area_path in _areas_around(
        actor
    ):
        worn.add(Hat.TOWN)
    if actor.covers(order.area_path, frozenset({Role.TOWN_OFFICER})):
        worn.add(Hat.OFFICER)
    for code in _departments(actor):
        if code == order.department:
            worn.add(Hat.ISSUER)
        if code == order.transferred_to:
            worn.add(Hat.TRANSFEREE)
    return frozenset(worn)


def waiting(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an order waits for ``actor`` to act."""
    near = or_(inside_any(Order.area_path, actor.paths(TOWN_ROLES)), _around(actor))
    officer = inside_any(Order.area_path, actor.paths(frozenset({Role.TOWN_OFFICER})))
    return or_(
        and_(near, Order.state.in_(_waits_for(Hat.TOWN))),
        and_(officer, Order.state.in_(_waits_for(Hat.OFFICER))),
        *(
            or_(
                and_(Order.department == code, Order.state.in_(_waits_for(Hat.ISSUER))),
                and_(
                    Order.transferred_to == code,
                    Order.state.in_(_waits_for(Hat.TRANSFEREE)),
                ),
            )
            for code in _departments(actor)
        ),
    )


def _waits_for(hat: Hat) -> list[str]:
    return sorted(
        {
            state.value
            for row in TRANSITIONS
            if hat in row.hats and not row.beside
            for state in row.sources
        }
    )


def _around(actor: Actor) -> ColumnElement[bool]:
    areas = _areas_around(actor)
    return Order.area_path.in_(sorted(areas)) if areas else false()


def _areas_around(actor: Actor) -> set[str]:
    """Return the areas, up to the town, in which the actor's own area of duty lies.

    An order of which only the village is known waits for all its grid workers.
    """
    around = set()
    for path in actor.paths(TOWN_ROLES):
        codes = path.rstrip("/").split("/")
        for depth in range(TOWN_DEPTH, len(codes)):
            around.add("/".join(codes[:depth]) + "/")
    return around


def _departments(actor: Actor) -> list[str]:
    handles = not actor.roles.isdisjoint(DEPARTMENT_ROLES)
    return [actor.department] if actor.department and handles else []
