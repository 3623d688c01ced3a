"""What every scenario has: a cast, quick sign-ins, and books that agree at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from server.accounts import passwords
from server.incidents import consistency as incidents
from server.orders import consistency as orders
from server.tickets import consistency as tickets
from tests.factories import Factory
from tests.scenarios.cast import Cast


@pytest.fixture(autouse=True)
def _quick_sign_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make passwords cheap: a scenario signs in somebody of every department."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)


@pytest.fixture
def cast(make: Factory) -> Iterator[Cast]:
    """Return the people of a scenario; afterwards the records must tell what they
    did."""
    yield Cast(make)
    assert [*tickets.faults(), *orders.faults(), *incidents.faults()] == []
