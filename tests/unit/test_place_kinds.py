"""Who belongs to a kind of place, by the list's own numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.checklists.catalogue import Rules
from server.checklists.loader import bundled_root, load
from server.checklists.places import PlaceRules
from server.core.errors import Invalid
from server.places.criteria import ATTRIBUTES, check
from server.places.schemas import AttributesIn

CATALOGUE = load(bundled_root() / "buerhantu")


@pytest.fixture(scope="module")
def rules() -> PlaceRules:
    return CATALOGUE.rules.places


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({}, "unknown"),
        ({"workers": 50}, "inside"),
        ({"workers": 51}, "unknown"),
        ({"workers": 51, "dormitory_beds": 0}, "outside"),
        ({"workers": 80, "dormitory_beds": 20}, "inside"),
        ({"workers": 80, "dormitory_beds": 30}, "inside"),
        ({"workers": 80, "dormitory_beds": 31}, "outside"),
        ({"dormitory_beds": 31}, "unknown"),
        ({"workers": 0}, "inside"),
    ],
)
def test_small_workshops(rules: PlaceRules, attributes: Any, state: str) -> None:
    """38.name: 50 workers or fewer, or a dormitory for 30 or fewer; A32."""
    kind = rules.kind("38")
    assert kind is not None
    assert kind.judge(attributes).state == state


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({}, "unknown"),
        ({"span_m": 36.0}, "unknown"),
        ({"large_span": True}, "inside"),
        ({"large_span": False, "span_m": 36.0}, "outside"),
    ],
)
def test_large_spans_count_when_marked(
    rules: PlaceRules, attributes: Any, state: str
) -> None:
    """27 gives no span; until one is set locally the mark decides (A17)."""
    kind = rules.kind("27")
    assert kind is not None
    judged = kind.judge(attributes)
    assert (judged.state, judged.open) == (state, ("span_m",))


@pytest.mark.parametrize(
    ("attributes", "priority"),
    [
        ({}, ()),
        ({"storeys": 2}, ()),
        ({"storeys": 3}, ("storeys",)),
        ({"storeys": 1, "crowded": True}, ("crowded",)),
        ({"illegal_extension": True, "storeys": 5}, ("storeys", "illegal_extension")),
    ],
)
def test_self_built_houses_have_a_priority(
    rules: PlaceRules, attributes: Any, priority: tuple[str, ...]
) -> None:
    """28.township.1: every one is inspected, these first."""
    kind = rules.kind("28")
    assert kind is not None
    judged = kind.judge(attributes)
    assert (judged.state, judged.priority) == ("inside", priority)


def test_the_other_eight_small_places_have_no_criteria(rules: PlaceRules) -> None:
    for code in map(str, range(30, 38)):
        kind = rules.kind(code)
        assert kind is not None
        assert kind.criteria == ()
        assert kind.judge({"workers": 999}).state == "inside"


def test_every_patrolled_item_has_a_kind_and_gas_goes_along(rules: PlaceRules) -> None:
    for process in CATALOGUE.rules.processes:
        assert rules.kinds_of(process.item), process.item
    assert rules.also_by("44") == ("uses_gas",)
    points = {kind.code for kind in rules.kinds if kind.risk_point}
    assert points == {
        "47-point",
        "47-lowland",
        "47-site",
        "47-waterlogging",
        "47-manhole",
        "49",
    }


def test_every_rhythm_says_whose_it_is(rules: PlaceRules) -> None:
    for kind in rules.kinds:
        assert set(kind.visits) == {"low", "medium", "high", "unrated"}
        assert all(rhythm.origin for rhythm in kind.visits.values())


def test_the_words_for_attributes_are_one_list() -> None:
    schema = json.loads((bundled_root() / "schema" / "places.json").read_text())
    known = schema["$defs"]["flag"]["enum"] + schema["$defs"]["number"]["enum"]
    assert set(known) | {"gas_kind"} == set(ATTRIBUTES) == set(AttributesIn().fields)


def test_rules_published_before_places_are_still_read() -> None:
    document = CATALOGUE.rules.to_document()
    del document["places"]
    assert Rules.from_document(document).places == PlaceRules()
    with pytest.raises(ValueError, match="missing or unknown fields: facts"):
        Rules.from_document({k: v for k, v in document.items() if k != "facts"})
    assert Rules.from_document(CATALOGUE.rules.to_document()) == CATALOGUE.rules


def test_a_refusal_names_the_number_and_the_clause(rules: PlaceRules) -> None:
    content = {
        "kind": "38",
        "attributes": {"workers": 80, "dormitory_beds": 31},
        "risk": None,
        "keeper": None,
    }
    with pytest.raises(Invalid) as refused:
        check(rules, content)
    errors = {error.pointer: error.message.zh for error in refused.value.errors}
    assert set(errors) == {
        "/kind",
        "/attributes/workers",
        "/attributes/dormitory_beds",
    }
    assert "38.name" in errors["/kind"]
    assert "80" in errors["/attributes/workers"]
    assert "50" in errors["/attributes/workers"]
