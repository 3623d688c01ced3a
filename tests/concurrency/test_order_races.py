"""Two people at one inbound order at the same moment, with real commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from server.core.db import db
from tests.concurrency.test_ticket_races import Answer, at_once, statuses
from tests.factories import Caller, Factory
from tests.orders import Desk, document, done, show


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def own(who: Caller) -> Caller:
    """Return the same person with a client for one more thread."""
    return Caller(who.client.application.test_client(), who.username, who.token)


def putting(who: Caller, id: UUID, body: dict[str, Any]) -> Callable[[], Answer]:
    """Return the call that issues an order."""

    def call() -> Answer:
        answer = own(who).put(f"/orders/{id}", json=body)
        return answer.status_code, answer.json

    return call


def acting(
    who: Caller, number: str, action: str, etag: str, **fields: Any
) -> Callable[[], Answer]:
    """Return the call of an action with this copy of the order."""

    def call() -> Answer:
        path = f"/orders/{number}/actions/{action}"
        answer = own(who).post(path, json=fields, headers={"If-Match": etag})
        return answer.status_code, answer.json

    return call


def test_the_same_order_sent_twice_at_once(make: Factory) -> None:
    desk = Desk(make, "52")
    for _ in range(5):
        id, body = uuid4(), document(make)
        answers = at_once(*[putting(desk.issuer, id, body)] * 4)
        assert statuses(answers) == [200, 200, 200, 201]
        assert len({str(body) for _, body in answers}) == 1
        number = answers[0][1]["number"]
        db.session.rollback()
        events = desk.issuer.get(f"/orders/{number}/events").json["items"]
        assert [e["type"] for e in events] == ["order.issued"]


def test_one_id_for_two_orders_at_once(make: Factory) -> None:
    desk = Desk(make, "52")
    for _ in range(5):
        id = uuid4()
        answers = at_once(
            putting(desk.issuer, id, document(make, title="一")),
            putting(desk.issuer, id, document(make, title="二")),
        )
        assert statuses(answers) == [201, 409]


def test_two_act_at_once(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    etag = show(desk.worker, number)["etag"]
    answers = at_once(
        acting(desk.worker, number, "accept", etag),
        acting(desk.officer, number, "accept", etag),
        acting(desk.issuer, number, "urge", etag, note="快"),
    )
    assert statuses(answers) == [200, 412, 412]
    db.session.rollback()
    assert show(desk.issuer, number)["version"] == 2


def test_closed_and_sent_back_at_once(make: Factory) -> None:
    desk = Desk(make, "74")
    number = desk.issue()
    done(desk.worker, number, "accept")
    done(desk.worker, number, "verify", result="neither", note="无")
    done(desk.officer, number, "submit", note="报")
    done(desk.issuer, number, "take_up")
    etag = show(desk.issuer, number)["etag"]
    back = {"note": "再核", "to": "town_verifying"}
    answers = at_once(
        acting(desk.issuer, number, "close", etag, note="办结"),
        acting(desk.issuer, number, "send_back", etag, **back),
    )
    assert statuses(answers) == [200, 412]
