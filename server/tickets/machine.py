"""What the ticket's state machine is made of: hats, fields, guards; pure.

The machine itself, the table of transitions, is in ``workflow``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from server.checklists.catalogue import ItemProcess
from server.core.text import Text
from server.tickets.vocabulary import Control, State


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
    ``facts``, ``staff``, ``people`` (one or several, by user name or id). ``choices``
    is a list, or the name of what supplies it. ``needed_with``:
    (field, value) that make an optional field required.
    """

    name: str
    kind: str
    title: Text
    required: bool = True
    choices: tuple[str, ...] | str = ()
    needed_with: tuple[str, str] | None = None


@dataclass(frozen=True)
class Situation:
    """What guards may look at; all plain values.

    ``due_in_writing``: the town's day stands in a notice or an extension already.
    ``assigned``: it is on somebody's desk.
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
    assigned: bool = False


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


class Refused(Exception):
    """An action that may not be done; ``kind`` is ``state``, ``hat`` or ``guard``."""

    def __init__(self, kind: str, why: Text) -> None:
        super().__init__(why.en)
        self.kind = kind
        self.why = why


# --- guards: None lets pass, a text says why not --------------------------------


def no_control_in_force(case: Situation) -> Text | None:
    """A ticket with a control in force cannot be closed."""
    if case.control is Control.IN_FORCE:
        return Text("管控措施尚未解除", "A control measure is still in force")
    return None


def control_in_force(case: Situation) -> Text | None:
    """Only a control in force can be lifted."""
    if case.control is not Control.IN_FORCE:
        return Text("没有生效中的管控措施", "No control measure is in force")
    return None


def not_the_imposer(case: Situation) -> Text | None:
    """Whoever imposed a control never lifts it (28.township.4, by design)."""
    if case.control_imposed_by == case.actor_id:
        return Text(
            "实施管控的人不能自行解除", "Whoever imposed a control may not lift it"
        )
    return None


def substantiated(case: Situation) -> Text | None:
    """An order presupposes 核查属实 (30.区消防救援大队.2)."""
    if case.substantiated is not True:
        return Text("尚未核查属实", "Not verified as substantiated yet")
    return None


def appraised(case: Situation) -> Text | None:
    """An order after appraisal presupposes its result.

    A grade C or D (28.区住房和城乡建设局.4), or the third party's word that there is a
    hazard (27.区住房和城乡建设局.2).
    """
    if case.grade is None:
        return Text("尚无鉴定结论", "No appraisal result yet")
    return None


def by_third_party(case: Situation) -> Text | None:
    """A third party says whether there is a hazard, not which grade (27)."""
    if case.appraisal != "third_party":
        return Text("该事项按等级鉴定", "This item's appraisal gives a grade")
    return None


def appraisal_foreseen(case: Situation) -> Text | None:
    """Only items whose route names an appraisal (鉴定) have one (27, 28)."""
    if case.appraisal is None:
        return Text("该事项没有鉴定环节", "This item has no appraisal step")
    return None


def next_level_exists(case: Situation) -> Text | None:
    """Escalation needs a next level in the route (27, 41)."""
    if case.next_level is None:
        return Text("该事项没有上一级", "This item names no next level")
    return None


def ordered_by_district(case: Situation) -> Text | None:
    """Where the city punishes, the district orders on its instruction only (54)."""
    if case.process.escalation == "instead_of_order":
        return Text(
            "查实后报上一级处理，不由本部门责令", "The next level decides first"
        )
    return None


def reported_before_order(case: Situation) -> Text | None:
    """Most items go up only after a failed re-inspection; 49, 54 and 65 before."""
    if case.process.escalation == "after_recheck":
        return Text("复查不合格后才能报上一级", "Only after a failed re-inspection")
    return None


def reported_beside_order(case: Situation) -> Text | None:
    """49 and 65: the next level is told, and the department orders all the same."""
    if case.process.escalation != "beside_order":
        return Text("该事项不能边责令边上报", "Not reported and ordered at once")
    return None


def no_next_level(case: Situation) -> Text | None:
    """Without a next level a failed re-inspection leads back to the order (T20)."""
    if case.next_level is not None:
        return Text("可报上一级", "A next level exists")
    return None


def town_deadline_allowed(case: Situation) -> Text | None:
    """A due date set by the town needs an item with 督促整改."""
    if not case.process.town_deadline:
        return Text("该事项不设镇级整改期限", "The town sets no due date in this item")
    return None


def day_not_in_writing(case: Situation) -> Text | None:
    """A written day is put off by an extension with its reason (T8), never by another
    notice."""
    if case.due_in_writing:
        return Text(
            "整改期限已书面确定，请复查后延期", "The day is set in writing already"
        )
    return None


def penalty_allowed(case: Situation) -> Text | None:
    """A penalty presupposes 核查属实 and an item that names penalties."""
    if not case.process.penalties:
        return Text("该事项未列处罚种类", "This item names no penalty")
    return substantiated(case)


def assigned(case: Situation) -> Text | None:
    """Only what is on somebody's desk can be taken from it."""
    if not case.assigned:
        return Text("尚未指派经办人", "Assigned to nobody")
    return None


# --- fields -----------------------------------------------------------------------

NOTE = Field("note", "text", Text("说明", "Note"))
NOTE_OPTIONAL = Field("note", "text", Text("说明", "Note"), required=False)
PHOTOS = Field("photos", "photos", Text("照片", "Photos"))
PHOTOS_OPTIONAL = Field("photos", "photos", Text("照片", "Photos"), required=False)
DUE_ON = Field("due_on", "date", Text("整改期限", "Due date"))
DOCUMENT_NO = Field("document_no", "text", Text("文书编号", "Document number"), False)
DEPARTMENT = Field("department", "department", Text("部门", "Department"))
PASSED_OR_FAILED = Field(
    "result", "choice", Text("复查结果", "Result"), choices=("passed", "failed")
)
RECHECK_FIELDS = (PASSED_OR_FAILED, NOTE, PHOTOS_OPTIONAL)
TRIGGER = Field(
    "trigger", "choice", Text("上报情形", "Trigger"), choices="report_triggers"
)
HOW_REFUSED = Field(
    "how",
    "text",
    Text("如何拒绝", "How the refusal was shown"),
    required=False,
    needed_with=("trigger", "refused"),
)
FACTS_OPTIONAL = Field("facts", "facts", Text("情形", "Facts"), required=False)
MEASURE = Field("measure", "text", Text("管控措施", "Measure"))
VERIFIED = Field(
    "result",
    "choice",
    Text("核查结果", "Result"),
    choices=("substantiated", "not_substantiated"),
)
APPRAISER = Field("appraiser", "text", Text("鉴定单位", "Appraiser"))
GRADE = Field(
    "grade",
    "choice",
    Text("鉴定等级", "Grade"),
    choices=("C", "D", "confirmed", "none"),
)
PENALTY = Field("kind", "choice", Text("处罚种类", "Kind"), choices="penalties")
AMOUNT = Field("amount", "amount", Text("金额（元）", "Amount (yuan)"), required=False)
INTO = Field("into", "ticket", Text("并入工单", "Merged into"))
# ``assignable``: who works where the ticket is; ``readers``: who may see it.
ASSIGNEE = Field("assignee", "staff", Text("经办人", "Assignee"), choices="assignable")
MENTIONS = Field(
    "mentions", "people", Text("提醒", "Mentioned"), required=False, choices="readers"
)
