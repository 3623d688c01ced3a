"""The ticket's machine against the table of the domain model, written down by hand.

``TABLE`` is not derived from the code. Who may do what, state by state: T3-T24 of the
model, the two tracks beside the state (control, penalty), and what every list of
duplicates needs (merge, comment).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from uuid import UUID, uuid4

import pytest

from server.checklists.catalogue import ItemProcess, Penalty
from server.tickets import workflow
from server.tickets.machine import Hat, Refused, Situation, Transition
from server.tickets.vocabulary import ACTION_LABELS, ENDED, Control, State

ME, OTHER = uuid4(), uuid4()

# Anyone who may see a ticket may comment, also when it has ended.
ANYONE = {"comment": "viewer"}
# Danger is met at once, in every state that has not ended (28.township.4).
DANGER = {"impose_control": "inspector lead"}
TOWN = {"impose_control": "inspector", "merge": "officer"}
PENALTY = {"penalise": "lead co"}

TABLE: dict[str, dict[str, str]] = {
    "on_spot": {  # T3, T4, T5, T10
        "issue_notice": "inspector",
        "settle": "inspector",
        "report_up": "inspector",
        **TOWN,
        **ANYONE,
    },
    "rectifying": {  # T3 (the notice follows), T6/T7, T10
        "issue_notice": "inspector",
        "reinspect": "inspector",
        **TOWN,
        **ANYONE,
    },
    "town_recheck": {  # T7, T8, T9, T10
        "reinspect": "inspector",
        "extend": "officer",
        "report_up": "inspector",
        **TOWN,
        **ANYONE,
    },
    "reported": {  # T11, T12, T13
        "dispatch": "coordinator dispatcher",
        "accept": "lead",
        "return": "lead",
        "merge": "officer",
        **DANGER,
        **ANYONE,
    },
    "dispatched": {"accept": "lead", "return": "lead", **DANGER, **ANYONE},
    "returned": {"report_up": "inspector", "merge": "officer", **DANGER, **ANYONE},
    "verifying": {  # T14, T15, T16, T17
        "verify": "lead",
        "appraise": "lead",
        "order": "lead orderer",
        "transfer": "lead",
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "appraisal": {"appraise": "lead", "order": "lead", **DANGER, **ANYONE},
    "ordered": {  # T18, T19, T20
        "order": "orderer",
        "reinspect": "lead",
        "extend": "chief",
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "dept_recheck": {  # T19, T20, T21
        "reinspect": "lead",
        "order": "lead orderer",
        "escalate": "lead",
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "escalated": {"answer": "lead", **PENALTY, **DANGER, **ANYONE},  # T22
    "transferred": {"answer": "lead transferee", **PENALTY, **DANGER, **ANYONE},
    "rectified": {  # T23; who lifts a control: A21
        "feed_back": "lead",
        "lift_control": "lead",
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "not_substantiated": {
        "feed_back": "lead",
        "lift_control": "lead",
        **DANGER,
        **ANYONE,
    },
    "feedback": {  # T24
        "close": "officer",
        "lift_control": "lead",
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "closed_town": ANYONE,
    "closed": ANYONE,
}
# Whose desk it is on, in the department or the town that has it.
WITH_TOWN = {"on_spot", "rectifying", "town_recheck", "returned"}
for name in set(TABLE) - {"closed_town", "closed"}:
    keeper = "officer" if name in WITH_TOWN else "lead"
    TABLE[name] = {**TABLE[name], "assign": keeper, "unassign": keeper}
ACTIONS = [
    "settle",
    "issue_notice",
    "reinspect",
    "extend",
    "report_up",
    "dispatch",
    "accept",
    "return",
    "verify",
    "appraise",
    "order",
    "penalise",
    "transfer",
    "escalate",
    "answer",
    "feed_back",
    "close",
    "impose_control",
    "lift_control",
    "merge",
    "comment",
    "assign",  # this and the next beside the contract
    "unassign",
]
PROCESS = ItemProcess(
    item="27",
    settle_on_spot=True,
    town_deadline=True,
    town_notice="optional",
    report_triggers=("refused", "illegal"),
    at_once=False,
    penalties=(Penalty("fine", "罚款"),),
    order_document="整改要求",
    implies=(),
    feedback="expected",
    deadlines={},
    basis=("27.township.2",),
    source="text",
)


def situation(state: State | str, action: str = "") -> Situation:
    """Return a case in ``state`` with every guard of ``action`` satisfied."""
    lifting = action == "lift_control"
    return Situation(
        state=State(state),
        control=Control.IN_FORCE if lifting else Control.NONE,
        process=PROCESS,
        professional=False,
        next_level="bt-housing",
        appraisal="third_party",
        grade="C",
        substantiated=True,
        control_imposed_by=OTHER if lifting else None,
        actor_id=ME,
        assigned=action == "unassign",
    )


def may(action: str, case: Situation, *hats: Hat) -> bool:
    """Tell whether the machine lets these hats do it; both ways of asking agree."""
    worn = frozenset(hats)
    listed = action in {t.action for t in workflow.available(case, worn)}
    try:
        found = workflow.candidates(action, case, worn)
    except Refused:
        found = []
    assert bool(found) is listed
    return listed


def target(action: str, case: Situation, hat: Hat, **values: str) -> State | None:
    """Return where the action leads with these fields; None when it does not fit."""
    allowed = workflow.candidates(action, case, frozenset({hat}))
    row = workflow.select(allowed, values)
    return None if row is None else row.target or case.state


def chosen(action: str, case: Situation, hat: Hat, **values: str) -> Transition:
    """Return the row the action takes."""
    row = workflow.select(workflow.candidates(action, case, frozenset({hat})), values)
    assert row is not None
    return row


def test_the_actions_are_those_of_the_contract() -> None:
    assert set(workflow.ACTIONS) == set(ACTIONS)
    assert set(TABLE) == set(State) - {State.FOUND}


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize("action", ACTIONS)
def test_allowed_exactly_where_the_table_says(action: str, state: str) -> None:
    case = situation(state, action)
    expected = set(TABLE[state].get(action, "").split())
    assert {hat.value for hat in Hat if may(action, case, hat)} == expected


@pytest.mark.parametrize("state", TABLE)
def test_two_hats_may_what_either_may(state: str) -> None:
    for action in ACTIONS:
        case = situation(state, action)
        for one, two in combinations(Hat, 2):
            either = may(action, case, one) or may(action, case, two)
            assert may(action, case, one, two) is either


@pytest.mark.parametrize("state", sorted(set(TABLE) - ENDED))
def test_every_state_that_has_not_ended_has_a_way_out(state: str) -> None:
    leaving = [
        t
        for t in workflow.TRANSITIONS
        if state in t.sources
        and t.target not in {None, state}
        and t.action not in {"merge", "impose_control"}
    ]
    assert leaving


def test_the_end_is_the_end() -> None:
    assert {"closed", "closed_town"} == ENDED
    for t in workflow.TRANSITIONS:
        if t.sources & ENDED:
            assert (t.action, t.target) == ("comment", None)


def test_every_state_is_reached_and_nothing_leads_back_to_found() -> None:
    reached = {t.target for t in workflow.TRANSITIONS} | {
        t.via for t in workflow.TRANSITIONS
    }
    opened = {State.ON_SPOT, State.RECTIFYING, State.REPORTED}
    assert reached - {None} | opened == set(State) - {State.FOUND}


# number, action, what is said with it, from, to, event
STEPS = [
    line.split()
    for line in """
T3 issue_notice - on_spot rectifying notice_issued
T4 settle - on_spot closed_town settled
T5 report_up - on_spot reported reported
T7 reinspect result=passed rectifying closed_town town_recheck_passed
T6 reinspect result=failed rectifying town_recheck town_recheck_failed
T8 extend - town_recheck rectifying extended
T9 report_up - town_recheck reported reported
T10 impose_control - on_spot reported control_imposed
T10 impose_control - rectifying reported control_imposed
T11 dispatch - reported dispatched dispatched
T12 accept - reported verifying accepted
T12 accept - dispatched verifying accepted
T13 return - reported returned returned
T13b report_up - returned reported reported
T14 appraise - verifying appraisal appraisal_ordered
T14b appraise grade=C appraisal appraisal appraised
T14b appraise grade=D appraisal appraisal appraised
T16 appraise grade=none appraisal not_substantiated not_substantiated
T15 verify result=substantiated verifying verifying substantiated
T16 verify result=not_substantiated verifying not_substantiated not_substantiated
T15 order - verifying ordered ordered
T15 order - appraisal ordered ordered
T17 transfer - verifying transferred transferred
T19 reinspect result=passed ordered rectified recheck_passed
T18 reinspect result=failed ordered dept_recheck recheck_failed
T20 order - dept_recheck ordered ordered
T15b order - ordered ordered co_ordered
T20b extend - ordered ordered extended
T21 escalate - dept_recheck escalated escalated
T22 answer - escalated dept_recheck answered
T17b answer - transferred rectified answered
T23 feed_back - rectified feedback fed_back
T23 feed_back - not_substantiated feedback fed_back
T24 close - feedback closed closed
P1 penalise - ordered ordered penalised
C1 impose_control - reported reported control_imposed
C2 lift_control - rectified rectified control_lifted
M1 merge - rectifying closed_town merged
N1 comment - closed closed commented
S1 assign - verifying verifying assigned
S2 unassign - verifying verifying unassigned
""".strip().splitlines()
]


@pytest.mark.parametrize(
    ("id", "action", "said", "state", "to", "event"),
    STEPS,
    ids=["-".join(step[:4]) for step in STEPS],
)
def test_where_each_step_leads(
    id: str, action: str, said: str, state: str, to: str, event: str
) -> None:
    hat = Hat(TABLE[state][action].split()[0])
    case = situation(state, action)
    values = {} if said == "-" else dict([said.split("=")])
    row = chosen(action, case, hat, **values)
    assert (row.id, row.event) == (id, event)
    assert target(action, case, hat, **values) == to
    # A re-inspection that decides passes through the state of being re-inspected.
    through = {"T7": ("T6", "town_recheck"), "T19": ("T18", "dept_recheck")}
    assert (row.via_id, row.via) == through.get(id, (None, None))


def test_the_steps_above_are_all_there_are() -> None:
    # From the department's order a failed re-inspection without a next level: below.
    numbers = {step[0] for step in STEPS}
    assert numbers == {t.id for t in workflow.TRANSITIONS}


def test_failed_recheck_without_a_next_level_leads_back_to_the_order() -> None:
    case = replace(situation("ordered"), next_level=None)
    row = chosen("reinspect", case, Hat.LEAD, result="failed")
    assert (row.id, row.target, row.via) == ("T20", State.ORDERED, State.DEPT_RECHECK)
    assert not may("escalate", replace(case, state=State.DEPT_RECHECK), Hat.LEAD)


@pytest.mark.parametrize(
    ("action", "state", "hat", "change"),
    [
        ("settle", "on_spot", Hat.INSPECTOR, {"control": Control.IN_FORCE}),
        ("merge", "reported", Hat.OFFICER, {"control": Control.IN_FORCE}),
        ("close", "feedback", Hat.OFFICER, {"control": Control.IN_FORCE}),
        ("lift_control", "rectified", Hat.LEAD, {"control": Control.LIFTED}),
        ("lift_control", "rectified", Hat.LEAD, {"control": Control.NONE}),
        ("lift_control", "rectified", Hat.LEAD, {"control_imposed_by": ME}),
        ("order", "verifying", Hat.LEAD, {"substantiated": None}),
        ("order", "verifying", Hat.LEAD, {"substantiated": False}),
        ("order", "appraisal", Hat.LEAD, {"grade": None}),
        ("appraise", "verifying", Hat.LEAD, {"appraisal": None}),
        ("escalate", "dept_recheck", Hat.LEAD, {"next_level": None}),
        ("penalise", "ordered", Hat.LEAD, {"substantiated": None}),
        (
            "penalise",
            "ordered",
            Hat.LEAD,
            {"process": replace(PROCESS, penalties=())},
        ),
        (
            "issue_notice",
            "on_spot",
            Hat.INSPECTOR,
            {"process": replace(PROCESS, town_deadline=False)},
        ),
        ("issue_notice", "rectifying", Hat.INSPECTOR, {"due_in_writing": True}),
    ],
)
def test_each_guard_closes_its_step(
    action: str, state: str, hat: Hat, change: dict[str, object]
) -> None:
    open_case = situation(state, action)
    assert may(action, open_case, hat)
    closed = replace(open_case, **change)  # type: ignore[arg-type]
    assert not may(action, closed, hat)
    with pytest.raises(Refused) as caught:
        workflow.candidates(action, closed, frozenset({hat}))
    assert caught.value.kind == "guard"
    assert caught.value.why.zh
    assert caught.value.why.en


def test_a_passed_recheck_waits_for_the_control_a_failed_one_does_not() -> None:
    case = replace(situation("rectifying"), control=Control.IN_FORCE)
    assert target("reinspect", case, Hat.INSPECTOR, result="passed") is None
    failed = target("reinspect", case, Hat.INSPECTOR, result="failed")
    assert failed is State.TOWN_RECHECK
    why = workflow.unfit("reinspect", case, {"result": "passed"})
    assert (why.kind, why.why.zh) == ("guard", "管控措施尚未解除")


def test_the_hat_is_asked_before_the_state() -> None:
    case = situation("closed")
    kinds = {}
    for hat in (Hat.INSPECTOR, Hat.LEAD):
        with pytest.raises(Refused) as caught:
            workflow.candidates("verify", case, frozenset({hat, Hat.VIEWER}))
        kinds[hat] = caught.value.kind
    assert kinds == {Hat.INSPECTOR: "hat", Hat.LEAD: "state"}


def test_another_hat_of_the_same_action_does_not_help_here() -> None:
    """A town officer extends the town's day, not the department's."""
    with pytest.raises(Refused) as caught:
        workflow.candidates("extend", situation("ordered"), frozenset({Hat.OFFICER}))
    assert caught.value.kind == "hat"


def test_select_takes_the_row_whose_word_was_given() -> None:
    rows = workflow.candidates(
        "reinspect", situation("rectifying"), frozenset({Hat.INSPECTOR})
    )
    assert workflow.select(rows, {"result": "passed"}) is not None
    assert workflow.select(rows, {"result": "otherwise"}) is None
    assert workflow.select([], {"result": "passed"}) is None


@pytest.mark.parametrize(
    ("handling", "at_once", "step", "state"),
    [
        ("on_spot", False, "T2", "on_spot"),
        ("deadline", False, "T3", "rectifying"),
        ("report_up", False, "T10", "reported"),
        ("on_spot", True, "T10", "reported"),
        ("deadline", True, "T10", "reported"),
        ("report_up", True, "T10", "reported"),
    ],
)
def test_opening(handling: str, at_once: bool, step: str, state: str) -> None:
    assert workflow.opening(handling, at_once) == (step, State(state))


@pytest.mark.parametrize("state", State)
def test_overdue_only_while_someone_owes_the_correction(state: State) -> None:
    waiting = {"on_spot", "rectifying", "town_recheck", "ordered", "dept_recheck"}
    today = date(2026, 3, 2)
    assert workflow.overdue(state, date(2026, 3, 1), today) is (state in waiting)
    assert not workflow.overdue(state, today, today)
    assert not workflow.overdue(state, None, today)


def test_no_action_of_that_name() -> None:
    assert workflow.rows("explode") == []


def test_the_imposer_is_a_person_not_a_department() -> None:
    case = situation("rectified", "lift_control")
    colleague: UUID = uuid4()
    assert may("lift_control", replace(case, control_imposed_by=colleague), Hat.LEAD)
    assert not may("lift_control", replace(case, control_imposed_by=ME), Hat.LEAD)


def test_every_action_has_a_label_of_its_own() -> None:
    assert sorted(ACTION_LABELS) == sorted(workflow.ACTIONS)
    assert len(set(ACTION_LABELS.values())) == len(ACTION_LABELS)
