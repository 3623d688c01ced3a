"""Reading CSV in the encodings that Chinese offices save: UTF-8, GBK, GB18030; pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from server.core.errors import Invalid
from server.core.text import Text
from server.places.sheet import MAX_CELL, MAX_COLUMNS, Row, Sheet, assembled, refuse

# First character of the CJK blocks. Bytes of GBK that happen to be valid UTF-8 are
# nearly always two-byte forms, which are Latin, Greek or Cyrillic.
_CJK = "\u2e80"


def read_csv(data: bytes) -> Sheet:
    """Return the table in a CSV file, separated by commas or tabs.

    Raises:
        Invalid: no known encoding, two encodings in one file (naming the row), or no
            table.
    """
    text, encoding = _decoded(data)
    return assembled(_rows(text), encoding)


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    _refuse_mixture(data)
    return _strictly(data.removeprefix(codecs.BOM_UTF8), "gb18030"), "gb18030"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unreadable(data.count(b"\n", 0, error.start) + 1) from error


def _unreadable(line: int) -> Invalid:
    return refuse(
        f"/rows/{line}",
        f"第 {line} 行既不是 UTF-8 也不是 GBK/GB18030 编码",
        f"Row {line} is neither UTF-8 nor GBK/GB18030",
    )


def _refuse_mixture(data: bytes) -> None:
    """Refuse a file in which some cells are UTF-8 and others GBK.

    Decoded as GB18030 the UTF-8 ones would be valid, and nonsense. A comma or tab
    byte is never part of a character in either encoding.
    """
    first: tuple[str, int] | None = None
    for line, content in enumerate(data.split(b"\n"), start=1):
        for cell in content.replace(b"\t", b",").split(b","):
            kind = _encoding_of(cell)
            if kind == "neither":
                raise _unreadable(line)
            if kind is None:
                continue
            if first is None:
                first = (kind, line)
            elif kind != first[0]:
                raise refuse(
                    f"/rows/{line}",
                    f"编码混用：第 {line} 行是 {kind}，第 {first[1]} 行是 {first[0]}",
                    f"Mixed encodings: row {line} is {kind}, row {first[1]} {first[0]}",
                )


def _encoding_of(cell: bytes) -> str | None:
    """Return the encoding that a cell must be in; None where it does not tell."""
    if cell.isascii():
        return None
    try:
        text = cell.decode("utf-8")
    except UnicodeDecodeError:
        try:
            cell.decode("gb18030")
        except UnicodeDecodeError:
            return "neither"
        return "GBK/GB18030"
    return "UTF-8" if any(character >= _CJK for character in text) else None


def _rows(text: str) -> Iterator[Row]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield _row(number, cells)
    except csv.Error as error:
        raise refuse(
            f"/rows/{number + 1}",
            f"第 {number + 1} 行不是有效的 CSV（引号未闭合或内容过长）",
            f"Row {number + 1} is not valid CSV: {error}",
        ) from error


def _row(number: int, cells: list[str]) -> Row:
    faults = []
    if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
        faults.append((MAX_COLUMNS, Text("列数过多", "Too many columns")))
    clean = []
    for index, cell in enumerate(cells[:MAX_COLUMNS]):
        value = cell.strip()
        if "\x00" in value or len(value) > MAX_CELL:
            faults.append(
                (index, Text("内容过长或含空字符", "Too long, or holds U+0000"))
            )
            value = ""
        clean.append(value)
    return Row(number, tuple(clean), tuple(faults))
