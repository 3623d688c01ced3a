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
# A later day (延期) is asked for by one and decided by another; 挂账 is the head's.
DECIDED_BY_THE_TOWN = {"extend": "officer", "refuse_extension": "officer"}
PUT_ASIDE_BY_THE_TOWN = {"suspend": "officer", "resume": "officer"}
PUT_ASIDE = {"suspend": "chief", "resume": "lead"}
PENALTY = {"penalise": "lead co"}
# From the report to the feedback; a joint action where one may still help.
PART = {"answer_part": "co"}
JOINT = {"convene": "coordinator"}
HELD = {"record_joint": "coordinator lead"}

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
        "request_extension": "inspector",
        **DECIDED_BY_THE_TOWN,
        **PUT_ASIDE_BY_THE_TOWN,
        **TOWN,
        **ANYONE,
    },
    "town_recheck": {  # T7, T8, T9, T10
        "reinspect": "inspector",
        "extend": "officer",
        "report_up": "inspector",
        **PUT_ASIDE_BY_THE_TOWN,
        **TOWN,
        **ANYONE,
    },
    "reported": {  # T11, T12, T13
        "dispatch": "coordinator dispatcher",
        "accept": "lead",
        "return": "lead",
        "merge": "officer",
        **DANGER,
        **PART,
        **JOINT,
        **HELD,
        **ANYONE,
    },
    "dispatched": {
        "accept": "lead",
        "return": "lead",
        **DANGER,
        **PART,
        **JOINT,
        **HELD,
        **ANYONE,
    },
    "returned": {
        "report_up": "inspector",
        "dispatch": "coordinator",
        "merge": "officer",
        **DANGER,
        **HELD,
        **ANYONE,
    },
    "verifying": {  # T14, T15, T16, T17
        "verify": "lead",
        "appraise": "lead",
        "order": "lead orderer",
        "transfer": "lead",
        **PUT_ASIDE,
        "grade_severity": "lead",
        **PART,
        **JOINT,
        **HELD,
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "appraisal": {
        "appraise": "lead",
        "order": "lead",
        **PUT_ASIDE,
        "grade_severity": "lead",
        **DANGER,
        **PART,
        **HELD,
        **ANYONE,
    },
    "ordered": {  # T18, T19, T20
        "order": "lead orderer",
        "reinspect": "lead",
        "request_extension": "lead",
        "extend": "chief",
        "refuse_extension": "chief",
        **PUT_ASIDE,
        "grade_severity": "lead",
        **PART,
        **JOINT,
        **HELD,
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "dept_recheck": {  # T19, T20, T21
        "reinspect": "lead",
        "order": "lead orderer",
        "escalate": "lead",
        "grade_severity": "lead",
        **PUT_ASIDE,
        **PART,
        **JOINT,
        **HELD,
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "escalated": {  # T22
        "answer": "lead",
        **PUT_ASIDE,
        **PENALTY,
        **DANGER,
        **PART,
        **HELD,
        **ANYONE,
    },
    "transferred": {
        "answer": "lead transferee",
        **PENALTY,
        **DANGER,
        **PART,
        **HELD,
        **ANYONE,
    },
    "rectified": {  # T23; who lifts a control: A21
        "feed_back": "lead",
        "lift_control": "lead",
        **PART,
        **HELD,
        **PENALTY,
        **DANGER,
        **ANYONE,
    },
    "not_substantiated": {
        "feed_back": "lead",
        "lift_control": "lead",
        **PART,
        **HELD,
        **DANGER,
        **ANYONE,
    },
    "feedback": {  # T24
        "close": "officer",
        "lift_control": "lead",
        **PART,
        **HELD,
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
    "request_extension",
    "refuse_extension",
    "suspend",
    "resume",
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
    # as the contract lists them; and the department's own grading (定级)
    "grade_severity",
    "answer_part",
    "convene",
    "record_joint",
    "assign",
    "unassign",
]  # as the contract lists them, then what it does not name
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


FOUND_BY_ME: dict[str, object] = {"severity": "major", "finder_id": ME}
HANDLED_BY_ME: dict[str, object] = {"severity": "major", "handled_by": {ME, OTHER}}


def situation(state: State | str, action: str = "") -> Situation:
    """Return a case in ``state`` with every guard of ``action`` satisfied."""
    lifting = action == "lift_control"
    deciding = action in {"refuse_extension"} or (
        action == "extend" and state != "town_recheck"
    )
    # What 区安委办 decides from ``returned``, the town no longer does.
    ruling = action == "dispatch"
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
        extension_by=OTHER if deciding else None,
        suspended=action == "resume",
        round_over=action == "order",
        coordinator="kq-emergency",
        joint_open=True,
        returns=2 if ruling else 0,
        decided_after=2,
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
T11b dispatch - returned dispatched dispatched
T13 return - reported returned returned
T13c return - dispatched reported returned
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
T20 order - ordered ordered ordered
X1 request_extension - ordered ordered extension_requested
X2 extend - ordered ordered extended
X2 extend - rectifying rectifying extended
X3 refuse_extension - ordered ordered extension_refused
S1 suspend - ordered ordered suspended
S2 resume - rectifying rectifying resumed
T21 escalate - dept_recheck escalated escalated
T22 answer - escalated dept_recheck answered
T17b answer - transferred rectified answered
T23 feed_back - rectified feedback fed_back
T23 feed_back - not_substantiated feedback fed_back
T24 close - feedback closed closed
P1 penalise - ordered ordered penalised
C1 impose_control - reported reported control_imposed
C2 lift_control - rectified rectified control_lifted
G1 grade_severity - ordered ordered severity_graded
M1 merge - rectifying closed_town merged
N1 comment - closed closed commented
Q1 answer_part result=done reported reported part_answered
J1 convene - verifying verifying joint_action_convened
J2 record_joint - ordered ordered joint_action_held
A1 assign - verifying verifying assigned
A2 unassign - verifying verifying unassigned
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


def test_a_co_handlers_order_moves_nothing() -> None:
    for state in ("verifying", "ordered", "dept_recheck"):
        row = chosen("order", situation(state), Hat.ORDERER)
        assert (row.id, row.target, row.event) == ("T15b", None, "co_ordered")


def test_the_steps_above_are_all_there_are() -> None:
    # From the department's order a failed re-inspection without a next level: below.
    # A co-handler's own order stands beside the lead's: below.
    numbers = {step[0] for step in STEPS} | {"T15b"}
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
        ("settle", "on_spot", Hat.INSPECTOR, FOUND_BY_ME),
        ("close", "feedback", Hat.OFFICER, FOUND_BY_ME),
        ("close", "feedback", Hat.OFFICER, HANDLED_BY_ME),
        ("convene", "reported", Hat.COORDINATOR, {"coordinator": None}),
        ("record_joint", "verifying", Hat.LEAD, {"joint_open": False}),
        (
            "record_joint",
            "verifying",
            Hat.COORDINATOR,
            {"joint_to_come": date(2026, 3, 2)},
        ),
        ("return", "reported", Hat.LEAD, {"binding": True}),
        ("return", "dispatched", Hat.LEAD, {"binding": True}),
        ("report_up", "returned", Hat.INSPECTOR, {"returns": 2}),
        ("dispatch", "returned", Hat.COORDINATOR, {"returns": 1}),
        ("dispatch", "returned", Hat.COORDINATOR, {"decided_after": None}),
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


def test_four_eyes_are_for_major_hazards_alone() -> None:
    """Who found it or called it rectified does not end it; others may, and a failed
    re-inspection is anybody's."""
    mine = {"finder_id": ME, "handled_by": frozenset({ME})}
    for severity in ("general", "serious"):
        case = replace(situation("feedback"), severity=severity, **mine)  # type: ignore[arg-type]
        assert may("close", case, Hat.OFFICER)
    another = replace(situation("feedback"), severity="major", finder_id=OTHER)
    assert may("close", another, Hat.OFFICER)
    case = replace(situation("rectifying"), **FOUND_BY_ME)  # type: ignore[arg-type]
    assert target("reinspect", case, Hat.INSPECTOR, result="passed") is None
    failed = target("reinspect", case, Hat.INSPECTOR, result="failed")
    assert failed is State.TOWN_RECHECK
    why = workflow.unfit("reinspect", case, {"result": "passed"})
    assert "上报人" in why.why.zh


def test_an_order_on_a_major_hazard_demands_the_five() -> None:
    for state in ("verifying", "appraisal", "dept_recheck"):
        for severity in ("general", "serious", "major"):
            case = replace(situation(state), severity=severity)
            allowed = workflow.candidates("order", case, frozenset({Hat.LEAD}))
            expected = {"responsibility", "measures", "funds", "plan"}
            demanded = workflow.demanded(allowed, case)
            assert demanded == (expected if severity == "major" else set())
    case = replace(situation("on_spot"), severity="major")
    notice = workflow.candidates("issue_notice", case, frozenset({Hat.INSPECTOR}))
    assert workflow.demanded(notice, case) == set()
    beside = workflow.candidates(
        "order",
        replace(situation("ordered"), severity="major"),
        frozenset({Hat.ORDERER}),
    )
    assert workflow.demanded(beside, case) == set()


def test_the_heavier_penalty_follows_a_failed_re_inspection() -> None:
    case = situation("ordered")
    for failed, kind, open_now in [
        (0, "heavier", False),
        (0, "fine", True),
        (1, "heavier", True),
        (3, "heavier", True),
    ]:
        now = replace(case, failed_rechecks=failed)
        row = chosen("penalise", now, Hat.CO, kind=kind)
        assert (workflow.shut(row, now, {"kind": kind}) is None) is open_now


def test_a_new_order_opens_the_next_round_only_after_a_failure() -> None:
    case = replace(situation("ordered"), failed_rechecks=1)
    assert not may("order", case, Hat.LEAD)
    over = replace(case, round_over=True)
    row = chosen("order", over, Hat.LEAD)
    assert (row.id, row.target) == ("T20", State.ORDERED)


def test_one_of_several_controls_is_lifted_by_another_than_its_imposer() -> None:
    own = replace(situation("rectified", "lift_control"), control_imposed_by=ME)
    assert not may("lift_control", own, Hat.LEAD)
    beside = replace(own, liftable=(("7", "停止使用"),))
    row = chosen("lift_control", beside, Hat.LEAD)
    assert workflow.always_needed([row]) == {"control"}
    assert workflow.shut(row, beside, {"control": "7"}) is None
    why = workflow.shut(row, beside, {})
    assert why is not None
    assert "不能自行解除" in why.zh


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


@pytest.mark.parametrize(
    ("returns", "limit", "to"),
    [
        (0, 2, State.REPORTED),
        (1, 2, State.RETURNED),
        (5, None, State.REPORTED),
        (0, 1, State.RETURNED),
    ],
)
def test_an_assigned_ticket_goes_back_to_who_assigned_it_until_the_limit(
    returns: int, limit: int | None, to: State
) -> None:
    case = replace(situation("dispatched"), returns=returns, decided_after=limit)
    assert target("return", case, Hat.LEAD) is to
    direct = replace(case, state=State.REPORTED)
    assert target("return", direct, Hat.LEAD) is State.RETURNED
