"""What an event asks of whom it concerns, beside what happened; pure.

An event and recipient without a row have nothing to do: ``kinds.RULES`` says what
happened, and that is all they are told.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.core.text import Text
from server.incidents.vocabulary import Part as IncidentPart
from server.notifications.kinds import Who

_W = Who

WORDINGS: Mapping[tuple[str, Who], Text] = {
    ("ticket.reported", _W.LEAD): Text("已上报，请受理", "reported: please accept"),
    ("ticket.reported", _W.CO): Text(
        "已上报，贵部门协办，请办理本部门事项",
        "reported, you co-handle: please see to your part",
    ),
    ("ticket.reported", _W.DISPATCHER): Text(
        "已上报，请分派", "reported: please dispatch"
    ),
    ("ticket.reported", _W.COORDINATOR): Text(
        "已上报，请统筹协调", "reported: please coordinate"
    ),
    ("ticket.dispatched", _W.LEAD): Text(
        "已分派贵部门，请受理", "dispatched to you: please accept"
    ),
    ("ticket.dispatched", _W.CO): Text(
        "已分派，贵部门协办，请办理本部门事项",
        "dispatched, you co-handle: please see to your part",
    ),
    ("ticket.fed_back", _W.OFFICERS): Text(
        "部门已反馈结果，请销号", "result fed back: please close"
    ),
    ("ticket.transferred", _W.TRANSFEREE): Text(
        "移送贵部门，请办理", "transferred to you: please take up"
    ),
    ("ticket.escalated", _W.NEXT_LEVEL): Text(
        "已报贵部门，请答复", "escalated to you: please answer"
    ),
    ("ticket.joint_action_convened", _W.LEAD): Text(
        "召集联合行动，请参加并记录结果",
        "joint action: please take part and record the result",
    ),
    ("ticket.joint_action_convened", _W.CO): Text(
        "召集联合行动，请参加", "joint action: please take part"
    ),
    ("ticket.due_soon", _W.OWING): Text(
        "即将到期，请按期办理", "is due soon: please act in time"
    ),
    ("ticket.overdue", _W.OWING): Text("已逾期，请尽快办理", "is overdue: please act"),
    ("ticket.overdue", _W.CHIEF): Text(
        "已逾期，请督促办理", "is overdue: please see that it is done"
    ),
    ("ticket.overdue", _W.ESCALATION): Text(
        "已逾期，请督办", "is overdue: please supervise"
    ),
    ("ticket.extension_requested", _W.APPROVER): Text(
        "申请延期，请审批", "asks for a later day: please decide"
    ),
    ("ticket.extension_refused", _W.ASKER): Text(
        "延期未批准，请按原期限办理", "extension refused: the day stands"
    ),
    ("order.issued", _W.TOWN): Text("新下派工单，请签收", "issued: please accept"),
    ("order.submitted", _W.ISSUER): Text(
        "镇级已报送，请审核", "submitted by the town: please examine"
    ),
    ("order.assigned", _W.OFFICERS): Text(
        "交镇级处置，请办理", "assigned to the town: please act"
    ),
    ("order.sent_back", _W.TOWN): Text(
        "被退回，请重新办理", "sent back: please do it again"
    ),
    ("order.urged", _W.TOWN): Text("部门催办，请尽快办理", "urged: please act"),
    ("order.transferred", _W.TRANSFEREE): Text(
        "移送贵部门，请办理", "transferred to you: please take up"
    ),
    ("order.answered", _W.ISSUER): Text(
        "移送已答复，请审核办结", "answered: please examine and close"
    ),
}

# Where it depends on the state the event led to, ``to`` of its payload.
BY_STATE: Mapping[tuple[str, Who, str], Text] = {
    ("ticket.returned", _W.OFFICERS, "returned"): Text(
        "被部门退回，请补充后再报", "returned: please complete and report again"
    ),
    ("ticket.returned", _W.DISPATCHER, "reported"): Text(
        "被部门退回，请重新分派", "returned: please dispatch anew"
    ),
    ("ticket.returned", _W.COORDINATOR, "reported"): Text(
        "被部门退回，请重新分派", "returned: please dispatch anew"
    ),
    ("ticket.answered", _W.LEAD, "dept_recheck"): Text(
        "已有答复，请复查", "answered: please re-inspect"
    ),
    ("ticket.answered", _W.LEAD, "rectified"): Text(
        "已有答复，请反馈结果", "answered: please feed the result back"
    ),
    ("order.verified", _W.OFFICERS, "answered"): Text(
        "镇村已核实，请审核报送", "verified: please examine and submit"
    ),
    ("order.verified", _W.OFFICERS, "town_enforcing"): Text(
        "镇村已核实，请查处整改", "verified: please enforce the correction"
    ),
}

# A return after which 区安委办 decides (裁定); the town waits for it.
DECIDING: Mapping[Who, Text] = {
    _W.OFFICERS: Text(
        "被部门退回，待区安委办裁定", "returned, to be decided by the safety office"
    ),
    _W.DISPATCHER: Text(
        "多次被退回，请裁定承办部门", "returned again: please decide who takes it"
    ),
    _W.COORDINATOR: Text(
        "多次被退回，请裁定承办部门", "returned again: please decide who takes it"
    ),
}

# What a new incident asks of a department, by its part.
INCIDENT_PARTS: Mapping[str, Text] = {
    IncidentPart.COMMAND: Text(
        "突发事件报告，请指挥处置", "incident reported: please take command"
    ),
    IncidentPart.CALLED: Text(
        "突发事件报告，请参与处置", "incident reported: please help to respond"
    ),
}
