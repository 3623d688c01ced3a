"""The words of a ticket: states, tracks, parts. Nothing else in here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from server.core.text import Text


class State(StrEnum):
    """States of the machine in ``docs/workflow.md``."""

    FOUND = "found"  # 已发现
    ON_SPOT = "on_spot"  # 当场整改
    RECTIFYING = "rectifying"  # 限期整改
    TOWN_RECHECK = "town_recheck"  # 镇级复查
    CLOSED_TOWN = "closed_town"  # 镇级办结
    REPORTED = "reported"  # 已上报
    DISPATCHED = "dispatched"  # 已分派
    RETURNED = "returned"  # 已退回
    VERIFYING = "verifying"  # 核查中
    NOT_SUBSTANTIATED = "not_substantiated"  # 核查不属实
    APPRAISAL = "appraisal"  # 鉴定中
    ORDERED = "ordered"  # 已责令改正
    DEPT_RECHECK = "dept_recheck"  # 部门复查
    ESCALATED = "escalated"  # 已报上级
    TRANSFERRED = "transferred"  # 已移送
    RECTIFIED = "rectified"  # 已整改
    FEEDBACK = "feedback"  # 已反馈
    CLOSED = "closed"  # 已销号


class Control(StrEnum):
    """The control track (管控措施): it never waits for the report."""

    NONE = "none"
    IN_FORCE = "in_force"
    LIFTED = "lifted"


class Severity(StrEnum):
    """一般, 较大, 重大 (suspected until confirmed)."""

    GENERAL = "general"
    SERIOUS = "serious"
    MAJOR = "major"


class SeverityStatus(StrEnum):
    """How sure 重大 is; empty for what was never called major."""

    SUSPECTED = "suspected"  # 疑似: as found
    CONFIRMED = "confirmed"  # 部门确认
    LOWERED = "lowered"  # 部门下调


class Part(StrEnum):
    """What a department has to do with a ticket."""

    LEAD = "lead"  # 牵头
    CO = "co"  # 协同
    COORDINATOR = "coordinator"  # 统筹协调
    INFORMED = "informed"  # 告知


ENDED = frozenset({State.CLOSED_TOWN, State.CLOSED})
# The hazard is gone, although the paperwork of the last three may still run.
RECTIFIED = frozenset(
    {State.CLOSED_TOWN, State.RECTIFIED, State.FEEDBACK, State.CLOSED}
)


class Source(StrEnum):
    """How a hazard came to be known (来源).

    A complaint is one that the town checked (29.township.1, 54.township.2,
    63.township.2); a department's own inspection opens its ticket with the
    department itself (30.区消防救援大队.1).
    """

    PATROL = "patrol"  # 巡查
    COMPLAINT = "complaint"  # 投诉、报告
    DEPARTMENT = "department"  # 部门自查


# What people call a state and an action, in the order of the machine.
STATE_LABELS: Mapping[State, str] = {
    State.FOUND: "已发现",
    State.ON_SPOT: "当场整改",
    State.RECTIFYING: "限期整改",
    State.TOWN_RECHECK: "镇级复查",
    State.CLOSED_TOWN: "镇级办结",
    State.REPORTED: "已上报",
    State.DISPATCHED: "已分派",
    State.RETURNED: "已退回",
    State.VERIFYING: "核查中",
    State.NOT_SUBSTANTIATED: "核查不属实",
    State.APPRAISAL: "鉴定中",
    State.ORDERED: "已责令改正",
    State.DEPT_RECHECK: "部门复查",
    State.ESCALATED: "已报上级",
    State.TRANSFERRED: "已移送",
    State.RECTIFIED: "已整改",
    State.FEEDBACK: "已反馈",
    State.CLOSED: "已销号",
}
ACTION_LABELS: Mapping[str, str] = {
    "issue_notice": "下达整改通知",
    "settle": "当场办结",
    "report_up": "上报",
    "reinspect": "复查",
    "extend": "延期",
    "dispatch": "分派",
    "accept": "受理",
    "return": "退回",
    "verify": "核查",
    "appraise": "鉴定",
    "order": "责令改正",
    "transfer": "移送",
    "escalate": "报上一级",
    "answer": "答复",
    "feed_back": "反馈",
    "close": "销号",
    "penalise": "处罚",
    "impose_control": "实施管控",
    "lift_control": "解除管控",
    "merge": "合并",
    "comment": "备注",
    "request_extension": "申请延期",
    "refuse_extension": "不同意延期",
    "suspend": "挂账",
    "resume": "恢复办理",
    "grade_severity": "定级",
    "answer_part": "办结本部门事项",
    "convene": "召集联合行动",
    "record_joint": "记录联合行动",
    "assign": "指派经办人",
    "unassign": "取消指派",
}

# How a finding was handled, as the opening event has it.
HANDLING_LABELS: Mapping[str, str] = {
    "found": "发现隐患",
    "on_spot": "当场处理",
    "deadline": "限期整改",
    "report_up": "上报",
}

# What a ticket waits for (stages.STEPS).
STEP_LABELS: Mapping[str, str] = {
    "on_spot": "当场整改",
    "rectify": "限期整改",
    "report": "补充后再报",
    "accept": "受理",
    "verify": "现场核查",
    "appraise": "鉴定",
    "order": "按责令期限整改",
    "answer": "答复",
    "feedback": "反馈",
    "close": "销号",
}

# What a field's choices are called.
CHOICE_LABELS = {
    "passed": "合格",
    "failed": "不合格",
    "substantiated": "属实",
    "not_substantiated": "不属实",
    "C": "C级",
    "D": "D级",
    "confirmed": "存在安全隐患",
    "none": "无安全隐患",
    "general": "一般",
    "serious": "较大",
    "major": "重大",
    "closure_ordered": "责令关停",
    "punished": "已处罚",
    "returned_to_district": "退回区级办理",
    "other": "其他",
    "done": "已办结",
    "not_ours": "不属本部门职责",
    "nothing_found": "未发现问题",
    "not_our_remit": "不属本部门职责",
    "facts_missing": "情况不清",
    "wrong_place": "位置有误",
    "duplicate": "重复",
}

# What an order is to demand by the grade of a house (28.区住房和城乡建设局.4).
ORDER_BY_GRADE: Mapping[str, str] = {
    "C": "加固，消除隐患",
    "D": "拆除、重建",
}

SEVERITY_LABELS: Mapping[str, str] = {
    Severity.GENERAL: "一般",
    Severity.SERIOUS: "较大",
    Severity.MAJOR: "重大",
}
SOURCE_LABELS: Mapping[str, str] = {
    Source.PATROL: "巡查",
    Source.COMPLAINT: "投诉、报告",
    Source.DEPARTMENT: "部门自查",
}
CONTROL_LABELS: Mapping[str, str] = {
    Control.NONE: "无管控",
    Control.IN_FORCE: "管控中",
    Control.LIFTED: "已解除",
}

# Penalties that are words and no money (警告): a sum that was told with one is kept
# with the ticket, and no paper and no ledger prints it.
WITHOUT_SUM = frozenset({"warning"})


def _titles(labels: Mapping[Any, str], english: Mapping[Any, str]) -> dict[str, Text]:
    """Return labels in both languages; Chinese where there is no English (yet)."""
    return {str(code): Text(zh, english.get(code, zh)) for code, zh in labels.items()}


# What the API calls them, in the caller's language.
STATE_TITLES = _titles(
    STATE_LABELS,
    {
        State.FOUND: "Found",
        State.ON_SPOT: "Put right on the spot",
        State.RECTIFYING: "Being rectified by a set day",
        State.TOWN_RECHECK: "Re-inspection by the town",
        State.CLOSED_TOWN: "Closed by the town",
        State.REPORTED: "Reported",
        State.DISPATCHED: "Dispatched",
        State.RETURNED: "Returned",
        State.VERIFYING: "Being verified",
        State.NOT_SUBSTANTIATED: "Not substantiated",
        State.APPRAISAL: "Being appraised",
        State.ORDERED: "Correction ordered",
        State.DEPT_RECHECK: "Re-inspection by the department",
        State.ESCALATED: "Escalated",
        State.TRANSFERRED: "Transferred",
        State.RECTIFIED: "Rectified",
        State.FEEDBACK: "Fed back",
        State.CLOSED: "Closed",
    },
)
ACTION_TITLES = _titles(
    ACTION_LABELS,
    {
        "issue_notice": "Issue a rectification notice",
        "settle": "Settle on the spot",
        "report_up": "Report up",
        "reinspect": "Re-inspect",
        "extend": "Extend",
        "dispatch": "Dispatch",
        "accept": "Accept",
        "return": "Return",
        "verify": "Verify",
        "appraise": "Appraise",
        "order": "Order correction",
        "transfer": "Transfer",
        "escalate": "Escalate",
        "answer": "Answer",
        "feed_back": "Feed back",
        "close": "Close",
        "penalise": "Penalise",
        "impose_control": "Impose a control",
        "lift_control": "Lift a control",
        "merge": "Merge",
        "comment": "Comment",
        "request_extension": "Ask for an extension",
        "refuse_extension": "Refuse the extension",
        "suspend": "Suspend",
        "resume": "Resume",
        "grade_severity": "Grade the severity",
        "answer_part": "Answer for the own part",
        "convene": "Convene a joint action",
        "record_joint": "Record the joint action",
        "assign": "Assign",
        "unassign": "Take off the assignment",
    },
)
STEP_TITLES = _titles(
    STEP_LABELS,
    {
        "on_spot": "Put right on the spot",
        "rectify": "Rectify by the set day",
        "report": "Complete and report again",
        "accept": "Accept",
        "verify": "Verify on site",
        "appraise": "Appraise",
        "order": "Correct by the ordered day",
        "answer": "Answer",
        "feedback": "Feed back",
        "close": "Close",
    },
)
CHOICE_TITLES = _titles(
    CHOICE_LABELS,
    {
        "passed": "Passed",
        "failed": "Failed",
        "substantiated": "Substantiated",
        "not_substantiated": "Not substantiated",
        "C": "Grade C",
        "D": "Grade D",
        "confirmed": "There is a hazard",
        "none": "There is no hazard",
        "general": "General",
        "serious": "Serious",
        "major": "Major",
        "closure_ordered": "Closure ordered",
        "punished": "Punished",
        "returned_to_district": "Returned to the district",
        "other": "Other",
        "done": "Done",
        "not_ours": "Not our remit",
        "nothing_found": "Nothing found",
        "not_our_remit": "Not our remit",
        "facts_missing": "Facts are missing",
        "wrong_place": "Wrong place",
        "duplicate": "Duplicate",
    },
)
SEVERITY_TITLES = {severity: CHOICE_TITLES[severity] for severity in SEVERITY_LABELS}
SOURCE_TITLES = _titles(
    SOURCE_LABELS,
    {
        Source.PATROL: "Patrol",
        Source.COMPLAINT: "Complaint or report",
        Source.DEPARTMENT: "The department's own inspection",
    },
)
CONTROL_TITLES = _titles(
    CONTROL_LABELS,
    {
        Control.NONE: "No control",
        Control.IN_FORCE: "In force",
        Control.LIFTED: "Lifted",
    },
)
