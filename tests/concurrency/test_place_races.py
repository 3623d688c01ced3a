"""Two imports, an import and a phone, two campaigns: at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.core.db import db
from server.places.models import Place
from tests.api.test_place_campaigns import campaign
from tests.concurrency.test_ticket_races import at_once
from tests.factories import Caller, Factory
from tests.registers import HEADER, csv_file

Call = Callable[[], tuple[int, Any]]


@pytest.fixture
def make(committed_app: Flask) -> Iterator[Factory]:
    """The factory on a database of its own."""
    with committed_app.app_context():
        yield Factory(committed_app)


def sending(who: Caller, method: str, path: str, **kw: Any) -> Call:
    """Return a call with a client of its own."""

    def call() -> tuple[int, Any]:
        own = Caller(who.client.application.test_client(), who.username, who.token)
        answer = own.open(method, path, **kw)
        return answer.status_code, answer.json

    return call


def importing(who: Caller, data: bytes) -> Call:
    """Return the call of an import."""
    headers = {"Content-Type": "text/csv"}
    return sending(who, "POST", "/places/import", data=data, headers=headers)


def count() -> int:
    """Count the places as committed."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Place)) or 0


def test_the_same_file_twice_at_once(make: Factory) -> None:
    officer, (lon, lat) = make.town_officer(), make.point_in("150203102200")
    rows = [[f"店{i}", "35", "", lon, lat] for i in range(200)]
    data = csv_file(rows)
    db.session.rollback()
    answers = at_once(*[importing(officer, data)] * 3)
    assert [status for status, _ in answers] == [200, 200, 200]
    assert sorted(report["taken"] for _, report in answers) == [0, 0, 200]
    assert count() == 200


def test_an_import_and_a_change_by_hand(make: Factory) -> None:
    officer, (lon, lat) = make.town_officer(), make.point_in("150203102200")
    header = [*HEADER, "层数"]
    first = importing(officer, csv_file([["店", "35", "", lon, lat, 1]], header=header))
    id = first()[1]["rows"][0]["place"]
    position = {"type": "Point", "coordinates": [lon, lat]}
    body = {"name": "店", "kind": "35", "position": position, "note": "手改"}
    by_hand = sending(
        officer,
        "PUT",
        f"/places/{id}",
        json=body,
        headers={"If-Match": f'"{id}.1"'},
    )
    again = importing(officer, csv_file([["店", "35", "", lon, lat, 2]], header=header))
    db.session.rollback()
    (hand, _), (file, report) = at_once(by_hand, again)
    assert (file, report["changed"], count()) == (200, 1, 1)
    place = db.session.get(Place, id)
    assert place is not None
    # Whoever came second saw the first: nothing is lost unseen.
    assert (hand, place.version) in {(200, 3), (412, 2)}
    assert place.attributes == {"storeys": 2}
    assert place.note == ("手改" if hand == 200 else None)


def test_one_campaign_set_up_twice_at_once(make: Factory) -> None:
    officer, id = make.town_officer(), uuid4()
    db.session.rollback()
    same = at_once(*[sending(officer, "PUT", f"/campaigns/{id}", json=campaign())] * 3)
    assert sorted(status for status, _ in same) == [200, 200, 201]
    assert all(document == same[0][1] for _, document in same)
