"""Making and dropping databases on a PostgreSQL server."""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Identifier

DRAFT_SUFFIX = ".new"


def connection_string(url: str) -> str:
    """Return SQLAlchemy's URL as PostgreSQL's own programs read it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def connect(url: str) -> psycopg.Connection:
    """Connect to ``url``, every statement its own transaction."""
    return psycopg.connect(connection_string(url), autocommit=True)


def database_exists(admin_url: str, name: str) -> bool:
    """Tell whether the server has a database of that name."""
    with connect(admin_url) as connection:
        row = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    return row is not None


def create_spatial_database(admin_url: str, draft_url: str, name: str) -> None:
    """Make an empty database with PostGIS.

    It gets its name only when complete: a crash half-way leaves a draft, which the
    next attempt drops, and never a database that lacks something.

    Args:
        admin_url: the server's database ``postgres``.
        draft_url: the URL of the database called ``name + DRAFT_SUFFIX``.
        name: the new database.
    """
    draft, final = Identifier(name + DRAFT_SUFFIX), Identifier(name)
    with connect(admin_url) as admin:
        admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(draft))
        admin.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(draft))
        with connect(draft_url) as connection:
            connection.execute("CREATE EXTENSION postgis")
        admin.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(draft, final))


def copy_database(admin_url: str, name: str, template: str) -> None:
    """Make a database as a copy of another, which nobody may be connected to."""
    with connect(admin_url) as admin:
        admin.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(
                Identifier(name), Identifier(template)
            )
        )


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database, if it is there, and end the connections to it."""
    with connect(admin_url) as admin:
        admin.execute(
            SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
        )
