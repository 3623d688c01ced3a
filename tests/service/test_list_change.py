"""A new version of the list: what it changes, and what it leaves as it was decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from server.checklists import difference, service
from server.checklists.catalogue import Catalogue, Penalty
from server.checklists.loader import bundled_root, load
from server.cli import catalogues, patrol
from server.core.clock import now
from server.core.db import commit
from server.core.errors import NotFound
from server.demo.seed import DISTRICT
from server.tickets.touched import open_tickets
from tests.factories import Caller, Factory

SECOND = Path(__file__).parents[1] / "data" / "second_town"
OWN = "buerhantu"
VILLAGE = "150203100200"  # of 昆河镇, the second town
OLD = load(bundled_root() / "buerhantu")


def newer() -> Catalogue:
    """Return the list after a change: item 35 goes to 应急局 and knows a fine only.

    Its first question is worded anew, and the last township clause of 44 is gone.
    """
    rules = OLD.rules
    lead_rows = tuple(
        replace(row, lead="kq-emergency", coordinator=None) if row.id == "L04" else row
        for row in rules.lead_rows
    )
    processes = tuple(
        replace(p, penalties=(Penalty("fine", "罚款"),)) if p.item == "35" else p
        for p in rules.processes
    )
    first, *others = OLD.checklist("35").checkpoints
    worded = replace(first, question="新的问法？")
    checklists = tuple(
        replace(c, checkpoints=(worded, *others)) if c.code == "35" else c
        for c in OLD.checklists
    )
    gas = rules.duty_item("44")
    shorter = replace(
        gas,
        parties=tuple(
            replace(p, clauses=p.clauses[:1]) if p.name == "township" else p
            for p in gas.parties
        ),
    )
    items = tuple(shorter if i.number == "44" else i for i in rules.duty_items)
    rules = replace(rules, lead_rows=lead_rows, processes=processes, duty_items=items)
    return replace(OLD, rules=rules, checklists=checklists)


@pytest.fixture
def publish(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Catalogue], datetime]:
    """Publish a catalogue; the moment just before is returned."""
    # Versions that are rolled back must not stay in the process's memory.
    monkeypatch.setattr(service, "_checklists", service._Kept(200))

    def published(catalogue: Catalogue) -> datetime:
        before = now()
        service.publish(catalogue)
        commit()
        return before

    return published


@pytest.fixture
def worker(make: Factory) -> Caller:
    """A grid worker."""
    return make.grid_worker()


def lead(caller: Caller, number: str) -> str:
    """Return the lead department's code of a ticket."""
    return str(caller.ticket(number)["lead_department"]["code"])


def test_an_open_ticket_keeps_decision_and_process(
    make: Factory, worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    number = make.reported(worker)
    fire = make.handler("kq-fire")
    before = fire.ticket(number)
    publish(newer())

    after = fire.ticket(number)
    assert (after["lead_department"], after["state"]) == (
        before["lead_department"],
        "reported",
    )
    assert after["routing"] == before["routing"]
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    # A warning is no penalty of the new version.
    fire.done(number, "penalise", kind="warning", note="警告")


def test_a_ticket_that_is_routed_again_keeps_its_version(
    make: Factory, worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    number = make.reported(worker)
    publish(newer())
    make.handler("kq-fire").done(number, "return", note="情况不清")
    worker.done(number, "report_up", note="已补充")
    assert lead(worker, number) == "kq-fire"


def test_what_is_found_afterwards_goes_by_the_new_version(
    make: Factory, worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    publish(newer())
    number = make.reported(worker, found_at=now().isoformat())
    assert lead(worker, number) == "kq-emergency"
    handler = make.handler("kq-emergency")
    handler.done(number, "accept")
    handler.done(number, "verify", result="substantiated", note="属实")
    answer = handler.act(number, "penalise", kind="warning", note="警告")
    assert answer.status_code == 422


def test_found_before_and_received_after_goes_by_the_old_version(
    make: Factory, worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    before = publish(newer())
    late = make.reported(worker, found_at=before.isoformat())
    assert lead(worker, late) == "kq-fire"


def test_checkpoints_of_the_old_version_stay(
    worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    old = worker.get("/checklists/35").json
    publish(newer())
    new = worker.get("/checklists/35").json
    assert (old["version"], new["version"]) == (1, 2)
    assert new["checkpoints"][0]["question"] == "新的问法？"
    assert worker.get("/checklists/35/versions/1").json == old


def test_a_town_s_own_list_decides_from_its_first_day(
    make: Factory, publish: Callable[[Catalogue], datetime]
) -> None:
    worker = make.grid_worker(VILLAGE)
    before = publish(load(SECOND))
    where = {"position": make.position(VILLAGE)}
    late = make.reported(worker, found_at=before.isoformat(), **where)
    assert worker.ticket(late)["catalogue"] == "buerhantu"
    found = {"duty_item": "30", "found_at": now().isoformat()}
    today = make.reported(worker, **found, **where)
    assert worker.ticket(today)["catalogue"] == "kunhe"


def test_the_open_tickets_touched_are_named(
    make: Factory, worker: Caller, publish: Callable[[Catalogue], datetime]
) -> None:
    by_row = make.reported(worker)
    other = make.reported(worker, duty_item="42", category="P1")
    gas = make.reported(worker, duty_item="44", category="G1")
    ended = make.ticket(worker)
    officer = make.town_officer()
    officer.done(ended, "settle", note="好", photos=[officer.photo(ended)])
    publish(newer())
    found = difference.compare(
        service.published("buerhantu", 1), service.published(None, 2)
    )
    assert found.keys("route") == {"L04"}
    assert found.removed == ("44.township.2",)
    touched = {t.number: (t.ruleset, t.why) for t in open_tickets("buerhantu", found)}
    assert touched == {
        by_row: (1, ("流转规则 L04 修改", "处置流程 35 修改")),
        gas: (1, ("事项 44 修改", "条款 44.township.2 删除")),
    }
    assert other not in touched
    assert open_tickets("kunhe", found) == []


def test_no_such_version(app: Flask) -> None:
    for code, version in (("buerhantu", 99), ("nowhere", 1), (None, 99)):
        with pytest.raises(NotFound):
            service.published(code, version)


def run(app: Flask, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """Run the command line inside the test's transaction."""
    monkeypatch.setattr(catalogues, "application", lambda: nullcontext(app))
    monkeypatch.setattr(catalogues, "current", lambda: None)
    return CliRunner().invoke(patrol, list(words))


def test_diff_of_published_versions(
    app: Flask,
    make: Factory,
    worker: Caller,
    publish: Callable[[Catalogue], datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = make.reported(worker)
    publish(newer())
    told = run(app, monkeypatch, "list", "diff", "@1", "buerhantu@2")
    assert told.exit_code == 0, told.output
    assert "buerhantu@1 → buerhantu@2" in told.output
    assert "修改流转规则 L04（lead、coordinator）" in told.output
    assert "修改检查点 35-01（question）  依据 35.township.3" in told.output
    assert "删除条款 1 条：44.township.2" in told.output
    assert "涉及未办结工单 1 件（仍按原决定办理）" in told.output
    assert f"{number}  流转规则 L04 修改；处置流程 35 修改" in told.output

    told = run(app, monkeypatch, "list", "diff", "@1", "@2", "--format", "json")
    document = json.loads(told.output)
    assert document["clauses"]["removed"] == ["44.township.2"]
    assert [row["number"] for row in document["tickets"]] == [number]
    told = run(app, monkeypatch, "list", "diff", "@1", "@9")
    assert (told.exit_code, "没有唯一的版本 @9" in told.output) == (1, True)


def test_clauses_and_routing_of_a_published_version(
    app: Flask,
    publish: Callable[[Catalogue], datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(load(SECOND))
    told = run(app, monkeypatch, "clauses", "--catalogue", "kunhe@1", "--item", "3")
    assert told.exit_code == 0, told.output
    assert "3.镇水务站.2  工单步骤：责令改正（order）" in told.output

    newest = run(app, monkeypatch, "clauses", "--catalogue", "kunhe", "--item", "3")
    assert (newest.exit_code, newest.output) == (0, told.output)
    told = run(app, monkeypatch, "clauses", "--catalogue", "nowhere")
    assert (told.exit_code, "nowhere: give a folder" in told.output) == (2, True)

    case = ["routing", "explain", "--item", "30", "--category", "F1"]
    told = run(app, monkeypatch, *case, "--area", "150203100")
    assert told.exit_code == 0, told.output
    assert told.output.startswith("清单：昆河镇配合履职事项清单（测试）（kunhe@1）\n")
    assert "事项：30 出租房屋消防安全检查" in told.output
    told = run(app, monkeypatch, *case, "--area", "150203100", "--catalogue", OWN)
    assert "事项：30 小商店消防安全监督检查" in told.output
    day = now().date().isoformat()
    told = run(app, monkeypatch, *case, "--at", day, "--area", VILLAGE)
    assert told.exit_code == 0, told.output
    assert "属地：昆河镇" in told.output
    assert "规则 T30" in told.output
    told = run(app, monkeypatch, *case, "--at", day, "--area", DISTRICT)
    assert "小商店消防安全监督检查" in told.output
    told = run(app, monkeypatch, *case, "--at", day)
    assert (told.exit_code, "--at needs --area" in told.output) == (2, True)
    told = run(app, monkeypatch, *case, "--at", day, "--area", "1")
    assert (told.exit_code, "没有此区域" in told.output) == (1, True)
