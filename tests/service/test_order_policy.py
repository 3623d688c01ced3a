"""Who sees which inbound orders: the row filter and the check say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from server.areas.models import Area
from server.core.db import db
from server.core.permissions import Actor, AreaRef, Grant, Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.orders import policy, queries, workflow
from server.orders.machine import Hat
from server.orders.models import Order
from server.orders.service import seen_by
from server.orders.vocabulary import State
from tests.factories import COMMUNITY, Factory
from tests.orders import Desk

DEPARTMENTS = (None, "kq-agri", "kq-resources", "kq-police", "kq-fire")


@pytest.fixture
def orders(make: Factory) -> list[Order]:
    """Orders of two departments in two towns; one was transferred to the police."""
    land, spots, grass = Desk(make, "52"), Desk(make, "73"), Desk(make, "74")
    numbers = [
        land.issue(),
        land.issue(area=TOWN),
        land.issue(area=OTHER_TOWN),
        spots.issue(),
        grass.issue(area=None),
    ]
    db.session.execute(
        update(Order)
        .where(Order.number == numbers[-1])
        .values(state="transferred", transferred_to="kq-police")
    )
    db.session.expire_all()
    found = [queries.by_number(number) for number in numbers]
    return [order for order in found if order is not None]


def actor(role: Role, area: Area, department: str | None) -> Actor:
    """Return a person with one role."""
    ref = AreaRef(area.code, area.name, area.level, area.path)
    return Actor(
        staff_id=uuid4(),
        username="someone",
        name="某人",
        grants=(Grant(role, ref),),
        department=department,
        department_name=department,
        token_id=uuid4(),
        device_id=None,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


def people(orders: list[Order]) -> list[Actor]:
    """Return everyone: each role in each area and department."""
    codes = {"150200", DISTRICT, TOWN, OTHER_TOWN, COMMUNITY}
    codes |= {order.area_code for order in orders}
    grid = db.session.scalars(select(Area).where(Area.parent_code == COMMUNITY)).first()
    areas = [*db.session.scalars(select(Area).where(Area.code.in_(codes)))]
    areas += [grid] if grid else []
    return [actor(*each) for each in product(Role, areas, DEPARTMENTS)]


def test_filter_and_check_agree_for_everyone(orders: list[Order]) -> None:
    for who in people(orders):
        query = select(Order.number).where(policy.visible(who))
        numbers = set(db.session.scalars(query))
        assert numbers == {o.number for o in orders if policy.can_read(who, o)}, who


def test_an_order_waits_for_who_can_lead_it_on(orders: list[Order]) -> None:
    """``waiting`` agrees with the machine, in every state; and only for who sees it."""
    everyone = people(orders)
    for state in State:
        for order in orders:
            order.state = state.value
            order.back_to = "town_verifying" if state is State.SENT_BACK else None
            order.transferred_to = "kq-police"
        db.session.flush()
        for who in everyone:
            waits = set(
                db.session.scalars(select(Order.number).where(policy.waiting(who)))
            )
            for order in orders:
                hats = policy.hats(who, order) if policy.can_read(who, order) else set()
                case = seen_by(who, order).situation
                leading = [
                    row
                    for row in workflow.TRANSITIONS
                    if case.state in row.sources
                    and not row.beside
                    and not row.hats.isdisjoint(hats)
                ]
                assert (order.number in waits) == bool(leading), (state, who)


def test_hats(orders: list[Order]) -> None:
    everyone = people(orders)
    seen = {hat for who in everyone for o in orders for hat in policy.hats(who, o)}
    assert seen == set(Hat)
    for who in everyone:
        for order in orders:
            hats = policy.hats(who, order)
            if Hat.OFFICER in hats:
                assert who.has(Role.TOWN_OFFICER)
                assert Hat.TOWN in hats
            if Hat.ISSUER in hats:
                assert who.department == order.department
            assert hats == {Hat.VIEWER} or policy.can_read(who, order)
