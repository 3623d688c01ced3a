"""What each figure of the coverage report means, in the words the answer carries."""

from __future__ import annotations

from collections.abc import Mapping

from server.core.text import Text
from server.reports.coverage_queries import Grouping

FIGURES: Mapping[str, Text] = {
    "as_of": Text(
        "统计 from 至 to（含首尾两日，时区见 timezone）；登记、检查均按期末计，期末在"
        " as_of 之后的按 as_of 当日计。只统计查询者有权查看的场所。",
        "The local days from..to, both included (see timezone); register and visits"
        " as at the end of the period, or on the day of as_of where that is earlier."
        " Only places the caller may see are counted.",
    ),
    "registered": Text(
        "登记场所数：期末（to 当日结束）已登记的场所。",
        "Places registered by the end of the period.",
    ),
    "inspected": Text(
        "已检查场所数：登记场所中，期内至少完成一次检查的（以检查结束时间计）。按事项"
        "统计时只计按该事项清单进行的检查；按专项行动统计时只计其事项的检查，夜间行动"
        "只计夜间检查。",
        "Of registered, those with at least one inspection that ended in the period."
        " By duty item only inspections under that item's checklist count; in a"
        " campaign only those under its items, and in a night campaign only those of"
        " the night.",
    ),
    "share": Text(
        "覆盖率：已检查场所数÷登记场所数；登记场所数为 0 时为 null。",
        "inspected / registered; null where registered is 0.",
    ),
    "never": Text(
        "从未检查数：登记场所中，至期末从未检查过的（口径同上，不限于本期）。",
        "Of registered, those never inspected up to the end of the period, however"
        " long ago they were registered; the same inspections count.",
    ),
    "overdue": Text(
        "逾期未检查数：登记场所中，期末当日已超过应检日期的。应检日期＝最近一次检查"
        "（没有则为登记）当日＋检查周期；周期见场所登记，未填的按场所类型和风险等级的"
        "本地设置。周期不明的不计。",
        "Of registered, those whose visit was due before the last day of the period:"
        " the day of the last inspection, or of the registration, plus the days"
        " between two visits in the register, else the local setting for kind and"
        " risk level. Places without such a setting are not counted.",
    ),
    "inspections": Text(
        "检查次数：期内对这些场所的检查（口径同上）。",
        "Inspections of these places that ended in the period; the same ones count.",
    ),
    "night": Text(
        "夜间检查次数：检查次数中，在夜间（本地设置，默认 20:00 至次日 06:00）开始的。",
        "Of inspections, those that started at night (a local setting, by default"
        " from 20:00 to 06:00).",
    ),
}

KEYS: Mapping[Grouping, Text] = {
    Grouping.AREA: Text(
        "按 area 条件所指区域的下一级；未给 area 时，按包含查询者全部任职区域的最小"
        "区域的下一级。",
        "The level directly below the area filter; without it, below the smallest"
        " area that holds all the caller's areas of duty.",
    ),
    Grouping.KIND: Text("按场所类型。", "The kind of the place."),
    Grouping.DUTY_ITEM: Text(
        "按事项：一处场所计入其类型所属的每个事项（使用燃气的另计入燃气事项），"
        "因此各行之和可大于合计。",
        "The duty item: a place counts under each item of its kind (and under gas"
        " where it uses gas), so that the rows may add up to more than the total.",
    ),
    Grouping.MONTH: Text(
        "按月份：各月分别计算，登记、从未检查、逾期按该月末计。",
        "The month, each by itself: registered, never and overdue at its end.",
    ),
}


def said(grouping: Grouping, language: str) -> dict[str, str]:
    """Return the definitions of a report by field name, in ``language``."""
    texts = {"key": KEYS[grouping], **FIGURES}
    return {name: text.said(language) for name, text in texts.items()}
