"""What the ticket's state machine is made of: hats, fields, guards; pure.

The machine itself, the table of transitions, is in ``workflow``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from server.checklists.catalogue import ItemProcess
from server.core.text import Text
from server.tickets.vocabulary import Control, Severity, State


class Hat(StrEnum):
    """What an actor is to this ticket; one person may wear several."""

    INSPECTOR = "inspector"  # grid worker or town officer in the ticket's area
    OFFICER = "officer"  # town officer in the ticket's area
    LEAD = "lead"  # handler or lead of the lead department
    CHIEF = "chief"  # lead (负责人) of the lead department
    CO = "co"  # handler or lead of a co-handling department
    ORDERER = "orderer"  # a co-handler with an order of its own (消防救援大队 in 42)
    COORDINATOR = "coordinator"  # 区安委办
    DISPATCHER = "dispatcher"  # the lead where it assigns the case (26.区应急管理局.3)
    TRANSFEREE = "transferee"  # the department the case was transferred to
    VIEWER = "viewer"  # anyone who may see the ticket


@dataclass(frozen=True)
class Field:
    """One field of an action's body.

    ``kind``: ``text``, ``date`` (local calendar day), ``choice``, ``photos`` (UUIDs),
    ``amount`` (yuan), ``department`` (code, name or alias), ``ticket`` (number),
    ``facts``, ``departments``, ``staff`` (one) and ``people``, by user name or id.
    ``choices`` is a list, or the name of what supplies it. ``needed_with``:
    (field, value) that make an optional field required. ``working_day``: a date that
    must not be a day off. ``past``: a date is today at the latest, where others are
    today at the earliest.
    """

    name: str
    kind: str
    title: Text
    required: bool = True
    choices: tuple[str, ...] | str = ()
    needed_with: tuple[str, str] | None = None
    working_day: bool = False
    past: bool = False


@dataclass(frozen=True)
class Situation:
    """What guards may look at; all plain values.

    ``due_in_writing``: the town's day stands in a notice or an extension already.
    ``extension_by``: who has asked for a later day that is not decided yet.
    ``suspended``: put aside (挂账).
    ``handled_by``: who passed the re-inspection, answered or fed the result back;
    known of a major hazard that waits to be closed. ``round_over``: the department's
    last re-inspection failed, and no new day has been given since. ``liftable``: the
    controls in force that others imposed, id and measure. ``coordinator``: the route
    names who convenes. ``joint_open``: a joint action was convened and its result is
    not recorded. ``returns``: how often the ticket was given back; from
    ``decided_after`` on (None: never) 区安委办 decides, whose decision is ``binding``.
    ``assigned``: it is on somebody's desk. ``joint_to_come``: the day of the convened
    joint action, while it has not begun.
    """

    state: State
    control: Control
    process: ItemProcess
    professional: bool
    next_level: str | None
    appraisal: str | None
    grade: str | None
    substantiated: bool | None
    control_imposed_by: UUID | None
    actor_id: UUID
    due_in_writing: bool = False
    extension_by: UUID | None = None
    suspended: bool = False
    severity: str = Severity.GENERAL
    finder_id: UUID | None = None
    handled_by: frozenset[UUID] = frozenset()
    failed_rechecks: int = 0
    round_over: bool = False
    liftable: tuple[tuple[str, str], ...] = ()
    coordinator: str | None = None
    joint_open: bool = False
    returns: int = 0
    decided_after: int | None = None
    binding: bool = False
    assigned: bool = False
    joint_to_come: date | None = None

    @property
    def office_decides(self) -> bool:
        """Whether the ticket was given back so often that 区安委办 decides."""
        return self.decided_after is not None and self.returns >= self.decided_after


Guard = Callable[[Situation], Text | None]


@dataclass(frozen=True)
class Transition:
    """One row of the machine.

    Attributes:
        target: None leaves the state as it is.
        via: a state passed through on the way, with an event of its own (``via_id``).
        when: (field, value) that selects this row among those of the action.
        needs: optional fields that this row requires.
        evidence: the stage of which at least one of the photos must be.
        needs_major: optional fields that this row requires of a major hazard.
        only: (field, value, guard): a value that is open only when the guard passes;
            None is the field left out.
    """

    id: str
    action: str
    sources: frozenset[State]
    target: State | None
    hats: frozenset[Hat]
    fields: tuple[Field, ...]
    event: str
    guards: tuple[Guard, ...] = ()
    when: tuple[str, str] | None = None
    needs: tuple[str, ...] = ()
    evidence: str | None = None
    via: State | None = None
    via_id: str | None = None
    needs_major: tuple[str, ...] = ()
    only: tuple[tuple[str, str | None, Guard], ...] = ()


class Refused(Exception):
    """An action that may not be done; ``kind`` is ``state``, ``hat`` or ``guard``."""

    def __init__(self, kind: str, why: Text) -> None:
        super().__init__(why.en)
        self.kind = kind
        self.why = why
