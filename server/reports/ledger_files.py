"""Writing the rows of a ledger as JSON, CSV or XLSX, row by row; pure.

The same rows give the same bytes, always: nothing of the moment of writing gets into
a file. No writer holds more than a row, so that a ledger may be long.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from server.reports.ledger_columns import COLUMNS, Cell, document, flat

BOM = b"\xef\xbb\xbf"

# A file of the period, not of the day it was written; zip knows none before 1980.
WRITTEN = datetime(1980, 1, 1)  # noqa: DTZ001

# What a spreadsheet takes for a formula, also behind blanks and in full width.
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]|[\t\r\n]")
# XML 1.0 has no place for these.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST_CELL = 32_767  # characters, Excel's limit
_DAY_ZERO = date(1899, 12, 30)  # of Excel's day numbers, for days after February 1900
_LETTERS = [get_column_letter(number) for number in range(1, len(COLUMNS) + 1)]
_FIRST_SHEET, _TABLE_END = "xl/worksheets/sheet1.xml", b"</sheetData>"

Rows = Iterable[Sequence[Cell]]


def write_json(target: IO[bytes], head: Mapping[str, Any], rows: Rows) -> str:
    """Write ``head`` with ``columns``, ``rows`` and their ``count``.

    Returns a hash (hex) of all of it but ``as_of``, which differs while a period
    runs even when no row does.
    """
    columns = [{"code": c.code, "title": c.title} for c in COLUMNS]
    start = orjson.dumps({**head, "columns": columns})
    kept = {name: value for name, value in head.items() if name != "as_of"}
    digest = hashlib.sha256(orjson.dumps(kept))
    target.write(start[:-1] + b',"rows":[')
    count = 0
    for values in rows:
        row = orjson.dumps(document(values))
        digest.update(row)
        target.write(b"," + row if count else row)
        count += 1
    target.write(b'],"count":%d}' % count)
    return digest.hexdigest()


def write_csv(target: IO[bytes], rows: Rows) -> None:
    """Write RFC 4180 in UTF-8 with a byte order mark, titles in the first line.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    target.write(BOM)
    text = io.TextIOWrapper(target, encoding="utf-8", errors="replace", newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([column.title for column in COLUMNS])
    for values in rows:
        table.writerow([harmless(value) for value in flat(values)])
    text.flush()
    text.detach()


def harmless(value: str | int | date | None) -> str | int:
    """Return a cell for CSV: days as ``2026-11-01``, no text a formula."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value


def write_xlsx(
    target: IO[bytes], title: str, about: Sequence[tuple[str, str]], rows: Rows
) -> None:
    """Write a workbook: the ledger, and a sheet with ``about``, what it is of.

    Header frozen and filtered, days as days, texts as texts (never formulas).
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    sheet.freeze_panes = "C2"
    for letter, column in zip(_LETTERS, COLUMNS, strict=True):
        sheet.column_dimensions[letter].width = column.width
    sheet.append([_headed(sheet, column.title) for column in COLUMNS])
    day_style = WriteOnlyCell(sheet, WRITTEN.date()).style_id
    with tempfile.TemporaryFile() as lines:
        count = _write_lines(lines, rows, day_style)
        sheet.auto_filter.ref = f"A1:{_LETTERS[-1]}{count + 1}"
        notes = book.create_sheet("说明")
        notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 14, 60
        for name, value in about:
            notes.append([_headed(notes, name), _text(notes, value)])
        notes.append([_headed(notes, "行数"), count])
        book.properties.title = title
        book.properties.creator = "hazard-patrol"
        book.properties.created = book.properties.modified = WRITTEN
        ExcelWriter(book, _Archive(target, lines)).save()


def _write_lines(target: IO[bytes], rows: Rows, day_style: int) -> int:
    """Write the rows below the header as sheet XML; return how many there are.

    openpyxl's own cells would take a minute for 100,000 rows, these take seconds.
    """
    count = 0
    for count, values in enumerate(rows, 1):
        number = count + 1
        line = [
            _cell(f"{letter}{number}", value, day_style)
            for letter, value in zip(_LETTERS, flat(values), strict=True)
            if value is not None
        ]
        target.write(f'<row r="{number}">{"".join(line)}</row>'.encode())
    return count


def _cell(place: str, value: str | int | date, day_style: int) -> str:
    if isinstance(value, date):
        days = (value - _DAY_ZERO).days
        return f'<c r="{place}" s="{day_style}"><v>{days}</v></c>'
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    said = escape(_NOT_IN_XML.sub("", value)[:LONGEST_CELL], quote=False)
    return (
        f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'
    )


def _headed(sheet: Any, title: str) -> Any:
    cell = _text(sheet, title)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _text(sheet: Any, value: str) -> Any:
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


class _Archive(ZipFile):
    """A zip whose members carry no moment of writing.

    ``lines`` go to the end of the first sheet's table.
    """

    def __init__(self, target: IO[bytes], lines: IO[bytes]) -> None:
        super().__init__(target, "w", ZIP_DEFLATED)
        self._lines = lines

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write a member from memory."""
        super().writestr(self._member(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Write a sheet as openpyxl left it on the disk."""
        with open(filename, "rb") as source:
            head, end, tail = source.read().partition(_TABLE_END)
        member = self._member(str(arcname))
        with self.open(member, "w", force_zip64=True) as sheet:
            sheet.write(head)
            if member.filename == _FIRST_SHEET:
                for block in blocks(self._lines):
                    sheet.write(block)
            sheet.write(end + tail)

    def _member(self, name: str) -> ZipInfo:
        member = ZipInfo(name.removeprefix("/"), WRITTEN.timetuple()[:6])
        member.compress_type = self.compression
        member.create_system = 3  # Unix, whatever this runs on
        member.external_attr = 0o600 << 16
        return member


def blocks(source: IO[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """Yield a file from its beginning in blocks."""
    source.seek(0)
    while block := source.read(size):
        yield block


def sha256(source: IO[bytes]) -> str:
    """Return the SHA-256 (hex) of a file from its beginning."""
    digest = hashlib.sha256()
    for block in blocks(source):
        digest.update(block)
    return digest.hexdigest()
