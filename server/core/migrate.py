"""Bringing the database to the newest schema, from anywhere, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

SCRIPTS = Path(__file__).parents[2] / "migrations"
# Any number, the same for everyone who migrates this database.
LOCK = 7_203_150


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration, bound to ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, target: str = "head") -> None:
    """Apply what is missing up to ``target``.

    Several processes may start at once; one migrates, the others wait and find
    nothing to do.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        command.upgrade(configuration(connection), target)


def downgrade(engine: Engine, target: str) -> None:
    """Take back down to ``target``."""
    with engine.begin() as connection:
        command.downgrade(configuration(connection), target)
