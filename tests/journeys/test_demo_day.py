"""``patrol demo day`` against a real server on a loopback port, over HTTP only."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from server.app import audit_key, create_app
from server.audit.verify import verify
from server.cli import patrol
from server.cli.data import faults_beside
from server.core.db import db, unit_of_work
from server.demo.day import pictures, scenarios
from server.demo.day.accounts import Roster, read_roster
from server.demo.day.client import Answer, Api, Session
from server.demo.day.desks import Case, Desk
from server.demo.day.fates import ACCEPT, CLOSE, PROGRAMME, SETTLE, TOWN_PASSED, deal
from server.demo.day.phone import Phone
from server.demo.day.play import Outcome, play
from server.demo.day.summary import summary
from server.demo.day.watch import Watch
from server.demo.seed import load_accounts
from server.photos.images import inspect
from server.photos.structure import Limits
from tests.conftest import _execute as execute
from tests.conftest import _other_database as other_database
from tests.conftest import settings_for


class Quiet(WSGIRequestHandler):
    """A request handler that keeps the test's output readable."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


class Running(NamedTuple):
    """A server that runs, and its accounts file."""

    url: str
    accounts: Path
    app: Flask

    @property
    def roster(self) -> Roster:
        """The accounts."""
        return read_roster(self.accounts)

    def play(self, phones: int, findings: int, seed: int = 1) -> Outcome:
        """Play a day."""
        with closing(Api(self.url)) as api:
            watch = Watch(io.StringIO())
            return play(api, self.roster, phones, findings, seed, watch)

    def overseer(self, api: Api) -> Session:
        """Sign in someone who sees the whole district."""
        account = self.roster.overseer()
        assert account is not None
        return Session.open(api, account.username, account.password)

    def totals(self) -> dict[str, Any]:
        """Return the whole district's figures."""
        with closing(Api(self.url)) as api:
            report = self.overseer(api).get("/reports/rectification")
        return dict(report.data["total"])


@pytest.fixture(scope="module")
def running(
    template_database: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Serve an application with a database of its own on a free port.

    One for the whole module: its tests look at their own tickets only.
    """
    directory = tmp_path_factory.mktemp("day")
    with committed(template_database, f"day_{worker_id}", directory) as app:
        accounts = directory / "accounts.json"
        with app.app_context(), unit_of_work():
            load_accounts(accounts)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield Running(f"http://127.0.0.1:{server.port}", accounts, app)
        finally:
            server.shutdown()
            serving.join()
            server.server_close()


@contextmanager
def committed(template: str, name: str, directory: Path) -> Iterator[Flask]:
    """Give an application with real commits on a copy of the template."""
    execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    app = create_app(settings_for(other_database(name), directory))
    yield app
    with app.app_context():
        db.engine.dispose()
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take smaller photos where a test is not about their bytes."""
    monkeypatch.setattr(pictures, "SIZE", (320, 240))
    pictures._grains.cache_clear()
    yield
    pictures._grains.cache_clear()


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_ticket_goes_where_the_list_sends_it_and_as_far_as_played(
    running: Running, small_pictures: None
) -> None:
    before = running.totals()
    outcome = running.play(phones=4, findings=len(PROGRAMME))
    leads: dict[str, set[str | None]] = {}
    for case in outcome.cases:
        assert not case.stranded
        assert not case.yielded
        leads.setdefault(case.opened.scenario.name, set()).add(case.opened.lead)
        if case.opened.scenario is scenarios.FLYING_WIRE:
            assert "kq-police" in case.opened.co
        if case.opened.scenario is scenarios.GAS_CYLINDER:
            assert "kq-commerce" in case.opened.co
    assert leads[scenarios.BLOCKED_EXIT.name] == {"kq-fire"}
    assert leads[scenarios.FLYING_WIRE.name] == {"kq-fire"}
    assert leads[scenarios.CANNOT_FIX.name] == {"kq-fire"}
    assert leads[scenarios.GAS_CYLINDER.name] == {"kq-housing"}
    assert leads[scenarios.GAS_PIPE.name] == {"kq-housing"}
    assert leads[scenarios.CRACKED_HOUSE.name] == {"kq-housing"}
    assert leads[scenarios.FIREWORKS.name] == {"kq-emergency"}
    assert leads[scenarios.ILLEGAL_COMPANY.name] == {"kq-emergency"}
    assert leads[scenarios.SIMPLE.name] == {None}
    # Every state is left on some ticket that this catalogue can bring about.
    assert set(outcome.states) == {
        *("on_spot", "rectifying", "town_recheck", "closed_town", "reported"),
        *("dispatched", "returned", "verifying", "not_substantiated", "appraisal"),
        *("ordered", "transferred", "rectified", "feedback", "closed"),
    }
    ends = [path[-1:] for _, path in PROGRAMME]
    assert outcome.states["closed"] == ends.count(CLOSE)
    assert outcome.states["closed_town"] == ends.count(SETTLE) + ends.count(TOWN_PASSED)
    assert sum(outcome.states.values()) == len(PROGRAMME)
    check_rate(outcome, before)
    with running.app.app_context():
        verdict = verify(audit_key(running.app.extensions["settings"]))
        assert faults_beside() == []
    assert not verdict.faults


def check_rate(outcome: Outcome, before: dict[str, Any]) -> None:
    """The rate that is read is the one that the tickets' ends give."""
    steps = [step for case in outcome.cases for step in case.opened.path]
    excluded = sum(s.values.get("result") == "not_substantiated" for s in steps)
    states = outcome.states
    # A ticket that was closed as not substantiated is no rectification.
    gone = states["closed_town"] + states["rectified"] + states["feedback"]
    gone += states["closed"] - (excluded - states["not_substantiated"])
    assert outcome.report is not None
    total = outcome.report["total"]
    assert total["found"] - before["found"] == len(outcome.cases) - excluded
    assert total["rectified"] - before["rectified"] == gone
    assert total["rate"] == pytest.approx(total["rectified"] / total["found"], abs=1e-3)


def test_the_same_seed_finds_the_same_again(
    running: Running, small_pictures: None
) -> None:
    def found(numbers: set[str]) -> list[tuple[str, str]]:
        with closing(Api(running.url)) as api:
            pages = running.overseer(api).pages("/tickets")
            rows = [row for page in pages for row in page]
        ours = [row for row in rows if row["number"] in numbers]
        return sorted((row["description"], row["state"]) for row in ours)

    days = [running.play(2, 5, seed) for seed in (5, 5, 6)]
    first, again, other = (found({c.number for c in day.cases}) for day in days)
    assert len(first) == 5
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("username", "action", "done"),
    [("town1", "comment", True), ("fire1", "return", False)],
)
def test_whoever_is_quicker_is_respected(
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    username: str,
    action: str,
    done: bool,
) -> None:
    roster, watch = running.roster, Watch(io.StringIO())
    tasks = [(scenarios.BLOCKED_EXIT, ACCEPT)]
    with closing(Api(running.url)) as api:
        phone = Phone(api, roster.with_role("grid_worker")[0], 0, tasks, seed=1)
        case = Case(phone.patrol(watch).opened[0], "key")
        quicker = roster.named(username)
        handler = roster.of_department("kq-fire")
        assert quicker is not None
        assert handler is not None
        other = Session.open(api, quicker.username, quicker.password)
        get, overtaken = Session.get, []

        def read_and_be_overtaken(self: Session, path: str, **query: Any) -> Answer:
            answer = get(self, path, **query)
            if path == f"/tickets/{case.number}" and not overtaken:
                overtaken.append(path)
                body = {"note": "先办一步"}
                assert other.act(case.number, action, answer.etag, body).status == 200
            return answer

        monkeypatch.setattr(Session, "get", read_and_be_overtaken)
        desk = Desk(api, handler, roster)
        desk.work([case], watch)
    assert desk.tally.conflicts == 1
    assert (case.done == 1, case.yielded) == (done, not done)


def run(*arguments: str) -> Result:
    """Run ``patrol demo day``."""
    return CliRunner().invoke(patrol, ["demo", "day", *arguments])


def test_the_command_ends_with_a_summary(running: Running) -> None:
    arguments = ["--phones", "2", "--findings", "3", "--seed", "4"]
    result = run(*arguments, "--url", running.url, "--accounts", str(running.accounts))
    assert result.exit_code == 0, result.stderr
    assert "巡查上报 3/3 条" in result.stderr
    assert "巡查日小结（种子 4）" in result.stdout
    assert "区消防救援大队" in result.stdout
    assert re.search(r"^隐患 +3$", result.stdout, re.MULTILINE)
    assert re.search(r"^  合计( +\d+){2} +\d+\.\d %$", result.stdout, re.MULTILINE)


def test_no_server_is_told_in_one_line(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.json"
    accounts.write_text(
        json.dumps([{"username": "g", "password": "p", "role": "grid_worker"}])
    )
    url = f"http://127.0.0.1:{closed_port()}"
    result = run("--url", url, "--accounts", str(accounts))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert url in result.stderr
    assert "没有运行" in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "读不到账号文件"),
        ("{", "不是账号文件"),
        ('[{"name": "x"}]', "不是账号文件"),
        ("[1]", "不是账号文件"),
        ("[]", "没有网格员账号"),
    ],
)
def test_no_accounts_is_told_in_one_line(
    tmp_path: Path, text: str | None, told: str
) -> None:
    accounts = tmp_path / "accounts.json"
    if text is not None:
        accounts.write_text(text)
    result = run("--accounts", str(accounts))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


def test_an_unexpected_answer_names_call_status_and_problem(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "take", lambda *_: b"no picture at all")
    result = run(
        *("--phones", "3", "--findings", "6", "--seed", "1"),
        *("--url", running.url, "--accounts", str(running.accounts)),
    )
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert "PUT /photos/" in last
    assert "回答 415：not-an-image" in last


def test_accounts_of_another_installation_are_told(
    running: Running, tmp_path: Path
) -> None:
    other = tmp_path / "accounts.json"
    entries = json.loads(running.accounts.read_text())
    entries[0]["password"] = "of another one"
    other.write_text(json.dumps(entries))
    result = run("--url", running.url, "--accounts", str(other))
    assert result.exit_code == 1
    assert "grid1 无法登录" in result.stderr


def test_a_longer_day_plays_the_programme_again_by_its_seed() -> None:
    twice = 2 * len(PROGRAMME)
    assert deal(twice, 1) == deal(twice, 1)
    assert deal(twice, 1) != deal(twice, 2)
    assert deal(3, 1) == list(PROGRAMME[:3])
    assert Counter(map(id, deal(twice, 1))) == Counter(map(id, PROGRAMME * 2))


def shown_width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_figures_stand_under_each_other_and_no_report_is_said() -> None:
    outcome = Outcome(seed=1, phones=2, seen=True)
    outcome.states = Counter({"closed": 7, "ordered": 120, "dreamt": 1})
    outcome.departments = [("区消防救援大队", 110, 7), (None, 18, 0)]
    rows = summary(outcome).splitlines()
    counted = [row for row in rows if row.startswith("  ")]
    ends = {shown_width(re.match(r"  \S+ +\d+", row).group()) for row in counted}
    assert len(counted) == 5
    assert len(ends) == 1
    assert rows[-1] == "整改率：服务器没有提供 /reports/rectification（404）"


def test_photos_differ_and_say_where_and_which_way_up(tmp_path: Path) -> None:
    rng = Random(1)
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    photos = [pictures.take(rng, at, (109.7123, 40.6123)) for _ in range(12)]
    assert len(set(photos)) == len(photos)
    turned = set()
    located = 0
    for photo in photos:
        assert 60_000 < len(photo) < 300_000
        file = tmp_path / "photo.jpg"
        file.write_bytes(photo)
        facts = inspect(file, Limits())
        turned.add(facts.orientation)
        if facts.position is not None:
            located += 1
            assert facts.position == pytest.approx((109.7123, 40.6123), abs=1e-6)
            assert facts.taken_at == at
    assert {1, 6} <= turned
    assert 0 < located < len(photos)
