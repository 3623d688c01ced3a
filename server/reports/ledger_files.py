"""Writing the rows of a ledger as JSON or CSV, row by row; pure.

The same rows give the same bytes, always: nothing of the moment of writing gets into
a file. No writer holds more than a row, so that a ledger may be long. The workbook is
``ledger_workbook``'s.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import IO, Any

import orjson

from server.reports.ledger_columns import COLUMNS, Rows, document, flat

BOM = b"\xef\xbb\xbf"

# What a spreadsheet takes for a formula, also behind blanks and in full width.
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]|[\t\r\n]")


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
