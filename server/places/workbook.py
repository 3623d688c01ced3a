"""Reading XLSX with bounds on what it may unpack to; pure.

A workbook is a ZIP of XML: a few kilobytes can stand for gigabytes, and cells can be
formulas, errors or numbers that have lost their last digits. Nothing of that is taken.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any

# openpyxl parses with defusedxml where that is installed, and it is (pyproject.toml).
from openpyxl import load_workbook

from server.core.errors import FieldError, Problem
from server.core.text import Text
from server.places.sheet import (
    MAX_CELL,
    MAX_COLUMNS,
    Row,
    Sheet,
    assembled,
    refuse,
    refuse_all,
)

MIB = 1024 * 1024
SHEET_TITLE = "场所登记"
ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
MAX_PARTS = 500
# Unpacked bytes: of a sheet, of the shared texts, of any other part.
_LIMITS = ((r"xl/worksheets/", 128 * MIB), (r"xl/sharedStrings", 48 * MIB))
_OTHER = 8 * MIB
# Whole numbers above this have lost digits in a spreadsheet.
_EXACT = 10**15
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,100}?ref=[\"']([A-Z0-9:$]{2,30})")
# A cell with something in it below the last row that is read.
LAST_ROW = 99_999
_FAR = re.compile(rb"\br=[\"']([A-Z]{1,3}[0-9]{6,7})[\"'][^<>/]{0,200}>")
# … or in a column beyond all headers (from CX), and any at all beyond ZZ.
_ASIDE = re.compile(
    rb"\br=[\"']((?:C[X-Z]|[D-Z][A-Z]|[A-Z]{3})[0-9]{1,7})[\"'][^<>/]{0,200}>"
)
_FAR_ASIDE = re.compile(rb"\br=[\"'][A-Z]{3}[0-9]")
_ROW = re.compile(rb"<(?:\w{1,20}:)?row\s[^<>]{0,200}?\br=[\"']([0-9]{1,20})[\"']")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c[\s/>]")
_BLANK = re.compile(rb"\s{65536}")
# The last row of any spreadsheet; a number beyond was written by no spreadsheet.
_END = 1_048_576
MAX_CELLS = 1_500_000
# Tags of one part, and how deep they may lie in each other.
MAX_TAGS, MAX_DEPTH = 8_000_000, 1_000
_CHUNK = 64 * 1024


def read_workbook(data: bytes) -> Sheet:
    """Return the table in an XLSX workbook: the sheet 场所登记, else the first.

    Raises:
        Invalid: not a workbook, one that unpacks to too much, merged cells (naming
            each range), or no table.
    """
    if data.startswith(OLE_MAGIC):
        raise refuse(
            "/file",
            "是旧版 .xls 或加密文件，请另存为不加密的 .xlsx",
            "An old .xls or an encrypted file: save it as plain .xlsx",
        )
    try:
        _check_parts(data)
        return _read(data)
    except Problem:
        raise
    # A broken workbook breaks openpyxl in a dozen ways, none of them ours.
    except Exception as error:
        raise refuse(
            "/file", "不是可读的 .xlsx 文件", "Not a readable .xlsx file"
        ) from error


def _check_parts(data: bytes) -> None:
    """Refuse a bomb by what its directory says; no more than that is ever unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        _refuse_oversized(parts)
        for part in parts:
            with archive.open(part) as opened:
                _check_markup(part.filename, opened)


def _check_markup(name: str, part: IO[bytes]) -> None:
    """Refuse markup that takes more memory than it has bytes: what a tag becomes is
    twenty times as long as the tag. Depth is looked at once a block."""
    tags = depth = 0
    rest = b""
    while read := part.read(_CHUNK):
        # What may be half of "</" or "/>" is counted with the next block.
        chunk = rest + read
        rest = chunk[-1:] if chunk.endswith((b"<", b"/")) else b""
        chunk = chunk.removesuffix(rest)
        opened = chunk.count(b"<")
        tags += opened
        depth += opened - 2 * chunk.count(b"</") - chunk.count(b"/>")
        depth -= chunk.count(b"<?") + chunk.count(b"<!")
        if name.endswith((".xml", ".rels")) and (
            tags > MAX_TAGS or depth > MAX_DEPTH or _BLANK.search(chunk)
        ):
            raise refuse(
                "/file",
                f"{name} 的内容过多或嵌套过深，拒绝读取",
                f"{name} holds too much or is nested too deep, not read",
            )


def _refuse_oversized(parts: Sequence[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    oversized = [part.filename for part in parts if part.file_size > _limit(part)]
    sheets = sum(p.file_size for p in parts)
    if oversized or len(parts) > MAX_PARTS or sheets > 2 * _LIMITS[0][1]:
        named = ", ".join(oversized[:3]) or f"{len(names)} parts"
        raise refuse(
            "/file",
            f"解压后过大，拒绝读取（{named}）",
            f"Unpacks to too much, not read ({named})",
        )


def _limit(part: zipfile.ZipInfo) -> int:
    fitting = (size for start, size in _LIMITS if re.match(start, part.filename))
    return next(fitting, _OTHER)


def _read(data: bytes) -> Sheet:
    book = load_workbook(
        io.BytesIO(data), read_only=True, data_only=False, keep_links=False
    )
    try:
        titles = [sheet.title for sheet in book.worksheets]
        chosen = titles.index(SHEET_TITLE) if SHEET_TITLE in titles else 0
        sheet = book.worksheets[chosen]
        _refuse_unseen(data, sheet._worksheet_path)
        # What the file says of its own size may be wrong or meant to be.
        sheet.reset_dimensions()
        return assembled(_rows(sheet), None)
    finally:
        book.close()


def _refuse_unseen(data: bytes, path: str) -> None:
    """Refuse what reading row by row does not show: merged cells, and far cells."""
    ranges: list[str] = []
    far: list[str] = []
    cells = wide = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(path) as part:
        tail = b""
        while chunk := part.read(_CHUNK):
            window = tail + chunk
            ranges += [found.decode() for found in _MERGED.findall(window)]
            for pattern in (_FAR, _ASIDE):
                far += [found.decode() for found in pattern.findall(window)[:1]]
            far += [n.decode() for n in _ROW.findall(window) if int(n) > _END][:1]
            cells += len(_CELL.findall(window))
            wide += len(_FAR_ASIDE.findall(window))
            if cells > MAX_CELLS or wide > MAX_COLUMNS:
                raise refuse("/file", "单元格过多，请拆分", "Too many cells: split it")
            # Cut at the last tag: nothing is missed and nothing seen twice.
            tail = window[window.rfind(b"<") :][-256:]
    faults = [
        FieldError(
            f"/cells/{where}",
            Text(f"合并单元格 {where}，请取消合并", f"Merged cells {where}"),
        )
        for where in ranges[:100]
    ]
    faults += [
        FieldError(
            f"/cells/{where}",
            Text(
                f"{where} 太远：只读前 {LAST_ROW} 行、{MAX_COLUMNS} 列",
                f"{where} is too far: {LAST_ROW} rows, {MAX_COLUMNS} columns are read",
            ),
        )
        for where in far[:10]
    ]
    if faults:
        raise refuse_all(faults)


def _rows(sheet: Any) -> Iterator[Row]:
    # No bound on columns: openpyxl would fill up every row that is not there.
    for number, cells in enumerate(sheet.iter_rows(max_row=LAST_ROW), start=1):
        if not cells:
            continue
        values: list[str] = []
        faults: list[tuple[int, Text]] = []
        truths: list[int] = []
        # A column more than allowed, for the refusal of cells without header to see.
        for index, cell in enumerate(cells[: MAX_COLUMNS + 1]):
            value, fault = _value(cell)
            if isinstance(cell.value, bool):
                truths.append(index)
            values.append(value)
            if fault is not None:
                faults.append((index, fault))
        while values and not values[-1]:
            values.pop()
        yield Row(number, tuple(values), tuple(faults), tuple(truths))


def _value(cell: Any) -> tuple[str, Text | None]:
    """Return a cell's text, and what is wrong with it."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f":
        return "", Text("是公式，请粘贴为数值", "A formula: paste its value instead")
    if cell.data_type == "e":
        return "", Text(f"是错误值 {value}", f"An error value, {value}")
    if isinstance(value, bool):
        return "是" if value else "否", None
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime | date):
        message = Text("是日期，请按文本填写", "A date: enter it as text")
        return "", message
    text = str(value).strip()
    if "\x00" in text or len(text) > MAX_CELL:
        return "", Text("内容过长或含空字符", "Too long, or holds U+0000")
    return text, None


def _number(value: float) -> tuple[str, Text | None]:
    if value == int(value):
        if abs(value) >= _EXACT:
            message = Text(
                "超过 15 位的数字已丢失末位，请按文本填写",
                "Over 15 digits, the last are lost: enter it as text",
            )
            return "", message
        return str(int(value)), None
    return repr(value), None
