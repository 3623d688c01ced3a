"""What is told of wrong input, the same everywhere: pointers, blanks, periods."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from server.core.permissions import Role
from server.demo.seed import DISTRICT
from tests.api.test_incidents import incident
from tests.factories import Caller, Factory

BACKWARDS = {
    "zh-CN": "开始日期晚于结束日期",
    "en": "The period ends before it begins",
}
EMPTY = {"zh-CN": "不能为空", "en": "Must not be empty"}


def refusals(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and message of each wrong field."""
    assert answer.status_code == 422, answer.text
    return [(e["pointer"], e["message"]) for e in answer.json["errors"]]


@pytest.fixture
def office(make: Factory) -> Caller:
    """Someone who may ask for every list and report."""
    return make.staff(Role.SAFETY_OFFICE, DISTRICT, "kq-emergency")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/tickets",
        "/tickets/counts",
        "/incidents",
        "/duties",
        "/reports/rectification",
        "/reports/coverage",
        "/reports/recurrence",
        "/reports/duties",
    ],
)
def test_a_period_that_ends_before_it_begins(
    office: Caller, path: str, language: str
) -> None:
    answer = office.get(
        f"{path}?from=2026-03-02&to=2026-03-01", headers={"Accept-Language": language}
    )
    assert refusals(answer) == [("/from", BACKWARDS[language])]
    one_day = office.get(f"{path}?from=2026-03-01&to=2026-03-01")
    assert one_day.status_code == 200, one_day.text


def test_other_periods(office: Caller) -> None:
    for path in ("/tickets", "/tickets/counts"):
        query = "due_from=2026-03-02&due_to=2026-03-01"
        wrong = refusals(office.get(f"{path}?{query}"))
        assert wrong == [("/due_from", BACKWARDS["zh-CN"])]
        both = f"{path}?{query}&from=2026-03-02&to=2026-03-01"
        assert [p for p, _ in refusals(office.get(both))] == ["/from", "/due_from"]
        assert office.get(f"{path}?due_from=2026-03-02").status_code == 200
    backwards = "from=2026-03-02&to=2026-03-01"
    calendar = refusals(office.get(f"/calendar?{backwards}"))
    assert [pointer for pointer, _ in calendar] == ["/to"]
    owed = refusals(office.get(f"/reports/ledger/due?{backwards}"))
    assert [pointer for pointer, _ in owed] == ["/from"]


def test_a_saved_day_and_one_of_the_query(office: Caller) -> None:
    body = {"name": "三月", "query": {"from": "2026-03-01", "to": "2026-03-31"}}
    saved = office.post("/me/filters", json=body)
    assert saved.status_code == 201, saved.text
    path = f"/tickets?filter={saved.json['id']}"
    assert office.get(path).status_code == 200
    assert refusals(office.get(f"{path}&from=2026-04-01")) == [
        ("/from", BACKWARDS["zh-CN"])
    ]
    body["query"] = {"due_from": "2026-03-02", "due_to": "2026-03-01"}
    wrong = office.put(f"/me/filters/{saved.json['id']}", json=body)
    assert refusals(wrong) == [("/query/due_from", BACKWARDS["zh-CN"])]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("blank", ["", "   ", "\n\t　"])
def test_blank_text(make: Factory, blank: str, language: str) -> None:
    said = EMPTY[language]
    headers = {"Accept-Language": language}
    fire, worker = make.handler(), make.grid_worker()
    number = make.reported(worker)
    seen = {**headers, "If-Match": fire.ticket(number)["etag"]}
    answer = fire.post(
        f"/tickets/{number}/actions/return", json={"note": blank}, headers=seen
    )
    assert refusals(answer) == [("/note", said)]
    assert fire.ticket(number)["version"] == 1
    finding = make.finding(description=blank)
    sent = worker.put(f"/findings/{uuid4()}", json=finding, headers=headers)
    assert refusals(sent) == [("/description", said)]
    named = fire.post("/me/filters", json={"name": blank, "query": {}}, headers=headers)
    assert refusals(named) == [("/name", said)]
    report = incident(make, "fire", fields={"burning": blank, "people_trapped": "no"})
    told = worker.put(f"/incidents/{uuid4()}", json=report, headers=headers)
    ((pointer, message),) = refusals(told)
    assert (pointer, message.endswith(said)) == ("/fields/burning", True)


def test_no_text_at_all_is_told_otherwise(make: Factory) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    missing = [("/note", "缺少必填字段")]
    assert refusals(fire.act(number, "return")) == missing
    assert refusals(fire.act(number, "return", note=None)) == missing
    assert refusals(fire.act(number, "return", note=7)) == [("/note", "应为文字")]


def test_a_wrong_member_is_pointed_at(make: Factory) -> None:
    channels = {"progress": ["pigeon"], "a/b": ["email"], "work": "email"}
    answer = make.grid_worker().put("/me/notifications", json={"channels": channels})
    assert sorted(pointer for pointer, _ in refusals(answer)) == [
        "/channels/a~1b",
        "/channels/progress/0",
        "/channels/work",
    ]
