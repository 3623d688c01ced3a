"""Plain psycopg for the few statements every finding and photo passes through.

An insert through SQLAlchemy costs 0.15 ms of Python, through the driver 0.06
(``tests/benchmarks``); a finding needs many. The statements run on the session's own
connection, in its transaction; the columns come from the models, so that there is no
second list of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from geoalchemy2 import Geometry
from psycopg.rows import TupleRow, namedtuple_row
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import DeclarativeBase

from server.core.content import dumps
from server.core.db import db


def _driver() -> psycopg.Connection[TupleRow]:
    driver = db.session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def execute(sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
    """Run one statement with ``%(name)s`` parameters in the session's transaction."""
    return _driver().execute(sql, values)


Rows = tuple[type[DeclarativeBase], Sequence[Mapping[str, Any]]]


def insert(model: type[DeclarativeBase], *rows: Mapping[str, Any]) -> None:
    """Insert rows of one table; see :func:`write`."""
    write([(model, rows)])


def write(
    inserts: Sequence[Rows],
    finally_: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows of several tables in one statement, in one round trip.

    Rows of one table all name the same columns; geometries are EWKT. ``finally_`` is
    a last statement of its own kind (an update), with its ``values``. Foreign keys
    among the rows are checked at the end of the statement.

    Raises:
        psycopg.IntegrityError: a constraint is broken (see ``db.violated``).
    """
    parts: list[str] = []
    bound = dict(values or {})
    for model, rows in inserts:
        if not rows:
            continue
        table = model.__table__
        assert isinstance(table, Table)
        names = tuple(rows[0])
        wrap = _wrappers(table, names)
        prefix = f"t{len(parts)}"
        for index, row in enumerate(rows):
            for name in names:
                value = wrap[name](row[name]) if name in wrap else row[name]
                bound[f"{prefix}_{name}_{index}"] = value
        parts.append(_insert_sql(table, names, len(rows), prefix))
    if finally_:
        parts.append(finally_)
    if parts:
        sql, order = _joined(tuple(parts))
        # The driver forgets how it read a statement with so many parameters; one that
        # numbers them itself needs no reading.
        psycopg.RawCursor(_driver()).execute(sql, [bound[name] for name in order])


@cache
def _joined(parts: tuple[str, ...]) -> tuple[str, list[str]]:
    """Return one statement that does all ``parts``, and what ``$1``, ``$2`` … name."""
    *before, last = parts
    steps = ", ".join(f"s{n} AS ({part})" for n, part in enumerate(before))
    sql = f"WITH {steps} {last}" if before else last
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], len(numbers) + 1)}"

    return re.sub(r"%\((\w+)\)s", numbered, sql), list(numbers)


@cache
def _insert_sql(table: Table, names: tuple[str, ...], count: int, prefix: str) -> str:
    shapes = {c.name for c in table.columns if isinstance(c.type, Geometry)}
    groups = []
    for index in range(count):
        marks = [
            f"ST_GeomFromEWKT(%({prefix}_{name}_{index})s)"
            if name in shapes
            else f"%({prefix}_{name}_{index})s"
            for name in names
        ]
        groups.append(f"({', '.join(marks)})")
    columns = ", ".join(names)
    return f"INSERT INTO {table.name} ({columns}) VALUES {', '.join(groups)}"  # noqa: S608


@cache
def _wrappers(table: Table, names: tuple[str, ...]) -> dict[str, Any]:
    """Return how the values of the JSON columns are handed to the driver."""
    wrappers: dict[str, Any] = {}
    for name in names:
        kind = table.columns[name].type
        if isinstance(kind, JSONB):
            wrappers[name] = _jsonb
        elif isinstance(kind, JSON):
            wrappers[name] = _json
    return wrappers


def _jsonb(value: Any) -> Any:
    return None if value is None else Jsonb(value, dumps=dumps)


def _json(value: Any) -> Any:
    return None if value is None else Json(value, dumps=dumps)


def first(sql: str, values: Mapping[str, Any]) -> Any:
    """Run one statement and return its first row as a named tuple, or None."""
    with _driver().cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(sql, values).fetchone()


def rows(sql: str, values: Mapping[str, Any]) -> list[Any]:
    """Run one statement and return all its rows as named tuples."""
    with _driver().cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(sql, values).fetchall()
