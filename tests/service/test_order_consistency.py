"""``audit verify`` also compares inbound orders with the trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from server.core.db import db
from server.orders.consistency import faults
from tests.factories import Factory
from tests.orders import Desk, done


@pytest.fixture
def number(make: Factory) -> str:
    """An order that has gone some way, beside another."""
    desk = Desk(make, "74")
    desk.issue()
    number = desk.issue()
    done(desk.worker, number, "accept")
    done(desk.issuer, number, "urge", note="快")
    return number


def execute(sql: str, **values: Any) -> None:
    """Run one statement; events are unlocked first."""
    db.session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
    db.session.execute(text(sql), values)


def test_everything_agrees(number: str) -> None:
    assert faults() == []


def test_a_state_changed_beside_the_machine(number: str) -> None:
    execute("UPDATE orders SET state = 'closed' WHERE number = :n", n=number)
    said, _ = faults()
    assert said == f"order {number} is 'closed', its last event says 'town_verifying'"


def test_another_content(number: str) -> None:
    execute("UPDATE orders SET content_hash = 'x' WHERE number = :n", n=number)
    assert faults()[0] == f"order {number}: no event tells of it"


def test_an_order_that_was_taken_out(number: str) -> None:
    execute("DELETE FROM orders WHERE number = :n", n=number)
    (said,) = faults()
    assert said.startswith(f"order {number} is gone, event ")
