"""Health, readiness, metrics, problems."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from server.app import create_app
from server.audit import dispatcher
from server.config import Settings
from server.core.permissions import Role
from server.demo.seed import is_loaded, load_accounts
from tests.api.test_photos import upload
from tests.conftest import settings_for
from tests.factories import Factory, picture


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok", "database": "ok", "redis": "ok", "photo_store": "ok",
    }  # fmt: skip


def test_not_ready_without_redis(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Redis(unix_socket_path="/nonexistent/redis.sock")
    monkeypatch.setitem(app.extensions, "redis_probe", nowhere)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["redis"]) == (503, "down")
    assert answer.json["database"] == "ok"


def test_not_ready_without_a_database(tmp_path) -> None:  # type: ignore[no-untyped-def]
    url = "postgresql+psycopg://postgres@/none?host=/nonexistent"
    app = create_app(settings_for(url, tmp_path))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "down")
    assert app.test_client().get("/healthz").status_code == 200


def test_metrics(client: FlaskClient) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'patrol_requests_total{method="GET",route="/healthz",status="200"}' in text


def test_metrics_tell_what_the_outbox_owes(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    for id in (uuid4(), uuid4()):
        upload(make.grid_worker(), f"finding={id}", picture())
    text = client.get("/metrics").text
    assert 'patrol_outbox_deliveries{state="waiting"} 2.0' in text
    assert 'patrol_outbox_deliveries{state="given_up"} 0.0' in text
    monkeypatch.setattr(dispatcher, "MAX_ATTEMPTS", 0)
    text = client.get("/metrics").text
    assert 'patrol_outbox_deliveries{state="given_up"} 2.0' in text


def test_metrics_come_whatever_is_down(tmp_path: Path) -> None:
    url = "postgresql+psycopg://postgres@/none?host=/nonexistent"
    app = create_app(
        replace(settings_for(url, tmp_path), redis_url="unix:///nonexistent/redis.sock")
    )
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert "patrol_requests_total" in answer.text
    assert "patrol_outbox_deliveries{" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("PATCH", "/api/v1/me", 405, "method-not-allowed"),
        ("GET", "/api/v1/tickets/%00", 401, "unauthenticated"),
    ],
)
def test_problems(
    client: FlaskClient, method: str, path: str, status: int, slug: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json["type"]) == (status, slug)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"]


def test_an_unexpected_failure_tells_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("server.core.http.operations._ask_database", broken)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "down")
    assert "secret" not in answer.text


def test_settings_name_what_is_wrong() -> None:
    env = {
        "PATROL_DATABASE_URL": "postgresql://x",
        "PATROL_REDIS_URL": "redis://x",
        "PATROL_SECRET_KEY": "k" * 32,
        "PATROL_PHOTO_DIR": "photos",
    }
    assert Settings.from_env(env).max_photo_bytes == 20 * 1024 * 1024
    for name, value in (
        ("PATROL_DATABASE_URL", ""),
        ("PATROL_SECRET_KEY", "short"),
        ("PATROL_TIMEZONE", "Mars/Olympus"),
        ("PATROL_DEMO", "perhaps"),
        ("PATROL_MAX_PHOTO_BYTES", "20MB"),
    ):
        with pytest.raises(ValueError, match=name):
            Settings.from_env(env | {name: value})


def test_the_demonstration_is_loaded_once(app: Flask, tmp_path: Path) -> None:
    """A start must not set back what was imported or changed since the first."""
    file = tmp_path / "accounts.json"
    assert is_loaded()
    assert load_accounts(file) is True
    assert file.stat().st_mode & 0o077 == 0
    kept = json.loads(file.read_text())
    assert {entry["role"] for entry in kept} == {role.value for role in Role}
    assert load_accounts(file) is False
    file.unlink()
    with pytest.raises(RuntimeError, match="accounts exist"):
        load_accounts(file)
