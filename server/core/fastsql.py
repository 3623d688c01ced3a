"""Plain psycopg for the few statements every finding and photo passes through.

An insert through SQLAlchemy costs 0.15 ms of Python, through the driver 0.06
(``tests/benchmarks``); a finding needs eight. The statements run on the session's own
connection, in its transaction; the columns come from the models, so that there is no
second list of them.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def execute(sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
    """Run one statement with ``%(name)s`` parameters in the session's transaction."""
    driver = db.session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.execute(sql, values)


def insert(model: type[DeclarativeBase], *rows: Mapping[str, Any]) -> None:
    """Insert rows that all name the same columns; geometries as EWKT.

    Raises:
        psycopg.IntegrityError: a constraint is broken (see ``db.violated``).
    """
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)
    names = tuple(rows[0])
    wrap = _wrappers(table, names)
    values = {
        f"{name}_{index}": wrap[name](row[name]) if name in wrap else row[name]
        for index, row in enumerate(rows)
        for name in names
    }
    execute(_insert_sql(table, names, len(rows)), values)


@cache
def _insert_sql(table: Table, names: tuple[str, ...], count: int) -> str:
    shapes = {c.name for c in table.columns if isinstance(c.type, Geometry)}
    groups = []
    for index in range(count):
        marks = [
            f"ST_GeomFromEWKT(%({name}_{index})s)"
            if name in shapes
            else f"%({name}_{index})s"
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
    driver = db.session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(sql, values).fetchone()
