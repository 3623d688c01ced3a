"""Counting the statements that reach the database, by whichever way they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather the statements run within, those of the ORM and those past it.

    What opens, ends or keeps savepoints is left out.
    """
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "executemany"):
            _note(patch, name, ran)
        yield ran


def _note(patch: pytest.MonkeyPatch, name: str, ran: list[str]) -> None:
    plain = getattr(psycopg.Cursor, name)

    def noting(cursor: Any, query: Any, *args: Any, **kw: Any) -> Any:
        said = str(query)
        if "SAVEPOINT" not in said:
            ran.append(said)
        return plain(cursor, query, *args, **kw)

    patch.setattr(psycopg.Cursor, name, noting)
