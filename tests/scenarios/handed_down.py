"""An inbound order (下派工单) of a scenario: items 52, 53, 73, 74."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests import orders
from tests.factories import Caller
from tests.scenarios.cast import Cast, uploaded
from tests.scenarios.handling import Document


class Order:
    """One order on its way down and back; each act asserts its clauses and state."""

    def __init__(self, cast: Cast, item: str, department: str, **changes: Any) -> None:
        self.cast = cast
        self.issuer = cast.of(department)
        id = str(uuid4())
        body = orders.document(cast.make, item, **changes)
        answer = self.issuer.put(f"/orders/{id}", json=body)
        assert answer.status_code == 201, answer.text
        self.number = str(answer.json["number"])
        cast.sees(f"/orders/{self.number}", [department])

    @property
    def seen(self) -> Document:
        """The order as the town sees it."""
        return orders.show(self.cast.officer, self.number)

    def by(
        self, who: Caller, action: str, state: str, *clauses: str, **fields: Any
    ) -> Order:
        """Somebody does a step, which leads to ``state`` and rests on these clauses."""
        after = orders.done(who, self.number, action, **fields)
        assert after["state"] == state
        event = self.events[-1]
        assert (event["action"], event["to"]) == (action, state)
        assert event["details"]["basis"] == list(clauses)
        return self

    def village(self, action: str, state: str, *clauses: str, **fields: Any) -> Order:
        """The village or 镇村 staff on the spot."""
        return self.by(self.cast.worker, action, state, *clauses, **fields)

    def town(self, action: str, state: str, *clauses: str, **fields: Any) -> Order:
        """The town's officer, for the town or its 综合行政执法队."""
        return self.by(self.cast.officer, action, state, *clauses, **fields)

    def department(
        self, action: str, state: str, *clauses: str, **fields: Any
    ) -> Order:
        """The department that handed it down."""
        return self.by(self.issuer, action, state, *clauses, **fields)

    def cannot(self, who: Caller, action: str, status: int, **fields: Any) -> Order:
        """Somebody may not do that: 403 never, 409 not now, 422 not so."""
        answer = orders.act(who, self.number, action, **fields)
        assert answer.status_code == status, answer.text
        return self

    def pictures(self, who: Caller, stage: str) -> list[str]:
        """Send one picture and return what an action names."""
        photo = str(uuid4())
        uploaded(who, photo, f"order={self.number}&stage={stage}")
        return [photo]

    @property
    def events(self) -> list[Document]:
        """The timeline."""
        answer = self.cast.officer.get(f"/orders/{self.number}/events")
        return list(answer.json["items"])

    def went(self, course: str) -> Order:
        """All states in their order: ``issued > town_verifying > …``."""
        passed = [event["to"] for event in self.events]
        changes = [s for i, s in enumerate(passed) if i == 0 or passed[i - 1] != s]
        assert " > ".join(changes) == course
        return self
