"""What papers, case files and ledgers tell of a case: safeguards, refusals, orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from server.core.permissions import Role
from tests.api.test_case_file import text_of
from tests.documents import stored, verified
from tests.factories import Caller, Factory, workday
from tests.papers import pages

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
PERIOD = f"{TODAY - timedelta(days=3)}..{TODAY + timedelta(days=1)}"
FIVE = {
    "responsibility": "店主王某",
    "measures": "拆除隔断",
    "funds": "自筹两千元",
    "plan": "专人值守",
}
KEPT = "到货前停止使用该处，每日巡查两次"


def issued(caller: Caller, paper: dict[str, Any]) -> list[str]:
    """The pages of an issued paper."""
    answer = caller.get(f"/documents/{paper['id']}/file")
    assert answer.status_code == 200, answer.text
    return pages(answer.data)


def case_of(caller: Caller, number: str) -> str:
    """The words of a ticket's case file."""
    return text_of(caller.get(f"/tickets/{number}/case-file").data)


# --- a later day, and what is done until it -----------------------------------------


def test_safeguards_until_the_later_day(make: Factory) -> None:
    fire, head = make.handler(), make.handler(role=Role.LEAD)
    number = verified(make, make.grid_worker(), fire)
    fire.done(number, "order", due_on=workday(3), note="清理")
    (asked_with,) = [
        action
        for action in fire.ticket(number)["actions"]
        if action["action"] == "request_extension"
    ]
    assert "safeguards" in asked_with["optional"]
    asked = fire.done(
        number, "request_extension", due_on=workday(9), note="未到货", safeguards=KEPT
    )
    assert asked["extension"]["safeguards"] == KEPT
    event = fire.get(f"/tickets/{number}/events").json["items"][-1]
    assert event["details"]["safeguards"] == KEPT
    assert f"防范措施：{KEPT}" in case_of(fire, number)
    done = head.done(number, "extend", note="同意")
    event = fire.get(f"/tickets/{number}/events").json["items"][-1]
    assert event["details"]["extension"]["safeguards"] == KEPT
    paper = done["documents"][-1]
    assert stored(paper["id"]).content["extension"]["safeguards"] == KEPT
    (page,) = issued(head, paper)
    assert f"延期期间的防范措施{KEPT}" in page
    docx = head.get(f"/documents/{paper['id']}/file?format=docx")
    assert docx.status_code == 200


def test_a_later_day_may_be_asked_for_without(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    until = {"kind": "deadline", "note": "限期", "due_on": workday(3)}
    number = make.ticket(worker, handling=until)
    asked = worker.done(number, "request_extension", due_on=workday(6), note="未到")
    assert asked["extension"]["safeguards"] is None
    done = officer.done(number, "extend")
    (page,) = issued(officer, done["documents"][-1])
    assert "延期期间的防范措施审批意见" in page


# --- the case file --------------------------------------------------------------------


def test_a_refusal_found_with_the_hazard_is_in_the_case_file(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    shown = {"how": "当场声明拒绝", "note": "称货物无处存放", "witnesses": "村干部赵某"}
    handling = {"kind": "report_up", "note": "业主拒绝清理", "refused": shown}
    sent = make.sent(worker, make.refused(handling=handling, photos=[str(uuid4())]))
    said = case_of(fire, sent["ticket"]["number"])
    assert "拒不整改的证据" in said
    for words in shown.values():
        assert words in said
    assert "1张，见现场照片“发现”" in said
    assert "填报人" + worker.get("/me").json["name"] in said


def test_a_refusal_told_later_is_in_the_case_file(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = make.ticket(worker)
    photo = worker.photo(number)
    worker.done(
        number,
        "report_up",
        trigger="refused",
        how="拒绝签字",
        note="第二天又堆上",
        photos=[photo],
        witnesses="物业经理钱某",
    )
    said = case_of(fire, number)
    for words in ("拒绝签字", "第二天又堆上", "物业经理钱某", "1张，见现场照片"):
        assert words in said
    quiet = make.ticket(worker)
    assert "拒不整改的证据" not in case_of(worker, quiet)


def test_the_five_are_in_the_case_file(make: Factory) -> None:
    fire = make.handler()
    number = verified(make, make.grid_worker(), fire, severity="major")
    assert "五落实" not in case_of(fire, number)
    due_on = workday(5)
    done = fire.done(number, "order", due_on=due_on, note="限期", **FIVE)
    said = case_of(fire, number)
    year, month, day = (int(part) for part in due_on.split("-"))
    assert "五落实" in said
    assert f"时限{year}年{month}月{day}日" in said
    for words in FIVE.values():
        assert words in said
    assert len(issued(fire, done["documents"][-1])) == 1


# --- a warning ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "there", "gone"),
    [
        ("warning", "作出警告决定", "500"),
        ("fine", "作出罚款决定，金额500.00元", "警告"),
    ],
)
def test_a_warning_is_printed_without_a_sum(
    make: Factory, kind: str, there: str, gone: str
) -> None:
    fire = make.handler()
    number = verified(make, make.grid_worker(), fire)
    fire.done(number, "order", due_on=workday(5), note="清理")
    punished = fire.done(number, "penalise", kind=kind, note="依法", amount=500)
    assert punished["penalties"][-1]["amount"] == 500
    photo = fire.photo(number)
    fire.done(number, "reinspect", result="passed", note="已改", photos=[photo])
    fed = fire.done(number, "feed_back", note="已整改")
    (page,) = issued(fire, fed["documents"][-1])
    assert there in page
    assert gone not in page
    assert "罚款" not in page or kind == "fine"
    told = case_of(fire, number).split("行政处罚")[-1]
    assert ("500" in told) == (kind == "fine")


# --- the ledger -----------------------------------------------------------------------


def test_the_ledger_of_42_tells_every_order(make: Factory) -> None:
    """应急局's and the fire brigade's beside it, and the second after a failure."""
    worker, officer = make.grid_worker(), make.town_officer()
    lead, fire = make.handler("kq-emergency"), make.handler("kq-fire")
    number = make.reported(worker, duty_item="42", category="F3")
    lead.done(number, "accept")
    lead.done(number, "verify", result="substantiated", note="属实")
    lead.done(number, "order", due_on=workday(3), note="整改")
    fire.done(number, "order", due_on=workday(4), note="改正")
    lead.done(number, "reinspect", result="failed", note="仍在")
    done = lead.done(number, "order", due_on=workday(6), note="再令")
    papers = [d for d in done["documents"] if d["kind"] == "order"]
    query = f"addressee=D05&period={PERIOD}&provisional=true"
    told = officer.get(f"/reports/ledger?{query}").json["rows"]
    (row,) = [row for row in told if row["number"] == number]
    assert [(one["title"], one["number"], one["due_on"]) for one in row["orders"]] == [
        (paper["title"], paper["number"], paper["due_on"]) for paper in papers
    ]
    assert [one["department"]["code"] for one in row["orders"]] == [
        "kq-emergency",
        "kq-fire",
        "kq-emergency",
    ]
    assert len({one["number"] for one in row["orders"]}) == 3
