"""The fields of the actions' bodies; pure."""

from __future__ import annotations

from dataclasses import replace

from server.core.text import Text
from server.tickets.machine import Field
from server.tickets.vocabulary import Severity

NOTE = Field("note", "text", Text("说明", "Note"))
NOTE_OPTIONAL = Field("note", "text", Text("说明", "Note"), required=False)
PHOTOS = Field("photos", "photos", Text("照片", "Photos"))
PHOTOS_OPTIONAL = Field("photos", "photos", Text("照片", "Photos"), required=False)
DUE_ON = Field("due_on", "date", Text("整改期限", "Due date"), working_day=True)
LATER_DAY = Field(
    "due_on",
    "date",
    Text("延期至（缺省为申请的日期）", "Later day (the one asked for by default)"),
    required=False,
    working_day=True,
)
SAFEGUARDS = Field(
    "safeguards",
    "text",
    Text("延期期间的防范措施", "What is done meanwhile for safety"),
    required=False,
)
UNTIL = Field("until", "date", Text("挂账至", "Suspended until"))
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
WITNESSES = Field("witnesses", "text", Text("见证人", "Witnesses"), required=False)
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
SEVERITY = Field(
    "severity",
    "choice",
    Text("隐患等级", "Severity"),
    choices=tuple(severity.value for severity in Severity),
)
SEVERITY_OPTIONAL = replace(SEVERITY, required=False)
# 五落实; the fifth is the day (时限), which every order has.
FIVE = (
    Field("responsibility", "text", Text("责任", "Who is responsible"), required=False),
    Field("measures", "text", Text("措施", "Measures"), required=False),
    Field("funds", "text", Text("资金", "Funds"), required=False),
    Field("plan", "text", Text("预案", "Emergency plan"), required=False),
)
FIVE_NAMES = tuple(field.name for field in FIVE)
ORDER_FIELDS = (DUE_ON, NOTE, DOCUMENT_NO, *FIVE)
APPRAISED_ON = Field(
    "appraised_on", "date", Text("鉴定日期", "Appraised on"), required=False, past=True
)
APPRAISAL_FIELDS = (GRADE, DOCUMENT_NO, NOTE, APPRAISED_ON, PHOTOS_OPTIONAL)
DECISION = Field(
    "decision",
    "choice",
    Text("上级处理结果", "What the next level decided"),
    required=False,
    choices=("closure_ordered", "punished", "returned_to_district", "other"),
)
ANSWERED_ON = Field(
    "answered_on", "date", Text("答复日期", "Answered on"), required=False, past=True
)
CONTROL = Field(
    "control",
    "choice",
    Text("管控措施", "Control"),
    required=False,
    choices="liftable",
)
PART_ANSWER = Field(
    "result",
    "choice",
    Text("办理结果", "Result"),
    choices=("done", "not_ours", "nothing_found"),
)
RETURN_REASON = Field(
    "reason",
    "choice",
    Text("退回原因", "Reason"),
    required=False,
    choices=("not_our_remit", "facts_missing", "wrong_place", "duplicate", "other"),
)
RETURN_TO = Field("to", "department", Text("建议部门", "Suggested"), required=False)
DEPARTMENTS = Field("departments", "departments", Text("参加部门", "Departments"))
ON_DAY = Field("on", "date", Text("行动日期", "Day"))
MEETING_PLACE = Field("place", "text", Text("地点", "Place"), required=False)
WHAT_WAS_FOUND = Field("found", "text", Text("检查情况", "What was found"))
# ``assignable``: who works where the ticket is; ``readers``: who may see it.
ASSIGNEE = Field("assignee", "staff", Text("经办人", "Assignee"), choices="assignable")
MENTIONS = Field(
    "mentions", "people", Text("提醒", "Mentioned"), required=False, choices="readers"
)
