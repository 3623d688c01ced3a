"""Who sees which tickets: the row filter and the check say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from server.areas.models import Area
from server.core.db import db
from server.core.permissions import Actor, AreaRef, Grant, Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.tickets import policy, queries
from server.tickets.machine import Hat
from server.tickets.models import Ticket, TicketDepartment
from server.tickets.vocabulary import Part
from tests.factories import COMMUNITY, Factory

CITY = "150200"
DEPARTMENTS = (
    None,
    "kq-fire",
    "kq-police",
    "kq-emergency",
    "kq-housing",
    "kq-commerce",
    "bt-housing",
    "town-buerhantu",
)


@pytest.fixture
def tickets(make: Factory) -> dict[str, Ticket]:
    """Tickets of two towns in which the departments have different parts."""
    here, there = make.grid_worker(), make.grid_worker(OTHER_TOWN)
    elsewhere = make.position(OTHER_TOWN)
    gas = {"category": "G1"}
    goods = {"duty_item": "30", "category": "F5"}
    numbers = {
        "town": make.ticket(here),
        "fire": make.reported(here),
        "gas": make.reported(here, **gas),
        "goods": make.reported(here, **goods),
        "other town": make.ticket(there, position=elsewhere),
        "other fire": make.reported(there, position=elsewhere),
    }
    made = {name: queries.by_number(number) for name, number in numbers.items()}
    known = {name: ticket for name, ticket in made.items() if ticket is not None}
    _involve(known["gas"], "bt-housing", Part.INFORMED)
    _involve(known["goods"], "bt-housing", Part.COORDINATOR)
    return known


def _involve(ticket: Ticket, department: str, part: Part) -> None:
    values = {"ticket_id": ticket.id, "department_code": department, "part": part}
    db.session.execute(insert(TicketDepartment), values)


def area(code: str) -> AreaRef:
    """Return an area as a grant names it."""
    row = db.session.scalars(select(Area).where(Area.code == code)).one()
    return AreaRef(row.code, row.name, row.level, row.path)


def actor(
    *grants: tuple[Role, AreaRef], department: str | None = None, id: UUID | None = None
) -> Actor:
    """Return a person with these roles."""
    return Actor(
        staff_id=id or uuid4(),
        username="someone",
        name="某人",
        grants=tuple(Grant(role, ref) for role, ref in grants),
        department=department,
        department_name=department,
        token_id=uuid4(),
        device_id=None,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


def seen(who: Actor, tickets: dict[str, Ticket]) -> set[str]:
    """Return the names of the tickets ``who`` may see, having asked both ways."""
    ids = [ticket.id for ticket in tickets.values()]
    query = select(Ticket.number).where(policy.visible(who), Ticket.id.in_(ids))
    numbers = set(db.session.scalars(query))
    parts = queries.parts_of(ids)
    readable = {
        name
        for name, ticket in tickets.items()
        if policy.can_read(who, ticket, parts[ticket.id])
    }
    assert numbers == {tickets[name].number for name in readable}, who
    return readable


def _areas(tickets: dict[str, Ticket]) -> list[AreaRef]:
    codes = {CITY, DISTRICT, TOWN, OTHER_TOWN, COMMUNITY}
    codes |= {ticket.area_code for ticket in tickets.values()}
    neighbour = AreaRef("15020310", "号码相近", "town", "150200/150203/15020310/")
    joker = AreaRef("%", "通配符", "town", "150200/15020_/")
    return [*(area(code) for code in sorted(codes)), neighbour, joker]


def test_filter_and_check_agree_for_everyone(tickets: dict[str, Ticket]) -> None:
    """Every role in every area and department, also as the finder, also twice."""
    finder = tickets["town"].finder_id
    for role, ref, department in product(Role, _areas(tickets), DEPARTMENTS):
        seen(actor((role, ref), department=department), tickets)
    for role, ref in product(Role, _areas(tickets)):
        seen(actor((role, ref), id=finder), tickets)
    for one, two in product(Role, Role):
        pair = (one, area(OTHER_TOWN)), (two, area(COMMUNITY))
        seen(actor(*pair, department="kq-fire"), tickets)
    assert seen(actor(), tickets) == set()
    assert seen(actor(department="kq-fire"), tickets) == set()


HERE = {"town", "fire", "gas", "goods"}
THERE = {"other town", "other fire"}


@pytest.mark.parametrize(
    "role",
    [
        Role.GRID_WORKER,
        Role.TOWN_OFFICER,
        Role.SAFETY_OFFICE,
        Role.SUPERVISOR,
        Role.ADMINISTRATOR,
    ],
)
def test_area_roles_see_their_area(role: Role, tickets: dict[str, Ticket]) -> None:
    assert seen(actor((role, area(CITY))), tickets) == HERE | THERE
    assert seen(actor((role, area(DISTRICT))), tickets) == HERE | THERE
    assert seen(actor((role, area(TOWN))), tickets) == HERE
    assert seen(actor((role, area(OTHER_TOWN))), tickets) == THERE
    assert seen(actor((role, area(COMMUNITY))), tickets) == HERE


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEAD])
def test_departments_see_what_they_have_a_part_in(
    role: Role, tickets: dict[str, Ticket]
) -> None:
    expected = {
        None: set(),
        "kq-fire": {"fire", "goods", "other fire"},
        "kq-police": {"fire", "goods", "other fire"},
        # Coordinating is the safety office's; its handlers see what they lead.
        "kq-emergency": {"goods"},
        "kq-housing": {"gas"},
        "kq-commerce": {"gas"},
        "bt-housing": {"gas"},
        "town-buerhantu": set(),
    }
    for department, names in expected.items():
        who = actor((role, area(DISTRICT)), department=department)
        assert seen(who, tickets) == names


def test_the_finder_sees_it_from_anywhere(tickets: dict[str, Ticket]) -> None:
    finder = tickets["town"].finder_id
    moved = actor((Role.GRID_WORKER, area(OTHER_TOWN)), id=finder)
    assert seen(moved, tickets) == HERE | THERE
    assert seen(actor(id=finder), tickets) == HERE


def hats(who: Actor, ticket: Ticket) -> set[Hat]:
    """Return what ``who`` is to ``ticket``."""
    parts = queries.parts_of([ticket.id])[ticket.id]
    return set(policy.hats(who, ticket, parts))


def _people() -> Iterator[tuple[Actor, set[Hat]]]:
    """Yield people and their hats on the fire ticket of this town."""
    town, district = area(TOWN), area(DISTRICT)
    yield actor((Role.GRID_WORKER, area(COMMUNITY))), {Hat.INSPECTOR}
    yield actor((Role.TOWN_OFFICER, town)), {Hat.INSPECTOR, Hat.OFFICER}
    yield actor((Role.TOWN_OFFICER, area(OTHER_TOWN))), set()
    yield actor((Role.SAFETY_OFFICE, district)), {Hat.COORDINATOR}
    yield actor((Role.SUPERVISOR, district)), set()
    yield actor((Role.ADMINISTRATOR, district)), set()
    fire = {"department": "kq-fire"}
    yield actor((Role.HANDLER, district), **fire), {Hat.LEAD}
    yield actor((Role.LEAD, district), **fire), {Hat.LEAD, Hat.CHIEF}
    yield actor((Role.SUPERVISOR, district), **fire), set()
    yield actor((Role.HANDLER, district), department="kq-police"), {Hat.CO}
    yield actor((Role.LEAD, district), department="kq-police"), {Hat.CO}
    yield actor((Role.HANDLER, district), department="kq-emergency"), set()
    both = (Role.TOWN_OFFICER, town), (Role.HANDLER, district)
    yield actor(*both, **fire), {Hat.INSPECTOR, Hat.OFFICER, Hat.LEAD}


def test_hats(tickets: dict[str, Ticket]) -> None:
    for who, expected in _people():
        assert hats(who, tickets["fire"]) == expected | {Hat.VIEWER}, who


def test_the_finder_inspects_while_in_a_town_role(tickets: dict[str, Ticket]) -> None:
    ticket = tickets["fire"]
    moved = actor((Role.GRID_WORKER, area(OTHER_TOWN)), id=ticket.finder_id)
    assert hats(moved, ticket) == {Hat.VIEWER, Hat.INSPECTOR}
    left = actor((Role.SUPERVISOR, area(OTHER_TOWN)), id=ticket.finder_id)
    assert hats(left, ticket) == {Hat.VIEWER}


def test_nobody_leads_what_is_still_with_the_town(tickets: dict[str, Ticket]) -> None:
    who = actor((Role.HANDLER, area(DISTRICT)), department="kq-fire")
    assert hats(who, tickets["town"]) == {Hat.VIEWER}


def test_the_department_a_case_was_transferred_to(tickets: dict[str, Ticket]) -> None:
    ticket = tickets["gas"]
    ticket.transferred_to = "kq-police"
    _involve(ticket, "kq-police", Part.CO)
    who = actor((Role.HANDLER, area(DISTRICT)), department="kq-police")
    assert hats(who, ticket) == {Hat.VIEWER, Hat.CO, Hat.TRANSFEREE}
