"""PUT /findings: taken once, routed, refused with the field's name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Factory


def test_settled_on_the_spot_stays_with_the_town(make: Factory) -> None:
    worker = make.grid_worker()
    receipt = make.sent(worker, make.finding())
    assert receipt["ticket"]["state"] == "on_spot"
    assert receipt["ticket"]["lead_department"] is None
    assert receipt["routing"]["department"]["name"] == "卜尔汉图镇"
    assert receipt["routing"]["clauses"] == ["35.township.3"]


def test_refused_blocked_exit_goes_to_the_fire_brigade(make: Factory) -> None:
    worker = make.grid_worker()
    receipt = make.sent(worker, make.refused())
    assert receipt["ticket"]["state"] == "reported"
    assert receipt["ticket"]["lead_department"] == {
        "code": "kq-fire",
        "name": "区消防救援大队",
    }
    assert receipt["routing"]["rule"] == "L04"
    assert "35.区消防救援大队.2" in receipt["routing"]["clauses"]


def test_same_content_again_is_the_same_answer(make: Factory) -> None:
    worker, id, document = make.grid_worker(), uuid4(), make.finding()
    first = worker.put(f"/findings/{id}", json=document)
    again = worker.put(f"/findings/{id}", json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_same_id_with_other_content_is_refused(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    worker.put(f"/findings/{id}", json=make.finding())
    answer = worker.put(f"/findings/{id}", json=make.finding(description="别的"))
    assert answer.status_code == 409
    assert answer.json["type"] == "content-differs"
    assert answer.mimetype == "application/problem+json"
