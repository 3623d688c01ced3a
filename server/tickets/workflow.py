"""The state machine of a ticket as data; pure.

A :class:`Transition` says from where to where, who (which *hats*), under which
guards, with which fields, and which event it writes. Nothing here knows a database,
a request or a clock. ``docs/workflow.md`` is the table in prose; T numbers are those
of the domain model.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.core.text import Text
from server.tickets.machine import (
    AMOUNT,
    APPRAISER,
    ASSIGNEE,
    DEPARTMENT,
    DOCUMENT_NO,
    DUE_ON,
    FACTS_OPTIONAL,
    GRADE,
    HOW_REFUSED,
    INTO,
    MEASURE,
    MENTIONS,
    NOTE,
    NOTE_OPTIONAL,
    PENALTY,
    PHOTOS,
    PHOTOS_OPTIONAL,
    RECHECK_FIELDS,
    TRIGGER,
    VERIFIED,
    Hat,
    Refused,
    Situation,
    Transition,
    appraisal_foreseen,
    appraised,
    assigned,
    by_third_party,
    control_in_force,
    day_not_in_writing,
    next_level_exists,
    no_control_in_force,
    no_next_level,
    not_the_imposer,
    ordered_by_district,
    penalty_allowed,
    reported_before_order,
    reported_beside_order,
    substantiated,
    town_deadline_allowed,
)
from server.tickets.vocabulary import ACTION_LABELS, ENDED, STATE_LABELS, State

_TOWN = frozenset({Hat.INSPECTOR})
_OFFICER = frozenset({Hat.OFFICER})
_LEAD = frozenset({Hat.LEAD})
_S = State


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_LIVE = frozenset(State) - ENDED
_TOWN_LEVEL = _from(_S.ON_SPOT, _S.RECTIFYING, _S.TOWN_RECHECK)
WITH_TOWN = _TOWN_LEVEL | _from(_S.RETURNED)
_PENALTY_STATES = _from(
    _S.VERIFYING, _S.ORDERED, _S.DEPT_RECHECK, _S.ESCALATED, _S.TRANSFERRED
) | _from(_S.RECTIFIED, _S.FEEDBACK)

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
        (DUE_ON, NOTE, DOCUMENT_NO),
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
        (no_control_in_force,),
        evidence="after",
    ),
    Transition(
        "T5",
        "report_up",
        _from(_S.ON_SPOT),
        _S.REPORTED,
        _TOWN,
        (TRIGGER, HOW_REFUSED, NOTE, PHOTOS_OPTIONAL),
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
        (no_control_in_force,),
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
        (TRIGGER, HOW_REFUSED, NOTE, PHOTOS_OPTIONAL),
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
        _from(_S.REPORTED, _S.DISPATCHED),
        _S.RETURNED,
        _LEAD,
        (NOTE,),
        "returned",
    ),
    Transition(
        "T13b",
        "report_up",
        _from(_S.RETURNED),
        _S.REPORTED,
        _TOWN,
        (NOTE, FACTS_OPTIONAL, HOW_REFUSED, PHOTOS_OPTIONAL),
        "reported",
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
        (GRADE, DOCUMENT_NO, NOTE),
        "appraised",
        when=("grade", "C"),
    ),
    Transition(
        "T14b",
        "appraise",
        _from(_S.APPRAISAL),
        None,
        _LEAD,
        (GRADE, DOCUMENT_NO, NOTE),
        "appraised",
        when=("grade", "D"),
    ),
    Transition(
        "T14b",
        "appraise",
        _from(_S.APPRAISAL),
        None,
        _LEAD,
        (GRADE, DOCUMENT_NO, NOTE),
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
        (GRADE, DOCUMENT_NO, NOTE),
        "not_substantiated",
        when=("grade", "none"),
    ),
    Transition(
        "T15",
        "verify",
        _from(_S.VERIFYING),
        None,
        _LEAD,
        (VERIFIED, NOTE, PHOTOS_OPTIONAL),
        "substantiated",
        when=("result", "substantiated"),
    ),
    Transition(
        "T16",
        "verify",
        _from(_S.VERIFYING),
        _S.NOT_SUBSTANTIATED,
        _LEAD,
        (VERIFIED, NOTE, PHOTOS_OPTIONAL),
        "not_substantiated",
        when=("result", "not_substantiated"),
    ),
    Transition(
        "T15",
        "order",
        _from(_S.VERIFYING),
        _S.ORDERED,
        _LEAD,
        (DUE_ON, NOTE, DOCUMENT_NO),
        "ordered",
        (substantiated, ordered_by_district),
    ),
    Transition(
        "T15",
        "order",
        _from(_S.APPRAISAL),
        _S.ORDERED,
        _LEAD,
        (DUE_ON, NOTE, DOCUMENT_NO),
        "ordered",
        (appraised,),
    ),
    Transition(
        "T17",
        "transfer",
        _from(_S.VERIFYING),
        _S.TRANSFERRED,
        _LEAD,
        (DEPARTMENT, NOTE),
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
        (DUE_ON, NOTE, DOCUMENT_NO),
        "ordered",
    ),
    Transition(
        "T20b",
        "extend",
        _from(_S.ORDERED),
        None,
        frozenset({Hat.CHIEF}),
        (DUE_ON, NOTE),
        "extended",
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
        (DUE_ON, NOTE, DOCUMENT_NO),
        "ordered",
        (reported_beside_order,),
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
        (NOTE, DOCUMENT_NO),
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
        (no_control_in_force,),
    ),
    # --- tracks beside the state ---
    Transition(
        "P1",
        "penalise",
        _PENALTY_STATES,
        None,
        frozenset({Hat.LEAD, Hat.CO}),
        (PENALTY, AMOUNT, DOCUMENT_NO, NOTE),
        "penalised",
        (penalty_allowed,),
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
        (NOTE,),
        "control_lifted",
        (control_in_force, not_the_imposer),
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
    Transition(
        "N1",
        "comment",
        frozenset(State),
        None,
        frozenset({Hat.VIEWER}),
        (NOTE, PHOTOS_OPTIONAL, MENTIONS),
        "commented",
    ),
    # Whose desk it is on, within the department or the town that has it.
    Transition(
        "S1",
        "assign",
        _LIVE - WITH_TOWN - {_S.FOUND},
        None,
        _LEAD,
        (ASSIGNEE, NOTE_OPTIONAL),
        "assigned",
    ),
    Transition(
        "S1",
        "assign",
        WITH_TOWN,
        None,
        _OFFICER,
        (ASSIGNEE, NOTE_OPTIONAL),
        "assigned",
    ),
    Transition(
        "S2",
        "unassign",
        _LIVE - WITH_TOWN - {_S.FOUND},
        None,
        _LEAD,
        (NOTE_OPTIONAL,),
        "unassigned",
        (assigned,),
    ),
    Transition(
        "S2",
        "unassign",
        WITH_TOWN,
        None,
        _OFFICER,
        (NOTE_OPTIONAL,),
        "unassigned",
        (assigned,),
    ),
)

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(t.action for t in TRANSITIONS))
# What a catalogue may name as a step beside the actions: how a ticket comes about (a
# department's own inspection, a complaint: ``vocabulary.Source``), and the coordinating
# department's part, which is the right to dispatch and to see (Hat.COORDINATOR).
# Whose desk a ticket is on is the office's own affair, and rests on no clause.
STEPS: frozenset[str] = (
    frozenset(ACTIONS) | {"own_check", "complaint", "coordinate"}
) - {"assign", "unassign"}


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


def available(case: Situation, hats: frozenset[Hat]) -> list[Transition]:
    """Return the rows an actor with ``hats`` may use now."""
    return [
        t
        for t in TRANSITIONS
        if case.state in t.sources
        and not hats.isdisjoint(t.hats)
        and all(guard(case) is None for guard in t.guards)
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
        (rows, [[why for guard in row.guards if (why := guard(case))] for row in rows])
        for rows in here.values()
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
    open_rows = [t for t in worn if all(g(case) is None for g in t.guards)]
    if not open_rows:
        reasons = [why for t in worn for g in t.guards if (why := g(case))]
        raise Refused("guard", reasons[0])
    return open_rows


def select(allowed: list[Transition], values: Mapping[str, Any]) -> Transition | None:
    """Return the row whose ``when`` fits ``values``, None when none does."""
    for row in allowed:
        if row.when is None or values.get(row.when[0]) == row.when[1]:
            return row
    return None


def unfit(action: str, case: Situation, values: Mapping[str, Any]) -> Refused:
    """Return why no row of ``action`` fits ``values`` although some are allowed."""
    fitting = [
        t
        for t in rows(action)
        if case.state in t.sources
        and t.when is not None
        and values.get(t.when[0]) == t.when[1]
    ]
    reasons = [why for t in fitting for guard in t.guards if (why := guard(case))]
    fallback = Text("当前不允许此结果", "This result is not possible now")
    return Refused("guard", next(iter(reasons), fallback))


def overdue(state: State, due_on: date | None, today: date) -> bool:
    """Tell whether a ticket is past its day; derived, never stored."""
    waiting = {State.ON_SPOT, State.RECTIFYING, State.TOWN_RECHECK}
    waiting |= {State.ORDERED, State.DEPT_RECHECK}
    return due_on is not None and state in waiting and due_on < today
