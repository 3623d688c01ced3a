"""Faults of steps, documents, outside clauses and rows nobody comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.checklists.loader import check, load
from tests.unit.test_catalogue_faults import ROW, SMALL, write

DOCUMENTS = """\
documents:
  - kind: order
    title: 责令改正通知书
    issuer: lead
    departments: [kq-fire]
    to: party
    items: [30]
    basis: ["{item}.区消防救援大队.2"]
    source: text
  - kind: town_notice
    title: 整改提醒单
    issuer: town
    to: party
    items: [30]
    basis: [30.township.3]
    source: design
"""
OUTSIDE = """\
outside:
  - clauses: [44.区住建局.1]
    reason: 行业规划编制
  - items: [30]
    clauses: ["{item}.区消防救援大队.1"]
    reason: 部门内部事务
"""
STEPS = """\
    source: text
    steps:
      settle: ["{item}.township.3"]
      penalise: ["{item}.区消防救援大队.2"]
  - items: [44]
"""
FILES = {
    "catalogue.yaml": SMALL["catalogue.yaml"] + "accounted: [30, 44]\n",
    "documents.yaml": DOCUMENTS,
    "outside.yaml": OUTSIDE,
    "items.yaml": SMALL["items.yaml"].replace(
        "    source: text\n  - items: [44]\n", STEPS
    ),
    "routing.yaml": SMALL["routing.yaml"],
}


def test_the_files_are_sound(tmp_path: Path) -> None:
    rules = load(write(tmp_path, FILES)).rules
    assert rules.accounted == ("30", "44")
    assert rules.process("30").steps["settle"] == ("30.township.3",)
    assert [(d.kind, d.departments) for d in rules.documents] == [
        ("order", ("kq-fire",)),
        ("town_notice", ()),
    ]
    assert [e.clause for e in rules.outside] == ["44.区住建局.1", "30.区消防救援大队.1"]


# file, text there, what it becomes, the text whose line is at fault, the message
FAULTS = {
    "accounted item": (
        "catalogue.yaml",
        "[30, 44]",
        "[30, 45]",
        "accounted",
        "没有事项 45",
    ),
    "step that does not exist": (
        "items.yaml",
        "      settle:",
        "      setle:",
        "      setle:",
        "事项 30 的 steps 的 setle：没有这个字段",
    ),
    "clause of a step": (
        "items.yaml",
        'settle: ["{item}.township.3"]',
        'settle: ["{item}.township.9"]',
        "settle: [",
        "履职清单没有条款 30.township.9",
    ),
    "step without its means": (
        "items.yaml",
        "      settle:",
        "      escalate:",
        "      escalate:",
        "事项 30 的环节 escalate 需要 next_level",
    ),
    "step the process does not allow": (
        "items.yaml",
        "penalties: [warning, fine]\n",
        "penalties: []\n",
        "      penalise:",
        "事项 30 的环节 penalise 需要 penalties",
    ),
    "clause of a document": (
        "documents.yaml",
        "30.township.3",
        "30.township.8",
        "basis: [30.township.8]",
        "履职清单没有条款 30.township.8",
    ),
    "department of a document": (
        "documents.yaml",
        "[kq-fire]",
        "[kq-fier]",
        "departments: [kq-fier]",
        "没有部门 kq-fier",
    ),
    "title of an order": (
        "documents.yaml",
        "title: 责令改正通知书",
        "title: 整改指令",
        "items: [30]",
        "事项 30 在 items.yaml 里称为 责令改正通知书",
    ),
    "document twice": (
        "documents.yaml",
        "kind: town_notice\n    title: 整改提醒单\n    issuer: town",
        "kind: order\n    title: 责令改正通知书\n    issuer: lead",
        "items: [30]\n    basis: [30.township.3]",
        "事项 30 的 order 已写在第 7 行",
    ),
    "notice where the town writes none": (
        "documents.yaml",
        "items: [30]\n    basis: [30.township.3]",
        "items: [44]\n    basis: [30.township.3]",
        "items: [44]",
        "事项 44 由镇出具的通知为 none（items.yaml）",
    ),
    "outside clause": (
        "outside.yaml",
        "44.区住建局.1",
        "44.区住建局.9",
        "- clauses: [44.区住建局.9]",
        "履职清单没有条款 44.区住建局.9",
    ),
    "outside without items": (
        "outside.yaml",
        "  - items: [30]\n    clauses",
        "  - clauses",
        '- clauses: ["{item}',
        "条款 {item}.区消防救援大队.1 须同时写 items",
    ),
    "the town's clause outside": (
        "outside.yaml",
        "[44.区住建局.1]",
        "[30.township.4]",
        "- clauses: [30.township.4]",
        "条款 30.township.4 是镇的职责，不能列为系统之外",
    ),
    "outside twice": (
        "outside.yaml",
        "[44.区住建局.1]",
        "[44.区住建局.1, 44.区住建局.1]",
        "- clauses",
        "系统之外 第 1 个 的 clauses：有重复的值：44.区住建局.1",
    ),
    "outside twice in two entries": (
        "outside.yaml",
        '"{item}.区消防救援大队.1"',
        '"44.区住建局.1"',
        'clauses: ["44.区住建局.1"]',
        "条款 44.区住建局.1 已写在第 2 行",
    ),
    "outside and inside": (
        "outside.yaml",
        "{item}.区消防救援大队.1",
        "{item}.区消防救援大队.2",
        'clauses: ["{item}.区消防救援大队.2"]',
        "条款 30.区消防救援大队.2 已列为系统之外，但流转规则 L02 以它为依据",
    ),
    "co row whose cases are sent on": (
        "routing.yaml",
        "when: {item: [44], fact: [black_gas]}",
        "when: {item: [30], category: [G1]}",
        "- id: C01",
        "规则 C01 永远用不到：它的情况都被 L01 转走",
    ),
    "row of an item that is not patrolled": (
        "routing.yaml",
        "when: {item: [44], fact: [black_gas]}",
        "when: {item: [44, 31], fact: [black_gas]}",
        "when: {item: [44, 31]",
        "规则 C01 对事项 31 永远用不到：items.yaml 里没有它的处置流程",
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_fault_is_found_at_its_line(
    tmp_path: Path, case: tuple[str, str, str, str, str]
) -> None:
    name, old, new, place, message = case
    assert FILES[name].count(old) == 1, "the text to change must be unambiguous"
    changed = FILES[name].replace(old, new)
    write(tmp_path, FILES | {name: changed})
    line = changed.count("\n", 0, changed.index(place)) + 1

    faults = check(tmp_path)

    found = [f for f in faults if message in f.message]
    assert [(f.file, f.line) for f in found] == [(str(tmp_path / name), line)], faults


def test_a_wider_co_row_is_reached(tmp_path: Path) -> None:
    """It matches G1, which is sent on, and F1, which stays."""
    routing = SMALL["routing.yaml"].replace(
        "when: {item: [44], fact: [black_gas]}",
        "when: {item: [30], category: [F1, G1]}",
    )
    assert check(write(tmp_path, FILES | {"routing.yaml": routing})) == []


def test_an_item_without_a_route_is_named(tmp_path: Path) -> None:
    """Its rows are all for other items."""
    routing = SMALL["routing.yaml"].replace("{item: [44], any", "{item: [30], any")
    faults = check(write(tmp_path, {"routing.yaml": routing}))
    checklist = str(tmp_path / "items" / "44.yaml")
    assert [(f.line, f.message) for f in faults if f.file == checklist] == [
        (1, "事项 44 在 routing.yaml 里没有 lead 规则")
    ]


def test_two_co_rows_may_both_apply(tmp_path: Path) -> None:
    """Co rows add up; only lead rows can tie."""
    second = ROW.format(id="C02", when="{item: [44], fact: [black_gas]}")
    second = second.replace("lead: kq-fire", "co: [kq-housing]")
    routing = SMALL["routing.yaml"].replace("town:\n", second + "town:\n")
    assert check(write(tmp_path, {"routing.yaml": routing})) == []
