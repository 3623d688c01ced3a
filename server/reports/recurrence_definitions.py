"""What each figure of the recurrence report means, in the answer's words; pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.core.text import Text
from server.reports.recurrence import RecurrenceGrouping

FIGURES: Mapping[str, Text] = {
    "as_of": Text(
        "按发现日期归期：from 至 to（含首尾两日，时区见 timezone）内发现的工单，状态为"
        " as_of 时刻的状态。只统计查询者有权查看的工单；判断是否反复时也看其余工单。",
        "Tickets found on the local days from..to, both included (see timezone), in"
        " the state they have at as_of. Only tickets the caller may see are counted;"
        " whether one is a repeat looks at the others as well.",
    ),
    "found": Text(
        "发现数：期内发现的隐患工单，不含核查不属实和已并入其他工单的。",
        "Hazards found in the period, without those verified as not so and without"
        " duplicates merged into another ticket.",
    ),
    "repeated": Text(
        "反复数：发现数中，同一类别的隐患此前 12 个月内已在同一场所发现、且在本次发现前"
        "已整改的。未关联登记场所的，以相距 50 米以内为同一处。整改前又发现的是"
        "重复上报，不算反复。",
        "Of found, those whose category was found at the same place within the 12"
        " months before and was rectified before this finding. Without a registered"
        " place, within 50 m. What is found again before it is rectified is a"
        " duplicate, not a repeat.",
    ),
    "rate": Text(
        "反复率：反复数÷发现数；发现数为 0 时为 null。",
        "repeated / found; null where found is 0.",
    ),
    "rows": Text(
        "只列有反复的，反复数多的在前；合计含没有反复的。",
        "Only groups with a repeat, the most repeated first; the total is over all.",
    ),
}

KEYS: Mapping[RecurrenceGrouping, Text] = {
    RecurrenceGrouping.PLACE: Text(
        "按登记场所；未关联登记场所的 key 为 null。",
        "The registered place; key null where the ticket names none.",
    ),
    RecurrenceGrouping.CATEGORY: Text("按隐患类别。", "The category of the hazard."),
    RecurrenceGrouping.AREA: Text(
        "按 area 条件所指区域的下一级；未给 area 时，按包含查询者全部任职区域的最小"
        "区域的下一级。",
        "The level directly below the area filter; without it, below the smallest"
        " area that holds all the caller's areas of duty.",
    ),
    RecurrenceGrouping.DUTY_ITEM: Text(
        "按检查所依据的事项编号。",
        "The number of the duty item under which the hazard was found.",
    ),
}


def said(grouping: RecurrenceGrouping, language: str) -> dict[str, str]:
    """Return the definitions of a report by field name, in ``language``."""
    texts = {"key": KEYS[grouping], **FIGURES}
    return {name: text.said(language) for name, text in texts.items()}
