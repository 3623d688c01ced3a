"""The machine of inbound orders: every step, every guard, and always a way to the end.

Items are walked with their own data (``orders.yaml``), so the data are tested too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest

from server.checklists.loader import bundled_root, load
from server.checklists.orders import ALWAYS
from server.orders import workflow
from server.orders.machine import Hat, Situation, Transition
from server.orders.vocabulary import WITH_THE_TOWN, State
from server.tickets.machine import Refused

RULES = load(bundled_root() / "buerhantu").rules
ITEMS = [process.item for process in RULES.orders]
EVERYONE = frozenset(Hat)


def issued(item: str) -> Situation:
    """Return an order of an item as it begins."""
    return Situation(State.ISSUED, RULES.order_process(item))


def answers(action: str, case: Situation) -> Iterator[dict[str, Any]]:
    """Yield every combination of choices that an action's body may hold."""
    asked = [f for f in workflow.fields(action, case) if f.kind == "choice"]
    for values in product(*(workflow.choices(f, case) for f in asked)):
        yield {f.name: v for f, v in zip(asked, values, strict=True)}


def following(case: Situation) -> Iterator[tuple[Transition, Situation]]:
    """Yield every step open to somebody, with where it leads."""
    for action in dict.fromkeys(
        t.action for t in workflow.available(case, EVERYONE) if t.action != "comment"
    ):
        allowed = workflow.candidates(action, case, EVERYONE)
        for values in answers(action, case):
            row = workflow.select(allowed, case, values)
            yield row, workflow.moved(case, row, values)


def reached(item: str) -> dict[Situation, set[Situation]]:
    """Return every situation an order can come to, with what follows each."""
    graph: dict[Situation, set[Situation]] = {}
    waiting = [issued(item)]
    while waiting:
        case = waiting.pop()
        if case not in graph:
            graph[case] = {after for _, after in following(case)}
            waiting += graph[case]
    return graph


def play(item: str, *steps: Any) -> Situation:
    """Do steps, each an action or (action, values); any hat will do."""
    case = issued(item)
    for step in steps:
        action, values = step if isinstance(step, tuple) else (step, {})
        allowed = workflow.candidates(action, case, EVERYONE)
        case = workflow.moved(case, workflow.select(allowed, case, values), values)
    return case


def refusal(action: str, case: Situation, *hats: Hat) -> str:
    """Return the kind of refusal of an action."""
    with pytest.raises(Refused) as caught:
        workflow.candidates(action, case, frozenset(hats) or EVERYONE)
    assert caught.value.why.zh
    assert caught.value.why.en
    return caught.value.kind


@pytest.mark.parametrize("item", ITEMS)
def test_every_situation_has_a_way_to_the_end(item: str) -> None:
    graph = reached(item)
    ends = {case for case in graph if case.state is State.CLOSED}
    assert ends
    good = set(ends)
    while True:
        more = {case for case, after in graph.items() if after & good} - good
        if not more:
            break
        good |= more
    assert good == set(graph)


@pytest.mark.parametrize("item", ITEMS)
def test_the_end_is_the_end(item: str) -> None:
    for case, after in reached(item).items():
        if case.state is State.CLOSED:
            assert after == set()
            assert [t.action for t in workflow.available(case, EVERYONE)] == ["comment"]


@pytest.mark.parametrize("item", ITEMS)
def test_nothing_is_closed_with_something_left(item: str) -> None:
    for case in reached(item):
        if case.state is State.CLOSED:
            assert case.result is not None
            assert case.left == ()
        assert (case.back_to is not None) == (case.state is State.SENT_BACK)


def test_every_state_and_every_row_is_used_by_some_item() -> None:
    states, used = set(), set()
    for item in ITEMS:
        for case in reached(item):
            states.add(case.state)
            used |= {t.id for t in workflow.available(case, EVERYONE)}
    assert states == set(State)
    assert used == {t.id for t in workflow.TRANSITIONS}


REACHED = {
    "52": set(State) - {State.TRANSFERRED},
    "53": set(State) - {State.TRANSFERRED},
    "73": set(State) - {State.TRANSFERRED},
    "74": set(State),
}


@pytest.mark.parametrize("item", ITEMS)
def test_the_states_of_each_item(item: str) -> None:
    assert {case.state for case in reached(item)} == REACHED[item]


WHO = {
    "accept": {Hat.TOWN},
    "verify": {Hat.TOWN},
    "return": {Hat.OFFICER},
    "enforce": {Hat.OFFICER},
    "rectify": {Hat.TOWN},
    "submit": {Hat.OFFICER},
    "take_up": {Hat.ISSUER},
    "assign": {Hat.ISSUER},
    "transfer": {Hat.ISSUER},
    "answer": {Hat.ISSUER, Hat.TRANSFEREE},
    "close": {Hat.ISSUER},
    "send_back": {Hat.ISSUER},
    "guide": {Hat.ISSUER},
    "urge": {Hat.ISSUER},
    "comment": {Hat.VIEWER},
}


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("hat", Hat)
def test_who_may_do_what(item: str, hat: Hat) -> None:
    for case in reached(item):
        open_to_hat = {t.action for t in workflow.available(case, frozenset({hat}))}
        open_to_all = {t.action for t in workflow.available(case, EVERYONE)}
        assert open_to_hat == {a for a in open_to_all if hat in WHO[a]}
        for action in open_to_all - open_to_hat:
            assert refusal(action, case, hat) == "hat"


def test_the_actions_are_the_steps_of_the_data() -> None:
    """The schema's words, the machine's and this table's are the same."""
    words = {step.step for process in RULES.orders for step in process.steps}
    assert words - {"issue"} == set(workflow.ACTIONS) - {"comment"}
    assert set(WHO) == set(workflow.ACTIONS)
    for process in RULES.orders:
        assert {step.step for step in process.steps} >= set(ALWAYS)


def test_what_a_step_requires_is_a_field_of_it() -> None:
    issue = {"source_no", "determination", "due_on", "position", "party", "photos"}
    for process in RULES.orders:
        case = Situation(State.ISSUED, process)
        for step in process.steps:
            fields = {f.name for f in workflow.fields(step.step, case)}
            known = issue if step.step == "issue" else fields
            assert set(step.requires) <= known, (process.item, step.step)


def test_verified_untrue_needs_nothing_more() -> None:
    case = play("52", "accept", ("verify", {"result": "not_abandoned"}))
    assert case.state is State.ANSWERED
    assert (
        play(
            "52",
            "accept",
            ("verify", {"result": "not_abandoned"}),
            "submit",
            "take_up",
            "close",
        ).state
        is State.CLOSED
    )


ILLEGAL = ("accept", ("verify", {"result": "illegal"}))
RESTORED = ("rectify", {"remedy": "land_restored"})


def test_73_is_submitted_after_penalty_and_remedy() -> None:
    assert refusal("submit", play("73", *ILLEGAL)) == "guard"
    assert refusal("submit", play("73", *ILLEGAL, "enforce")) == "guard"
    assert refusal("submit", play("73", *ILLEGAL, RESTORED)) == "guard"
    case = play("73", *ILLEGAL, RESTORED, "enforce", "submit")
    assert case.state is State.SUBMITTED


def test_73_guides_after_the_penalty_only() -> None:
    assert refusal("guide", play("73", *ILLEGAL)) == "guard"
    guided = play("73", *ILLEGAL, "enforce", "guide")
    assert guided.state is State.TOWN_ENFORCING


def test_73_sent_back_is_put_right_again_and_not_punished_twice() -> None:
    done = (*ILLEGAL, "enforce", RESTORED, "submit", "take_up")
    back = play("73", *done, ("send_back", {"to": "town_enforcing"}))
    assert back.state is State.SENT_BACK
    assert back.done == {"verify", "enforce"}
    again = (*done, ("send_back", {"to": "town_enforcing"}), "accept")
    assert play("73", *again).state is State.TOWN_ENFORCING
    assert refusal("submit", play("73", *again)) == "guard"
    assert play("73", *again, RESTORED, "submit").state is State.SUBMITTED


def test_sent_back_to_be_verified() -> None:
    case = play(
        "53",
        "accept",
        ("verify", {"result": "not_confirmed"}),
        "submit",
        "take_up",
        ("send_back", {"to": "town_verifying"}),
        "accept",
    )
    assert (case.state, case.back_to) == (State.TOWN_VERIFYING, None)
    assert case.done == frozenset()


def test_sent_back_to_enforcing_only_after_something_was_done() -> None:
    said = play(
        "52", "accept", ("verify", {"result": "not_abandoned"}), "submit", "take_up"
    )
    field = next(f for f in workflow.fields("send_back", said) if f.name == "to")
    assert list(workflow.choices(field, said)) == ["town_verifying"]


def to_department(result: str) -> tuple[Any, ...]:
    """The way of item 74 to the department's decision."""
    return ("accept", ("verify", {"result": result}), "submit", "take_up")


def test_74_goes_back_to_the_town_for_a_grazing_ban() -> None:
    decided = play("74", *to_department("grazing_ban"))
    assert refusal("close", decided) == "guard"
    assert refusal("transfer", decided) == "guard"
    second_leg = (*to_department("grazing_ban"), "assign")
    assert play("74", *second_leg).state is State.TOWN_ENFORCING
    assert refusal("return", play("74", *second_leg)) == "guard"
    assert refusal("submit", play("74", *second_leg)) == "guard"
    checked = play("74", *second_leg, "enforce", "submit", "take_up")
    assert refusal("assign", checked) == "guard"
    assert play("74", *second_leg, "enforce", "submit", "take_up", "close").state == (
        State.CLOSED
    )


def test_74_goes_to_the_police_for_damage() -> None:
    decided = play("74", *to_department("grassland_damage"))
    assert refusal("assign", decided) == "guard"
    assert refusal("close", decided) == "guard"
    away = (*to_department("grassland_damage"), "transfer")
    assert play("74", *away).state is State.TRANSFERRED
    assert play("74", *away, "answer", "close").state is State.CLOSED


def test_74_with_both_needs_both() -> None:
    half = (*to_department("both"), "transfer", "answer")
    assert refusal("close", play("74", *half)) == "guard"
    whole = (*half, "assign", "enforce", "submit", "take_up", "close")
    assert play("74", *whole).state is State.CLOSED


def test_74_with_neither_is_closed_at_once() -> None:
    decided = play("74", *to_department("neither"))
    assert refusal("assign", decided) == "guard"
    assert play("74", *to_department("neither"), "close").state is State.CLOSED


@pytest.mark.parametrize("item", ["52", "53", "73"])
@pytest.mark.parametrize("action", ["assign", "transfer", "answer"])
def test_a_step_that_the_item_has_not(item: str, action: str) -> None:
    assert refusal(action, issued(item)) == "state"


def test_a_town_takes_its_own_verification_back() -> None:
    again = play("73", *ILLEGAL, "return")
    assert (again.state, again.done) == (State.TOWN_VERIFYING, frozenset())


@pytest.mark.parametrize("state", State)
def test_overdue_while_the_town_owes_it(state: State) -> None:
    today = date(2026, 3, 2)
    late = workflow.overdue(state, date(2026, 3, 1), today)
    assert late is (state in WITH_THE_TOWN)
    assert not workflow.overdue(state, today, today)
    assert not workflow.overdue(state, None, today)


def test_words() -> None:
    for row in workflow.TRANSITIONS:
        assert row.event.replace("_", "").islower()
        for field in row.fields:
            assert field.title.zh
            assert field.title.en
