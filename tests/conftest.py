"""Real PostGIS and real Redis for the tests, started by the tests.

One server of each per run (the first worker starts them, all share them), one
database per test worker, cloned from a template that is migrated and holds the
catalogue and the demonstration district. Every test runs in a transaction that is
rolled back, unless it asks for ``committed``.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine

from server.accounts import passwords
from server.app import create_app
from server.config import Settings
from server.core import migrate
from server.core.db import db, unit_of_work
from server.core.embedded import EmbeddedPostgres, EmbeddedRedis
from server.demo.seed import load_areas, load_catalogues
from tests.factories import Factory

TEMPLATE = "template_patrol"
SECRET = "test-secret-test-secret-test-secret-0123"
_KEY = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before any worker; workers get their URLs by environment."""
    if hasattr(config, "workerinput"):
        _take_own_redis(int(config.workerinput["workerid"].removeprefix("gw")))
        return
    if config.option.collectonly:
        return
    directory = Path(tempfile.mkdtemp(prefix="patrol-tests-"))
    postgres = EmbeddedPostgres(directory / "postgres", durable=False)
    redis = EmbeddedRedis(directory / "redis")
    os.environ["TEST_DATABASE_URL"] = postgres.start()
    os.environ["TEST_REDIS_URL"] = redis.start()
    os.environ["TEST_DIRECTORY"] = str(directory)
    config.stash[_KEY] = {
        "servers": (redis, postgres),
        "directory": directory,
        "postgres": postgres,
    }


def _take_own_redis(worker: int) -> None:
    """Give a test worker a database of the one Redis that no other worker uses.

    Tests of two workers run at the same time, and some empty it.
    """
    url = os.environ["TEST_REDIS_URL"]
    os.environ["TEST_REDIS_URL"] = url.replace("db=0", f"db={worker}")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: a tenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers this run started."""
    held = config.stash.get(_KEY, None)
    if held is not None:
        for server in held["servers"]:
            server.stop()
        shutil.rmtree(held["directory"], ignore_errors=True)


def settings_for(database_url: str, directory: Path) -> Settings:
    """Return settings for a test application."""
    return Settings(
        database_url=database_url,
        redis_url=os.environ["TEST_REDIS_URL"],
        secret_key=SECRET,
        photo_dir=directory / "photos",
        login_attempts=5,
        login_attempts_per_address=1000,
        pool_size=4,
    )


def _other_database(name: str) -> str:
    return os.environ["TEST_DATABASE_URL"].replace("@/patrol?", f"@/{name}?")


def _execute(statement: str) -> None:
    engine = create_engine(_other_database("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def template_database() -> str:
    """Make the template once per run: migrated, catalogue and district loaded."""
    directory = Path(os.environ["TEST_DIRECTORY"])
    with open(directory / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "template.done"
        if not done.exists():
            _execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE patrol")
            app = create_app(settings_for(_other_database(TEMPLATE), directory))
            with app.app_context():
                migrate.upgrade(db.engine)
                with unit_of_work():
                    load_areas()
                    load_catalogues()
                db.engine.dispose()
            done.touch()
    return TEMPLATE


@pytest.fixture(scope="session")
def database_url(template_database: str, worker_id: str) -> Iterator[str]:
    """Return this worker's own database."""
    name = f"test_{worker_id}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield _other_database(name)
    _execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_app(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Return the application of this worker."""
    app = create_app(settings_for(database_url, tmp_path_factory.mktemp("app")))
    yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Hold the application inside a transaction that is rolled back.

    ``create_savepoint``: the code under test may commit and roll back as it likes,
    it only ever touches savepoints inside the outer transaction.
    """
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        # The extension asks its own table of engines, not the session's bind.
        db.engines[None] = connection  # type: ignore[assignment]
        settings = db.session.session_factory.kw
        db.session.remove()
        settings["join_transaction_mode"] = "create_savepoint"
        # One session for the test and every request in it.
        scope, db.session.registry.scopefunc = db.session.registry.scopefunc, lambda: 0
        remove, db.session.remove = db.session.remove, lambda: None
        try:
            yield
        finally:
            db.session.remove = remove
            db.session.remove()
            db.session.registry.scopefunc = scope
            del settings["join_transaction_mode"]
            db.engines[None] = engine
            outer.rollback()
            connection.close()


@contextmanager
def undone() -> Iterator[None]:
    """Undo what the requests in the block did, committed as they think it is."""
    connection = cast(Connection, db.engines[None])
    db.session.commit()
    nested = connection.begin_nested()
    try:
        yield
    finally:
        db.session.rollback()
        nested.rollback()
        db.session.expire_all()


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """Return the application inside a transaction that is rolled back."""
    with rolled_back(shared_app):
        yield shared_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of the rolled-back application."""
    return app.test_client()


@pytest.fixture
def make(app: Flask) -> Factory:
    """Return the factory of staff, phones, findings and tickets."""
    return Factory(app)


@pytest.fixture
def committed_app(
    template_database: str, tmp_path: Path, worker_id: str
) -> Iterator[Flask]:
    """Return an application on a database of its own, with real commits."""
    name = f"committed_{worker_id}_{abs(hash(tmp_path)) % 10**9}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    app = create_app(settings_for(_other_database(name), tmp_path))
    yield app
    with app.app_context():
        db.engine.dispose()
    _execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", autouse=True)
def quick_sign_ins() -> Iterator[PasswordHasher]:
    """Make passwords cheap, a quarter of the suite's time else; return the real one."""
    with pytest.MonkeyPatch.context() as patch:
        real = passwords._hasher
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", cheap)
        yield real


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and host not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test must not connect to {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
