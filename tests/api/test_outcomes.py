"""What became of what a person found, on their phone."""

from __future__ import annotations

from typing import Any

from tests.factories import Caller, Factory


def bundle(caller: Caller, since: str | None = None) -> dict[str, Any]:
    """Return a bundle, whole or since a cursor."""
    query = {"since": since} if since else {}
    answer = caller.get("/device/bundle", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def told(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return number, result and note of the outcomes of a bundle."""
    return [(o["number"], o["result"], o["note"]) for o in document["outcomes"]]


def test_the_finder_learns_how_it_went_on(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    first = bundle(worker)
    assert first["outcomes"] == []
    fire.done(number, "return", note="缺少照片")
    second = bundle(worker, first["cursor"])
    assert not second["full"]
    assert told(second) == [(number, "已退回", "缺少照片")]
    worker.done(number, "report_up", note="补充")
    fire.done(number, "accept")
    third = bundle(worker, second["cursor"])
    assert told(third) == []
    fire.done(number, "verify", result="not_substantiated", note="查无此事")
    fourth = bundle(worker, third["cursor"])
    assert told(fourth) == [(number, "核查不属实", "查无此事")]
    fire.done(number, "feed_back", note="已告知")
    fifth = bundle(worker, fourth["cursor"])
    assert told(fifth) == [(number, "已反馈", "已告知")]
    assert told(bundle(worker, fifth["cursor"])) == []
    assert told(bundle(worker)) == [(number, "已反馈", "已告知")]


def test_a_remark_is_no_news(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    fire.done(number, "return", note="缺少照片")
    given = bundle(worker)
    worker.done(number, "comment", note="在补")
    assert told(bundle(worker, given["cursor"])) == []


def test_each_finder_their_own(make: Factory) -> None:
    worker, other = make.grid_worker(), make.grid_worker()
    officer = make.town_officer()
    kept, twin = make.ticket(worker), make.ticket(worker)
    officer.done(twin, "merge", into=kept, note="重复")
    assert told(bundle(worker)) == [(twin, f"并入工单 {kept}", "重复")]
    assert told(bundle(other)) == []
    assert told(bundle(officer)) == []
