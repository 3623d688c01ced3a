"""What a record of an inspection (检查记录) says was done (处理意见)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from tests.api.test_findings import inspection
from tests.api.test_inspections import all_yes
from tests.factories import Caller, Factory, workday
from tests.papers import pages

DUE = workday(5)


def recorded(
    make: Factory, worker: Caller, item: str, *findings: dict[str, Any]
) -> dict[str, Any]:
    """Send an inspection with a finding at each of its first checkpoints; its record,
    with the text of its file."""
    key, answers = str(uuid4()), all_yes(worker, item)
    for answer, changes in zip(answers, findings, strict=False):
        answer["answer"] = "no"
        at = {"inspection": key, "checkpoint": answer["checkpoint"], "duty_item": item}
        make.sent(worker, make.finding(**at | changes))
    sent = worker.put(f"/inspections/{key}", json=inspection(make, answers, item))
    assert sent.status_code == 201, sent.text
    issued = worker.post(f"/inspections/{key}/record")
    assert issued.status_code == 201, issued.text
    file = worker.get(f"/documents/{issued.json['id']}/file").data
    return dict(issued.json["content"]) | {"pages": pages(file)}


def said(due_on: str) -> str:
    """A day as papers write it."""
    day = date.fromisoformat(due_on)
    return f"{day.year}年{day.month}月{day.day}日"


_REFUSED = {
    "facts": ["refused"],
    "handling": {
        "kind": "report_up",
        "note": "拒绝",
        "refused": {"how": "当场声明拒绝", "note": "称无处存放"},
    },
}
_URGED = {"handling": {"kind": "deadline", "note": "清理纸箱", "due_on": DUE}}


@pytest.mark.parametrize(
    ("item", "finding", "words"),
    [
        ("35", {}, "当场整改。说明：当场清理"),
        ("35", _URGED, f"限期整改，于{said(DUE)}前完成。说明：清理纸箱"),
        (
            "35",
            _REFUSED,
            "当事人拒不整改（当场声明拒绝）；上报昆都仑区消防救援大队处理。说明：拒绝",
        ),
        (
            "28",
            {
                "category": "B1",
                "handling": {"kind": "report_up"},
                "control": {"measure": "停止使用", "note": "墙裂"},
            },
            "采取管控措施：停止使用；上报昆都仑区住房和城乡建设局处理。",
        ),
        (
            "65",
            {"category": "E3", "handling": {"kind": "on_spot", "note": "已熄灭"}},
            "当场制止；上报包头市生态环境局昆都仑区分局处理。说明：已熄灭",
        ),
    ],
)
def test_what_was_done(
    make: Factory, item: str, finding: dict[str, Any], words: str
) -> None:
    told = recorded(make, make.grid_worker(), item, finding)
    assert told["requirement"] == words
    assert "".join(words.split()) in "".join(told["pages"])


def test_several_hazards_are_numbered(make: Factory) -> None:
    told = recorded(make, make.grid_worker(), "35", {}, _URGED)
    assert told["requirement"].splitlines() == [
        "1. 当场整改。说明：当场清理",
        f"2. 限期整改，于{said(DUE)}前完成。说明：清理纸箱",
    ]


def test_nothing_was_found(make: Factory) -> None:
    told = recorded(make, make.grid_worker(), "35")
    assert told["requirement"] == "本次检查未发现隐患。"
    (page,) = told["pages"]
    assert "处理意见本次检查未发现隐患。" in page


def test_an_incident_is_said_to_be_one(make: Factory) -> None:
    worker, key = make.grid_worker(), uuid4()
    answers = all_yes(worker, "46")
    answers[0]["answer"] = "no"
    worker.put(f"/inspections/{key}", json=inspection(make, answers, "46"))
    told = worker.post(f"/inspections/{key}/record").json["content"]["requirement"]
    assert told.endswith("”：属突发事件，按突发事件报告处置。")
    assert "未发现" not in told


def test_the_record_says_what_was_done_then(make: Factory) -> None:
    """Not how the ticket went on before the record was asked for."""
    worker, key = make.grid_worker(), str(uuid4())
    answers = all_yes(worker)
    answers[0]["answer"] = "no"
    at = {"inspection": key, "checkpoint": answers[0]["checkpoint"]}
    number = make.sent(worker, make.finding(**at))["ticket"]["number"]
    worker.put(f"/inspections/{key}", json=inspection(make, answers, "35"))
    worker.done(number, "report_up", trigger="refused", how="拒签", note="又堆上")
    told = worker.post(f"/inspections/{key}/record").json["content"]
    assert told["requirement"] == "当场整改。说明：当场清理"
    first = worker.get(f"/documents?inspection={key}").json["items"][0]
    file = worker.get(f"/documents/{first['id']}/file").data
    assert len(PdfReader(io.BytesIO(file)).pages) == 1
