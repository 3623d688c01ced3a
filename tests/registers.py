"""Making register files (CSV and XLSX) for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

HEADER = ("场所名称", "场所类型", "地址", "经度", "纬度")


def csv_file(
    rows: Sequence[Sequence[Any]],
    header: Sequence[str] = HEADER,
    encoding: str = "utf-8",
) -> bytes:
    """Return a CSV file."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue().encode(encoding)


def workbook(
    rows: Sequence[Sequence[Any]],
    header: Sequence[str] = HEADER,
    merge: Sequence[str] = (),
) -> bytes:
    """Return an XLSX file with these merged ranges."""
    book = Workbook()
    sheet = book.active
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    for where in merge:
        sheet.merge_cells(where)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
