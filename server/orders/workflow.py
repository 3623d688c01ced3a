"""The state machine of an inbound order as data; pure.

``docs/orders.md`` is the table in prose. An action is a step of the item's entry in
``orders.yaml`` (``comment`` alone belongs to every item). Nothing here knows a
database, a request or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from server.core.text import Text
from server.orders.machine import (
    BACK_TO,
    DOCUMENT_NO,
    DUE_ON,
    LAND,
    MEASURE,
    NOTE,
    NOTE_OPTIONAL,
    PHOTOS,
    REFERENCE,
    REMEDY,
    RESULT,
    Hat,
    Situation,
    Transition,
    goes_on_enforcing,
    goes_on_verifying,
    guided_after_penalty,
    nothing_is_left,
    town_has_to_act,
    town_is_done,
    transfer_is_due,
    verified_to_here,
)
from server.orders.vocabulary import (
    ACTION_LABELS,
    STATE_LABELS,
    WITH_THE_TOWN,
    State,
)
from server.tickets.machine import Field, Refused

_TOWN = frozenset({Hat.TOWN})
_OFFICER = frozenset({Hat.OFFICER})
_ISSUER = frozenset({Hat.ISSUER})
_S = State


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_ENFORCING = _from(_S.TOWN_ENFORCING)
_CHECKING = _from(_S.DEPT_VERIFYING)

# --- the machine ------------------------------------------------------------------
# The issue itself is no action on an order; see ``intake``.

TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        "J1",
        "accept",
        _from(_S.ISSUED),
        _S.TOWN_VERIFYING,
        _TOWN,
        (NOTE_OPTIONAL,),
        "accepted",
    ),
    Transition(
        "J1b",
        "accept",
        _from(_S.SENT_BACK),
        _S.TOWN_VERIFYING,
        _TOWN,
        (NOTE_OPTIONAL,),
        "accepted",
        (goes_on_verifying,),
    ),
    Transition(
        "J1c",
        "accept",
        _from(_S.SENT_BACK),
        _S.TOWN_ENFORCING,
        _TOWN,
        (NOTE_OPTIONAL,),
        "accepted",
        (goes_on_enforcing,),
    ),
    Transition(
        "J2",
        "verify",
        _from(_S.TOWN_VERIFYING),
        _S.TOWN_ENFORCING,
        _TOWN,
        (RESULT, NOTE, LAND, PHOTOS),
        "verified",
    ),
    Transition(
        "J3",
        "verify",
        _from(_S.TOWN_VERIFYING),
        _S.ANSWERED,
        _TOWN,
        (RESULT, NOTE, LAND, PHOTOS),
        "verified",
    ),
    Transition(
        "J4",
        "return",
        _from(_S.ANSWERED, _S.TOWN_ENFORCING),
        _S.TOWN_VERIFYING,
        _OFFICER,
        (NOTE,),
        "returned",
        (verified_to_here,),
        beside=True,
    ),
    Transition(
        "J5",
        "enforce",
        _ENFORCING,
        None,
        _OFFICER,
        (MEASURE, DOCUMENT_NO, NOTE, PHOTOS),
        "enforced",
    ),
    Transition(
        "J6",
        "rectify",
        _ENFORCING,
        None,
        _TOWN,
        (REMEDY, NOTE, PHOTOS),
        "rectified",
    ),
    Transition(
        "J7",
        "submit",
        _from(_S.ANSWERED),
        _S.SUBMITTED,
        _OFFICER,
        (NOTE,),
        "submitted",
    ),
    Transition(
        "J8",
        "submit",
        _ENFORCING,
        _S.SUBMITTED,
        _OFFICER,
        (NOTE,),
        "submitted",
        (town_is_done,),
    ),
    Transition(
        "J9",
        "take_up",
        _from(_S.SUBMITTED),
        _S.DEPT_VERIFYING,
        _ISSUER,
        (NOTE_OPTIONAL,),
        "taken_up",
    ),
    Transition(
        "J10",
        "assign",
        _CHECKING,
        _S.TOWN_ENFORCING,
        _ISSUER,
        (NOTE, DUE_ON),
        "assigned",
        (town_has_to_act,),
    ),
    Transition(
        "J11",
        "transfer",
        _CHECKING,
        _S.TRANSFERRED,
        _ISSUER,
        (DOCUMENT_NO, NOTE),
        "transferred",
        (transfer_is_due,),
    ),
    Transition(
        "J12",
        "answer",
        _from(_S.TRANSFERRED),
        _S.DEPT_VERIFYING,
        frozenset({Hat.TRANSFEREE, Hat.ISSUER}),
        (NOTE, DOCUMENT_NO),
        "answered",
    ),
    Transition(
        "J13",
        "close",
        _CHECKING,
        _S.CLOSED,
        _ISSUER,
        (NOTE, REFERENCE, PHOTOS),
        "closed",
        (nothing_is_left,),
    ),
    Transition(
        "J14",
        "send_back",
        _CHECKING,
        _S.SENT_BACK,
        _ISSUER,
        (BACK_TO, NOTE, DUE_ON),
        "sent_back",
    ),
    Transition(
        "J15",
        "guide",
        _ENFORCING,
        None,
        _ISSUER,
        (NOTE,),
        "guided",
        (guided_after_penalty,),
        beside=True,
    ),
    Transition(
        "J16",
        "urge",
        WITH_THE_TOWN,
        None,
        _ISSUER,
        (NOTE,),
        "urged",
        beside=True,
    ),
    Transition(
        "N1",
        "comment",
        frozenset(State),
        None,
        frozenset({Hat.VIEWER}),
        (NOTE, PHOTOS),
        "commented",
        beside=True,
    ),
)

COMMENT = "comment"
ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(t.action for t in TRANSITIONS))
# Steps whose doing is remembered, because later ones ask for it.
_REMEMBERED = frozenset({"verify", "enforce", "rectify", "transfer"})


def rows(action: str, case: Situation) -> list[Transition]:
    """Return the rows of ``action`` that the order's item has."""
    if action != COMMENT and case.process.step(action) is None:
        return []
    return [t for t in TRANSITIONS if t.action == action]


def available(case: Situation, hats: frozenset[Hat]) -> list[Transition]:
    """Return the rows an actor with ``hats`` may use now."""
    return [
        t
        for action in ACTIONS
        for t in rows(action, case)
        if case.state in t.sources
        and not hats.isdisjoint(t.hats)
        and all(guard(case) is None for guard in t.guards)
    ]


def candidates(action: str, case: Situation, hats: frozenset[Hat]) -> list[Transition]:
    """Return the rows of ``action`` that state, hats and guards allow.

    Raises:
        Refused: none does (``state``, ``hat`` or ``guard``).
    """
    known = rows(action, case)
    if not known:
        why = Text(
            f"该事项没有“{ACTION_LABELS[action]}”环节",
            f"This item has no step '{action}'",
        )
        raise Refused("state", why)
    worn = [t for t in known if not hats.isdisjoint(t.hats)]
    if not worn:
        raise Refused("hat", Text("您无权进行此操作", "You may not do this"))
    here = [t for t in worn if case.state in t.sources]
    if not here:
        why = Text(
            f"工单处于“{STATE_LABELS[case.state]}”状态，"
            f"不能进行“{_title(action, case)}”",
            f"'{action}' is not possible in state '{case.state}'",
        )
        raise Refused("state", why)
    open_rows = [t for t in here if all(g(case) is None for g in t.guards)]
    if not open_rows:
        reasons = [told for t in here for g in t.guards if (told := g(case))]
        raise Refused("guard", reasons[0])
    return open_rows


def _title(action: str, case: Situation) -> str:
    step = case.process.step(action)
    return step.title if step else ACTION_LABELS[action]


def fields(action: str, case: Situation) -> tuple[Field, ...]:
    """Return the fields of ``action``, required where the item's step says so."""
    step = case.process.step(action)
    required = step.requires if step else ()
    described = {f.name: f for t in rows(action, case) for f in t.fields}
    return tuple(
        replace(f, required=True) if f.name in required else f
        for f in described.values()
    )


def choices(field: Field, case: Situation) -> Mapping[str, str | Text]:
    """Return what a choice may be, code to title; the catalogue's are Chinese."""
    if field.name == BACK_TO.name:
        possible = {State.TOWN_VERIFYING.value: Text("重新核实", "Verify anew")}
        # Nothing is done again that was not done before.
        if case.done & set(case.town_needs):
            possible[State.TOWN_ENFORCING.value] = Text("重新整改", "Correct anew")
        return possible
    step = case.process.step("verify" if field.name == "result" else "rectify")
    return {choice.code: choice.title for choice in step.choices} if step else {}


def select(
    allowed: list[Transition], case: Situation, values: Mapping[str, Any]
) -> Transition:
    """Return the row that fits ``values``: the result says where to verify leads."""
    found = case.process.result(values.get("result"))
    if found is None:
        return allowed[0]
    return next(t for t in allowed if t.target == found.then)


def moved(case: Situation, row: Transition, values: Mapping[str, Any]) -> Situation:
    """Return where the order stands after ``row`` was done with ``values``."""
    done, result, back_to = set(case.done), case.result, case.back_to
    if row.action in _REMEMBERED:
        done.add(row.action)
    if row.action == "verify":
        result = values["result"]
    elif row.action == "accept":
        back_to = None
    elif row.action == "return":
        done -= {"verify", "rectify"}
    elif row.action == "send_back":
        back_to = State(values["to"])
        done -= _again(case, back_to)
    state = row.target or case.state
    return replace(
        case, state=state, result=result, done=frozenset(done), back_to=back_to
    )


def _again(case: Situation, back_to: State) -> set[str]:
    """What has to be done again: a penalty is not, unless it was the last step."""
    if back_to is State.TOWN_ENFORCING:
        return {case.town_needs[-1]}
    return {"verify", "rectify"}


# Steps that are to be done again once another was done: the order comes back.
_UNDOES = {
    "send_back": frozenset({"accept", "submit", "take_up"}),
    "assign": frozenset({"submit", "take_up"}),
}


def steps_done(actions: Iterable[str], case: Situation) -> frozenset[str]:
    """Return the steps that stand as done, of the ``actions`` so far, oldest first.

    Of those that later steps ask for, :attr:`Situation.done` tells; the others stand
    until the order comes back and they have to be done again.
    """
    standing: set[str] = set()
    for action in actions:
        standing -= _UNDOES.get(action, frozenset())
        standing.add(action)
    return frozenset(standing - _REMEMBERED) | case.done


def overdue(state: State, due_on: date | None, today: date) -> bool:
    """Tell whether the town is past the order's day; derived, never stored."""
    return due_on is not None and state in WITH_THE_TOWN and due_on < today
