"""``visible`` (SQL) and ``can_read`` (Python) agree for every kind of person."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from server.accounts import service as accounts
from server.core.db import db
from server.core.permissions import Actor, Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.incidents import policy, queries
from server.incidents.models import Incident
from tests.api.test_incidents import OTHER_VILLAGE, reported
from tests.factories import COMMUNITY, Caller, Factory

PEOPLE = [
    (Role.GRID_WORKER, COMMUNITY, None),
    (Role.GRID_WORKER, OTHER_VILLAGE, None),
    (Role.GRID_WORKER, OTHER_TOWN, None),
    (Role.TOWN_OFFICER, TOWN, None),
    (Role.TOWN_OFFICER, OTHER_TOWN, None),
    (Role.SUPERVISOR, DISTRICT, None),
    (Role.ADMINISTRATOR, TOWN, None),
    (Role.SAFETY_OFFICE, DISTRICT, "kq-emergency"),
    *(
        (role, DISTRICT, department)
        for role in (Role.HANDLER, Role.LEAD)
        for department in ("kq-fire", "kq-emergency", "kq-agri", "kq-commerce")
    ),
    # Of the department, but neither handler nor lead.
    (Role.SUPERVISOR, OTHER_TOWN, "kq-fire"),
]


def actor_of(app: Flask, caller: Caller) -> Actor:
    """Return the person as services see them."""
    return accounts.authenticate(caller.token, app.extensions["settings"])


def test_both_policies_say_the_same(app: Flask, make: Factory) -> None:
    worker, neighbour = make.grid_worker(), make.grid_worker(OTHER_TOWN)
    there = make.position(OTHER_TOWN)
    for kind in ("fire", "wildfire", "geological"):
        reported(make, worker, kind=kind)
        reported(make, neighbour, kind=kind, position=there)
    reported(make, make.handler("kq-agri"), kind="wildfire")
    incidents = list(db.session.scalars(select(Incident)))
    assert len(incidents) == 7
    callers = [worker, neighbour, *(make.staff(*person) for person in PEOPLE)]
    seen = []
    for caller in callers:
        actor = actor_of(app, caller)
        query = select(Incident.id).where(policy.visible(actor))
        by_sql = set(db.session.scalars(query))
        by_python = {
            i.id for i in incidents if policy.can_read(actor, i, queries.parts_of(i.id))
        }
        assert by_sql == by_python, caller.username
        seen.append(len(by_sql))
    # worker, neighbour, then PEOPLE in their order
    assert seen == [4, 3, 4, 4, 3, 4, 3, 7, 4, 7, *[7, 7, 3, 0] * 2, 3]
