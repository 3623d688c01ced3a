"""Two people at one ticket at the same moment, with real commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, text

from server.app import audit_key
from server.audit.models import AuditEvent
from server.audit.verify import verify
from server.core.db import db
from server.patrols.consistency import faults as finding_faults
from server.tickets.consistency import faults as ticket_faults
from tests.factories import Caller, Factory

Answer = tuple[int, Any]


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """Make the calls at the same moment, each in a thread; answers in their order."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], Answer]) -> Answer:
        start.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(60) for each in [pool.submit(begin, c) for c in calls]]


def acting(
    who: Caller, number: str, action: str, etag: str, **fields: Any
) -> Callable[[], Answer]:
    """Return the call of an action with this copy of the ticket."""

    def call() -> Answer:
        # A client of its own: a test client is not made for several threads.
        own = Caller(who.client.application.test_client(), who.username, who.token)
        answer = own.post(
            f"/tickets/{number}/actions/{action}",
            json=fields,
            headers={"If-Match": etag},
        )
        return answer.status_code, answer.json

    return call


def statuses(answers: Sequence[Answer]) -> list[int]:
    """Return the statuses, sorted."""
    return sorted(status for status, _ in answers)


def test_two_handlers_at_once(make: Factory) -> None:
    one, two, worker = make.handler(), make.handler(), make.grid_worker()
    for _ in range(5):
        number = make.reported(worker)
        etag = one.ticket(number)["etag"]
        answers = at_once(
            acting(one, number, "accept", etag),
            acting(two, number, "return", etag, note="材料不全"),
        )
        assert statuses(answers) == [200, 412]
        ticket = one.ticket(number)
        assert ticket["version"] == 2
        assert ticket["state"] in {"verifying", "returned"}
        events = one.get(f"/tickets/{number}/events").json["items"]
        assert [e["to"] for e in events] == ["found", "reported", ticket["state"]]


def test_one_of_many_wins(make: Factory) -> None:
    handlers = [make.handler() for _ in range(6)]
    number = make.reported(make.grid_worker())
    etag = handlers[0].ticket(number)["etag"]
    answers = at_once(*(acting(h, number, "accept", etag) for h in handlers))
    assert statuses(answers) == [200, *[412] * 5]


def test_settled_and_reported_at_once(make: Factory) -> None:
    """The town's two people: whoever comes second learns of it."""
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    etag = worker.ticket(number)["etag"]
    photos = [worker.photo(number)]
    answers = at_once(
        acting(worker, number, "settle", etag, note="清了", photos=photos),
        acting(
            officer, number, "report_up", etag, trigger="refused", how="x", note="x"
        ),
    )
    assert statuses(answers) == [200, 412]


def test_two_tickets_are_never_merged_into_each_other(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    for _ in range(5):
        one, two = make.ticket(worker), make.ticket(worker)
        seen = {number: officer.ticket(number)["etag"] for number in (one, two)}
        answers = at_once(
            acting(officer, one, "merge", seen[one], into=two, note="重复"),
            acting(officer, two, "merge", seen[two], into=one, note="重复"),
        )
        assert set(statuses(answers)) <= {200, 409, 412, 422}
        assert statuses(answers).count(200) <= 1
        states = {officer.ticket(number)["state"] for number in (one, two)}
        assert "on_spot" in states


def test_merging_into_a_ticket_in_someones_hands(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    one, two = make.ticket(worker), make.ticket(worker)
    engine = create_engine(db.engine.url)
    with engine.connect() as other:
        other.execute(
            text("SELECT 1 FROM tickets WHERE number = :n FOR UPDATE"), {"n": two}
        )
        answer = officer.act(one, "merge", into=two, note="重复")
        assert (answer.status_code, answer.json["type"]) == (409, "conflict")
    engine.dispose()
    assert officer.done(one, "merge", into=two, note="重复")["merged_into"] == two


@pytest.mark.slow
def test_the_trail_of_many_writers_is_one_chain(
    committed_app: Flask, make: Factory
) -> None:
    """200 changes by eight people at once; checks meanwhile give no false alarm."""
    key = audit_key(committed_app.extensions["settings"])
    worker = make.grid_worker()
    numbers = [make.ticket(worker) for _ in range(8)]
    before = _count()
    finished = Event()

    def checking() -> list[object]:
        faults: list[object] = []
        checks = 0
        while not finished.is_set() or checks == 0:
            with committed_app.app_context():
                faults += [*verify(key).faults, *ticket_faults(), *finding_faults()]
            checks += 1
        return faults

    def writing(number: str) -> Callable[[], Answer]:
        def call() -> Answer:
            made = [
                acting(worker, number, "comment", f'"{number}.{n + 1}."', note=f"{n}")()
                for n in range(25)
            ]
            return max(made, key=lambda answer: answer[0])

        return call

    with ThreadPoolExecutor(1) as pool:
        watch = pool.submit(checking)
        try:
            answers = at_once(*(writing(number) for number in numbers))
        finally:
            finished.set()
        assert watch.result(60) == []
    assert statuses(answers) == [200] * 8
    db.session.rollback()
    assert _count() == before + 200
    verdict = verify(key)
    assert (verdict.faults, verdict.events) == ([], before + 200)
    for number in numbers:
        assert worker.ticket(number)["version"] == 26


def _count() -> int:
    return db.session.scalars(select(func.count()).select_from(AuditEvent)).one()


def test_two_desks_take_the_same_tickets_at_once(make: Factory) -> None:
    """In opposite orders: nobody waits for the other for ever, each is taken once."""
    one, two, worker = make.handler(), make.handler(), make.grid_worker()
    numbers = [make.reported(worker) for _ in range(12)]
    items = [{"number": number, "version": 1} for number in numbers]

    def taking(who: Caller, items: list[dict[str, Any]]) -> Callable[[], Answer]:
        def call() -> Answer:
            client = who.client.application.test_client()
            own = Caller(client, who.username, who.token)
            body = {"action": "accept", "items": items}
            answer = own.post("/tickets/bulk", json=body)
            return answer.status_code, answer.json

        return call

    answers = at_once(taking(one, items), taking(two, items[::-1]))
    assert statuses(answers) == [200, 200]
    results = [r for _, body in answers for r in body["results"]]
    for number in numbers:
        got = sorted(r["status"] for r in results if r["number"] == number)
        assert got == [200, 412]
        assert one.ticket(number)["version"] == 2
