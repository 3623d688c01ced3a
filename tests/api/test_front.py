"""Bodies are received before a request gets its thread: slow, large, broken off."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from server.cli.processes import web_command
from server.core.http.front import Front, Limits
from tests.conftest import SECRET
from tests.factories import Caller, Factory

MIB = 1024 * 1024
STALLED = 290


class Proto:
    """A connection that sends ``chunks``, ``pause`` seconds apart, then ends or not."""

    def __init__(self, chunks: Iterable[bytes], pause: float, *, ends: bool) -> None:
        self.chunks, self.pause, self.ends = list(chunks), pause, ends
        self.taken = 0
        self.status, self.headers, self.body = 0, {}, b""  # type: ignore[var-annotated]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            await asyncio.sleep(self.pause)
            self.taken += len(chunk)
            yield chunk
        if not self.ends:
            await asyncio.sleep(60)

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body


LIMITS = Limits(
    small=1000, most=20_000, drained=400_000, drain_seconds=0.5,
    json_seconds=0.3, file_seconds=0.5, rate=10_000,
)  # fmt: skip


def serve(
    chunks: Iterable[bytes],
    length: int,
    *,
    kind: str = "application/json",
    token: str = "good",  # noqa: S107
    pause: float = 0.0,
    ends: bool = True,
) -> Proto:
    """Send one request through the front to an application that reads its body."""
    app = Flask("tried")
    app.config["MAX_CONTENT_LENGTH"] = 100_000

    @app.put("/")
    def put() -> str:
        from flask import request

        return str(len(request.get_data()))

    def is_known(given: str) -> None:
        if given != "good":
            raise PermissionError

    front = Front(app, is_known=is_known, threads=2, limits=LIMITS)
    headers = {"content-type": kind, "content-length": str(length)}
    headers["authorization"] = f"Bearer {token}"
    scope = SimpleNamespace(
        method="PUT", path="/", query_string="", server="h:1", client="1.2.3.4:5",
        http_version="1.1", scheme="http", authority="h", headers=headers,
    )  # fmt: skip
    proto = Proto(chunks, pause, ends=ends)
    asyncio.run(front.__rsgi__(scope, proto))
    return proto


def test_a_whole_body() -> None:
    proto = serve([b"x" * 500] * 4, 2000)
    assert (proto.status, proto.body) == (200, b"2000")
    assert "connection" not in proto.headers


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg"])
def test_a_body_that_stalls_is_answered_with_408(kind: str) -> None:
    proto = serve([b"x"], 500, kind=kind, ends=False)
    assert proto.status == 408
    assert proto.headers["connection"] == "close"


def test_a_body_that_keeps_coming_has_its_time() -> None:
    # 0.5 s at 20 000 bytes a second, twice what is asked for.
    assert serve([b"x" * 1000] * 10, 10_000, pause=0.05).status == 200
    # … and at a tenth of it.
    assert serve([b"x" * 50] * 20, 1000, pause=0.05, ends=False).status == 408


def test_a_large_body_is_read_before_it_is_refused() -> None:
    proto = serve([b"x" * 50_000] * 6, 300_000)
    assert (proto.status, proto.taken) == (413, 300_000)
    assert "connection" not in proto.headers


def test_no_more_is_read_than_reason_has() -> None:
    proto = serve([b"x" * 50_000] * 20, 1_000_000)
    assert (proto.status, proto.taken) == (413, 450_000)
    assert proto.headers["connection"] == "close"
    assert serve([b"x" * 50_000] * 4, 300_000, ends=False).status == 413


def test_little_is_read_from_a_stranger() -> None:
    proto = serve([b"x" * 800] * 100, 80_000, token="bad")
    assert proto.taken == 1600
    assert proto.headers["connection"] == "close"


def test_a_body_that_breaks_off() -> None:
    assert serve([b"x" * 10], 500).status == 400


# --- a real server ------------------------------------------------------------------


@pytest.fixture
def server(
    committed_app: Flask, tmp_path: Path
) -> Iterator[tuple[int, Callable[[], Caller]]]:
    """Serve a database of its own; yields the port and a maker of callers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = committed_app.extensions["settings"]
    env = os.environ | {
        "PATROL_DATABASE_URL": settings.database_url,
        "PATROL_REDIS_URL": settings.redis_url,
        "PATROL_SECRET_KEY": SECRET,
        "PATROL_PHOTO_DIR": str(tmp_path / "photos"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    log = (tmp_path / "web.log").open("wb")
    command = web_command("127.0.0.1", port, 1)
    with log, subprocess.Popen(command, env=env, stdout=log, stderr=log) as web:
        try:
            for _ in range(100):
                if call(port, "GET", "/healthz")[0] == 200:
                    break
                time.sleep(0.2)
            with committed_app.app_context():
                yield port, Factory(committed_app).grid_worker
        finally:
            web.terminate()
            web.wait(20)


def call(
    port: int, method: str, path: str, data: Any = None, token: str = "", kind: str = ""
) -> tuple[int, str]:
    """Send one request with plain urllib; status 0 where there is no answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=data, method=method
    )
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", kind or "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
    except OSError as error:
        return 0, str(error)


def test_stalled_connections_and_large_bodies(
    server: tuple[int, Callable[[], Caller]],
) -> None:
    port, worker = server
    token = worker().token
    finding = f"/api/v1/findings/{uuid4()}"
    photo = f"/api/v1/photos/{uuid4()}?finding={uuid4()}"

    for size in (3 * MIB, 40 * MIB):
        status, text = call(port, "PUT", finding, b" " * size, token)
        assert (status, json.loads(text)["type"]) == (413, "too-large")
        assert str(MIB) in text
    status, text = call(port, "PUT", photo, b" " * 60 * MIB, token, "image/jpeg")
    assert (status, json.loads(text)["type"]) == (413, "too-large")
    assert call(port, "PUT", finding, b" " * 900_000)[0] == 401

    for path, kind, known in (
        (finding, "application/json", False),
        (finding, "application/json", True),
        (photo, "image/jpeg", True),
    ):
        with ExitStack() as stalled:
            for _ in range(STALLED):
                line = socket.create_connection(("127.0.0.1", port))
                stalled.enter_context(line)
                said = f"Authorization: Bearer {token}\r\n" if known else ""
                head = (
                    f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{said}"
                    'Content-Length: 5000\r\n\r\n{"a":'
                )
                line.sendall(head.encode())
            time.sleep(0.5)
            begun = time.monotonic()
            with ThreadPoolExecutor(4) as pool:
                asked = ["/healthz", "/api/v1/me"] * 4
                answers = pool.map(lambda p: call(port, "GET", p, token=token), asked)
                assert [status for status, _ in answers] == [200] * 8
            assert time.monotonic() - begun < 15


def test_the_command_has_room_for_many_connections() -> None:
    command = web_command("127.0.0.1", 1, 2)
    assert command[0] == sys.executable
    assert command[command.index("--backpressure") + 1] == "4096"
