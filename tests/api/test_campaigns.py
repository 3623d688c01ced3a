"""The campaigns (26, 27, 29, 41) and patrols (46, 47, 49) beside the small places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_tickets import day, offered
from tests.factories import Factory


def codes(departments: list[dict[str, Any]]) -> set[str]:
    """Return the codes of departments."""
    return {department["code"] for department in departments}


@pytest.mark.parametrize("item", ["26", "27", "41", "46", "47"])
def test_the_town_sets_a_day_in_writing(make: Factory, item: str) -> None:
    """Path B: the town's reminder, never titled like a department's order."""
    worker, officer = make.grid_worker(), make.town_officer()
    handling = {"kind": "deadline", "note": "限期整改"}
    number = make.ticket(worker, duty_item=item, category="P5", handling=handling)
    ticket = worker.ticket(number)
    assert ticket["state"] == "rectifying"
    assert ticket["documents"][-1]["title"] == "整改提醒单"
    photos = [worker.photo(number)]
    passed = worker.done(
        number, "reinspect", result="passed", note="已整改", photos=photos
    )
    assert passed["state"] == "closed_town"
    assert officer.ticket(number)["state"] == "closed_town"


@pytest.mark.parametrize(
    ("item", "category", "lead"),
    [("29", "B4", "kq-housing"), ("49", "N3", "kq-resources")],
)
def test_whatever_the_finder_says_it_is_reported_at_once(
    make: Factory, item: str, category: str, lead: str
) -> None:
    worker = make.grid_worker()
    number = make.ticket(
        worker, duty_item=item, category=category, handling={"kind": "on_spot"}
    )
    ticket = make.handler(lead).ticket(number)
    assert (ticket["state"], ticket["routing"]["at_once"]) == ("reported", True)
    assert offered(worker.ticket(number)).isdisjoint({"settle", "issue_notice"})


def test_geological_danger_is_known_to_the_emergency_department(make: Factory) -> None:
    number = make.ticket(
        make.grid_worker(), duty_item="49", category="N3", handling={"kind": "on_spot"}
    )
    informed = make.handler("kq-emergency").ticket(number)
    assert offered(informed) == {"comment"}
    assert make.handler("kq-fire").get(f"/tickets/{number}").status_code == 404


def test_the_kind_of_hazard_decides_who_gets_a_campaign_s_case(make: Factory) -> None:
    """Path H (26.区应急管理局.3): the case is assigned to the department in charge."""
    number = make.reported(make.grid_worker(), duty_item="26", category="P1")
    market = make.handler("kq-market")
    assert market.get(f"/tickets/{number}").status_code == 404
    sent = make.safety_office().done(
        number, "dispatch", department="kq-market", note="无证照"
    )
    assert sent["lead_department"]["code"] == "kq-market"
    assert codes(sent["co_departments"]) == {"kq-emergency"}
    assert market.done(number, "accept")["state"] == "verifying"


def test_a_roof_about_to_fall_is_appraised_before_any_refusal(make: Factory) -> None:
    housing = make.handler("kq-housing")
    number = make.ticket(
        make.grid_worker(),
        duty_item="27",
        category="B5",
        severity="major",
        handling={"kind": "report_up"},
        control={"measure": "停止使用", "note": "已清场"},
    )
    opened = housing.ticket(number)
    assert (opened["routing"]["rule"], opened["control"]) == ("L31", "in_force")
    housing.done(number, "accept")
    asked = housing.done(number, "appraise", appraiser="某鉴定公司", note="委托鉴定")
    assert asked["state"] == "appraisal"


def test_a_municipal_drain_is_beyond_the_town(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(
        worker,
        duty_item="47",
        category="N2",
        facts=["municipal_facility"],
        handling={"kind": "on_spot"},
    )
    housing = make.handler("kq-housing")
    assert housing.get(f"/tickets/{number}").status_code == 404
    told = worker.done(
        number, "report_up", trigger="cannot_fix_now", note="管网塌陷，非镇内管理"
    )
    assert told["lead_department"]["code"] == "kq-emergency"
    assert codes(told["co_departments"]) == {"kq-housing"}
    assert housing.ticket(number)["state"] == "reported"


def test_gas_on_a_building_site_follows_item_44(make: Factory) -> None:
    number = make.reported(make.grid_worker(), duty_item="41", category="G1")
    ticket = make.handler("kq-housing").ticket(number)
    assert ticket["routing"]["item"] == "44"
    assert ticket["routing"]["next_level"] is None


def test_who_refuses_on_a_building_site_is_reported_to_the_city(make: Factory) -> None:
    housing = make.handler("kq-housing")
    number = make.reported(make.grid_worker(), duty_item="41", category="P3")
    housing.done(number, "accept")
    housing.done(number, "verify", result="substantiated", note="属实")
    housing.done(number, "order", due_on=day(3), note="要求整改")
    failed = housing.done(number, "reinspect", result="failed", note="仍未整改")
    assert failed["routing"]["next_level"]["code"] == "bt-housing"
    assert "penalise" not in offered(failed)
    assert housing.done(number, "escalate", note="报市局查处")["state"] == "escalated"
