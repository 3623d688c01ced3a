"""Writing the rows of a ledger as a workbook (XLSX), row by row; pure.

Three sheets: 台账 the rows, 照片 one row for each photo, 说明 what it is of. The same
rows give the same bytes, always: the workbook is dated by what it tells of, never by
when it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, NamedTuple

from xlsxwriter import Workbook

from server.reports.ledger_columns import COLUMNS, Cell, Rows, Shown, flat

# XML 1.0 has no place for these.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST_CELL = 32_767  # UTF-16 units, Excel's limit
MOST_LINKS = 65_530  # of one sheet, Excel's limit
A4 = 9
PAGES_WIDE = 4  # at which forty columns on A4 can still be read
DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
_AT = {column.code: number for number, column in enumerate(COLUMNS)}
_PLAIN = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}

Said = str | int | date | datetime


class Front(NamedTuple):
    """What a workbook says of itself.

    Attributes:
        about: names and values of the sheet 说明; moments are local, without zone.
        as_of: the moment (aware) of which it tells; the day it counts as made.
        public_url: where the photos are fetched, ``https://example.org``.
    """

    title: str
    about: Sequence[tuple[str, Said]]
    as_of: datetime
    public_url: str


def write_xlsx(target: IO[bytes], front: Front, rows: Rows) -> None:
    """Write the workbook.

    Header frozen, filtered and printed on every page; days as days; texts as texts,
    never formulas. The photos of a row are linked: the first from the row itself,
    all of them from 照片, to which the row's count leads.
    """
    with Workbook(target, _PLAIN) as book:
        made = front.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties(
            {"title": front.title, "author": "hazard-patrol", "created": made}
        )
        styles = _Styles(book)
        table, photos = book.add_worksheet("台账"), book.add_worksheet("照片")
        notes = book.add_worksheet("说明")
        pages = _Photos(photos, styles, front.public_url)
        count = _Table(table, styles, pages).write(rows)
        pages.close()
        _set_up_printing(table, front.title)
        for number, (name, value) in enumerate([*front.about, ("行数", count)]):
            _put(notes, number, 0, name, styles, styles.header)
            _put(notes, number, 1, value, styles)
        notes.set_column(0, 0, 14)
        notes.set_column(1, 1, 60)


class _Styles:
    """The formats of a workbook."""

    def __init__(self, book: Any) -> None:
        cell = {"valign": "top", "text_wrap": True, "font_size": 10}
        self.text = book.add_format(cell)
        self.number = book.add_format(cell | {"text_wrap": False})
        self.day = book.add_format(cell | {"num_format": DAY, "align": "left"})
        self.moment = book.add_format(cell | {"num_format": MOMENT, "align": "left"})
        self.link = book.add_format(cell | {"font_color": "#0563C1", "underline": 1})
        self.lines = book.add_format({"border": 1})
        self.header = book.add_format(
            cell
            | {"bold": True, "bg_color": "#DDEBF7", "align": "center"}
            | {"valign": "vcenter"}
        )


class _Table:
    """The sheet of the rows."""

    def __init__(self, sheet: Any, styles: _Styles, photos: _Photos) -> None:
        self._sheet, self._styles, self._photos = sheet, styles, photos
        self._links = 0
        # A header with room for the filter's button.
        self._widths = [_width(column.title) + 3 for column in COLUMNS]
        sheet.set_row(0, 32)
        for number, column in enumerate(COLUMNS):
            _put(sheet, 0, number, column.title, styles, styles.header)

    def write(self, rows: Rows) -> int:
        """Write the rows below the header; return how many there are."""
        count = 0
        for count, values in enumerate(rows, 1):
            self._row(count, values)
        last = len(COLUMNS) - 1
        self._sheet.freeze_panes(1, _AT["number"] + 1)
        self._sheet.autofilter(0, 0, count, last)
        # Lines around the cells, also the empty ones, which are not written.
        lines = {"type": "no_errors", "format": self._styles.lines}
        self._sheet.conditional_format(0, 0, count, last, lines)
        for number, width in enumerate(self._widths):
            self._sheet.set_column(number, number, width)
        return count

    def _row(self, number: int, values: Sequence[Cell]) -> None:
        shown = flat(values)
        linked = self._linked(number, values, shown)
        for at, value in enumerate(shown):
            if value is None:
                continue
            if at not in linked:
                _put(self._sheet, number, at, value, self._styles)
            widest = COLUMNS[at].width
            if self._widths[at] < widest:
                width = min(_width(str(value)) + 1, widest)
                self._widths[at] = max(self._widths[at], width)

    def _linked(
        self, number: int, values: Sequence[Cell], shown: Sequence[Any]
    ) -> frozenset[int]:
        """Write the row's two cells that lead to its photos; return which they are."""
        cell = values[_AT["photos"]]
        ids = cell.document if isinstance(cell, Shown) else []
        if not ids:
            return frozenset()
        first = self._photos.add(str(shown[_AT["number"]]), ids)
        if self._links + 2 > MOST_LINKS:
            return frozenset()
        self._links += 2
        count, id = _AT["photo_count"], _AT["photos"]
        link = self._styles.link
        # Columns in their order: a row is handed to the file as it is written.
        place = f"internal:'照片'!A{first + 1}"
        self._sheet.write_url(number, count, place, link, str(shown[count]))
        self._sheet.write_number(number, count, shown[count], link)
        url = self._photos.url(ids[0])
        self._sheet.write_url(number, id, url, link, _plain(str(shown[id])))
        return frozenset({count, id})


class _Photos:
    """The sheet of the photos, one row for each, linked."""

    def __init__(self, sheet: Any, styles: _Styles, public_url: str) -> None:
        self._sheet, self._styles = sheet, styles
        self._base = f"{public_url}/api/v1/photos/"
        self._last = 0
        for at, title in enumerate(("编号", "序号", "照片编号", "照片链接")):
            _put(sheet, 0, at, title, styles, styles.header)

    def url(self, photo: str) -> str:
        """Return where a photo is described, with its picture beside."""
        return self._base + photo

    def add(self, number: str, photos: Sequence[str]) -> int:
        """Write the photos of the ticket ``number``; return the first one's row."""
        first = self._last + 1
        for place, photo in enumerate(photos, 1):
            self._last += 1
            url = self.url(photo)
            row: tuple[Said, ...] = (number, place, photo)
            for at, value in enumerate(row):
                _put(self._sheet, self._last, at, value, self._styles)
            if self._last <= MOST_LINKS:
                self._sheet.write_url(self._last, 3, url, self._styles.link)
            else:  # the address all the same, though a click does not follow it
                _put(self._sheet, self._last, 3, url, self._styles)
        return first

    def close(self) -> None:
        """Set the sheet up once its rows are there."""
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofilter(0, 0, self._last, 3)
        for at, width in enumerate((24, 8, 40, 80)):
            self._sheet.set_column(at, at, width)
        self._sheet.set_paper(A4)
        self._sheet.set_landscape()
        self._sheet.repeat_rows(0)
        self._sheet.fit_to_pages(1, 0)


def _set_up_printing(sheet: Any, title: str) -> None:
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, _AT["number"])
    sheet.fit_to_pages(PAGES_WIDE, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_header("&C" + title.replace("&", "&&"))  # & begins a code there
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _put(
    sheet: Any, row: int, at: int, value: Said, styles: _Styles, style: Any = None
) -> None:
    """Write one cell as what it is; a text is never read as anything else."""
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value, style or styles.moment)
    elif isinstance(value, date):
        sheet.write_datetime(row, at, value, style or styles.day)
    elif isinstance(value, int):
        sheet.write_number(row, at, value, style or styles.number)
    else:
        sheet.write_string(row, at, _plain(value), style or styles.text)


def _plain(text: str) -> str:
    """Return what of a text a cell can hold."""
    said = _NOT_IN_XML.sub("", text)
    if len(said) * 2 <= LONGEST_CELL:
        return said
    return said.encode("utf-16-le")[: LONGEST_CELL * 2].decode("utf-16-le", "ignore")


def _width(text: str) -> int:
    """Return how wide a text is: a Chinese character twice a Latin one."""
    longest = max(text.splitlines() or [""], key=len)
    return (len(longest) + len(longest.encode("utf-8", "replace")) + 1) // 2
