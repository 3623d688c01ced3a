"""Reading XLSX with bounds on what it may unpack to; pure.

A workbook is a ZIP of XML: a few kilobytes can stand for gigabytes, and cells can be
formulas, errors or numbers that have lost their last digits. Nothing of that is taken.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

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
_FAR = re.compile(rb"\br=[\"']([A-Z]{1,3}[0-9]{6,7})[\"'][^>/]*>")
_CHUNK = 1 * MIB


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
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(path) as part:
        tail = b""
        while chunk := part.read(_CHUNK):
            window = tail + chunk
            ranges += [found.decode() for found in _MERGED.findall(window)]
            far = far or [found.decode() for found in _FAR.findall(window)[:1]]
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
            Text(f"{where} 太靠下，只读前 {LAST_ROW} 行", f"{where} is too far down"),
        )
        for where in far
    ]
    if faults:
        raise refuse_all(faults)


def _rows(sheet: Any) -> Iterator[Row]:
    # A column more than allowed, for the refusal of cells without header to see.
    bounds = {"max_row": LAST_ROW, "max_col": MAX_COLUMNS + 1}
    for number, cells in enumerate(sheet.iter_rows(**bounds), start=1):
        values: list[str] = []
        faults: list[tuple[int, Text]] = []
        for index, cell in enumerate(cells):
            value, fault = _value(cell)
            values.append(value)
            if fault is not None:
                faults.append((index, fault))
        while values and not values[-1]:
            values.pop()
        yield Row(number, tuple(values), tuple(faults))


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
        return value.isoformat(), None
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
