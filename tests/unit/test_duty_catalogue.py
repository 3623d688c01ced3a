"""The kinds of duty records: what the bundled catalogue covers, and its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.checklists.catalogue import DutyItem, Party, Rules
from server.checklists.codec import from_plain
from server.checklists.duties import TOWNSHIP
from server.checklists.loader import bundled_root, check, load
from server.duties.kinds import clauses_of, items_for, party_codes
from tests.unit.test_catalogue_faults import SMALL, write

# The items whose duties are recorded, and those whose clauses are all alike.
ITEMS = [*range(24, 51), *range(52, 56), *range(63, 69), 70, 71, 73, 74]
NINE = [str(item) for item in range(30, 39)]

# Clauses of the town that are inspection, report, order or incident and nothing else.
NOT_DUTIES = {
    "24": {2},
    "26": {1},
    "27": {1},
    "28": {2, 4},
    "29": {1, 2},
    **{item: {3, 4} for item in NINE},
    "39": {2, 3, 4},
    "40": {2},
    "41": {1, 2},
    "42": {1, 2},
    "43": {3},
    "44": {2},
    "45": {2, 3, 4},
    "46": {4, 5},
    "47": {6, 9, 10},
    "48": {6, 7, 8},
    "49": {2, 3, 4, 5},
    "50": {3, 4, 5, 6},
    "52": {1},
    "53": {4},
    "55": {7},
    "63": {2},
    "66": {2},
    "67": {2},
    "68": {2},
    "71": {2},
    "73": {1, 2, 3},
    "74": {1, 2, 3},
}


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(bundled_root() / "buerhantu").rules


@pytest.fixture(scope="module")
def covered(rules: Rules) -> set[str]:
    return {c for k in rules.duties for item in k.items for c in k.clauses_of(item)}


def test_every_town_duty_of_this_nature_has_a_kind(
    rules: Rules, covered: set[str]
) -> None:
    for item in map(str, ITEMS):
        (town,) = [p for p in rules.duty_item(item).parties if p.name == TOWNSHIP]
        recorded = {
            n
            for n in range(1, len(town.clauses) + 1)
            if f"{item}.{TOWNSHIP}.{n}" in covered
        }
        every = set(range(1, len(town.clauses) + 1))
        assert recorded == every - NOT_DUTIES.get(item, set()), item


def test_every_support_line_has_a_kind(covered: set[str]) -> None:
    assert [item for item in ITEMS if f"{item}.support" not in covered] == []


def test_only_the_items_of_this_work_are_recorded(rules: Rules) -> None:
    recorded = {int(item) for kind in rules.duties for item in kind.items}
    assert recorded == set(ITEMS)


def test_whoever_may_record_fulfils_a_clause(rules: Rules) -> None:
    for kind in rules.duties:
        parties = party_codes(rules, kind)
        possible = {item for p in parties for item in items_for(rules, kind, p)}
        assert possible == set(kind.items), kind.code
        assert all(items_for(rules, kind, party) for party in parties), kind.code


def test_the_list_itself_gives_one_rhythm(rules: Rules) -> None:
    written = [k.code for k in rules.duties if k.origin == "list"]
    assert written == ["70-monthly-form"]
    assert rules.duty("70-monthly-form").rhythm == "monthly"
    assert {k.origin for k in rules.duties if k.rhythm} == {"list", "local setting"}


def test_the_nine_places_share_their_kinds(rules: Rules) -> None:
    for code in ("fire-organisation", "fire-publicity", "fire-drill", "fire-training"):
        assert rules.duty(code).items == (*NINE, "43")
    drill = rules.duty("fire-drill")
    assert clauses_of(rules, drill, "35", TOWNSHIP) == ["35.township.2"]
    training = rules.duty("fire-support-training")
    assert clauses_of(rules, training, "35", "kq-police") == ["35.support"]
    assert items_for(rules, training, "kq-emergency") == NINE
    assert items_for(rules, training, "kq-fire") == [*NINE, "39", "43", "45"]


def test_a_department_of_two_names_is_one_party(rules: Rules) -> None:
    kind = rules.duty("47-water-monitoring")
    assert party_codes(rules, kind) == {"kq-agri"}
    assert clauses_of(rules, kind, "47", "kq-agri") == [
        "47.区农牧局（区水务局）.2",
        "47.区农牧局（区水务局）.6",
    ]


def test_forms_say_what_their_duties_do_not(rules: Rules) -> None:
    training = rules.duty("27-support-training")
    assert training.requires == ("participants", "place", "photos")
    assert [f.code for f in training.figures] == ["hours"]
    form = rules.duty("70-bin-points")
    assert form.requires == ("month",)
    assert {f.code for f in form.figures if f.required} >= {
        "points_after",
        "bins_after",
    }


def test_the_support_line_is_a_clause(rules: Rules) -> None:
    assert rules.has_clause("30.support")
    bare = DutyItem("1", "x", (Party(TOWNSHIP, (0,)), Party("某局", (0,))))
    assert not bare.has_clause("1.support")
    assert not rules.has_clause("30.support.1")
    assert rules.duty_item("30").owing("30.support") == (
        "区应急管理局",
        "区消防救援大队",
        "区公安分局",
    )
    assert rules.duty_item("30").owing("30.township.1") == (TOWNSHIP,)


def test_rules_published_before_there_were_duties_are_readable(rules: Rules) -> None:
    document = rules.to_document()
    del document["duties"]
    for item in document["duty_items"]:
        del item["support"]
    old = Rules.from_document(document)
    assert old.duties == ()
    assert not old.has_clause("30.support")
    with pytest.raises(ValueError, match="missing or unknown fields: number"):
        from_plain(DutyItem, {"name": "x"})


DRILL = "  - {code: drill, name: 演练, requires: [], figures: []}"
FAULTS = {
    "unknown form": (
        "form: report_form\n",
        "form: teaching\n",
        "没有表式 teaching",
    ),
    "code twice": (
        "code: 30-support-training",
        "code: 30-training",
        "代码 30-training 重复",
    ),
    "figure twice": (
        "      - {code: bottles, name: 瓶, unit: 个}\n",
        "      - {code: bottles, name: 瓶, unit: 个}\n" * 2,
        "数据项 bottles 重复",
    ),
    "unknown party": (
        "parties: [消防大队]",
        "parties: [某局]",
        "主体 某局 不是部门名称",
    ),
    "unknown item": ("items: [44]", "items: [45]", "没有事项 45"),
    "no such clause": (
        "[44.township.1]",
        "[44.township.3]",
        "履职清单没有条款 44.township.3",
    ),
    "no such support": (
        "[44.township.1]",
        "[44.township.1, 44.support]",
        "履职清单没有条款 44.support",
    ),
    "clause of another item": (
        "[44.township.1]",
        "[44.township.1, 30.township.1]",
        "条款 30.township.1 不属于这里的事项",
    ),
    "clause of another party": (
        "[44.township.1]",
        "[44.township.1, 44.区住建局.1]",
        "条款 44.区住建局.1 不是这里的主体的职责",
    ),
    "item without a clause": (
        "items: [30]\n    parties: [消防大队]",
        "items: [30, 44]\n    parties: [消防大队]",
        "没有事项 44 的条款",
    ),
    "party without a clause": (
        "parties: [消防大队]",
        "parties: [消防大队, 住建局]",
        "没有 住建局 的条款",
    ),
    "town with a department": (
        "parties: [消防大队]",
        "parties: [township, 消防大队]",
        "镇的履职和部门的履职须分成两类",
    ),
    "rhythm of nobody": (
        "    origin: local setting\n",
        "",
        "有 rhythm 就要有 origin",
    ),
    "unused form": (
        "figures: []}\nduties",
        f"figures: []}}\n{DRILL}\nduties",
        "表式 drill 没有履职使用",
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_fault_is_found(tmp_path: Path, case: tuple[str, str, str]) -> None:
    old, new, message = case
    text = SMALL["duties.yaml"]
    assert text.count(old) == 1, "the text to change must be unambiguous"
    write(tmp_path, {"duties.yaml": text.replace(old, new)})
    found = [f for f in check(tmp_path) if message in f.message]
    assert [Path(f.file).name for f in found] == ["duties.yaml"]
