"""What changed from one version of a catalogue to another."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from server.checklists import difference
from server.checklists.clauses import Listing
from server.checklists.difference import Change
from server.checklists.loader import listing
from server.cli import patrol

SECOND = Path(__file__).parents[1] / "data" / "second_town"
OLD = listing(SECOND)


def changed(tmp_path: Path, file: str, old: str, new: str) -> Listing:
    """Return the second town's list with one text replaced in one file."""
    folder = tmp_path / "new"
    if not folder.exists():
        shutil.copytree(SECOND, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return listing(folder)


def test_nothing_changed() -> None:
    found = difference.compare(OLD, OLD)
    assert (found.changes, found.added, found.removed, found.touched) == ((),) * 4
    assert list(difference.text(found))[1:] == ["没有变化"]


def test_a_question_is_worded_anew(tmp_path: Path) -> None:
    new = changed(tmp_path, "items/30.yaml", "出租房屋的窗户", "每间屋的窗户")
    found = difference.compare(OLD, new)
    clause = "30.township.1"
    assert found.changes == (
        Change("checkpoint", "30-01", "changed", ("question",), (clause,)),
    )
    assert found.touched == (clause,)


def test_clauses_come_and_go(tmp_path: Path) -> None:
    new = changed(tmp_path, "duty-items.yaml", "township: 2\n", "township: 3\n")
    found = difference.compare(OLD, new)
    assert found.added == ("30.township.3",)
    assert found.keys("duty_item") == {"30"}
    back = difference.compare(new, OLD)
    assert back.removed == ("30.township.3",)


def test_rows_come_go_and_change(tmp_path: Path) -> None:
    row = (
        "  - id: C02\n    when: {item: [30], category: [F1]}\n    co: [kh-residents]\n"
        "    basis: [30.镇流动人口服务站.1]\n    source: text\n"
    )
    changed(tmp_path, "routing.yaml", "town:\n", row + "town:\n")
    changed(
        tmp_path, "routing.yaml", "any: [refused]", "category: [F1], any: [refused]"
    )
    new = changed(tmp_path, "facts.yaml", "群租十人以上", "群租八人以上")
    found = difference.compare(OLD, new)
    assert [(c.part, c.key, c.how, c.fields) for c in found.changes] == [
        ("fact", "many_tenants", "changed", ("label",)),
        ("route", "C02", "added", ()),
        ("route", "L02", "changed", ("categories",)),
    ]
    assert found.touched == ("30.区消防救援大队.2", "30.镇流动人口服务站.1")
    back = difference.compare(new, OLD)
    assert back.keys("route", "removed") == {"C02"}
    lines = list(difference.text(found))
    assert "  新增流转规则 C02  依据 30.镇流动人口服务站.1" in lines


def test_the_order_of_lead_rows_is_part_of_what_they_say() -> None:
    rules = replace(OLD.rules, lead_rows=OLD.rules.lead_rows[::-1])
    found = difference.compare(OLD, replace(OLD, rules=rules))
    assert {(c.key, c.fields) for c in found.changes} == {
        ("L01", ("order",)),
        ("L02", ("order",)),
    }


def test_processes_departments_ledgers_and_documents(tmp_path: Path) -> None:
    changed(tmp_path, "items.yaml", "order_document: 整改函", "order_document: 通知函")
    changed(tmp_path, "departments.yaml", "aliases: [水务站]", "aliases: []")
    changed(tmp_path, "ledgers.yaml", "rhythm: [prompt]", "rhythm: [periodic]")
    new = changed(tmp_path, "documents.yaml", "to: party", "to: town")
    found = difference.compare(OLD, new)
    assert {(c.part, c.key): c.fields for c in found.changes} == {
        ("department", "kh-water"): ("aliases",),
        ("process", "3"): ("order_document",),
        ("ledger", "D01"): ("rhythm",),
        ("document", "town_notice:30"): ("to",),
    }


def test_the_command_on_folders(tmp_path: Path) -> None:
    changed(tmp_path, "items/30.yaml", "出租房屋的窗户", "每间屋的窗户")
    words = ["list", "diff", str(SECOND), str(tmp_path / "new")]
    told = CliRunner().invoke(patrol, words)
    assert told.exit_code == 0, told.output
    assert "  修改检查点 30-01（question）  依据 30.township.1" in told.output
    assert "工单" not in told.output
    told = CliRunner().invoke(patrol, [*words, "--format", "json"])
    document = json.loads(told.output)
    assert document["tickets"] is None
    assert document["clauses"]["touched"] == ["30.township.1"]
