"""Workbooks made to take time or memory, or to slip a cell past the reader."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date

import pytest

from server.core.errors import Invalid
from server.places.columns import read_header, read_row
from server.places.workbook import MAX_CELLS, read_workbook
from tests.registers import workbook

ROW = ["老张面馆", "35", "某路1号", 109.8, 40.6]


def with_sheet(change: object) -> bytes:
    """Return a workbook whose sheet is what ``change`` makes of its XML."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([ROW]))) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = change(data)  # type: ignore[operator]
            new.writestr(name, data)
    return target.getvalue()


def rows(more: bytes) -> bytes:
    return with_sheet(lambda xml: xml.replace(b"</sheetData>", more + b"</sheetData>"))


def refusal(data: bytes) -> Invalid:
    begun = time.process_time()
    with pytest.raises(Invalid) as refused:
        read_workbook(data)
    assert time.process_time() - begun < 5
    return refused.value


def cell(where: str) -> bytes:
    return f'<c r="{where}" t="inlineStr"><is><t>x</t></is></c>'.encode()


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (b'<row r="99999999">' + cell("A99999999") + b"</row>", "99999999"),
        (b'<row r="1048577"/>', "1048577"),
        (b'<row r="100000">' + cell("A100000") + b"</row>", "A100000"),
        (b'<row r="3">' + cell("CX3") + b"</row>", "CX3"),
        (b'<row r="3">' + cell("AAA3") + b"</row>", "AAA3"),
    ],
)
def test_far_cells_are_named(more: bytes, where: str) -> None:
    assert f"/cells/{where}" in [e.pointer for e in refusal(rows(more)).errors]


def test_a_gap_takes_no_time() -> None:
    begun = time.process_time()
    sheet = read_workbook(rows(b'<row r="99990">' + cell("A99990") + b"</row>"))
    assert [row.number for row in sheet.rows] == [2, 99990]
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "more",
    [
        b"<a>" * 200_000 + b"</a>" * 200_000,
        b'<row r="3">' + b"<c/>" * (MAX_CELLS + 1) + b"</row>",
        b'<row r="3"><c r="A3"><v>' + b" " * 20_000_000 + b"</v></c></row>",
        b'<row r="3">' + b'<c r="XFD3"/>' * 200 + b"</row>",
        b'<row r="3">' + b'<c r="A100000" ' * 100_000 + b"/></row>",
    ],
    ids=["deep", "many", "blank", "wide", "unclosed"],
)
def test_bombs(more: bytes) -> None:
    assert refusal(rows(more)).errors[0].pointer == "/file"


def test_a_date_or_a_truth_is_no_name() -> None:
    sheet = read_workbook(
        workbook([[date(2026, 1, 2), *ROW[1:]], [True, *ROW[1:]], [*ROW[:2], True]])
    )
    header = read_header(sheet.header)
    faults = [read_row(row, header)[1] for row in sheet.rows]
    assert [(f[0].column, f[0].title) for f in faults] == [
        ("A", "场所名称"), ("A", "场所名称"), ("C", "地址"),
    ]  # fmt: skip
