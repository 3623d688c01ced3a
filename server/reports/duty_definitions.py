"""What each figure of the duty report means, in the words the answer carries; pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.core.text import Text

FIGURES: Mapping[str, Text] = {
    "row": Text(
        "每行为一类履职在一个事项下的情况；clauses 为其对应的清单条款。"
        "只统计查询者有权查看的记录和类型。",
        "One row for each kind of duty and item; clauses are those of the list that it"
        " fulfils. Only records and kinds the caller may see are counted.",
    ),
    "count": Text(
        "记录数：计入日在 from 至 to（含首尾两日）内、未撤回且所需照片已传齐的记录。"
        "计入日：报表为所属月份的第一天，其他为履职当日（本地日期）。",
        "Records under days from..to, both included, that are not withdrawn and whose"
        " demanded pictures have all arrived. A form counts under the first day of its"
        " month, any other record under the local day it was done (began).",
    ),
    "incomplete": Text(
        "待补照片数：同期内未撤回、但所需照片尚未传齐的记录，不计入其他任何数字。",
        "Records of the period, not withdrawn, whose demanded pictures have not all"
        " arrived. No other figure counts them.",
    ),
    "last_on": Text(
        "最近一次：count 中最晚的计入日；没有记录时为 null。",
        "The latest day under which one of count stands; null where there is none.",
    ),
    "participants": Text(
        "参加人次：count 中已填参加人数之和；都未填时为 null。",
        "Sum of the participants given in count; null where none gives any.",
    ),
    "missing": Text(
        "未履职：期内没有一条计入的记录。",
        "Not one record in count.",
    ),
    "rhythm": Text(
        "频次：monthly 每月、yearly 每年；清单未定频次的为 null。"
        "rhythm_origin：list 清单写明，local setting 本地设定。",
        "monthly or yearly; null where neither the list nor a setting names one."
        " rhythm_origin: list (written) or local setting.",
    ),
    "due": Text(
        "应履职期数：整月（整年）落在 from 至 to 内、且在 as_of 当日之前已结束的；"
        "没有频次的为 0。",
        "Months (years) wholly within from..to and over before the local day of as_of;"
        " 0 without a rhythm.",
    ),
    "periods_missing": Text(
        "缺漏期：应履职期中没有计入记录的月份（年份）；跨月的记录覆盖其起止各月。",
        "Those of due without a record; a record over several months covers each.",
    ),
    "rate": Text(
        "覆盖率：有记录的应履职期数÷应履职期数；后者为 0 时为 null。",
        "Due months (years) with a record / due; null where due is 0.",
    ),
    "total": Text(
        "合计：kinds 为行数，recorded 为未缺履职的行数，rate=recorded÷kinds，"
        "kinds 为 0 时为 null。",
        "kinds: the rows; recorded: those not missing; rate: recorded / kinds, null"
        " where kinds is 0.",
    ),
}


def said(language: str) -> dict[str, str]:
    """Return the definitions of the report by name, in ``language``."""
    return {name: text.said(language) for name, text in FIGURES.items()}
