"""Findings of the items outside emergency management, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Factory
from tests.factories import workday as day

STOPPED = {"kind": "on_spot", "note": "已当场制止"}


def found(make: Factory, checkpoint: str, category: str, **more: Any) -> dict[str, Any]:
    """Send a finding at a checkpoint and return its acknowledgement."""
    item = checkpoint.partition("-")[0]
    document = make.finding(
        duty_item=item, checkpoint=checkpoint, category=category, handling=STOPPED
    )
    return make.sent(make.grid_worker(), document | more)


@pytest.mark.parametrize(
    ("checkpoint", "category", "lead", "co"),
    [
        ("24-01", "R1", "区文体旅游广电局", []),
        ("25-05", "M1", "区市场监督管理局", []),
        ("44-18", "G7", "区住房和城乡建设局", []),
        (
            "44-20",
            "G6",
            "区住房和城乡建设局",
            ["区市场监督管理局", "区公安分局"],
        ),
        ("54-08", "M2", "区农牧局", []),
        ("55-01", "A1", "区农牧局", []),
        ("63-05", "E1", "区生态环境分局", []),
        ("63-06", "E1", "区城市管理综合执法局", []),
        ("63-01", "E1", "区公安分局", []),
        ("63-04", "E1", "区生态环境分局", []),
        ("64-05", "E2", "区生态环境分局", []),
        ("64-10", "E6", "区农牧局", ["区生态环境分局"]),
        ("65-02", "E3", "区生态环境分局", []),
        ("65-08", "E3", "区城市管理综合执法局", []),
        ("66-02", "E4", "区生态环境分局", ["区农牧局"]),
        ("67-03", "E5", "区住房和城乡建设局", ["区城市管理综合执法局"]),
        ("67-08", "E5", "区城市管理综合执法局", ["区住房和城乡建设局"]),
        ("68-01", "E6", "区生态环境分局", ["区农牧局"]),
        ("70-02", "W1", "区城市管理综合执法局", []),
        ("71-01", "A2", "区农牧局", ["区公安分局"]),
        ("71-08", "A2", "区农牧局", []),
    ],
)
def test_reported_although_stopped_on_the_spot(
    make: Factory, checkpoint: str, category: str, lead: str, co: list[str]
) -> None:
    ticket = found(make, checkpoint, category)["ticket"]
    assert ticket["state"] == "reported"
    assert ticket["lead_department"]["name"] == lead
    assert [department["name"] for department in ticket["co_departments"]] == co


@pytest.mark.parametrize(
    ("checkpoint", "category"), [("54-03", "M2"), ("68-04", "E6"), ("70-05", "W1")]
)
def test_what_is_the_towns_stays_with_it(
    make: Factory, checkpoint: str, category: str
) -> None:
    ticket = found(make, checkpoint, category)["ticket"]
    assert (ticket["state"], ticket["lead_department"]) == ("on_spot", None)


def test_the_town_gives_a_day_for_records_and_broken_bins(make: Factory) -> None:
    handling = {"kind": "deadline", "due_on": day(7), "note": "限期"}
    for checkpoint, category in (("54-01", "M2"), ("70-04", "W1")):
        ticket = found(make, checkpoint, category, handling=handling)["ticket"]
        assert (ticket["state"], ticket["due_on"]) == ("rectifying", day(7))


def test_illegal_hunting_is_handed_to_the_police(make: Factory) -> None:
    """71.区农牧局.4, 71.区公安分局.1."""
    number = found(make, "71-01", "A2")["ticket"]["number"]
    agriculture, police = make.handler("kq-agri"), make.handler("kq-police")
    agriculture.done(number, "accept")
    agriculture.done(number, "verify", result="substantiated", note="属实")
    moved = agriculture.done(number, "transfer", department="kq-police", note="移送")
    assert moved["state"] == "transferred"
    police.done(number, "penalise", kind="punished", note="依法处罚")
    assert police.done(number, "answer", note="已处理")["state"] == "rectified"


def test_noise_that_is_not_brought_down_is_reported_to_the_government(
    make: Factory,
) -> None:
    """63.区生态环境分局.2: 如未完成整改，报请区政府关停."""
    number = found(make, "63-05", "E1")["ticket"]["number"]
    ecology = make.handler("kq-ecology")
    ecology.done(number, "accept")
    ecology.done(number, "verify", result="substantiated", note="超标")
    ecology.done(number, "order", due_on=day(5), note="限期达标")
    ecology.done(number, "reinspect", result="failed", note="仍超标")
    assert ecology.done(number, "escalate", note="报请关停")["state"] == "escalated"
    assert make.handler("kq-government").ticket(number)["state"] == "escalated"


def test_the_city_decides_before_the_district_orders(make: Factory) -> None:
    """54.区农牧局.3-4: what proves true goes up; the district acts on the answer."""
    worker, agri = make.grid_worker(), make.handler("kq-agri")
    facts = {"facts": ["agri_input_quality"], "handling": {"kind": "report_up"}}
    number = make.ticket(worker, duty_item="54", category="M2", **facts)
    agri.done(number, "accept")
    agri.done(number, "verify", result="substantiated", note="属实")
    offered = {a["action"] for a in agri.ticket(number)["actions"]}
    assert "escalate" in offered
    assert "order" not in offered
    assert agri.done(number, "escalate", note="报市农牧局")["state"] == "escalated"
    answered = agri.done(number, "answer", note="市农牧局已处罚，由区局监督整改")
    assert answered["state"] == "dept_recheck"
    photos = [agri.photo(number)]
    passed = agri.done(number, "reinspect", result="passed", note="已改", photos=photos)
    assert passed["state"] == "rectified"


def test_serious_dumping_goes_up_beside_an_order(make: Factory) -> None:
    """65.区生态环境分局.3."""
    worker, ecology = make.grid_worker(), make.handler("kq-ecology")
    on_spot = {"kind": "on_spot", "note": "已制止倾倒"}
    number = make.ticket(worker, duty_item="65", category="E3", handling=on_spot)
    events = worker.get(f"/tickets/{number}/events").json["items"]
    assert [(e["transition"], e["to"]) for e in events] == [
        ("T1", "found"),
        ("T2", "on_spot"),
        ("T5", "reported"),
    ]
    assert events[1]["note"] == "已制止倾倒"
    ecology.done(number, "accept")
    assert ecology.act(number, "escalate", note="x").status_code == 409
    ecology.done(number, "verify", result="substantiated", note="属实")
    assert {"order", "escalate"} <= {
        action["action"] for action in ecology.ticket(number)["actions"]
    }
    assert ecology.done(number, "escalate", note="报请区政府")["state"] == "escalated"


def test_a_third_party_confirms_without_a_grade(make: Factory) -> None:
    """27.区住房和城乡建设局.2, and 应急局 assigns what item 26 brings it."""
    worker, housing = make.grid_worker(), make.handler("kq-housing")
    number = make.reported(worker, duty_item="27", category="B5")
    housing.done(number, "accept")
    housing.done(number, "appraise", appraiser="某检测公司", note="委托鉴定")
    grade = next(
        field
        for action in housing.ticket(number)["actions"]
        if action["action"] == "appraise"
        for field in action["fields"]
        if field["name"] == "grade"
    )
    assert grade["choices"] == ["C", "D", "confirmed", "none"]
    housing.done(number, "appraise", grade="confirmed", note="具有安全隐患")
    ordered = housing.done(number, "order", due_on="2099-01-02", note="限期整改")
    assert (ordered["state"], ordered["grade"]) == ("ordered", "confirmed")


def test_the_emergency_bureau_assigns_what_item_26_brings(make: Factory) -> None:
    worker, emergency = make.grid_worker(), make.handler("kq-emergency")
    number = make.reported(worker, duty_item="26", category="P1")
    body = {"department": "kq-market", "note": "无证经营"}
    assert emergency.done(number, "dispatch", **body)["state"] == "dispatched"
    assert make.handler("kq-market").done(number, "accept")["state"] == "verifying"
    fire = make.handler("kq-fire")
    theirs = make.reported(worker)
    assert fire.act(theirs, "dispatch", **body).status_code == 403
