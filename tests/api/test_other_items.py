"""Findings of the items outside emergency management, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import Factory

STOPPED = {"kind": "on_spot", "note": "已当场制止"}


def day(ahead: int) -> str:
    """Return the local day so many days from now."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return (today + timedelta(days=ahead)).isoformat()


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
