"""What every scenario has: a cast, and books that agree at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.incidents import consistency as incidents
from server.orders import consistency as orders
from server.tickets import consistency as tickets
from tests.factories import Factory
from tests.scenarios.cast import Cast


@pytest.fixture
def cast(make: Factory) -> Iterator[Cast]:
    """Return the people of a scenario; afterwards the records must tell what they
    did."""
    yield Cast(make)
    assert [*tickets.faults(), *orders.faults(), *incidents.faults()] == []
