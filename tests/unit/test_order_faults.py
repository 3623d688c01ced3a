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
    "twice": (ORDERS, ORDERS + SECOND, None, "事项 30 的下派工单重复"),
    "no such item": ("item: 30", "item: 31", "item: 31", "没有事项 31"),
    "no such department": ("[kq-fire]", "[kq-x]", "kq-x", "没有部门 kq-x"),
    "no party": (
        "[kq-fire]",
        "[kq-housing]",
        "kq-housing",
        "kq-housing 不是事项 30 的主体",
    ),
    "no such clause": (
        "30.township.4",
        "30.township.9",
        "30.township.9",
        "事项 30 没有条款 30.township.9",
    ),
    "clause of another item": (
        "30.township.4",
        "44.township.1",
        "44.township.1",
        "事项 30 没有条款 44.township.1",
    ),
    "step missing": ("step: submit", "step: urge", "steps:", "缺少环节 submit"),
    "step twice": (
        "step: enforce",
        "step: submit",
        "step: submit, title: 上报",
        "环节 submit 重复",
    ),
    "unknown step": (
        "step: enforce",
        "step: dance",
        "step: dance",
        "环节 dance 的 step：应为",
    ),
    "nothing to do": (
        ", needs: [enforce]",
        "",
        "code: yes_so",
        "yes_so 没有给镇留下要做的事",
    ),
    "needs no step": (
        "needs: [enforce]",
        "needs: [enforce, rectify]",
        "code: yes_so",
        "needs 里的 rectify 不是环节",
    ),
    "second leg without a way": (
        "then: town_enforcing",
        "then: answered",
        "code: yes_so",
        "yes_so 需要环节 assign",
    ),
    "leads nowhere": (
        "不属实, then: answered",
        "不属实",
        "code: not_so",
        "not_so 没有写通往哪里（then）",
    ),
    "photos without a stage": (
        "        photos: before\n",
        "",
        "step: verify",
        "要求照片，但没有写照片的阶段（photos）",
    ),
    "choices elsewhere": (
        "title: 处置,",
        "title: 处置, choices: [{code: a, title: 甲}],",
        "title: 处置",
        "choices 须写在 verify 和 rectify，且只写在那里",
    ),
    "to elsewhere": (
        "title: 处置,",
        "title: 处置, to: kq-fire,",
        "title: 处置",
        "to 须写在环节 transfer",
    ),
    "transfer without an answer": (
        "step: enforce, title: 处置,",
        "step: transfer, title: 移送, to: kq-x,",
        "step: transfer",
        "没有部门 kq-x",
    ),
    "after nothing": (
        "title: 处置,",
        "title: 处置, after: [rectify],",
        "title: 处置",
        "环节 rectify 不在 steps 里",
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
