"""Numbers without gaps: many papers at once, some of which fail, with real commits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.service import authenticate
from server.app import audit_key
from server.audit.verify import verify
from server.checklists.catalogue import Rules
from server.checklists.service import edition_for
from server.core.clock import now
from server.core.db import db, unit_of_work
from server.core.permissions import Actor
from server.documents import service
from server.documents.consistency import faults
from server.documents.content import content_with
from server.documents.models import Document, DocumentSeries
from tests.api.test_findings import inspection
from tests.api.test_inspections import all_yes
from tests.concurrency.test_ticket_races import Answer, acting, at_once, statuses
from tests.documents import DUE, verified
from tests.factories import Caller, Factory

PATH = "150200/150203/150203102/"
PAPERS = 200
THREADS = 16


class Failed(Exception):
    """What a request of this test fails with after its number was taken."""


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def order(key: str) -> service.Paper:
    """Return an order of the fire brigade."""
    said = content_with(
        addressee={"name": "某某餐馆"}, duty_item={"number": "35", "title": "x"}
    )
    owner = ("ticket", key)
    return service.Paper("order", "责令改正通知书", "kq-fire", owner, PATH, said)


def serials(app: Flask) -> list[int]:
    """Return the serial numbers of all orders, sorted."""
    query = select(Document.serial).where(Document.series == "昆消责改")
    return sorted(db.session.scalars(query))


def one(app: Flask, actor: Actor, rules: Rules, n: int) -> bool:
    """Issue one paper in its own transaction; every fifth attempt fails after."""
    zone = app.extensions["settings"].timezone
    with app.app_context():
        try:
            with unit_of_work():
                service.issue(actor, order(f"t{n}"), rules, now(), zone)
                if n % 5 == 0:
                    raise Failed
        except Failed:
            return False
    return True


def test_200_at_once_have_no_gap(make: Factory) -> None:
    app, fire = make.app, make.handler()
    actor = authenticate(fire.token, make.settings)
    rules = edition_for(PATH).rules
    db.session.rollback()
    attempts = PAPERS * 5 // 4
    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(lambda n: one(app, actor, rules, n), range(attempts)))
    assert done.count(True) == PAPERS
    assert done.count(False) == PAPERS // 4
    assert serials(app) == list(range(1, PAPERS + 1))
    assert db.session.scalars(select(DocumentSeries.last)).all() == [PAPERS]
    assert faults() == []
    assert verify(audit_key(make.settings)).faults == []


def test_orders_and_refusals_over_http(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    numbers = [verified(make, worker, fire) for _ in range(6)]
    tags = [fire.ticket(number)["etag"] for number in numbers]
    db.session.rollback()
    calls = []
    for number, tag in zip(numbers, tags, strict=True):
        # Two on one ticket, of which one is late, and one that is refused.
        calls += [acting(fire, number, "order", tag, due_on=DUE, note="x")] * 2
        calls.append(acting(fire, number, "order", tag, due_on="2001-01-01", note="x"))
    answers = at_once(*calls)
    # A refused one may also come late.
    assert statuses(answers)[:6] == [200] * 6
    assert set(statuses(answers)[6:]) <= {412, 422}
    assert serials(make.app) == [1, 2, 3, 4, 5, 6]
    assert faults() == []


def _posting(who: Caller, path: str, **body: str) -> Answer:
    own = Caller(who.client.application.test_client(), who.username, who.token)
    answer = own.post(path, json=body) if body else own.post(path)
    return answer.status_code, answer.json


def test_one_record_and_one_withdrawal(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    key = str(uuid4())
    document = inspection(make, all_yes(worker), "35")
    assert worker.put(f"/inspections/{key}", json=document).status_code == 201
    db.session.rollback()
    path = f"/inspections/{key}/record"
    answers = at_once(*[lambda: _posting(worker, path)] * 4)
    assert statuses(answers) == [200, 200, 200, 201]
    ids = {answer["id"] for _, answer in answers}
    assert len(ids) == 1
    path = f"/documents/{ids.pop()}/withdraw"
    answers = at_once(*[lambda: _posting(officer, path, reason="写错")] * 4)
    assert statuses(answers) == [201, 409, 409, 409]
    assert faults() == []


def test_first_readers_at_once_get_the_same_bytes(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = verified(make, worker, fire)
    done = fire.done(number, "order", due_on=DUE, note="x")
    path = f"/documents/{done['documents'][-1]['id']}/file"
    db.session.rollback()

    def read() -> Answer:
        own = Caller(fire.client.application.test_client(), "", fire.token)
        answer = own.get(path)
        return answer.status_code, answer.data

    answers = at_once(*[read] * 4)
    assert statuses(answers) == [200] * 4
    assert len({data for _, data in answers}) == 1
    assert faults() == []
