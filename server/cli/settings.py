"""Settings for a command: from the environment, or of the installation in ``var/``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from server.app import create_app
from server.config import ConfigError, Settings
from server.core.embedded import EmbeddedPostgres, EmbeddedRedis

PROJECT = Path(__file__).parents[2]


def var_directory() -> Path:
    """Return where an installation keeps everything it writes."""
    return Path(os.environ.get("PATROL_VAR", PROJECT / "var")).absolute()


def uses_own_servers() -> bool:
    """Tell whether the embedded servers are used.

    Raises:
        ConfigError: only one of the two URLs is set.
    """
    given = [
        bool(os.environ.get(name, "").strip())
        for name in ("PATROL_DATABASE_URL", "PATROL_REDIS_URL")
    ]
    if any(given) and not all(given):
        raise ConfigError("set both PATROL_DATABASE_URL and PATROL_REDIS_URL, or none")
    return not any(given)


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """Return the variables with which the programs of this installation run.

    What the caller has set stays as it is.
    """
    var = var_directory()
    defaults = {
        "PATROL_PHOTO_DIR": str(var / "photos"),
        "PATROL_DEMO": "1",
        "PATROL_ACCOUNTS_FILE": str(var / "demo-accounts.json"),
    }
    wanted = {name: os.environ.get(name) or value for name, value in defaults.items()}
    wanted["PATROL_SECRET_KEY"] = os.environ.get("PATROL_SECRET_KEY") or secret(var)
    return {
        **wanted,
        "PATROL_DATABASE_URL": database_url,
        "PATROL_REDIS_URL": redis_url,
    }


def secret(var: Path) -> str:
    """Return the installation's secret, made at random the first time."""
    path = var / "secret-key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        var.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    draft.replace(path)
    return path.read_text().strip()


def current() -> Settings:
    """Return the settings of the installation this command is for.

    Raises:
        ConfigError: no URLs are set and the embedded servers do not run.
    """
    if not uses_own_servers():
        if os.environ.get("PATROL_SECRET_KEY"):
            return Settings.from_env()
        urls = os.environ["PATROL_DATABASE_URL"], os.environ["PATROL_REDIS_URL"]
        return Settings.from_env({**os.environ, **environment(*urls)})
    var = var_directory()
    database_url = EmbeddedPostgres(var / "postgres").running_url()
    redis_url = EmbeddedRedis(var / "redis").running_url()
    if database_url is None or redis_url is None:
        raise ConfigError(
            "the embedded servers do not run: start them with `make run`,"
            " or set PATROL_DATABASE_URL and PATROL_REDIS_URL"
        )
    return Settings.from_env({**os.environ, **environment(database_url, redis_url)})


@contextmanager
def application() -> Iterator[Flask]:
    """Give the application of :func:`current`, with its context pushed."""
    app = create_app(current())
    with app.app_context():
        yield app
