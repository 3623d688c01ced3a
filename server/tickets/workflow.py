"""The state machine of a ticket as data; pure.

A :class:`Transition` says from where to where, who (which *hats*), under which
guards, with which fields, and which event it writes. Nothing here knows a database,
a request or a clock. ``docs/workflow.md`` is the table in prose; T numbers are those
of the domain model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.core.text import Text
from server.tickets.guards import (
    appraisal_foreseen,
    appraised,
    asked,
    asked_by_another,
    assigned,
    beside_one_s_own,
    by_third_party,
    control_in_force,
    coordinator_named,
    day_not_in_writing,
    failed_before,
    is_suspended,
    joint_convened,
    joint_day_begun,
    new_round,
    next_level_exists,
    no_control_in_force,
    no_next_level,
    not_ruled,
    not_suspended,
    not_the_finder,
    not_the_imposer,
    not_who_handled_it,
    nothing_asked,
    office_decides,
    ordered_by_district,
    penalty_allowed,
    reported_before_order,
    reported_beside_order,
    substantiated,
    to_the_dispatcher,
    to_the_office,
    town_deadline_allowed,
    town_decides,
)
from server.tickets.inputs import (
    AMOUNT,
    ANSWERED_ON,
    APPRAISAL_FIELDS,
    APPRAISER,
    ASSIGNEE,
    CONTROL,
    DECISION,
    DEPARTMENT,
    DEPARTMENTS,
    DOCUMENT_NO,
    DUE_ON,
    FACTS_OPTIONAL,
    FIVE_NAMES,
    HOW_REFUSED,
    INTO,
    LATER_DAY,
    MEASURE,
    MEETING_PLACE,
    MENTIONS,
    NOTE,
    NOTE_OPTIONAL,
    ON_DAY,
    ORDER_FIELDS,
    PART_ANSWER,
    PENALTY,
    PHOTOS,
    PHOTOS_OPTIONAL,
    RECHECK_FIELDS,
    RETURN_REASON,
    RETURN_TO,
    SAFEGUARDS,
    SEVERITY,
    SEVERITY_OPTIONAL,
    TRIGGER,
    UNTIL,
    VERIFIED,
    WHAT_WAS_FOUND,
    WITNESSES,
)
from server.tickets.machine import Hat, Refused, Situation, Transition
from server.tickets.vocabulary import (
    ACTION_LABELS,
    ENDED,
    STATE_LABELS,
    Severity,
    State,
)

_TOWN = frozenset({Hat.INSPECTOR})
_OFFICER = frozenset({Hat.OFFICER})
_LEAD = frozenset({Hat.LEAD})
_CHIEF = frozenset({Hat.CHIEF})
_S = State


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_LIVE = frozenset(State) - ENDED
_TOWN_LEVEL = _from(_S.ON_SPOT, _S.RECTIFYING, _S.TOWN_RECHECK)
# Where a case may be put aside (挂账): the town's time, the department's work.
_TOWN_WORK = _from(_S.RECTIFYING, _S.TOWN_RECHECK)
_LEAD_WORK = _from(
    _S.VERIFYING, _S.APPRAISAL, _S.ORDERED, _S.DEPT_RECHECK, _S.ESCALATED
)
WITH_TOWN = _TOWN_LEVEL | _from(_S.RETURNED)
_PENALTY_STATES = _from(
    _S.VERIFYING, _S.ORDERED, _S.DEPT_RECHECK, _S.ESCALATED, _S.TRANSFERRED
) | _from(_S.RECTIFIED, _S.FEEDBACK)

_RETURN_FIELDS = (NOTE, RETURN_REASON, RETURN_TO)
# A co-handler is told together with the lead, and neither waits for the other (A8).
_ANSWERING = _LIVE - _TOWN_LEVEL - _from(_S.FOUND, _S.RETURNED)
_JOINT = frozenset({Hat.COORDINATOR})

# --- the machine ------------------------------------------------------------------
# Opening (T1, then T2, T3, T10 or A33) is decided by ``opening`` below, because it
# belongs to the finding and is not an action on a ticket.

TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        "T3",
        "issue_notice",
        _from(_S.ON_SPOT, _S.RECTIFYING),
        _S.RECTIFYING,
        _TOWN,
        ORDER_FIELDS,
        "notice_issued",
        (town_deadline_allowed, day_not_in_writing),
    ),
    Transition(
        "T4",
        "settle",
        _from(_S.ON_SPOT),
        _S.CLOSED_TOWN,
        _TOWN,
        (NOTE, PHOTOS),
        "settled",
        (no_control_in_force, not_the_finder),
        evidence="after",
    ),
    Transition(
        "T5",
        "report_up",
        _from(_S.ON_SPOT),
        _S.REPORTED,
        _TOWN,
        (TRIGGER, HOW_REFUSED, NOTE, PHOTOS_OPTIONAL, WITNESSES),
        "reported",
    ),
    Transition(
        "T7",
        "reinspect",
        _from(_S.RECTIFYING, _S.TOWN_RECHECK),
        _S.CLOSED_TOWN,
        _TOWN,
        RECHECK_FIELDS,
        "town_recheck_passed",
        (no_control_in_force, not_the_finder),
        when=("result", "passed"),
        needs=("photos",),
        evidence="after",
        via=_S.TOWN_RECHECK,
        via_id="T6",
    ),
    Transition(
        "T6",
        "reinspect",
        _from(_S.RECTIFYING, _S.TOWN_RECHECK),
        _S.TOWN_RECHECK,
        _TOWN,
        RECHECK_FIELDS,
        "town_recheck_failed",
        when=("result", "failed"),
    ),
    Transition(
        "T8",
        "extend",
        _from(_S.TOWN_RECHECK),
        _S.RECTIFYING,
        _OFFICER,
        (DUE_ON, NOTE),
        "extended",
    ),
    Transition(
        "T9",
        "report_up",
        _from(_S.TOWN_RECHECK),
        _S.REPORTED,
        _TOWN,
        (TRIGGER, HOW_REFUSED, NOTE, PHOTOS_OPTIONAL, WITNESSES),
        "reported",
    ),
    Transition(
        "T11",
        "dispatch",
        _from(_S.REPORTED),
        _S.DISPATCHED,
        frozenset({Hat.COORDINATOR, Hat.DISPATCHER}),
        (DEPARTMENT, NOTE),
        "dispatched",
    ),
    Transition(
        "T12",
        "accept",
        _from(_S.REPORTED, _S.DISPATCHED),
        _S.VERIFYING,
        _LEAD,
        (NOTE_OPTIONAL,),
        "accepted",
    ),
    Transition(
        "T13",
        "return",
        _from(_S.REPORTED),
        _S.RETURNED,
        _LEAD,
        _RETURN_FIELDS,
        "returned",
        (not_ruled,),
    ),
    # Who was assigned gives it back to who assigned it (26.区应急管理局.3).
    Transition(
        "T13c",
        "return",
        _from(_S.DISPATCHED),
        _S.REPORTED,
        _LEAD,
        _RETURN_FIELDS,
        "returned",
        (not_ruled, to_the_dispatcher),
    ),
    Transition(
        "T13",
        "return",
        _from(_S.DISPATCHED),
        _S.RETURNED,
        _LEAD,
        _RETURN_FIELDS,
        "returned",
        (not_ruled, to_the_office),
    ),
    Transition(
        "T11b",
        "dispatch",
        _from(_S.RETURNED),
        _S.DISPATCHED,
        frozenset({Hat.COORDINATOR}),
        (DEPARTMENT, NOTE),
        "dispatched",
        (office_decides,),
    ),
    Transition(
        "T13b",
        "report_up",
        _from(_S.RETURNED),
        _S.REPORTED,
        _TOWN,
        (NOTE, FACTS_OPTIONAL, HOW_REFUSED, PHOTOS_OPTIONAL, WITNESSES),
        "reported",
        (town_decides,),
    ),
    Transition(
        "T14",
        "appraise",
        _from(_S.VERIFYING),
        _S.APPRAISAL,
        _LEAD,
        (APPRAISER, NOTE),
        "appraisal_ordered",
        (appraisal_foreseen,),
    ),
    Transition(
        "T14b",
        "appraise",
        _from(_S.APPRAISAL),
        None,
        _LEAD,
        APPRAISAL_FIELDS,
        "appraised",
        when=("grade", "C"),
    ),
    Transition(
        "T14b",
        "appraise",
        _from(_S.APPRAISAL),
        None,
        _LEAD,
        APPRAISAL_FIELDS,
        "appraised",
        when=("grade", "D"),
    ),
    Transition(
        "T14b",
        "appraise",
        _from(_S.APPRAISAL),
        None,
        _LEAD,
        APPRAISAL_FIELDS,
        "appraised",
        (by_third_party,),
        when=("grade", "confirmed"),
    ),
    Transition(
        "T16",
        "appraise",
        _from(_S.APPRAISAL),
        _S.NOT_SUBSTANTIATED,
        _LEAD,
        APPRAISAL_FIELDS,
        "not_substantiated",
        when=("grade", "none"),
    ),
    Transition(
        "T15",
        "verify",
        _from(_S.VERIFYING),
        None,
        _LEAD,
        (VERIFIED, NOTE, PHOTOS_OPTIONAL, SEVERITY_OPTIONAL),
        "substantiated",
        when=("result", "substantiated"),
    ),
    Transition(
        "T16",
        "verify",
        _from(_S.VERIFYING),
        _S.NOT_SUBSTANTIATED,
        _LEAD,
        (VERIFIED, NOTE, PHOTOS_OPTIONAL, SEVERITY_OPTIONAL),
        "not_substantiated",
        when=("result", "not_substantiated"),
    ),
    Transition(
        "T15",
        "order",
        _from(_S.VERIFYING),
        _S.ORDERED,
        _LEAD,
        ORDER_FIELDS,
        "ordered",
        (substantiated, ordered_by_district),
        needs_major=FIVE_NAMES,
    ),
    Transition(
        "T15",
        "order",
        _from(_S.APPRAISAL),
        _S.ORDERED,
        _LEAD,
        ORDER_FIELDS,
        "ordered",
        (appraised,),
        needs_major=FIVE_NAMES,
    ),
    Transition(
        "T17",
        "transfer",
        _from(_S.VERIFYING),
        _S.TRANSFERRED,
        _LEAD,
        (DEPARTMENT, NOTE, DOCUMENT_NO, PHOTOS_OPTIONAL),
        "transferred",
    ),
    Transition(
        "T19",
        "reinspect",
        _from(_S.ORDERED, _S.DEPT_RECHECK),
        _S.RECTIFIED,
        _LEAD,
        RECHECK_FIELDS,
        "recheck_passed",
        when=("result", "passed"),
        evidence="after",
        via=_S.DEPT_RECHECK,
        via_id="T18",
    ),
    Transition(
        "T20",
        "reinspect",
        _from(_S.ORDERED, _S.DEPT_RECHECK),
        _S.ORDERED,
        _LEAD,
        RECHECK_FIELDS,
        "recheck_failed",
        (no_next_level,),
        when=("result", "failed"),
        via=_S.DEPT_RECHECK,
        via_id="T18",
    ),
    Transition(
        "T18",
        "reinspect",
        _from(_S.ORDERED, _S.DEPT_RECHECK),
        _S.DEPT_RECHECK,
        _LEAD,
        RECHECK_FIELDS,
        "recheck_failed",
        (next_level_exists,),
        when=("result", "failed"),
    ),
    Transition(
        "T20",
        "order",
        _from(_S.DEPT_RECHECK),
        _S.ORDERED,
        _LEAD,
        ORDER_FIELDS,
        "ordered",
        needs_major=FIVE_NAMES,
    ),
    # Re-inspected in vain and no next level: a new order opens the next round.
    Transition(
        "T20",
        "order",
        _from(_S.ORDERED),
        _S.ORDERED,
        _LEAD,
        ORDER_FIELDS,
        "ordered",
        (new_round,),
        needs_major=FIVE_NAMES,
    ),
    Transition(
        "T21",
        "escalate",
        _from(_S.ORDERED),
        _S.ESCALATED,
        _LEAD,
        (NOTE,),
        "escalated",
        (next_level_exists, reported_beside_order),
    ),
    Transition(
        "T15",
        "order",
        _from(_S.ESCALATED),
        _S.ORDERED,
        _LEAD,
        ORDER_FIELDS,
        "ordered",
        (reported_beside_order,),
        needs_major=FIVE_NAMES,
    ),
    Transition(
        "T15b",
        "order",
        _from(_S.VERIFYING, _S.ORDERED, _S.DEPT_RECHECK),
        None,
        frozenset({Hat.ORDERER}),
        (DUE_ON, NOTE, DOCUMENT_NO),
        "co_ordered",
        (substantiated,),
    ),
    Transition(
        "T21",
        "escalate",
        _from(_S.VERIFYING),
        _S.ESCALATED,
        _LEAD,
        (NOTE,),
        "escalated",
        (substantiated, next_level_exists, reported_before_order),
    ),
    Transition(
        "T21",
        "escalate",
        _from(_S.DEPT_RECHECK),
        _S.ESCALATED,
        _LEAD,
        (NOTE,),
        "escalated",
        (next_level_exists,),
    ),
    Transition(
        "T22",
        "answer",
        _from(_S.ESCALATED),
        _S.DEPT_RECHECK,
        _LEAD,
        (NOTE, DOCUMENT_NO, DECISION, ANSWERED_ON),
        "answered",
    ),
    Transition(
        "T17b",
        "answer",
        _from(_S.TRANSFERRED),
        _S.RECTIFIED,
        frozenset({Hat.TRANSFEREE}),
        (NOTE, DOCUMENT_NO),
        "answered",
    ),
    # The lead may write down the other's answer, but closes nothing unverified so.
    Transition(
        "T17b",
        "answer",
        _from(_S.TRANSFERRED),
        _S.RECTIFIED,
        _LEAD,
        (NOTE, DOCUMENT_NO),
        "answered",
        (substantiated,),
    ),
    Transition(
        "T23",
        "feed_back",
        _from(_S.RECTIFIED, _S.NOT_SUBSTANTIATED),
        _S.FEEDBACK,
        _LEAD,
        (NOTE,),
        "fed_back",
    ),
    Transition(
        "T24",
        "close",
        _from(_S.FEEDBACK),
        _S.CLOSED,
        _OFFICER,
        (NOTE_OPTIONAL,),
        "closed",
        (no_control_in_force, not_the_finder, not_who_handled_it),
    ),
    # --- tracks beside the state ---
    Transition(
        "G1",
        "grade_severity",
        _from(_S.VERIFYING, _S.APPRAISAL, _S.ORDERED, _S.DEPT_RECHECK),
        None,
        _LEAD,
        (SEVERITY, NOTE),
        "severity_graded",
    ),
    Transition(
        "P1",
        "penalise",
        _PENALTY_STATES,
        None,
        frozenset({Hat.LEAD, Hat.CO}),
        (PENALTY, AMOUNT, DOCUMENT_NO, NOTE),
        "penalised",
        (penalty_allowed,),
        only=(("kind", "heavier", failed_before),),
    ),
    Transition(
        "C1",
        "impose_control",
        _LIVE - _TOWN_LEVEL,
        None,
        frozenset({Hat.INSPECTOR, Hat.LEAD}),
        (MEASURE, NOTE, PHOTOS_OPTIONAL),
        "control_imposed",
    ),
    # Danger that needs a control does not stay with the town (T10).
    Transition(
        "T10",
        "impose_control",
        _TOWN_LEVEL,
        _S.REPORTED,
        _TOWN,
        (MEASURE, NOTE, PHOTOS_OPTIONAL),
        "control_imposed",
    ),
    Transition(
        "C2",
        "lift_control",
        _from(_S.RECTIFIED, _S.NOT_SUBSTANTIATED, _S.FEEDBACK),
        None,
        _LEAD,
        (NOTE, CONTROL),
        "control_lifted",
        (control_in_force, not_the_imposer),
    ),
    Transition(
        "C2",
        "lift_control",
        _from(_S.RECTIFIED, _S.NOT_SUBSTANTIATED, _S.FEEDBACK),
        None,
        _LEAD,
        (NOTE, CONTROL),
        "control_lifted",
        (control_in_force, beside_one_s_own),
        needs=("control",),
        only=(("control", None, not_the_imposer),),
    ),
    Transition(
        "M1",
        "merge",
        _TOWN_LEVEL | _from(_S.REPORTED, _S.RETURNED),
        _S.CLOSED_TOWN,
        _OFFICER,
        (INTO, NOTE),
        "merged",
        (no_control_in_force,),
    ),
    # --- a later day (延期): asked for by one, decided by another ---
    Transition(
        "X1",
        "request_extension",
        _from(_S.RECTIFYING),
        None,
        _TOWN,
        (DUE_ON, NOTE, SAFEGUARDS),
        "extension_requested",
        (nothing_asked,),
    ),
    Transition(
        "X1",
        "request_extension",
        _from(_S.ORDERED),
        None,
        _LEAD,
        (DUE_ON, NOTE, SAFEGUARDS),
        "extension_requested",
        (nothing_asked,),
    ),
    Transition(
        "X2",
        "extend",
        _from(_S.RECTIFYING),
        None,
        _OFFICER,
        (LATER_DAY, NOTE_OPTIONAL),
        "extended",
        (asked_by_another,),
    ),
    Transition(
        "X2",
        "extend",
        _from(_S.ORDERED),
        None,
        _CHIEF,
        (LATER_DAY, NOTE_OPTIONAL),
        "extended",
        (asked_by_another,),
    ),
    Transition(
        "X3",
        "refuse_extension",
        _from(_S.RECTIFYING),
        None,
        _OFFICER,
        (NOTE,),
        "extension_refused",
        (asked,),
    ),
    Transition(
        "X3",
        "refuse_extension",
        _from(_S.ORDERED),
        None,
        _CHIEF,
        (NOTE,),
        "extension_refused",
        (asked,),
    ),
    # --- put aside (挂账), and taken up again ---
    Transition(
        "S1",
        "suspend",
        _TOWN_WORK,
        None,
        _OFFICER,
        (UNTIL, NOTE),
        "suspended",
        (not_suspended,),
    ),
    Transition(
        "S1",
        "suspend",
        _LEAD_WORK,
        None,
        _CHIEF,
        (UNTIL, NOTE),
        "suspended",
        (not_suspended,),
    ),
    Transition(
        "S2", "resume", _TOWN_WORK, None, _OFFICER, (NOTE,), "resumed", (is_suspended,)
    ),
    Transition(
        "S2", "resume", _LEAD_WORK, None, _LEAD, (NOTE,), "resumed", (is_suspended,)
    ),
    Transition(
        "N1",
        "comment",
        frozenset(State),
        None,
        frozenset({Hat.VIEWER}),
        (NOTE, PHOTOS_OPTIONAL, MENTIONS),
        "commented",
    ),
    Transition(
        "Q1",
        "answer_part",
        _ANSWERING,
        None,
        frozenset({Hat.CO}),
        (PART_ANSWER, NOTE, PHOTOS_OPTIONAL, DOCUMENT_NO),
        "part_answered",
    ),
    Transition(
        "J1",
        "convene",
        _from(_S.REPORTED, _S.DISPATCHED, _S.VERIFYING, _S.ORDERED, _S.DEPT_RECHECK),
        None,
        _JOINT,
        (DEPARTMENTS, ON_DAY, MEETING_PLACE, NOTE),
        "joint_action_convened",
        (coordinator_named,),
    ),
    Transition(
        "J2",
        "record_joint",
        _LIVE - _TOWN_LEVEL,
        None,
        _JOINT | _LEAD,
        (WHAT_WAS_FOUND, DEPARTMENTS, PHOTOS_OPTIONAL, NOTE_OPTIONAL),
        "joint_action_held",
        (joint_convened, joint_day_begun),
    ),
    # Whose desk it is on, within the department or the town that has it.
    Transition(
        "A1",
        "assign",
        _LIVE - WITH_TOWN - {_S.FOUND},
        None,
        _LEAD,
        (ASSIGNEE, NOTE_OPTIONAL),
        "assigned",
    ),
    Transition(
        "A1",
        "assign",
        WITH_TOWN,
        None,
        _OFFICER,
        (ASSIGNEE, NOTE_OPTIONAL),
        "assigned",
    ),
    Transition(
        "A2",
        "unassign",
        _LIVE - WITH_TOWN - {_S.FOUND},
        None,
        _LEAD,
        (NOTE_OPTIONAL,),
        "unassigned",
        (assigned,),
    ),
    Transition(
        "A2",
        "unassign",
        WITH_TOWN,
        None,
        _OFFICER,
        (NOTE_OPTIONAL,),
        "unassigned",
        (assigned,),
    ),
)

# What waits while a case is put aside, beside every step to another state; danger that
# needs a control does not.
_WORK = frozenset(
    {"verify", "appraise", "order", "extend", "request_extension", "refuse_extension"}
)

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(t.action for t in TRANSITIONS))
# What a catalogue may name as a step beside the actions: how a ticket comes about (a
# department's own inspection, a complaint: ``vocabulary.Source``), and the coordinating
# department's part, which is the right to dispatch and to see (Hat.COORDINATOR).
# How an office orders its own work (desks, days, pauses, grading) rests on no clause.
_OWN = frozenset(
    {"assign", "unassign", "request_extension", "refuse_extension", "suspend", "resume"}
) | {"grade_severity"}
STEPS: frozenset[str] = (
    frozenset(ACTIONS) | {"own_check", "complaint", "coordinate"}
) - _OWN


def opening(
    handling: str, at_once: bool, *, by_lead: bool = False
) -> tuple[str, State]:
    """Return (transition, state) in which a found hazard (T1) goes on.

    Args:
        handling: ``on_spot``, ``deadline`` or ``report_up``, as the finder says.
        at_once: the route or the danger does not leave it to the town (T10).
        by_lead: the lead department found it in its own inspection, and has accepted
            it thereby (30.区消防救援大队.1; model, A33).
    """
    if by_lead:
        return "A33", State.VERIFYING
    if at_once or handling == "report_up":
        return "T10", State.REPORTED
    if handling == "deadline":
        return "T3", State.RECTIFYING
    return "T2", State.ON_SPOT


def rows(action: str) -> list[Transition]:
    """Return the rows of ``action``; empty for a word that is no action."""
    return [t for t in TRANSITIONS if t.action == action]


def _hindrance(row: Transition, case: Situation) -> Text | None:
    """Return why ``row`` is not open in its state, None when it is."""
    return next(iter(_hindrances(row, case)), None)


def _hindrances(row: Transition, case: Situation) -> list[Text]:
    """Return everything that keeps ``row`` from being open in its state."""
    waits = row.action in _WORK or (
        row.target is not None and row.action != "impose_control"
    )
    guards = (not_suspended, *row.guards) if waits else row.guards
    return [why for guard in guards if (why := guard(case))]


def available(case: Situation, hats: frozenset[Hat]) -> list[Transition]:
    """Return the rows an actor with ``hats`` may use now."""
    return [
        t
        for t in TRANSITIONS
        if case.state in t.sources
        and not hats.isdisjoint(t.hats)
        and _hindrance(t, case) is None
    ]


def blocked(
    case: Situation, hats: frozenset[Hat]
) -> list[tuple[list[Transition], list[Text]]]:
    """Return what an actor with ``hats`` could do here but for a guard, and why not.

    The rows of one action and one ``when`` together: where another row of them is open
    there is nothing to explain.
    """
    here: dict[tuple[str, tuple[str, str] | None], list[Transition]] = {}
    for row in TRANSITIONS:
        if case.state in row.sources and not hats.isdisjoint(row.hats):
            here.setdefault((row.action, row.when), []).append(row)
    refused = [
        (rows, [_hindrances(row, case) for row in rows]) for rows in here.values()
    ]
    return [
        (rows, list(dict.fromkeys(why for reasons in said for why in reasons)))
        for rows, said in refused
        if all(said)
    ]


def candidates(action: str, case: Situation, hats: frozenset[Hat]) -> list[Transition]:
    """Return the rows of ``action`` that state, hats and guards allow.

    Raises:
        Refused: none does; the hat is checked first, because who could never do it
            need not learn the state's rules.
    """
    known = rows(action)
    if all(hats.isdisjoint(t.hats) for t in known):
        raise Refused("hat", Text("您无权进行此操作", "You may not do this"))
    here = [t for t in known if case.state in t.sources]
    if not here:
        raise Refused(
            "state",
            Text(
                f"工单处于“{STATE_LABELS[case.state]}”状态，"
                f"不能进行“{ACTION_LABELS[action]}”",
                f"'{action}' is not possible in state '{case.state}'",
            ),
        )
    worn = [t for t in here if not hats.isdisjoint(t.hats)]
    if not worn:
        raise Refused("hat", Text("您无权进行此操作", "You may not do this"))
    open_rows = [t for t in worn if _hindrance(t, case) is None]
    if not open_rows:
        reasons = [why for t in worn if (why := _hindrance(t, case))]
        raise Refused("guard", reasons[0])
    return open_rows


def select(allowed: list[Transition], values: Mapping[str, Any]) -> Transition | None:
    """Return the row whose ``when`` fits ``values``, None when none does."""
    for row in allowed:
        if row.when is None or values.get(row.when[0]) == row.when[1]:
            return row
    return None


def demanded(allowed: Iterable[Transition], case: Situation) -> frozenset[str]:
    """Return the optional fields that all ``allowed`` rows require here (五落实)."""
    if case.severity != Severity.MAJOR:
        return frozenset()
    return frozenset.intersection(*(frozenset(row.needs_major) for row in allowed))


def always_needed(allowed: Iterable[Transition]) -> frozenset[str]:
    """Return the optional fields that all ``allowed`` rows need whatever is said."""
    return frozenset.intersection(
        *(frozenset(() if row.when else row.needs) for row in allowed)
    )


def closed(
    row: Transition, case: Situation, field: str, value: str | None
) -> Text | None:
    """Return why ``value`` of a field is not open now, None when it is."""
    guards = (g for name, shut, g in row.only if (name, shut) == (field, value))
    return next((why for guard in guards if (why := guard(case))), None)


def shut(row: Transition, case: Situation, values: Mapping[str, Any]) -> Text | None:
    """Return why one of ``values`` is not open now, None when all are."""
    reasons = (closed(row, case, name, values.get(name)) for name, _, _ in row.only)
    return next((why for why in reasons if why), None)


def unfit(action: str, case: Situation, values: Mapping[str, Any]) -> Refused:
    """Return why no row of ``action`` fits ``values`` although some are allowed."""
    fitting = [
        t
        for t in rows(action)
        if case.state in t.sources
        and t.when is not None
        and values.get(t.when[0]) == t.when[1]
    ]
    reasons = [why for t in fitting if (why := _hindrance(t, case))]
    fallback = Text("当前不允许此结果", "This result is not possible now")
    return Refused("guard", next(iter(reasons), fallback))
