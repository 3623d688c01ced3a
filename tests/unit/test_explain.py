"""Why a hazard goes where it goes, told to a person."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result

from server.checklists.loader import bundled_root, load
from server.cli import patrol
from server.core.errors import Invalid
from server.tickets.explain import Question, explain
from server.tickets.routing import Case, decide

RULES = load(bundled_root() / "buerhantu").rules


def told(item: str, category: str, *facts: str, reported: bool = False) -> list[str]:
    return explain(RULES, Question(item, category, facts, reported, ""))


def run(*words: str) -> Result:
    return CliRunner().invoke(patrol, ["routing", "explain", *words])


def test_the_town_sees_to_it() -> None:
    lines = told("44", "G1", "cylinder_expired")
    assert "决定：未具备上报条件，由卜尔汉图镇按 44.township.2 督促整改" in lines
    assert "依据：44.township.2（规则 T44，清单原文）" in lines
    assert "协同：无" in lines
    text = "\n".join(lines)
    assert "  L14：缺少上报条件：拒不整改（拒不改正）（refused）" in text
    assert "  C11：条件符合，但由镇村自行处理，不设协同" in lines
    assert lines[-1].startswith(
        "  只用于其他事项：L01（30）、L02（31–38）、L03（26、30–39、"
    )
    assert not any(line.startswith("  L01") for line in lines)


def test_a_department_gets_it_after_a_reroute() -> None:
    lines = told("35", "G1", "refused", "cylinder_expired")
    assert "转办：规则 L03 转第44项" in lines
    assert "牵头：区住房和城乡建设局" in lines
    assert "协同：区商务局、区市场监督管理局" in lines
    assert "  T44：规则 L14 已交部门牵头" in lines
    assert "  L02：已转第44项，不再看第35项的规则" in lines
    co = "协同依据：44.区市场监督管理局.1、44.区市场监督管理局.2"
    assert f"{co}（规则 C11，区市场监督管理局）" in lines


def test_an_earlier_row_has_decided() -> None:
    lines = told("30", "F5", "refused")
    assert "牵头：区应急管理局" in lines
    assert "  L04：条件符合，但在前的规则 L01 已决定" in lines


def test_a_category_that_does_not_fit() -> None:
    lines = told("30", "F1")
    assert "  L01：类别 F1 不在 F5 之中" in lines


def test_a_row_taken_by_design_is_not_said_to_match() -> None:
    lines = told("28", "F1")
    (basis,) = [line for line in lines if line.startswith("依据：")]
    assert basis == (
        "依据：28.township.2（规则 L07，清单原文；其条件不符："
        "类别 F1 不在 B1、B2、B3、B4、B5、B6、B7 之中，由本系统按设计取为本项的规则）"
    )
    (basis,) = [line for line in told("28", "B1") if line.startswith("依据：")]
    assert basis == "依据：28.township.2（规则 L07，清单原文）"


@pytest.mark.parametrize("process", RULES.processes, ids=lambda p: f"item{p.item}")
@pytest.mark.parametrize("facts", [(), ("refused",), ("illegal", "crime")])
def test_every_row_is_spoken_of_once(process: object, facts: tuple[str, ...]) -> None:
    item = process.item  # type: ignore[attr-defined]
    lines = told(item, "F1", *facts, reported=True)
    decision = decide(RULES, Case(item, "F1", frozenset(facts), True))
    others = [
        line.strip().partition("：")[0]
        for line in lines[lines.index("其余规则：") + 1 : -1]
    ]
    others += re.findall(r"([A-Z]\d+)（", lines[-1])
    used = {decision.rule, decision.rerouted_by, *(r for r, _, _ in decision.co_rules)}
    rows = [row.id for row in RULES.rows]
    assert sorted([*others, *(used - {None})]) == sorted(rows)


def test_unknown_words() -> None:
    for item, category, facts in (
        ("1", "F1", ()),
        ("35", "Z1", ()),
        ("35", "F1", ("blue",)),
    ):
        with pytest.raises(Invalid) as refused:
            explain(RULES, Question(item, category, facts, False, ""))
        assert "；可用：" in refused.value.detail.zh or facts


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cli.rules.has_database", lambda: False)
    case = ["--item", "44", "--category", "G1", "--fact", "cylinder_expired"]
    assert "属地：卜尔汉图镇" in run(*case, "--area", "150203102200").output
    assert "属地：昆河镇" not in run(*case).output
    assert run(*case).output.startswith("清单：卜尔汉图镇配合履职事项清单（")
    wrong = run("--item", "35", "--category", "F1", "--fact", "blue")
    assert (wrong.exit_code, "未知情形 blue" in wrong.output) == (1, True)
    nowhere = run(*case, "--area", "999")
    assert (nowhere.exit_code, "999 lies in no town" in nowhere.output) == (2, True)
    both = run(*case, "--at", "2026-01-01", "--catalogue", "buerhantu")
    assert (both.exit_code, "leave out --catalogue" in both.output) == (2, True)
