"""What each figure means, in the words the answer carries; pure.

Every figure states its denominator and what it leaves out, because two rates of one
name are easily two things.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.core.text import Text
from server.reports.queries import Grouping
from server.tickets.vocabulary import Severity

FIGURES: Mapping[str, Text] = {
    "as_of": Text(
        "按发现日期归期：from 至 to（含首尾两日，时区见 timezone）内发现的工单；状态为"
        " as_of 时刻的状态，不是期末当时的状态。只统计查询者有权查看的工单。",
        "Tickets found on the local days from..to, both included (see timezone), in"
        " the state they have at as_of, not the one they had when the period ended."
        " Only tickets the caller may see are counted.",
    ),
    "found": Text(
        "发现数：期内发现的隐患工单，不含 excluded。",
        "Hazards found in the period, without those under excluded.",
    ),
    "excluded": Text(
        "不计入数：经核查（含鉴定）不属实的工单和已并入其他工单的重复工单，"
        "不计入其他任何数字。",
        "Tickets verified or appraised as not so, and duplicates merged into another"
        " ticket. No other figure counts them.",
    ),
    "rectified": Text(
        "已整改数：发现数中隐患已消除的（镇级当场办结、镇级或部门复查通过、"
        "移送案件已答复处理），不论此后的反馈、销号是否完成。",
        "Of found, those whose hazard is gone: settled by the town, passed by the"
        " town's or the department's re-inspection, or answered as dealt with after"
        " a transfer; whether or not feedback and closing are done.",
    ),
    "open": Text(
        "未整改数：发现数减已整改数。",
        "found minus rectified.",
    ),
    "rate": Text(
        "整改率：已整改数÷发现数；发现数为 0 时为 null。",
        "rectified / found; null where found is 0.",
    ),
    "with_due": Text(
        "有期限的已整改数：已整改数中定有整改期限的。",
        "Of rectified, those that have a due day.",
    ),
    "on_time": Text(
        "按期整改数：已整改数中，整改当日（本地日期）不晚于整改期限的。期限为最近一次"
        "通知书、责令书或延期所定日期，没有则为默认期限；挂账后按所停工作日顺延；"
        "书面期限为休息日的，至其后首个工作日止。",
        "Of rectified, those rectified on or before the due day (local days). The due"
        " day is that of the latest notice, order or extension, else the default,"
        " moved on by the working days of a pause; a written day that is a day off"
        " lasts until the next working day.",
    ),
    "on_time_rate": Text(
        "按期整改率：按期整改数÷有期限的已整改数（with_due）；后者为 0 时为 null。",
        "on_time / with_due; null where with_due is 0.",
    ),
    "overdue": Text(
        "逾期未整改数：未整改、且当前环节（waits_for）的期限早于 as_of 当日的工单；"
        "期限当日不算逾期；挂账期间不计时，超过挂账期限仍未恢复的算逾期。",
        "Of open, those for which the day of the step they wait for (waits_for) is"
        " before the local day of as_of. On its due day a ticket is not overdue, nor"
        " while it is suspended; past the suspension's own day it is.",
    ),
    "median_days": Text(
        "整改天数中位数：已整改工单从发现到整改的天数（可带小数），精确到 0.01；"
        "没有已整改工单时为 null。",
        "Median days from finding to rectification over rectified, to 0.01; null"
        " where nothing is rectified.",
    ),
}

KEYS: Mapping[Grouping, Text] = {
    Grouping.DEPARTMENT: Text(
        "按责任部门：现牵头部门；尚在镇级或由镇级办结、从未上报的，归镇（街道）本级。"
        "协同部门不重复计数。department 条件同此口径。",
        "The lead department as of now; the town's own department for tickets never"
        " reported to one. Co-handlers are not counted. The department filter means"
        " the same.",
    ),
    Grouping.DUTY_ITEM: Text(
        "按检查所依据的事项编号。",
        "The number of the duty item under which the hazard was found.",
    ),
    Grouping.AREA: Text(
        "按 area 条件所指区域的下一级；未给 area 时，按包含查询者全部任职区域的最小"
        "区域的下一级。直接落在该区域而不属于任何下级区域的，归其本身代码。",
        "The level directly below the area filter; without it, below the smallest"
        " area that holds all the caller's areas of duty. Tickets no deeper than that"
        " stand under their own area's code.",
    ),
    Grouping.PLACE_KIND: Text(
        "按场所类型（事项编号）；未关联登记场所的 key 为 null。",
        "The kind of the place (a duty item's number); key null where the ticket"
        " names no registered place.",
    ),
    Grouping.SEVERITY: Text(
        "按隐患等级，三级都列出。",
        "The severity; all three are listed.",
    ),
    Grouping.MONTH: Text(
        "按发现的月份（本地日期）；没有工单的月份列为零。",
        "The local month of finding; months without tickets are listed with zeros.",
    ),
}

SEVERITIES: Mapping[Severity, Text] = {
    Severity.GENERAL: Text("一般", "General"),
    Severity.SERIOUS: Text("较大", "Serious"),
    Severity.MAJOR: Text("重大", "Major (suspected until confirmed)"),
}

NO_PLACE = Text("未登记场所", "No registered place")
TOTAL = Text("合计", "Total")


def said(grouping: Grouping, language: str) -> dict[str, str]:
    """Return the definitions of a report by field name, in ``language``."""
    texts = {"key": KEYS[grouping], **FIGURES}
    return {name: text.said(language) for name, text in texts.items()}
