"""Are the rows as their events tell? The part of ``audit verify`` beside the chain.

An event that writes rows carries ``rows``: a digest for each table. The chain proves
the event, the event proves the rows. Events older than that carry none; their rows
are compared as far as the events go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any
from typing import cast as cast_type

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    Table,
    cast,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.digests import Model, digest, readable, told

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Told:
    """A table whose rows events tell of.

    Attributes:
        name: what a row is called when it is named in a fault.
        model: the table.
        label: what a row is called by.
        tells: the condition that an event is of a row.
        opened: type of the event that a row begins with; a row has one.
        same: what must hold of that event besides.
        parts: foreign keys of the tables whose rows belong to a row and are told of
            with it.
        within: a table that label and conditions need, and how it is joined.
    """

    name: str
    model: Model
    label: ColumnElement[Any] | Column
    tells: ColumnElement[bool]
    opened: str
    same: ColumnElement[bool] | None = None
    parts: tuple[Column, ...] = ()
    within: tuple[Model, ColumnElement[bool]] | None = None

    @property
    def rows(self) -> FromClause:
        """What to select the rows from."""
        own = self.model.__table__
        if self.within is None:
            return own
        return own.join(self.within[0].__table__, self.within[1])

    @property
    def tables(self) -> list[FromClause]:
        """The tables of ``rows``."""
        return [self.model.__table__, *(m.__table__ for m in (self.within or ())[:1])]


def text_of(name: str) -> ColumnElement[str]:
    """Return a member of an event's payload as text."""
    member: ColumnElement[str] = AuditEvent.payload[name].as_string()
    return member


def told_of(subject: str, key: ColumnElement[Any] | Column) -> ColumnElement[bool]:
    """Return the condition that an event is of the row with this key."""
    same = AuditEvent.subject_id == cast(key, String)
    return (AuditEvent.subject_type == subject) & same


def told_now(table: Told, id: object) -> dict[str, str]:
    """Return the digests of a row and its parts as they stand, for an event's ``rows``.

    For rows that change: what the unit of work has done so far is flushed and read
    back.
    """
    db.session.flush()
    key = _key(table)
    own = select(*readable(table.model)).where(key == id)
    read: list[tuple[Model, Any]] = [(table.model, db.session.execute(own).mappings())]
    for foreign in table.parts:
        model = _model(foreign)
        query = select(*readable(model)).where(foreign == id)
        rows = db.session.execute(query).mappings().all()
        if rows:
            read.append((model, rows))
    return told(read)


def faults_of(table: Told, most: int) -> list[str]:
    """Return where rows and events disagree, at most ``most`` of each kind.

    Rows that no event began, events whose row is gone, and rows, or their parts, that
    are not as the last event left them. Each is asked in one statement, so that a
    running system gives no false alarm, and read as a stream.
    """
    return [
        *_alone(table, most),
        *_gone(table, most),
        *islice(_apart(table, None), most),
        *(said for part in table.parts for said in islice(_apart(table, part), most)),
    ]


def states_apart(table: Told, state: Column, most: int) -> list[str]:
    """Return the rows whose state is not what their last event with a ``to`` says."""
    to = text_of("to")
    last = (
        select(to)
        .where(table.tells, to.is_not(None))
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .correlate(*table.tables)
        .scalar_subquery()
    )
    query = select(table.label, state, last).where(state.is_distinct_from(last))
    return [
        f"{table.name} {label} is '{stands}', its last event says '{said}'"
        for label, stands, said in db.session.execute(query.limit(most))
    ]


def _alone(table: Told, most: int) -> list[str]:
    began = select(AuditEvent.id).where(table.tells, AuditEvent.type == table.opened)
    if table.same is not None:
        began = began.where(table.same)
    query = (
        select(table.label)
        .select_from(table.rows)
        .where(~began.correlate(*table.tables).exists())
        .order_by(table.label)
        .limit(most)
    )
    found = db.session.scalars(query)
    return [f"{table.name} {label}: no event tells of it" for label in found]


def _gone(table: Told, most: int) -> list[str]:
    there = select(1).select_from(table.rows).where(table.tells)
    query = (
        select(AuditEvent.subject_id, AuditEvent.id)
        .where(AuditEvent.type == table.opened, ~there.correlate(AuditEvent).exists())
        .order_by(AuditEvent.id)
        .limit(most)
    )
    return [
        f"{table.name} {subject} is gone, event {id} tells of it"
        for subject, id in db.session.execute(query)
    ]


def _apart(table: Told, part: Column | None) -> Iterator[str]:
    """Yield the rows, or those with ``part``, that their last event does not tell."""
    model = table.model if part is None else _model(part)
    place = f" ({model.__tablename__})" if part is not None else ""
    for (label, event, said), rows in _read(table, model, part):
        if (digest(model, rows) if rows else None) != said:
            yield f"{table.name} {label}{place} is not as event {event} left it"


_Read = tuple[tuple[Any, int, str | None], list[Mapping[str, Any]]]


def _read(table: Told, model: Model, part: Column | None) -> Iterator[_Read]:
    """Yield (label, event, digest told) and the rows it is of, for each row told of."""
    streaming = {"stream_results": True, "yield_per": 1000}
    query = _with_last_event(table, model, part)
    with db.session.execute(query, execution_options=streaming) as result:
        found: Iterable[Any] = result.mappings()
        key = ("told_label", "told_event", "told_digest")
        for told_by, rows in groupby(found, lambda row: tuple(row[k] for k in key)):
            yield told_by, [row for row in rows if row["told_there"]]


def _with_last_event(table: Told, model: Model, part: Column | None) -> Select[Any]:
    rows = AuditEvent.payload["rows"]
    last = (
        select(
            AuditEvent.id.label("told_event"),
            rows[model.__tablename__].as_string().label("told_digest"),
        )
        .where(table.tells, rows[table.model.__tablename__].as_string().is_not(None))
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .correlate(*table.tables)
        .lateral()
    )
    source = table.rows.join(last, true())
    there: ColumnElement[Any] = true()
    key = _key(table)
    if part is not None:
        source = source.outerjoin(model.__table__, part == key)
        there = part.is_not(None)
    return (
        select(
            table.label.label("told_label"),
            last.c.told_event,
            last.c.told_digest,
            there.label("told_there"),
            *readable(model),
        )
        .select_from(source)
        .order_by(key)
    )


def _key(table: Told) -> ColumnElement[Any]:
    own = table.model.__table__
    assert isinstance(own, Table)
    return own.primary_key.columns[0]


def _model(part: Column) -> Model:
    return cast_type(Model, part.class_)
