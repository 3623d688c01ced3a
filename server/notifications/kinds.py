"""THE table: which event tells whom; and the kinds of messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.core.text import Text

# What a person may choose about, and a target may ask for.
KINDS: Mapping[str, Text] = {
    "work": Text("新任务", "New work"),
    "returned": Text("退回", "Returned"),
    "progress": Text("办理进展", "Progress"),
    "feedback": Text("结果反馈", "Result"),
    "control": Text("管控措施", "Control"),
    "mention": Text("提到我", "Mentioned"),
    "assigned": Text("指派给我", "Assigned to me"),
    "due_soon": Text("即将到期", "Due soon"),
    "overdue": Text("逾期", "Overdue"),
    "extension": Text("延期", "Extension"),
    "incident": Text("突发事件", "Incident"),
    "order": Text("下派工单", "Inbound order"),
}
TEST = "test"  # what a target's owner sends to try it
# Between colleagues: no group's business.
PERSONAL = frozenset({"mention", "assigned", "extension"})
GROUP_KINDS = tuple(kind for kind in KINDS if kind not in PERSONAL)
# From this level on an overdue step is 区安委办's, and does not wait for morning.
ESCALATED_LEVEL = 2


class Who(StrEnum):
    """Whom an event concerns; ``recipients`` finds the people."""

    LEAD = "lead"  # handlers and leads of the department it lies with (牵头)
    CHIEF = "chief"  # that department's 负责人
    CO = "co"  # co-handlers (协同)
    DISPATCHER = "dispatcher"  # 区安委办, where nobody leads
    COORDINATOR = "coordinator"  # 区安委办, where it coordinates or nobody leads
    SAFETY_OFFICE = "safety_office"  # 区安委办 in any case
    ESCALATION = "escalation"  # 区安委办, from ESCALATED_LEVEL on
    NEXT_LEVEL = "next_level"  # whom it was reported or handed to, by the event
    TRANSFEREE = "transferee"
    OFFICERS = "officers"  # town safety officers (镇级安监员)
    TOWN = "town"  # these, and the grid workers there
    FINDER = "finder"  # who found or reported it
    MENTIONED = "mentioned"
    ASSIGNEE = "assignee"
    APPROVER = "approver"  # who decides an extension: 负责人, or the town officers
    ASKER = "asker"  # who asked for the extension
    OWING = "owing"  # who owes the step whose day is near or past
    PARTIES = "parties"  # every department of an incident
    ADDRESSEES = "addressees"  # those an entry of an incident names, and its command
    ISSUER = "issuer"  # the department that issued an order


@dataclass(frozen=True)
class Rule:
    """What is told about an event, and to whom; ``what`` goes into the title.

    ``what`` says what happened, to groups too, whoever reads there; ``wordings`` has
    what the event asks of one of ``who``. Who is concerned in two ways is told the
    first of them.
    """

    kind: str
    what: Text
    who: tuple[Who, ...]
    urgent: bool = False


_W = Who

RULES: Mapping[str, Rule] = {
    "ticket.reported": Rule(
        "work",
        Text("已上报，待牵头部门受理", "reported, to be accepted by the lead"),
        (_W.LEAD, _W.CO, _W.DISPATCHER, _W.COORDINATOR),
    ),
    "ticket.dispatched": Rule(
        "work",
        Text("已分派，待牵头部门受理", "dispatched, to be accepted by the lead"),
        (_W.LEAD, _W.CO, _W.COORDINATOR),
    ),
    "ticket.returned": Rule(
        "returned",
        Text("被部门退回", "returned by the department"),
        (_W.OFFICERS, _W.FINDER, _W.DISPATCHER, _W.COORDINATOR),
    ),
    "ticket.ordered": Rule(
        "progress",
        Text("部门已责令改正", "correction ordered"),
        (_W.OFFICERS, _W.FINDER),
    ),
    "ticket.co_ordered": Rule(
        "progress",
        Text("协同部门已责令改正", "correction ordered by a co-handler"),
        (_W.LEAD, _W.OFFICERS),
    ),
    "ticket.recheck_passed": Rule(
        "progress",
        Text("部门复查通过", "re-inspection passed"),
        (_W.OFFICERS, _W.FINDER),
    ),
    "ticket.recheck_failed": Rule(
        "progress",
        Text("部门复查未通过", "re-inspection failed"),
        (_W.OFFICERS, _W.FINDER),
    ),
    "ticket.not_substantiated": Rule(
        "feedback",
        Text("核查不属实", "not substantiated"),
        (_W.OFFICERS, _W.FINDER),
    ),
    "ticket.fed_back": Rule(
        "feedback",
        Text("部门已反馈结果，待镇级销号", "result fed back, to be closed by the town"),
        (_W.OFFICERS, _W.FINDER),
    ),
    "ticket.closed": Rule(
        "feedback", Text("已销号", "closed"), (_W.FINDER, _W.LEAD, _W.CO)
    ),
    "ticket.transferred": Rule(
        "work",
        Text("已移送其他部门办理", "transferred to another department"),
        (_W.TRANSFEREE, _W.OFFICERS),
    ),
    "ticket.escalated": Rule(
        "work",
        Text("已报上级", "reported to the next level"),
        (_W.NEXT_LEVEL, _W.OFFICERS, _W.COORDINATOR),
    ),
    "ticket.answered": Rule(
        "progress",
        Text("已有答复", "answered"),
        (_W.LEAD, _W.OFFICERS),
    ),
    "ticket.merged": Rule(
        "progress",
        Text("已并入另一工单", "merged into another ticket"),
        (_W.FINDER, _W.LEAD),
    ),
    "ticket.control_imposed": Rule(
        "control",
        Text("已采取管控措施", "control imposed"),
        (_W.LEAD, _W.CO, _W.OFFICERS, _W.SAFETY_OFFICE),
        urgent=True,
    ),
    "ticket.control_lifted": Rule(
        "control",
        Text("管控措施已解除", "control lifted"),
        (_W.OFFICERS, _W.FINDER, _W.CO, _W.SAFETY_OFFICE),
    ),
    "ticket.commented": Rule(
        "mention", Text("备注中提到您", "mentions you in a note"), (_W.MENTIONED,)
    ),
    "ticket.assigned": Rule(
        "assigned", Text("已指派给您", "assigned to you"), (_W.ASSIGNEE,)
    ),
    "ticket.joint_action_convened": Rule(
        "work",
        Text("已召集部门联合行动", "departments convened for a joint action"),
        (_W.LEAD, _W.CO, _W.OFFICERS),
    ),
    "ticket.joint_action_held": Rule(
        "progress",
        Text("联合行动已记录", "joint action recorded"),
        (_W.LEAD, _W.CO, _W.OFFICERS, _W.COORDINATOR),
    ),
    "ticket.part_answered": Rule(
        "progress",
        Text("协办部门已答复其事项", "a co-handler answered for its part"),
        (_W.LEAD,),
    ),
    "ticket.due_soon": Rule("due_soon", Text("即将到期", "is due soon"), (_W.OWING,)),
    "ticket.overdue": Rule(
        "overdue",
        Text("已逾期", "is overdue"),
        (_W.CHIEF, _W.OWING, _W.ESCALATION),
    ),
    "ticket.extension_requested": Rule(
        "extension", Text("申请延期", "asks for a later day"), (_W.APPROVER,)
    ),
    "ticket.extended": Rule(
        "extension", Text("已延期", "has a later day"), (_W.ASKER, _W.FINDER)
    ),
    "ticket.extension_refused": Rule(
        "extension", Text("延期未批准", "extension refused"), (_W.ASKER,)
    ),
    "incident.reported": Rule(
        "incident",
        Text("突发事件报告", "incident reported"),
        (_W.PARTIES, _W.OFFICERS, _W.SAFETY_OFFICE),
        urgent=True,
    ),
    "incident.entry_recorded": Rule(
        "incident", Text("有新进展", "new entry"), (_W.ADDRESSEES,), urgent=True
    ),
    "incident.moved": Rule(
        "incident",
        Text("状态变化", "moved on"),
        (_W.OFFICERS, _W.FINDER),
        urgent=True,
    ),
    "order.issued": Rule(
        "order",
        Text("新下派工单，待镇级签收", "issued, to be accepted by the town"),
        (_W.TOWN,),
    ),
    "order.verified": Rule(
        "order", Text("镇村已核实", "verified by the town"), (_W.OFFICERS,)
    ),
    "order.submitted": Rule(
        "order", Text("镇级已报送", "submitted by the town"), (_W.ISSUER,)
    ),
    "order.assigned": Rule(
        "order", Text("交镇级处置", "assigned to the town"), (_W.OFFICERS,)
    ),
    "order.sent_back": Rule("order", Text("被退回重办", "sent back"), (_W.TOWN,)),
    "order.guided": Rule("order", Text("部门指导意见", "guidance"), (_W.OFFICERS,)),
    "order.urged": Rule("order", Text("部门催办", "urged"), (_W.TOWN,)),
    "order.transferred": Rule("order", Text("已移送", "transferred"), (_W.TRANSFEREE,)),
    "order.answered": Rule("order", Text("移送已答复", "answered"), (_W.ISSUER,)),
    "order.closed": Rule("order", Text("已办结", "closed"), (_W.OFFICERS,)),
    "order.commented": Rule(
        "mention", Text("备注中提到您", "mentions you in a note"), (_W.MENTIONED,)
    ),
}
