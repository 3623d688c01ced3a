"""``patrol …``: what a person gets wrong is told in one line, at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner
from flask import Flask
from rq import Worker
from rq.worker import DequeueStrategy

from server.cli import address, processes
from tests.conftest import SECRET

PATROL = [sys.executable, "-c", "from server.cli import main; main()"]


def patrol(*words: object, **env: object) -> subprocess.CompletedProcess[str]:
    """Run a command and return its end."""
    return subprocess.run(
        [*PATROL, *map(str, words)],
        env=os.environ | {name: str(value) for name, value in env.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> dict[str, object]:
    """Return the variables of an installation on the tests' servers."""
    return {
        "PATROL_DATABASE_URL": database_url,
        "PATROL_REDIS_URL": os.environ["TEST_REDIS_URL"],
        "PATROL_SECRET_KEY": SECRET,
        "PATROL_PHOTO_DIR": tmp_path / "photos",
        "PATROL_VAR": tmp_path / "var",
    }


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("command", ["run", "web"])
def test_a_port_in_use_is_named_before_anything_starts(
    installation: dict[str, object], tmp_path: Path, taken: int, command: str
) -> None:
    if command == "run":  # with servers of its own, which must not start
        installation = {"PATROL_VAR": tmp_path / "var"}
    ended = patrol(command, **installation, PORT=taken)
    assert ended.returncode == 1
    assert f"port {taken} on 127.0.0.1 is in use" in ended.stderr
    assert f"PORT={taken + 1}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "var" / "postgres").exists()


def test_asking_for_a_port_is_quick_and_leaves_it_free(taken: int) -> None:
    started = time.monotonic()
    with pytest.raises(ClickException):
        address.check_free("127.0.0.1", taken)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address.check_free("127.0.0.1", port)
    address.check_free("127.0.0.1", port)
    assert time.monotonic() - started < 15


def test_the_note_of_the_address_lasts_as_long_as_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    assert address.known(tmp_path) == "http://127.0.0.1:8000"
    with address.noted(tmp_path, "http://127.0.0.1:9321"):
        assert address.known(tmp_path) == "http://127.0.0.1:9321"
    assert address.known(tmp_path) == "http://127.0.0.1:8000"
    monkeypatch.setenv("PORT", "9000")
    assert address.known(tmp_path) == "http://127.0.0.1:9000"


def test_a_day_goes_to_the_running_installation(tmp_path: Path, taken: int) -> None:
    (tmp_path / "address").write_text(f"http://127.0.0.1:{taken + 1}\n")
    accounts = tmp_path / "demo-accounts.json"
    accounts.write_text('[{"username": "a", "password": "b", "role": "grid_worker"}]')
    ended = patrol("demo", "day", PATROL_VAR=tmp_path)
    assert ended.returncode == 1
    assert str(taken + 1) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_files_that_will_not_do_are_told_in_a_line(
    installation: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    missing = tmp_path / "missing" / "x"
    for words, named in (
        (["areas", "export", missing], missing),
        (["areas", "export", tmp_path], tmp_path),
        (["areas", "export", tmp_path / "file" / "x"], tmp_path / "file" / "x"),
        (["areas", "import", missing], missing),
        (["areas", "import", tmp_path], tmp_path),
        (["checklists", "check", missing], missing),
        (["checklists", "check", tmp_path / "file"], tmp_path / "file"),
        (["checklists", "load", missing], missing),
        (["demo", "day", "--accounts", missing], missing),
        (["demo", "day", "--accounts", tmp_path], tmp_path),
    ):
        ended = patrol(*words, **installation)
        assert ended.returncode in {1, 2}, words
        assert str(named) in ended.stderr, words
        assert "Traceback" not in ended.stderr, words
        assert len(ended.stderr.splitlines()) <= 4, ended.stderr


def test_places_that_cannot_be_written_to_are_told_in_a_line(
    installation: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "x"
    for wrong in ({"PATROL_PHOTO_DIR": below}, {"PATROL_VAR": below}):
        command = ["run"] if "PATROL_VAR" in wrong else ["areas", "export", "/dev/null"]
        ended = patrol(*command, **installation | wrong)
        assert ended.returncode == 2
        assert str(tmp_path / "file") in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_database_that_is_away_is_told_in_a_line(
    installation: dict[str, object],
) -> None:
    url = "postgresql+psycopg://postgres@/none?host=/nonexistent"
    ended = patrol(
        "areas", "export", "/dev/null", **installation | {"PATROL_DATABASE_URL": url}
    )
    assert ended.returncode == 2
    assert "the database does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_is_exported(installation: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "areas.geojson"
    ended = patrol("areas", "export", file, **installation)
    assert ended.returncode == 0, ended.stderr
    assert file.read_text().startswith('{"type":"FeatureCollection"')


def test_the_worker_logs_no_line_for_a_job_that_succeeds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    class Quiet(Worker):
        def work(self, **how: object) -> bool:  # type: ignore[override]
            asked.update(how)
            return True

    monkeypatch.setattr(processes, "InProcessWorker", Quiet)
    monkeypatch.setattr(processes, "application", lambda: nullcontext(app))
    monkeypatch.setattr(os, "nice", lambda _: 0)
    ended = CliRunner().invoke(processes.worker)
    assert ended.exit_code == 0, ended.output
    assert asked == {
        "logging_level": "WARNING",
        "dequeue_strategy": DequeueStrategy.ROUND_ROBIN,
    }
