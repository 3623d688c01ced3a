"""Recurrence: found again within 12 months of being put right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.core.db import db
from server.tickets import queries
from tests.factories import Caller, Factory

NOW = datetime.now(UTC)


@pytest.fixture
def worker(make: Factory) -> Caller:
    """Return a grid worker."""
    return make.grid_worker()


def rectified(
    make: Factory, worker: Caller, found_ago: int, rectified_ago: int, **changes: Any
) -> str:
    """Return a ticket found and put right so many days ago."""
    number = make.ticket(worker, **changes)
    worker.done(number, "settle", note="清了", photos=[worker.photo(number)])
    ticket = queries.by_number(number)
    assert ticket is not None
    ticket.found_at = NOW - timedelta(days=found_ago)
    ticket.rectified_at = NOW - timedelta(days=rectified_ago)
    db.session.flush()
    return number


def place(make: Factory, worker: Caller) -> str:
    """Return the id of a place registered here."""
    id = str(uuid4())
    document = {"name": "某某餐馆", "kind": "35", "position": make.position()}
    answer = worker.put(f"/places/{id}", json=document)
    assert answer.status_code == 201, answer.text
    return id


def numbers(ticket: dict[str, Any]) -> list[str]:
    """Return the earlier hazards a ticket repeats."""
    found = ticket["recurrence"]
    assert found["count"] >= len(found["earlier"])
    return [one["number"] for one in found["earlier"]]


def test_what_counts(make: Factory, worker: Caller) -> None:
    older = rectified(make, worker, 300, 290)
    newer = rectified(make, worker, 30, 20)
    rectified(make, worker, 400, 390)  # longer ago than 12 months
    rectified(make, worker, 30, 20, category="F2")
    make.ticket(worker)  # a duplicate, still open
    far = make.position()
    far["coordinates"] = [far["coordinates"][0], far["coordinates"][1] + 0.001]
    rectified(make, worker, 30, 20, position=far)
    now = worker.ticket(make.ticket(worker))
    assert numbers(now) == [newer, older]
    one = now["recurrence"]["earlier"][0]
    assert one["department"]["code"] == "town-buerhantu"
    assert one["rectified_at"] > one["found_at"]
    assert "recurrence" not in worker.get("/tickets").json["items"][0]


def test_what_was_there_still_is_no_recurrence(make: Factory, worker: Caller) -> None:
    rectified(make, worker, 10, -1)
    assert worker.ticket(make.ticket(worker))["recurrence"] == {
        "count": 0,
        "earlier": [],
    }


def test_a_place_goes_before_the_distance(make: Factory, worker: Caller) -> None:
    here = place(make, worker)
    at = rectified(make, worker, 30, 20, place=here)
    rectified(make, worker, 30, 20)
    assert numbers(worker.ticket(make.ticket(worker, place=here))) == [at]


def test_who_may_not_see_it_learns_the_count(make: Factory, worker: Caller) -> None:
    rectified(make, worker, 30, 20)
    number = make.reported(worker)
    told = make.handler("kq-fire").ticket(number)["recurrence"]
    assert told == {"count": 1, "earlier": []}


def report(caller: Caller, **query: str) -> dict[str, Any]:
    """Return the report of the last two days."""
    first = (NOW - timedelta(days=1)).date().isoformat()
    answer = caller.get("/reports/recurrence", query_string={"from": first, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_the_report(make: Factory, worker: Caller) -> None:
    here = place(make, worker)
    rectified(make, worker, 30, 20, place=here)
    rectified(make, worker, 30, 20, category="F2")
    make.ticket(worker, place=here)
    make.ticket(worker, category="F2")
    make.ticket(worker, category="F3")
    by_place = report(worker)
    assert by_place["group_by"] == "place"
    assert {row["key"]: row["repeated"] for row in by_place["rows"]} == {
        here: 1,
        None: 1,
    }
    total = by_place["total"]
    assert (total["found"], total["repeated"]) == (3, 2)
    assert total["rate"] == pytest.approx(0.6667)
    named = {row["key"]: row["label"] for row in by_place["rows"]}
    assert named == {here: "某某餐馆", None: "未登记场所"}
    by_category = report(worker, group_by="category")
    assert [row["key"] for row in by_category["rows"]] == ["F1", "F2"]
    assert by_category["rows"][0]["label"] == "疏散通道、安全出口"
    by_item = report(worker, group_by="duty_item")
    assert [(r["key"], r["rate"]) for r in by_item["rows"]] == [("35", 0.6667)]
    (area,) = report(make.administrator(), group_by="area", duty_item="35")["rows"]
    assert (area["key"], area["repeated"]) == ("150203102", 2)
    assert report(worker, severity="major")["total"]["rate"] is None
    assert report(make.other_town_officer())["total"]["found"] == 0


def test_the_definitions_in_both_languages(worker: Caller) -> None:
    path = "/reports/recurrence"
    zh = worker.get(path).json["definitions"]
    en = worker.get(path, headers={"Accept-Language": "en"}).json["definitions"]
    assert zh.keys() == en.keys() >= {"found", "repeated", "rate", "key", "as_of"}
    assert all(zh[name] != en[name] for name in zh)
    assert worker.get(f"{path}?group_by=colour").status_code == 422
