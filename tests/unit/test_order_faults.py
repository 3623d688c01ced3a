"""Each kind of fault in orders.yaml is found at its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.checklists.catalogue import Rules
from server.checklists.loader import check, load
from tests.unit.test_catalogue_faults import write

ORDERS = """\
orders:
  - item: 30
    title: 小商店核查
    origin: [kq-fire]
    steps:
      - {step: issue, title: 下派, basis: [30.区消防救援大队.1], source: text}
      - {step: accept, title: 签收, basis: [30.township.1], source: design}
      - step: verify
        title: 核实
        requires: [photos]
        photos: before
        choices:
          - {code: yes_so, title: 属实, then: town_enforcing, needs: [enforce]}
          - {code: not_so, title: 不属实, then: answered}
        basis: [30.township.2]
        source: text
      - {step: return, title: 退回, basis: [30.township.2], source: design}
      - {step: enforce, title: 处置, basis: [30.township.3], source: text}
      - {step: submit, title: 上报, basis: [30.township.4], source: text}
      - {step: take_up, title: 受理, basis: [30.区消防救援大队.2], source: text}
      - {step: close, title: 办结, basis: [30.区消防救援大队.2], source: text}
      - {step: send_back, title: 退回, basis: [30.区消防救援大队.2], source: text}
"""
SECOND = ORDERS.partition("\n")[2]

# text there, what it becomes, the text whose line is at fault, the message
FAULTS = {
    "twice": (ORDERS, ORDERS + SECOND, None, "orders of item 30 stand twice"),
    "no such item": ("item: 30", "item: 31", "item: 31", "unknown duty item 31"),
    "no such department": ("[kq-fire]", "[kq-x]", "kq-x", "unknown department kq-x"),
    "no party": ("[kq-fire]", "[kq-housing]", "kq-housing", "no party of item 30"),
    "no such clause": (
        "30.township.4",
        "30.township.9",
        "30.township.9",
        "clause 30.township.9 does not exist in item 30",
    ),
    "clause of another item": (
        "30.township.4",
        "44.township.1",
        "44.township.1",
        "clause 44.township.1 does not exist in item 30",
    ),
    "step missing": ("step: submit", "step: urge", "steps:", "step submit is missing"),
    "step twice": (
        "step: enforce",
        "step: submit",
        "step: submit, title: 上报",
        "step submit stands twice",
    ),
    "unknown step": ("step: enforce", "step: dance", "step: dance", "is not one of"),
    "nothing to do": (
        ", needs: [enforce]",
        "",
        "code: yes_so",
        "yes_so leaves the town nothing to do",
    ),
    "needs no step": (
        "needs: [enforce]",
        "needs: [enforce, rectify]",
        "code: yes_so",
        "needs rectify, which is no step",
    ),
    "second leg without a way": (
        "then: town_enforcing",
        "then: answered",
        "code: yes_so",
        "yes_so needs the step assign",
    ),
    "leads nowhere": (
        "不属实, then: answered",
        "不属实",
        "code: not_so",
        "not_so says not where it leads",
    ),
    "photos without a stage": (
        "        photos: before\n",
        "",
        "step: verify",
        "photos are required and have no stage",
    ),
    "choices elsewhere": (
        "title: 处置,",
        "title: 处置, choices: [{code: a, title: 甲}],",
        "title: 处置",
        "choices belong to verify and rectify",
    ),
    "to elsewhere": (
        "title: 处置,",
        "title: 处置, to: kq-fire,",
        "title: 处置",
        "to belongs to the step transfer",
    ),
    "transfer without an answer": (
        "step: enforce, title: 处置,",
        "step: transfer, title: 移送, to: kq-x,",
        "step: transfer",
        "unknown department kq-x",
    ),
    "after nothing": (
        "title: 处置,",
        "title: 处置, after: [rectify],",
        "title: 处置",
        "step rectify is not among the steps",
    ),
}


def test_the_small_orders_are_sound(tmp_path: Path) -> None:
    rules = load(write(tmp_path, {"orders.yaml": ORDERS})).rules
    process = rules.order_process("30")
    assert process.origin == ("kq-fire",)
    found = process.result("yes_so")
    assert found is not None
    assert found.needs == ("enforce",)
    with pytest.raises(KeyError):
        rules.order_process("44")


def test_a_town_without_orders(tmp_path: Path) -> None:
    assert load(write(tmp_path)).rules.orders == ()


def test_an_edition_from_before_there_were_orders_is_still_read(tmp_path: Path) -> None:
    rules = load(write(tmp_path)).rules
    document = json.loads(json.dumps(rules.to_document()))
    del document["orders"]
    assert Rules.from_document(document) == rules


@pytest.mark.parametrize("name", FAULTS)
def test_fault(tmp_path: Path, name: str) -> None:
    before, after, where, message = FAULTS[name]
    assert before in ORDERS
    text = ORDERS.replace(before, after)
    folder = write(tmp_path, {"orders.yaml": text})
    found = [f for f in check(folder) if message in f.message]
    assert found, check(folder)
    lines = text.splitlines()
    assert found[0].file == str(folder / "orders.yaml")
    if where is not None:
        assert where in lines[found[0].line - 1]
