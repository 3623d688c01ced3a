"""Many parties at one incident at the same moment, with real commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from server.app import audit_key
from server.audit.verify import verify
from server.incidents.consistency import faults
from tests.api.test_incident_courses import done, entry
from tests.api.test_incidents import incident, reported
from tests.concurrency.test_ticket_races import Answer, at_once, statuses
from tests.factories import Caller, Factory


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def putting(
    who: Caller, path: str, document: dict[str, Any], etag: str | None = None
) -> Callable[[], Answer]:
    """Return the call of one PUT."""

    def call() -> Answer:
        own = Caller(who.client.application.test_client(), who.username, who.token)
        headers = {"If-Match": etag} if etag else {}
        answer = own.put(path, json=document, headers=headers)
        return answer.status_code, answer.json

    return call


def appending(
    who: Caller, number: str, code: str, id: UUID | None = None, **kw: Any
) -> Callable[[], Answer]:
    """Return the call that records one entry."""
    path = f"/incidents/{number}/entries/{id or uuid4()}"
    return putting(who, path, entry(code), **kw)


def test_the_same_report_twice_at_once(make: Factory) -> None:
    worker, document = make.grid_worker(), incident(make)
    for _ in range(5):
        call = putting(worker, f"/incidents/{uuid4()}", document)
        answers = at_once(call, call)
        assert statuses(answers) == [200, 201]
        assert answers[0][1] == answers[1][1]
    assert len(worker.get("/incidents").json["items"]) == 5
    assert faults() == []


def test_entries_of_many_parties_do_not_fight(make: Factory) -> None:
    town, command, fire = (
        make.grid_worker(),
        make.handler("kq-emergency"),
        make.handler(),
    )
    number = reported(make, town)
    calls = [
        appending(town, number, "update"),
        appending(town, number, "evacuation"),
        appending(command, number, "receive"),
        appending(command, number, "dispatch"),
        appending(fire, number, "firefighting"),
        appending(fire, number, "update"),
    ]
    answers = at_once(*calls)
    assert statuses(answers) == [201] * 6, answers
    assert sorted(document["seq"] for _, document in answers) == [1, 2, 3, 4, 5, 6]
    seen = command.get(f"/incidents/{number}").json
    assert (seen["state"], seen["entries"]) == ("responding", 6)
    assert faults() == []
    assert verify(audit_key(make.settings)).faults == []


def test_the_same_entry_twice_at_once(make: Factory) -> None:
    town = make.grid_worker()
    number = reported(make, town)
    call = appending(town, number, "update", uuid4())
    answers = at_once(call, call, call)
    assert statuses(answers) == [200, 200, 201]
    assert town.get(f"/incidents/{number}").json["entries"] == 1


def test_one_entry_id_for_two_incidents_at_once(make: Factory) -> None:
    town, id = make.grid_worker(), uuid4()
    numbers = [reported(make, town) for _ in range(2)]
    answers = at_once(*(appending(town, number, "update", id) for number in numbers))
    assert statuses(answers) == [201, 409]
    seen = [town.get(f"/incidents/{number}").json["entries"] for number in numbers]
    assert sorted(seen) == [0, 1]


def test_two_judgements_at_once(make: Factory) -> None:
    one, two = make.handler("kq-emergency"), make.handler("kq-emergency")
    town = make.grid_worker()
    for _ in range(3):
        number = reported(make, town)
        done(one, number, "dispatch")
        etag = one.get(f"/incidents/{number}").headers["ETag"]
        answers = at_once(
            appending(one, number, "control", etag=etag),
            appending(two, number, "false_alarm", etag=etag),
        )
        assert statuses(answers) == [201, 412]
    assert faults() == []
