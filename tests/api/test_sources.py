"""Where a finding comes from, and the boundaries and rules of the day it was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.db import commit, db
from tests.factories import COMMUNITY, Caller, Factory

COMPLAINT = {
    "channel": "resident",
    "received_at": "2026-03-01T09:00:00+08:00",
    "note": "群众反映楼上敲承重墙",
    "complainant": {"name": "张某", "phone": "13800000000"},
}


def send(caller: Caller, document: dict[str, Any]) -> Any:
    return caller.put(f"/findings/{uuid4()}", json=document)


def renovation(make: Factory, **changes: Any) -> dict[str, Any]:
    """A finding of item 28: part of a structure taken out."""
    plain = {"duty_item": "28", "category": "B4", "handling": {"kind": "report_up"}}
    return make.finding(**plain | changes)


def test_a_complaint_is_kept_and_its_complainant_is_for_the_town(
    make: Factory,
) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    housing = make.handler("kq-housing")
    id = uuid4()
    document = renovation(make, source="complaint", complaint=COMPLAINT)
    answer = worker.put(f"/findings/{id}", json=document)
    assert answer.status_code == 201, answer.text
    number = answer.json["ticket"]["number"]
    assert worker.put(f"/findings/{id}", json=document).json == answer.json
    assert officer.ticket(number)["source"] == "complaint"
    listed = officer.get("/tickets?source=complaint").json["items"]
    assert [row["number"] for row in listed] == [number]
    assert officer.get("/tickets?source=patrol").json["items"] == []
    seen = officer.get(f"/findings/{id}").json["complaint"]
    assert seen["complainant"]["name"] == "张某"
    theirs = housing.get(f"/findings/{id}").json["complaint"]
    assert (theirs["complainant"], theirs["channel"]) == (None, "resident")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"source": "rumour"}, "/source"),
        ({"source": "complaint"}, "/complaint"),
        ({"complaint": COMPLAINT}, "/complaint"),
        (
            {"source": "complaint", "complaint": COMPLAINT | {"channel": "pigeon"}},
            "/complaint/channel",
        ),
    ],
)
def test_a_source_that_does_not_fit(
    make: Factory, changes: dict[str, Any], pointer: str
) -> None:
    answer = send(make.grid_worker(), renovation(make, **changes))
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json["errors"]] == [pointer]


def test_a_department_s_own_inspection_opens_its_ticket_there(make: Factory) -> None:
    """30.区消防救援大队.1; the result is still fed back to the town (A33)."""
    fire, officer = make.handler("kq-fire"), make.town_officer()
    document = make.finding(handling={"kind": "report_up", "note": "检查发现"})
    answer = send(fire, document | {"source": "department"})
    assert answer.status_code == 201, answer.text
    opened = answer.json["ticket"]
    assert (opened["state"], opened["lead_department"]["code"]) == (
        "verifying",
        "kq-fire",
    )
    number = opened["number"]
    ticket = fire.ticket(number)
    assert [d["step"] for d in ticket["deadlines"]] == ["verify"]
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="责令改正")
    photos = [fire.photo(number)]
    fire.done(number, "reinspect", result="passed", note="已改", photos=photos)
    fire.done(number, "feed_back", note="已整改")
    assert officer.done(number, "close", note="台账已更新")["state"] == "closed"
    events = officer.get(f"/tickets/{number}/events").json["items"]
    assert [e["transition"] for e in events][:2] == ["T1", "A33"]


def test_what_another_department_leads_is_reported_to_it(make: Factory) -> None:
    fire, housing = make.handler("kq-fire"), make.handler("kq-housing")
    document = make.finding(category="G1", handling={"kind": "report_up"})
    answer = send(fire, document | {"source": "department"})
    opened = answer.json["ticket"]
    assert (opened["state"], opened["lead_department"]["code"]) == (
        "reported",
        "kq-housing",
    )
    assert housing.ticket(opened["number"])["source"] == "department"


def test_each_names_its_own_source_only(make: Factory) -> None:
    document = make.finding(handling={"kind": "report_up"})
    own = document | {"source": "department"}
    assert send(make.grid_worker(), own).status_code == 403
    assert send(make.handler(), document).status_code == 403


def test_departments_send_no_inspections(make: Factory) -> None:
    answer = make.handler().put(f"/inspections/{uuid4()}", json={})
    assert answer.status_code == 403


def test_boundaries_of_the_day_it_was_found(make: Factory) -> None:
    """A phone comes back after its community's boundary has moved."""
    worker = make.town_officer()
    position = make.position(COMMUNITY)
    db.session.execute(
        text(
            "WITH old AS (UPDATE area_boundaries SET valid_to = now()"
            " WHERE area_code LIKE :code AND valid_to IS NULL RETURNING *)"
            " INSERT INTO area_boundaries (area_code, geom, generated, valid_from)"
            " SELECT area_code, ST_Translate(geom, 0.5, 0.5), true, now() FROM old"
        ),
        {"code": COMMUNITY + "%"},
    )
    commit()
    before = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    after = datetime.now(UTC).isoformat()

    def area(found_at: str) -> str:
        answer = send(worker, make.finding(position=position, found_at=found_at))
        assert answer.status_code == 201, answer.text
        return str(answer.json["area"])

    assert area(before).startswith(COMMUNITY)
    assert not area(after).startswith(COMMUNITY)
