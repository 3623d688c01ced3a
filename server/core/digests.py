"""Digests of rows, alike from what is about to be written and from what is read.

A column that is empty is left out, so that one added later changes no digest.
Numbers and times are brought to one form: the database gives back 1.5 for 1.50, 10²²
for 1e22, UTC for any offset and its own spelling of a point.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import ColumnElement, DateTime, LargeBinary, Numeric, Table, func
from sqlalchemy.orm import DeclarativeBase

from server.core.content import dumps

Model = type[DeclarativeBase]

# ``info`` of a column that is made later from what is there, and no part of a digest.
DERIVED = {"derived": True}

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# A number that the database may spell otherwise: with an exponent, or minus nought.
_OTHERWISE = re.compile(rb"[:\[,]-?(?:[\d.]+e|0\.0\b)")


def digest(model: Model, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 (hex) over rows of one table, in whatever order they come.

    Geometries are EWKT; a column that is not named is empty. Numbers that the
    database gives out itself are no part of it: they are not known before.
    """
    table, columns = _columns(model)
    said = sorted(_said(columns, row) for row in rows)
    return hashlib.sha256(b"\n".join([table.encode(), *said])).hexdigest()


def told(rows: Iterable[tuple[Model, Iterable[Mapping[str, Any]]]]) -> dict[str, str]:
    """Return the digest of each table's rows, by table; what goes into an event."""
    return {model.__tablename__: digest(model, those) for model, those in rows}


def readable(model: Model) -> list[ColumnElement[Any]]:
    """Return what to select so that the rows read can be digested."""
    table, names = model.__table__, _columns(model)[1]
    shapes = {name for name, convert in names if convert is _point}
    return [
        func.ST_AsEWKT(table.c[name]).label(name) if name in shapes else table.c[name]
        for name, _ in names
    ]


_Convert = Callable[[Any], Any]


@cache
def _columns(model: Model) -> tuple[str, tuple[tuple[str, _Convert | None], ...]]:
    """Return a table's name and its columns, each with what makes its values plain."""
    table = model.__table__
    assert isinstance(table, Table)
    return table.name, tuple(
        (column.name, _converter(column.type))
        for column in table.columns
        if column is not table.autoincrement_column and not column.info.get("derived")
    )


def _converter(kind: object) -> _Convert | None:
    if isinstance(kind, Geometry):
        return _point
    if isinstance(kind, DateTime):
        return _utc
    if isinstance(kind, LargeBinary):
        return _sha256
    return _decimal if isinstance(kind, Numeric) else None


def _said(
    columns: tuple[tuple[str, _Convert | None], ...], row: Mapping[str, Any]
) -> bytes:
    said = {}
    for name, convert in columns:
        value = row.get(name)
        if value is not None:
            said[name] = convert(value) if convert else value
    try:
        document = dumps(said)
    except TypeError:  # a number too large for it
        return dumps(_exact(said))
    return dumps(_exact(said)) if _OTHERWISE.search(document) else document


def _point(ewkt: str) -> str:
    """Return a geometry with seven decimals, a centimetre."""
    return _NUMBER.sub(lambda n: f"{round(float(n[0]), 7) + 0.0:.7f}", ewkt)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _decimal(value: Decimal) -> str:
    return str(value.normalize())


def _exact(value: Any) -> Any:
    """Return a document whose numbers are told alike before and after the database."""
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return value
