"""Two requests about one duty record at the same moment, with real commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.duties.models import DutyRecord
from tests.api.test_duties import drill, sent
from tests.concurrency.test_ticket_races import Answer, at_once, statuses
from tests.factories import Caller, Factory


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def calling(
    who: Caller, method: str, path: str, body: dict[str, Any]
) -> Callable[[], Answer]:
    """Return one call, with a client of its own."""

    def call() -> Answer:
        own = Caller(who.client.application.test_client(), who.username, who.token)
        answer = own.open(method, path, json=body)
        return answer.status_code, answer.json

    return call


def events(type: str, id: str) -> int | None:
    """Count the events of a type about a record."""
    return db.session.scalar(
        select(func.count()).where(AuditEvent.type == type, AuditEvent.subject_id == id)
    )


def test_the_same_record_at_once(make: Factory) -> None:
    worker = make.grid_worker()
    for _ in range(5):
        id, document = str(uuid4()), drill()
        send = calling(worker, "PUT", f"/duties/{id}", document)
        answers = at_once(*[send] * 4)
        assert statuses(answers) == [200, 200, 200, 201]
        assert all(body == answers[0][1] for _, body in answers)
        assert events("duty.recorded", id) == 1


def test_other_content_at_once(make: Factory) -> None:
    worker, id = make.grid_worker(), str(uuid4())
    answers = at_once(
        calling(worker, "PUT", f"/duties/{id}", drill(subject="甲")),
        calling(worker, "PUT", f"/duties/{id}", drill(subject="乙")),
    )
    assert statuses(answers) == [201, 409]
    assert db.session.scalar(select(func.count()).select_from(DutyRecord)) == 1


def test_withdrawn_by_two_at_once(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    id = sent(worker, drill())
    path = f"/duties/{id}/withdraw"
    answers = at_once(
        calling(worker, "POST", path, {"reason": "填错"}),
        calling(officer, "POST", path, {"reason": "重复"}),
    )
    assert statuses(answers) == [200, 409]
    assert events("duty.withdrawn", id) == 1
