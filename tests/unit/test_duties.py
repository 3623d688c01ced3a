"""What a duty record must hold, and the months and years of a rhythm."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.checklists.duties import DutyKind, Figure
from server.duties import kinds, periods


def kind(**changes: Any) -> DutyKind:
    values: dict[str, Any] = {
        "code": "drill",
        "title": "演练",
        "form": "drill",
        "form_name": "演练",
        "items": ("30",),
        "parties": ("township",),
        "rhythm": None,
        "origin": None,
        "requires": (),
        "figures": (
            Figure("people", "人", "人", required=True, decimal=False),
            Figure("area", "面积", "亩", required=False, decimal=True),
        ),
        "clauses": ("{item}.township.2",),
        "source": "text",
    }
    return DutyKind(**(values | changes))


def content(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "participants": None,
        "place": None,
        "position": None,
        "held_from": None,
        "month": None,
        "photos": [],
        "attachments": [],
    }
    return values | changes


def pointers(errors: list[Any]) -> list[str]:
    return [error.pointer for error in errors]


ALL = ("participants", "place", "period", "month", "photos", "document")


def test_what_is_required_is_missed_by_name() -> None:
    assert pointers(kinds.missing(kind(requires=ALL), content())) == [
        "/participants",
        "/place",
        "/held_from",
        "/month",
        "/photos",
        "/attachments",
    ]
    given = content(
        participants={"count": 0, "names": []},
        position=object(),
        held_from=object(),
        month=date(2026, 10, 1),
        photos=[1],
        attachments=[2],
    )
    assert kinds.missing(kind(requires=ALL), given) == []
    assert kinds.missing(kind(), content()) == []


def test_only_demanded_pictures_hold_a_record_back() -> None:
    given = content(photos=[1, 2], attachments=[3])
    assert kinds.needed(kind(), given) == []
    assert kinds.needed(kind(requires=("photos",)), given) == [1, 2]
    assert kinds.needed(kind(requires=("document",)), given) == [3]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"people": 3}, []),
        ({"people": 3.0, "area": 2.5}, []),
        ({}, ["/figures/people"]),
        ({"people": 2.5}, ["/figures/people"]),
        ({"people": -1}, ["/figures/people"]),
        ({"people": True}, ["/figures/people"]),
        ({"people": "3"}, ["/figures/people"]),
        ({"people": 1, "area": float("nan")}, ["/figures/area"]),
        ({"people": 10**10}, ["/figures/people"]),
        ({"people": 1, "cats": 1}, ["/figures/cats"]),
        ({"people": 1, "a/b": 1}, ["/figures/a~1b"]),
    ],
)
def test_figures(given: dict[str, Any], wrong: list[str]) -> None:
    assert pointers(kinds.wrong_figures(kind(), given)) == wrong


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ([], ["/items"]),
        (["30"], []),
        (["30", "31"], []),
        (["30", "30"], ["/items/1"]),
        (["39", "31"], ["/items/0"]),
    ],
)
def test_items_of_several(named: list[str], wrong: list[str]) -> None:
    assert pointers(kinds.wrong_items(named, ["30", "31"])) == wrong


def test_the_only_item_goes_without_saying() -> None:
    assert kinds.wrong_items([], ["70"]) == []


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("first", "last", "month", "wrong"),
    [
        (TODAY, TODAY, None, []),
        (date(2026, 11, 25), date(2026, 11, 25), None, ["/held_on"]),
        (date(2025, 11, 1), TODAY, None, ["/held_to"]),
        (TODAY, TODAY, date(2026, 11, 1), []),
        (TODAY, TODAY, date(2026, 12, 1), ["/month"]),
    ],
)
def test_times(first: date, last: date, month: date | None, wrong: list[str]) -> None:
    form = kind(requires=("month",))
    assert pointers(kinds.wrong_times(form, first, last, month, TODAY)) == wrong


def test_a_month_is_for_forms_only() -> None:
    errors = kinds.wrong_times(kind(), TODAY, TODAY, date(2026, 11, 1), TODAY)
    assert pointers(errors) == ["/month"]


@pytest.mark.parametrize(
    ("rhythm", "first", "last", "expected"),
    [
        ("monthly", date(2026, 8, 1), TODAY, ["2026-08", "2026-09", "2026-10"]),
        ("monthly", date(2026, 8, 2), date(2026, 10, 30), ["2026-09"]),
        ("monthly", date(2025, 12, 1), date(2026, 1, 31), ["2025-12", "2026-01"]),
        ("monthly", date(2026, 11, 1), date(2026, 12, 31), []),
        ("yearly", date(2024, 1, 1), TODAY, ["2024", "2025"]),
        ("yearly", date(2025, 2, 1), date(2025, 12, 31), []),
        (None, date(2020, 1, 1), TODAY, []),
    ],
)
def test_only_whole_months_that_are_over_are_due(
    rhythm: str | None, first: date, last: date, expected: list[str]
) -> None:
    assert periods.due(rhythm, first, last, TODAY) == expected


def test_the_last_day_of_a_month_is_over_the_day_after() -> None:
    october = (date(2026, 10, 1), date(2026, 10, 31))
    assert periods.due("monthly", *october, date(2026, 10, 31)) == []
    assert periods.due("monthly", *october, date(2026, 11, 1)) == ["2026-10"]


def test_what_no_record_touches_is_missing() -> None:
    due = ["2026-08", "2026-09", "2026-10", "2026-11"]
    spans = [(date(2026, 8, 30), date(2026, 9, 1)), (date(2026, 11, 5),) * 2]
    assert periods.uncovered("monthly", due, spans) == ["2026-10"]
    assert periods.uncovered("yearly", ["2025", "2026"], spans) == ["2025"]
    assert periods.uncovered(None, [], spans) == []


@pytest.mark.parametrize(("month", "end"), [(2, 28), (4, 30), (12, 31)])
def test_month_end(month: int, end: int) -> None:
    assert periods.month_end(date(2026, month, 1)) == date(2026, month, end)
