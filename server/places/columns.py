"""The columns of a register file: their Chinese headers and what a cell may hold; pure.

A row becomes the JSON document that ``PUT /places/{id}`` takes, so that a file and a
phone are held to the same rules.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from server.core.errors import FieldError
from server.core.text import EMPTY, Text
from server.places.sheet import Row, column_letter, refuse_all


class Wrong(ValueError):
    """A cell that cannot be read; ``message`` says why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


class CellFault(NamedTuple):
    """What is wrong with one cell; ``column`` is its letters, ``title`` its header."""

    column: str | None
    title: str | None
    message: Text


@dataclass(frozen=True)
class Column:
    """One column: its header, where its value goes in the document, how it is read."""

    title: str
    path: tuple[str, ...]
    read: Callable[[str], Any]
    about: str
    aliases: tuple[str, ...] = ()
    required: bool = False


def _text(cell: str) -> str:
    return cell


def _whole(cell: str) -> int:
    plain = _plain(cell)
    if not re.fullmatch(r"[0-9]{1,9}", plain):
        raise Wrong(f"应为整数，不是“{cell}”", f"Must be a whole number, not {cell!r}")
    return int(plain)


def _decimal(cell: str) -> float:
    plain = _plain(cell)
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", plain):
        raise Wrong(f"应为数字，不是“{cell}”", f"Must be a number, not {cell!r}")
    return float(plain)


def _words(known: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(cell: str) -> Any:
        plain = _plain(cell)
        if plain not in known:
            listed = "、".join(known)
            raise Wrong(f"应为其中之一：{listed}", f"Must be one of: {listed}")
        return known[plain]

    return read


YES_NO = {"是": True, "否": False, "有": True, "无": False}
DATUMS = {
    "wgs84": "wgs84",
    "gps": "wgs84",
    "cgcs2000": "cgcs2000",
    "国家2000": "cgcs2000",
    "2000": "cgcs2000",
    "gcj02": "gcj02",
    "火星": "gcj02",
    "高德": "gcj02",
    "腾讯": "gcj02",
    "bd09": "bd09",
    "百度": "bd09",
}
LEVELS = {"低": "low", "中": "medium", "高": "high"}
GAS = {"瓶装": "bottled", "管道": "piped"}


def _datum(cell: str) -> str:
    word = re.sub(r"[-_]|坐标系?$", "", _plain(cell))
    if word not in DATUMS:
        listed = "、".join(DATUMS)
        raise Wrong(f"未知坐标系；可用：{listed}", f"Unknown datum; known: {listed}")
    return DATUMS[word]


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().lower()


def _flag(name: str, title: str) -> Column:
    return Column(title, ("attributes", name), _words(YES_NO), "是／否")


def _count(name: str, title: str, about: str, *aliases: str) -> Column:
    return Column(title, ("attributes", name), _whole, about, aliases)


COLUMNS = (
    Column("场所名称", ("name",), _text, "全称", ("名称", "单位名称"), required=True),
    Column(
        "场所类型", ("kind",), _text, "代码或名称，见“类型”页", ("类型",), required=True
    ),
    Column("地址", ("address",), _text, "门牌", ("详细地址",)),
    Column("经度", ("position", "lon"), _decimal, "度，如 109.83", required=True),
    Column("纬度", ("position", "lat"), _decimal, "度，如 40.65", required=True),
    Column(
        "坐标系", ("position", "datum"), _datum, "WGS84（默认）、国家2000、高德、百度"
    ),
    Column("区域代码", ("area",), _text, "可不填；填了就核对位置是否在内", ("区域",)),
    Column(
        "统一社会信用代码", ("credit_code",), _text, "18 位，按文本填写", ("信用代码",)
    ),
    Column("登记编号", ("register_no",), _text, "镇内唯一的编号", ("编号",)),
    _count("storeys", "层数", "地上层数"),
    _count("workers", "职工人数", "人", "从业人数"),
    _count(
        "dormitory_beds", "集体宿舍人数", "人；没有宿舍填 0", "宿舍人数", "宿舍床位数"
    ),
    Column("跨度(米)", ("attributes", "span_m"), _decimal, "米", ("跨度",)),
    _flag("large_span", "大跨度标记"),
    _flag("crowded", "人员密集"),
    _flag("illegal_extension", "违规改扩建"),
    _flag("uses_gas", "使用燃气"),
    Column("燃气种类", ("attributes", "gas_kind"), _words(GAS), "瓶装／管道"),
    Column(
        "建筑面积(平方米)",
        ("attributes", "floor_area_m2"),
        _decimal,
        "平方米",
        ("建筑面积",),
    ),
    Column(
        "责任人",
        ("responsible_party", "name"),
        _text,
        "产权人、使用人或单位",
        ("负责人",),
    ),
    Column(
        "责任人类型",
        ("responsible_party", "kind"),
        _text,
        "如 业主、经营者；有责任人则必填",
    ),
    Column("责任人电话", ("responsible_party", "phone"), _text, "", ("负责人电话",)),
    Column("联系人", ("contact", "name"), _text, ""),
    Column("联系电话", ("contact", "phone"), _text, "", ("联系人电话",)),
    Column("风险描述", ("risk",), _text, "风险隐患点必填", ("风险",)),
    Column("管护人", ("keeper", "name"), _text, "风险隐患点必填"),
    Column("管护人电话", ("keeper", "phone"), _text, "风险隐患点必填"),
    Column("风险等级", ("risk_level",), _words(LEVELS), "低／中／高"),
    Column(
        "检查周期(天)", ("visit_every_days",), _whole, "不填则按默认", ("检查周期",)
    ),
    Column("备注", ("note",), _text, ""),
)


def _header_key(title: str) -> str:
    return re.sub(r"[\s*＊]", "", unicodedata.normalize("NFKC", title)).lower()


_BY_TITLE = {
    _header_key(title): column
    for column in COLUMNS
    for title in (column.title, *column.aliases)
}


def read_header(header: Row) -> dict[int, Column]:
    """Return the columns of a file by index.

    Raises:
        Invalid: naming every header that is unknown, stands twice, or is missing.
    """
    found: dict[int, Column] = {}
    faults: list[FieldError] = []
    known = [_BY_TITLE[k] for k in map(_header_key, header.cells) if k in _BY_TITLE]
    for index, title in enumerate(header.cells):
        column = _BY_TITLE.get(_header_key(title))
        letter = column_letter(index)
        if column is not None and column in found.values():
            text = Text(
                f"{letter} 列“{title}”重复", f"Column {letter} {title!r} is double"
            )
            faults.append(FieldError(f"/header/{letter}", text))
        elif column is not None:
            found[index] = column
        elif title:
            faults.append(
                FieldError(f"/header/{letter}", _unknown(letter, title, known))
            )
    for index, message in header.faults:
        faults.append(FieldError(f"/header/{column_letter(index)}", message))
    for column in COLUMNS:
        if column.required and column not in found.values():
            text = Text(
                f"缺少列“{column.title}”", f"Column {column.title!r} is missing"
            )
            faults.append(FieldError(f"/header/{column.title}", text))
    if faults:
        raise refuse_all(faults)
    return found


def _unknown(letter: str, title: str, found: Collection[Column]) -> Text:
    """Say that a header is unknown, and which one that is not there may be meant."""
    absent = {key: column for key, column in _BY_TITLE.items() if column not in found}
    needed = [key for key, column in absent.items() if column.required]
    near = [
        key
        for some in (needed, list(absent))
        for key in difflib.get_close_matches(_header_key(title), some, 1, 0.5)
    ]
    meant = absent[near[0]].title if near else ""
    zh, en = (f"，是否为“{meant}”", f"; meant {meant!r}?") if meant else ("", "")
    shown = title[:40]
    return Text(
        f"{letter} 列表头“{shown}”未知{zh}", f"Unknown header {shown!r} in {letter}{en}"
    )


def read_row(
    row: Row, columns: Mapping[int, Column]
) -> tuple[dict[tuple[str, ...], Any], list[CellFault]]:
    """Return a row's values by path (None for an empty cell), and its faults."""
    values: dict[tuple[str, ...], Any] = {}
    faults: list[CellFault] = []
    broken = dict(row.faults)
    for index, column in columns.items():
        cell = row.cells[index] if index < len(row.cells) else ""
        message = broken.pop(index, None)
        if message is None and index in row.truths and column.read is _text:
            message = Text("应为文字，不是真假值", "Must be text, not TRUE or FALSE")
        if message is None and not cell and column.required:
            message = EMPTY
        if message is None:
            try:
                values[column.path] = column.read(cell) if cell else None
            except Wrong as wrong:
                message = wrong.message
        if message is not None:
            faults.append(CellFault(column_letter(index), column.title, message))
    for index, message in broken.items():
        faults.append(CellFault(column_letter(index), None, message))
    faults += _stray(row, columns)
    return values, faults


def _stray(row: Row, columns: Mapping[int, Column]) -> Iterator[CellFault]:
    """Yield cells that stand under no header."""
    for index, cell in enumerate(row.cells):
        if cell and index not in columns:
            message = Text("所在列没有表头", "Stands in a column without header")
            yield CellFault(column_letter(index), None, message)
