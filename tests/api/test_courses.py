"""What a ticket tells of its appraisal, its way to the next level and its transfer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import Caller, Factory


def day(ahead: int) -> str:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return (today + timedelta(days=ahead)).isoformat()


def house(make: Factory, housing: Caller, **changes: Any) -> str:
    finding = {"duty_item": "28", "category": "B2", "handling": {"kind": "report_up"}}
    number = make.ticket(make.grid_worker(), **finding | changes)
    housing.done(number, "accept")
    return number


@pytest.mark.parametrize(("grade", "content"), [("C", "加固"), ("D", "拆除、重建")])
def test_an_appraisal_by_professionals(make: Factory, grade: str, content: str) -> None:
    """28.区住房和城乡建设局.4: C is reinforced, D pulled down or rebuilt."""
    housing = make.handler("kq-housing")
    number = house(make, housing)
    assert housing.ticket(number)["appraisal"] is None
    asked = housing.done(number, "appraise", appraiser="专业人员李某", note="委托")
    assert asked["appraisal"]["kind"] == "professional"
    assert (asked["appraisal"]["appraiser"], asked["appraisal"]["grade"]) == (
        "专业人员李某",
        None,
    )
    result = {"grade": grade, "document_no": "鉴1", "note": "结论"}
    answer = housing.act(number, "appraise", **result, appraised_on=day(1))
    assert [e["pointer"] for e in answer.json["errors"]] == ["/appraised_on"]
    report = housing.photo(number, "document")
    told = housing.done(
        number, "appraise", **result, appraised_on=day(-3), photos=[report]
    )
    assert told["grade"] == grade
    assert told["appraisal"] | result == told["appraisal"]
    assert told["appraisal"]["appraised_on"] == day(-3)
    assert told["appraisal"]["photos"] == [report]
    offer = next(a for a in told["actions"] if a["action"] == "order")
    note = next(f for f in offer["fields"] if f["name"] == "note")
    assert content in note["suggestion"]


def test_an_appraisal_by_a_third_party(make: Factory) -> None:
    housing = make.handler("kq-housing")
    number = make.reported(make.grid_worker(), duty_item="27", category="B5")
    housing.done(number, "accept")
    housing.done(number, "appraise", appraiser="某检测公司", note="聘请第三方")
    said = {"grade": "confirmed", "document_no": "检7", "appraised_on": day(0)}
    told = housing.done(number, "appraise", **said, note="有隐患")["appraisal"]
    assert (told["kind"], told["appraiser"]) == ("third_party", "某检测公司")
    assert said.items() <= told.items()


# item, category, facts, lead, next level, before it goes up
PATHS = [
    ("27", "B5", ["refused"], "kq-housing", "bt-housing", "recheck"),
    ("41", "B6", ["refused"], "kq-housing", "bt-housing", "recheck"),
    ("49", "N3", [], "kq-resources", "bt-resources", "verify"),
    ("54", "M2", ["illegal"], "kq-agri", "bt-agri", "verify"),
    ("63", "E1", ["noise_plant"], "kq-ecology", "kq-government", "recheck"),
    ("65", "E3", ["illegal"], "kq-ecology", "kq-government", "verify"),
]


@pytest.mark.parametrize(
    ("item", "category", "facts", "lead", "above", "when"),
    PATHS,
    ids=[p[0] for p in PATHS],
)
def test_up_to_the_next_level_and_its_answer(
    make: Factory,
    item: str,
    category: str,
    facts: list[str],
    lead: str,
    above: str,
    when: str,
) -> None:
    who, officer = make.handler(lead), make.town_officer()
    handling = {"kind": "report_up", "note": "上报"}
    if "refused" in facts:
        handling["refused"] = {"how": "拒签", "note": "拒绝"}  # type: ignore[assignment]
    found = {"duty_item": item, "category": category, "facts": facts}
    number = make.ticket(make.grid_worker(), **found, handling=handling)
    assert officer.ticket(number)["lead_department"]["code"] == lead
    who.done(number, "accept")
    who.done(number, "verify", result="substantiated", note="属实")
    if when == "recheck":
        if item == "27":
            who.done(number, "appraise", appraiser="某公司", note="鉴定")
            who.done(number, "appraise", grade="confirmed", note="有隐患")
        who.done(number, "order", due_on=day(5), note="限期")
        who.done(number, "reinspect", result="failed", note="仍在")
    assert officer.ticket(number)["escalation"] is None
    up = who.done(number, "escalate", note="附过程材料")
    sent = up["escalation"]
    assert (sent["department"]["code"], sent["note"]) == (above, "附过程材料")
    assert (sent["since"] is not None, sent["answer"]) == (True, None)
    assert make.handler(above).ticket(number)["escalation"] == sent

    answer = who.act(number, "answer", note="x", answered_on=day(1))
    assert [e["pointer"] for e in answer.json["errors"]] == ["/answered_on"]
    answer = who.act(number, "answer", note="x", decision="maybe")
    assert [e["pointer"] for e in answer.json["errors"]] == ["/decision"]
    said = {"decision": "closure_ordered", "answered_on": day(-1), "document_no": "复3"}
    told = who.done(number, "answer", note="同意关停", **said)
    assert told["state"] == "dept_recheck"
    recorded = told["escalation"]["answer"]
    assert (recorded["note"], recorded["by"] != "") == ("同意关停", True)
    assert said.items() <= recorded.items()
    who.done(number, "reinspect", result="passed", note="已关停")
    who.done(number, "feed_back", note="已关停")
    assert officer.done(number, "close", note="销号")["state"] == "closed"


@pytest.mark.parametrize(
    ("item", "category", "facts", "lead"),
    [
        ("30", "F1", ["refused"], "kq-fire"),
        ("38", "F1", ["refused"], "kq-fire"),
        ("39", "F12", ["refused"], "kq-fire"),
        ("40", "F10", ["refused"], "kq-fire"),
        ("44", "G6", ["illegal"], "kq-housing"),
        ("71", "A2", ["illegal"], "kq-agri"),
    ],
)
def test_transferred_to_the_police_and_back_to_the_town(
    make: Factory, item: str, category: str, facts: list[str], lead: str
) -> None:
    who, police, officer = (
        make.handler(lead),
        make.handler("kq-police"),
        make.town_officer(),
    )
    handling: dict[str, Any] = {"kind": "report_up", "note": "上报"}
    if "refused" in facts:
        handling["refused"] = {"how": "拒签", "note": "拒绝"}
    found = {"duty_item": item, "category": category, "facts": facts}
    number = make.ticket(make.grid_worker(), **found, handling=handling)
    who.done(number, "accept")
    evidence = who.photo(number, "document")
    letter = {"note": "涉嫌犯罪，事实如下", "document_no": "移1", "photos": [evidence]}
    sent = who.done(number, "transfer", department="kq-police", **letter)
    assert sent["documents"][-1]["title"] == "移送函"
    assert sent["documents"][-1]["number"] == "移1"
    told = sent["transfer"]
    assert told["department"]["code"] == "kq-police"
    assert letter.items() <= told.items()
    done = police.done(number, "answer", note="已立案", document_no="立1")
    assert (done["state"], done["transfer"]["answer"]["note"]) == (
        "rectified",
        "已立案",
    )
    assert who.done(number, "feed_back", note="公安已立案")["state"] == "feedback"
    assert officer.done(number, "close", note="销号")["state"] == "closed"
