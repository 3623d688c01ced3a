"""An action's body: what is read, and every wrong field with its pointer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.checklists.loader import bundled_root, load
from server.core.errors import FieldError, Invalid
from server.tickets import workflow
from server.tickets.fields import LONGEST_TEXT, MOST_PHOTOS, Reader, choices_of
from server.tickets.inputs import PENALTY, TRIGGER
from server.tickets.machine import Field, Transition

RULES = load(bundled_root() / "buerhantu").rules
TODAY = date(2026, 3, 2)
PHOTO = "01890c1e-7a3b-7c00-8000-0123456789ab"


def rows(id: str) -> list[Transition]:
    """Return the machine's rows of this number."""
    return [row for row in workflow.TRANSITIONS if row.id == id]


STAFF = {"fire1": UUID(int=1), "fire2": UUID(int=2)}


def people(field: Field, given: Sequence[str]) -> dict[str, UUID]:
    return {key: STAFF[key] for key in given if key in STAFF}


def reader(item: str = "35") -> Reader:
    """Return a reader for an item, on a day that is always the same."""

    def department_code(key: str) -> str | None:
        try:
            return RULES.department(key).code
        except KeyError:
            return None

    return Reader(RULES, RULES.process(item), TODAY, department_code, people)


def read(id: str, body: Any, item: str = "35") -> dict[str, Any]:
    """Read ``body`` as the fields of the rows ``id``."""
    return reader(item).read(rows(id), body)


def wrong(id: str, body: Any, item: str = "35") -> dict[str, str]:
    """Return the messages of a body that must be refused, by pointer."""
    with pytest.raises(Invalid) as caught:
        read(id, body, item)
    for _, message in caught.value.errors:
        assert message.zh
        assert message.en
    return {pointer: message.en for pointer, message in caught.value.errors}


def test_values_are_read() -> None:
    assert read("T8", {"due_on": "2026-03-09", "note": "  材料未到 "}) == {
        "due_on": date(2026, 3, 9),
        "note": "材料未到",
    }
    assert read("T4", {"note": "清了", "photos": [PHOTO]})["photos"] == [UUID(PHOTO)]
    assert read("T12", {}) == {}


@pytest.mark.parametrize("body", [None, [], "text", 3, True])
def test_a_body_that_is_no_object(body: Any) -> None:
    assert wrong("T12", body) == {"": "Must be an object"}


def test_every_wrong_field_is_named_at_once() -> None:
    found = wrong("T8", {"due_on": "soon", "colour": "red"})
    assert set(found) == {"/due_on", "/note", "/colour"}
    assert found["/colour"] == "Unknown field."
    assert found["/note"] == "Missing data for required field."


def test_pointers_are_escaped() -> None:
    assert set(wrong("T12", {"a/b~c": 1})) == {"/a~1b~0c"}


@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_is_missing(nothing: Any) -> None:
    assert set(wrong("T8", {"due_on": nothing, "note": nothing})) == {
        "/due_on",
        "/note",
    }
    assert read("T12", {"note": nothing}) == {}


@pytest.mark.parametrize("text", ["   ", 0, False, {}, ["x"], "x" * (LONGEST_TEXT + 1)])
def test_no_text(text: Any) -> None:
    assert set(wrong("T23", {"note": text})) == {"/note"}


def test_the_longest_text_is_taken() -> None:
    assert len(read("T23", {"note": "长" * LONGEST_TEXT})["note"]) == LONGEST_TEXT


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-30",
        "2026-3-9",
        "20260309",
        "2026-W11-1",
        "2026-03-09T00:00:00+08:00",
        20260309,
        {},
        "明天",
    ],
)
def test_no_date(day: Any) -> None:
    assert "Not a date" in wrong("T8", {"due_on": day, "note": "x"})["/due_on"]


def test_a_due_date_may_be_today_and_not_yesterday() -> None:
    assert read("T8", {"due_on": "2026-03-02", "note": "x"})["due_on"] == TODAY
    message = wrong("T8", {"due_on": "2026-03-01", "note": "x"})["/due_on"]
    assert message == "A due date must not be in the past."


def test_choices_are_those_of_the_item() -> None:
    penal = {"kind": "close_down", "note": "x"}
    assert read("P1", penal, item="42")["kind"] == "close_down"
    assert wrong("P1", penal)["/kind"] == (
        "Must be one of: warning, fine, suspend_business."
    )
    assert choices_of(PENALTY, RULES.process("28")) == []
    assert choices_of(TRIGGER, RULES.process("39")) == ["refused", "cannot_fix_now"]


@pytest.mark.parametrize("choice", [1, True, ["fine"], {"fine": 1}, "FINE", "fine "])
def test_no_choice(choice: Any) -> None:
    assert "/kind" in wrong("P1", {"kind": choice, "note": "x"})


@pytest.mark.parametrize(
    "photos",
    [
        "01890c1e-7a3b-7c00-8000-0123456789ab",
        ["not-a-uuid"],
        [1],
        [None],
        {"a": 1},
        [PHOTO] * (MOST_PHOTOS + 1),
        [[PHOTO]],
    ],
)
def test_no_photos(photos: Any) -> None:
    assert set(wrong("T4", {"note": "x", "photos": photos})) == {"/photos"}


@pytest.mark.parametrize(
    ("given_amount", "amount"),
    [
        (500, "500.00"),
        (1234.5, "1234.50"),
        ("99.9", "99.90"),
    ],
)
def test_amounts_are_yuan_and_fen(given_amount: Any, amount: str) -> None:
    body = {"kind": "fine", "note": "x", "amount": given_amount}
    assert read("P1", body)["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    "amount",
    [
        -1,
        "-0.01",
        "1e99999999999999999999",
        "NaN",
        "Infinity",
        1e11,
        "1e999999",
        "1e3",
        "99.999",
        0,
        True,
        "五百",
        {},
        [5],
    ],
)
def test_no_amount(amount: Any) -> None:
    assert set(wrong("P1", {"kind": "fine", "note": "x", "amount": amount})) == {
        "/amount"
    }


@pytest.mark.parametrize("key", ["kq-fire", "区消防救援大队", "消防大队"])
def test_a_department_by_code_name_or_alias(key: str) -> None:
    assert read("T11", {"department": key, "note": "x"})["department"] == "kq-fire"


@pytest.mark.parametrize("key", ["nobody", 7, ["kq-fire"], {"code": "kq-fire"}])
def test_no_department(key: Any) -> None:
    assert set(wrong("T11", {"department": key, "note": "x"})) == {"/department"}


def test_facts_outside_the_vocabulary_are_refused_with_it() -> None:
    known = read("T13b", {"note": "x", "facts": ["illegal"]})
    assert known["facts"] == ["illegal"]
    message = wrong("T13b", {"note": "x", "facts": ["illegal", "haunted"]})["/facts"]
    assert message.startswith("Unknown fact haunted; known are: ")
    assert "collapse_risk" in message


@pytest.mark.parametrize("facts", ["illegal", [1], [["illegal"]], {"illegal": True}])
def test_no_facts(facts: Any) -> None:
    assert "/facts" in wrong("T13b", {"note": "x", "facts": facts})


def test_a_field_that_only_this_result_needs() -> None:
    row = next(row for row in rows("T7") if row.needs)
    values = read("T7", {"result": "passed", "note": "x"})
    with pytest.raises(Invalid) as caught:
        reader().require(row.needs, values)
    assert [pointer for pointer, _ in caught.value.errors] == ["/photos"]
    reader().require(row.needs, values | {"photos": [UUID(PHOTO)]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = sorted({field.name for row in workflow.TRANSITIONS for field in row.fields})


@given(
    row=st.sampled_from(workflow.TRANSITIONS),
    body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5),
)
@settings(deadline=None, max_examples=300)
def test_whatever_comes_is_read_or_refused(
    row: Transition, body: dict[str, Any]
) -> None:
    refused: tuple[FieldError, ...] = ()
    values: dict[str, Any] = {}
    try:
        values = reader("42").read([row], body)
    except Invalid as refusal:
        refused = refusal.errors
    required = {field.name for field in row.fields if field.required}
    assert refused or required <= values.keys() <= body.keys()
