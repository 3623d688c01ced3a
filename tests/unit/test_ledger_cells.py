"""What single cells of a ledger say: orders, triggers, sums, safeguards."""

from __future__ import annotations

from typing import Any

import pytest

from server.checklists.catalogue import Rules
from server.checklists.loader import bundled_root, load
from server.reports.ledger_columns import COLUMNS, Words, cells, flat
from server.reports.ledger_entries import Event, entry_at
from tests.unit.test_ledger import END, OPENING, ZONE, at, found, row


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(bundled_root() / "buerhantu").rules


def printed(
    events: list[Event], rules: Rules, code: str, **changes: Any
) -> str | int | None:
    """The cell of a column as a table shows it."""
    entry = entry_at(found(**changes), events, END, ZONE)
    assert entry is not None
    told = flat(cells(entry, Words(rules, ("150203102200", "某村"), "D05")))
    by_code = dict(zip((column.code for column in COLUMNS), told, strict=True))
    value = by_code[code]
    assert value is None or isinstance(value, str | int)
    return value


def order(
    day: float, type_: str, department: str, title: str, number: str, due: str
) -> Event:
    document = {"kind": "order", "title": title, "number": number, "due_on": due}
    return at(day, type_, "ordered", department_of_actor=department, document=document)


ORDERS = [
    OPENING,
    order(5, "ordered", "kq-emergency", "整改指令", "昆应急整令1号", "2026-11-10"),
    order(6, "co_ordered", "kq-fire", "责令改正通知书", "昆消责改1号", "2026-11-12"),
    at(10, "recheck_failed", "ordered"),
    order(11, "ordered", "kq-emergency", "整改指令", "昆应急整令2号", "2026-11-20"),
]


def test_every_order_is_told(rules: Rules) -> None:
    assert printed(ORDERS, rules, "orders") == (
        "2026-11-05 区应急管理局 整改指令 昆应急整令1号 期限2026-11-10；"
        "2026-11-06 区消防救援大队 责令改正通知书 昆消责改1号 期限2026-11-12；"
        "2026-11-11 区应急管理局 整改指令 昆应急整令2号 期限2026-11-20"
    )
    told = row(ORDERS, rules)
    assert [one["number"] for one in told["orders"]] == [
        "昆应急整令1号",
        "昆消责改1号",
        "昆应急整令2号",
    ]
    # The columns of one order are the lead's last, as before.
    assert (told["order_no"], told["ordered_on"]) == ("昆应急整令2号", "2026-11-11")
    assert row([OPENING], rules)["orders"] == []


def test_an_order_that_was_withdrawn_says_so(rules: Rules) -> None:
    gone = {"id": "x", "number": "昆应急整令1号"}
    undone = at(12, "document_withdrawn", note="写错", withdrawn=gone)
    told = row([*ORDERS, undone], rules)["orders"]
    assert [one["withdrawn"] for one in told] == [True, False, False]


def reported(rule: str, *facts: str) -> list[Event]:
    sent = at(3, "reported", "reported", department="x", rule=rule, facts=list(facts))
    return [OPENING, sent]


@pytest.mark.parametrize(
    ("rule", "known", "told", "words"),
    [
        # 30–38: refused or illegal; that it takes an expert is why of nothing here.
        ("L04", ("professional",), ("refused",), "拒不整改（拒不改正）"),
        ("L04", ("professional", "cannot_fix_now"), (), "镇级决定上报"),
        # 39: refused or cannot be mended at once.
        ("L09", ("illegal",), ("cannot_fix_now",), "无法立即整改"),
        # 44: an expert's matter is a trigger there.
        ("L14", ("professional", "cannot_fix_now"), (), "专业性隐患"),
        # Fireworks go up at once, whatever else is known.
        ("L02", ("refused",), (), "发现即报"),
        (
            "L06",
            ("collapse_risk", "professional"),
            (),
            "存在结构倒塌风险、危及公共安全",
        ),
        (
            "L04",
            ("professional", "refused"),
            ("illegal",),
            "违法违规、拒不整改（拒不改正）",
        ),
    ],
)
def test_only_what_it_was_reported_for(
    rules: Rules, rule: str, known: tuple[str, ...], told: tuple[str, ...], words: str
) -> None:
    assert printed(reported(rule, *told), rules, "trigger", facts=known) == words


def penalised(kind: str) -> list[Event]:
    done = at(
        9, "penalised", None, kind=kind, amount="500", department_of_actor="kq-fire"
    )
    return [OPENING, done]


def test_a_warning_is_no_sum(rules: Rules) -> None:
    assert printed(penalised("warning"), rules, "penalties") == (
        "区消防救援大队 警告 2026-11-09"
    )
    (told,) = row(penalised("warning"), rules)["penalties"]
    assert (told["kind"]["name"], told["amount"]) == ("警告", None)
    assert "罚款 500元" in str(printed(penalised("fine"), rules, "penalties"))


@pytest.mark.parametrize("state", ["rectifying", "ordered"])
def test_what_is_done_until_the_later_day(rules: Rules, state: str) -> None:
    granted = at(
        9,
        "extended",
        state,
        due_on="2026-11-20",
        extension={"reason": "货未到", "safeguards": "专人值守"},
    )
    assert printed([OPENING, granted], rules, "remark") == (
        "2026-11-09 延期期间防范措施：专人值守"
    )
