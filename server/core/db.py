"""The database: one SQLAlchemy instance, one commit, one naming convention."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    event,
    false,
    or_,
)
from sqlalchemy.exc import (
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of every table; a ``datetime`` column is always with time zone."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012


# Objects stay readable after the commit, which comes before the answer is built.
# The extension gives sessions, engines and their life in a request; the tables are
# those of ``Model``, a plain declarative base that mypy understands.
db = SQLAlchemy(session_options={"expire_on_commit": False})


def engine_options(pool_size: int, overflow: int) -> dict[str, Any]:
    """Return engine options: UTC sessions, a bounded pool, checked connections.

    Idle connections are pinged before use (``ping_idle_connections``), not busy
    ones: SQLAlchemy's ``pool_pre_ping`` would cost every request a round trip.
    """
    return {
        "pool_size": pool_size,
        "max_overflow": overflow,
        "pool_timeout": 20,
        "connect_args": {"options": "-c timezone=UTC", "connect_timeout": 10},
    }


# Seconds after which a pooled connection is no longer trusted unasked.
IDLE = 5.0


def ping_idle_connections(engine: Engine) -> None:
    """Replace connections that died while they lay in the pool.

    Without it the first request on every connection fails after the database was
    restarted.
    """

    @event.listens_for(engine, "checkin")
    def note(_: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _: Any) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < IDLE:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error as error:
            # The pool throws its old connections away and tries a new one.
            raise DisconnectionError from error


def commit() -> None:
    """Commit the unit of work; the only commit in the code base."""
    db.session.commit()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit what the block did, or nothing of it.

    The edge of everything that is not a request: commands, jobs, the dispatcher.
    """
    try:
        yield
        commit()
    except BaseException:
        db.session.rollback()
        raise


def release_connection() -> None:
    """Give the connection back while the caller waits for the network.

    Ends the current (so far read-only) transaction. A phone that takes a minute to
    send a photo must not hold a connection for that minute.
    """
    db.session.rollback()


# The database is away, shutting down, or out of connections: no fault of the request.
OutOfReach = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
Broken = (IntegrityError, psycopg.IntegrityError)


def violated(error: IntegrityError | psycopg.IntegrityError) -> str | None:
    """Return the name of the constraint that ``error`` broke, if it is known."""
    original = error.orig if isinstance(error, IntegrityError) else error
    diagnostics = getattr(original, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def forget_inherited_connections(engine: Engine) -> None:
    """Drop ``engine``'s pooled connections in forked children, leaving the parent's.

    A socket shared by two processes corrupts both.
    """
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))


def inside_any(
    column: InstrumentedAttribute[str], paths: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that an area path lies below one of ``paths``.

    No paths means nowhere: the condition is false, never absent.
    """
    return or_(false(), *(column.startswith(path, autoescape=True) for path in paths))
