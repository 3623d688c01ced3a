"""The workbook of a ledger: cells, links, print set-up, and its bytes."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from server.reports import ledger_workbook
from server.reports.ledger_columns import COLUMNS, Cell, Shown
from server.reports.ledger_workbook import Front, write_xlsx
from tests.unit.test_ledger import END, TEXTS

LOCAL = datetime(2026, 12, 1)  # noqa: DTZ001
ABOUT = [("台账", "D01 区安委办"), ("截至", LOCAL)]
FRONT = Front("台账-D01-2026-11", ABOUT, END, "https://example.org")
AT = {column.code: number for number, column in enumerate(COLUMNS, 1)}


def row(number: int, text: str, photos: tuple[str, ...] = ()) -> list[Cell]:
    told: dict[str, Cell] = {
        "number": f"N{number}",
        "found_on": date(2026, 11, 5),
        "description": text,
        "photo_count": len(photos),
        "photos": Shown(" ".join(photos), list(photos)),
    }
    return [told.get(column.code) for column in COLUMNS]


def written(rows: list[list[Cell]]) -> bytes:
    target = io.BytesIO()
    write_xlsx(target, FRONT, rows)
    return target.getvalue()


def book(rows: list[list[Cell]]) -> Any:
    return load_workbook(io.BytesIO(written(rows)))


def test_days_texts_and_no_formula() -> None:
    rows = [row(n, text) for n, text in enumerate([*TEXTS, "a\x00\x0bb<&>"])]
    sheet = book(rows)["台账"]
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    shown = [sheet.cell(n, AT["description"]) for n in range(2, 12)]
    assert [cell.value for cell in shown] == [*TEXTS, "ab<&>"]
    assert {cell.data_type for cell in shown} == {"s"}
    day = sheet.cell(2, AT["found_on"])
    assert (day.is_date, day.number_format) == (True, "yyyy-mm-dd")
    assert day.value == datetime(2026, 11, 5)  # noqa: DTZ001
    assert sheet.cell(2, AT["photo_count"]).value == 0
    with zipfile.ZipFile(io.BytesIO(written(rows))) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_header_filter_widths_and_print() -> None:
    sheet = book([row(1, "疏散通道被杂物堵塞"), row(2, "短")])["台账"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(3, len(COLUMNS)).coordinate}"
    assert sheet.cell(1, 1).font.bold
    assert sheet.cell(2, AT["description"]).alignment.wrap_text
    width = sheet.column_dimensions["L"].width
    assert 18 < width < 25  # nine Chinese characters, not the forty it may have
    page = sheet.page_setup
    assert (page.orientation, page.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"


def test_every_photo_is_linked() -> None:
    made = book([row(1, "甲", ("p1", "p2")), row(2, "乙"), row(3, "丙", ("p3",))])
    sheet, photos = made["台账"], made["照片"]
    first = sheet.cell(2, AT["photos"])
    assert first.value == "p1 p2"
    assert first.hyperlink.target == "https://example.org/api/v1/photos/p1"
    assert sheet.cell(2, AT["photo_count"]).hyperlink.location == "'照片'!A2"
    assert sheet.cell(4, AT["photo_count"]).hyperlink.location == "'照片'!A4"
    assert sheet.cell(4, AT["photo_count"]).value == 1
    assert sheet.cell(3, AT["photos"]).hyperlink is None
    told = [[cell.value for cell in line] for line in photos.iter_rows(min_row=2)]
    base = "https://example.org/api/v1/photos/"
    assert told == [
        ["N1", 1, "p1", f"{base}p1"],
        ["N1", 2, "p2", f"{base}p2"],
        ["N3", 1, "p3", f"{base}p3"],
    ]
    assert [photos.cell(n, 4).hyperlink.target for n in (2, 3, 4)] == [
        f"{base}{photo}" for photo in ("p1", "p2", "p3")
    ]


def test_more_photos_than_a_sheet_takes_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_workbook, "MOST_LINKS", 2)
    made = book([row(n, "甲", (f"p{n}",)) for n in range(1, 5)])
    links = [made["照片"].cell(n, 4) for n in range(2, 6)]
    assert [cell.hyperlink is None for cell in links] == [False, False, True, True]
    assert links[3].value == "https://example.org/api/v1/photos/p4"
    assert made["台账"].cell(5, AT["photos"]).value == "p4"


def test_longest_cell() -> None:
    value = book([row(1, "😀" * 20_000)])["台账"].cell(2, AT["description"]).value
    assert value == "😀" * 16_383


def test_what_it_is_of() -> None:
    notes = book([row(1, "甲")])["说明"]
    told = [(a.value, b.value) for a, b in notes.iter_rows()]
    assert told == [*ABOUT, ("行数", 1)]
    assert notes.cell(2, 2).number_format == "yyyy-mm-dd hh:mm"


def test_the_same_rows_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(n, text, ("p1",)) for n, text in enumerate(TEXTS)]
    first = written(rows)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert written(rows) == first
    finally:
        monkeypatch.undo()
        time.tzset()
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        # As of the period's end, in UTC.
        assert b"2026-11-30T16:00:00Z" in archive.read("docProps/core.xml")
