"""A table out of an uploaded file: CSV or XLSX, told by its content; pure.

What cannot be read with certainty is refused and named, never guessed: a name that
was read in the wrong encoding would stand in the register for years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.core.errors import FieldError, Invalid, TooLarge
from server.core.text import Text

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_CELL = 4_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``number`` as a spreadsheet shows it (from 1), its cells as text.

    ``faults`` are cells that cannot be taken as they are, by column (from 0);
    ``truths`` the columns of cells that are no text but a spreadsheet's TRUE or FALSE.
    """

    number: int
    cells: tuple[str, ...]
    faults: tuple[tuple[int, Text], ...] = ()
    truths: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self.cells) and not self.faults


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its header and the rows below it that are not empty.

    ``encoding`` is that of a CSV file (``utf-8``, ``gb18030``), None for a workbook.
    """

    header: Row
    rows: tuple[Row, ...]
    encoding: str | None


def refuse(pointer: str, zh: str, en: str) -> Invalid:
    """Return the refusal of a whole file."""
    return Invalid.at(pointer, Text(zh, en))


def refuse_all(faults: Sequence[FieldError]) -> Invalid:
    """Return the refusal of a whole file for several reasons."""
    shown = [fault.message for fault in faults[:5]]
    zh, en = "；".join(t.zh for t in shown), "; ".join(t.en for t in shown)
    return Invalid(Text(zh, en), errors=faults)


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a file over ``limit`` bytes."""
    size = limit // (1024 * 1024)
    return TooLarge(Text(f"文件超过 {size} MB", f"The file is over {size} MB"))


def column_letter(index: int) -> str:
    """Return the letters of a column (from 0) as a spreadsheet shows them."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def assembled(rows: Iterator[Row], encoding: str | None) -> Sheet:
    """Return the sheet of ``rows``; the first that is not empty is the header.

    Raises:
        Invalid: nothing in it, or more than ``MAX_ROWS`` rows.
    """
    header: Row | None = None
    taken: list[Row] = []
    for row in rows:
        if row.is_empty:
            continue
        if header is None:
            header = row
            continue
        taken.append(row)
        if len(taken) > MAX_ROWS:
            raise refuse(
                "/file",
                f"超过 {MAX_ROWS} 行，请分成几个文件",
                f"More than {MAX_ROWS} rows: split the file",
            )
    if header is None or not taken:
        raise refuse("/file", "文件里没有数据行", "The file has no rows")
    return Sheet(header, tuple(taken), encoding)
