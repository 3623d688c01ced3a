"""A department's own check opens a ticket (own_check; model A33)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from server.core.permissions import Role
from server.demo.seed import TOWN
from tests.factories import Caller, Factory

OWN = {"kind": "own_check", "note": "消防监督检查中发现"}


def found(caller: Caller, make: Factory, **changes: Any) -> Any:
    """Send a finding of a department's own check."""
    document = make.finding(handling=OWN) | changes
    return caller.put(f"/findings/{uuid4()}", json=document)


def test_the_lead_department_begins_with_verifying(make: Factory) -> None:
    fire = make.handler("kq-fire")
    answer = found(fire, make)
    assert answer.status_code == 201, answer.text
    number = answer.json["ticket"]["number"]

    ticket = fire.ticket(number)
    assert ticket["state"] == "verifying"
    assert ticket["lead_department"]["code"] == "kq-fire"
    assert [line["step"] for line in ticket["deadlines"]] == ["verify"]
    events = fire.get(f"/tickets/{number}/events").json["items"]
    assert [e["transition"] for e in events] == ["T1", "T12b"]

    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-01", note="限期整改", document_no="1")
    fire.done(number, "reinspect", result="passed", note="已整改")
    fire.done(number, "feed_back", note="已整改")
    # It still feeds back to the town, which strikes it off.
    assert make.town_officer().done(number, "close")["state"] == "closed"


def test_who_checks_and_does_not_lead_reports_to_who_leads(make: Factory) -> None:
    police = make.handler("kq-police")
    answer = found(police, make)
    assert answer.status_code == 201, answer.text
    ticket = police.ticket(answer.json["ticket"]["number"])
    assert ticket["state"] == "reported"
    assert ticket["lead_department"]["code"] == "kq-fire"
    assert [d["code"] for d in ticket["co_departments"]] == ["kq-police"]


def test_the_town_sees_it(make: Factory) -> None:
    number = found(make.handler("kq-fire"), make).json["ticket"]["number"]
    assert make.town_officer().get(f"/tickets/{number}").status_code == 200
    assert make.other_town_officer().get(f"/tickets/{number}").status_code == 404


@pytest.mark.parametrize(
    ("department", "kind"),
    [("kq-housing", "own_check"), ("kq-fire", "report_up"), ("kq-fire", "on_spot")],
)
def test_a_department_only_where_the_list_has_it_check(
    make: Factory, department: str, kind: str
) -> None:
    answer = found(make.handler(department), make, handling={"kind": kind})
    assert answer.status_code == 422, answer.text
    assert [e["pointer"] for e in answer.json["errors"]] == ["/handling/kind"]


def test_the_town_has_no_own_check(make: Factory) -> None:
    for caller in (make.grid_worker(), make.staff(Role.TOWN_OFFICER, TOWN)):
        answer = found(caller, make)
        assert answer.status_code == 422, answer.text
        assert [e["pointer"] for e in answer.json["errors"]] == ["/handling/kind"]


def test_the_same_again_is_one_ticket(make: Factory) -> None:
    fire, id = make.handler("kq-fire"), uuid4()
    document = make.finding(handling=OWN)
    first = fire.put(f"/findings/{id}", json=document)
    again = fire.put(f"/findings/{id}", json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
