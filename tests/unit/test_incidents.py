"""Incidents as data: reports, parties, course; and the machine that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.checklists.catalogue import Rules
from server.checklists.incidents import ANY, IncidentKind
from server.checklists.loader import bundled_root, check, load
from server.incidents.fields import wrong_fields, wrong_figures
from server.incidents.machine import Refused, move, open_entries
from server.incidents.vocabulary import ENDED, State
from tests.unit.test_catalogue_faults import write

RULES = load(bundled_root() / "buerhantu").rules
KINDS = {kind.code: kind for kind in RULES.incident_kinds}


def test_seven_kinds_and_their_command() -> None:
    assert {k.code: (k.item, k.command) for k in RULES.incident_kinds} == {
        "fire": ("45", "kq-fire"),
        "wildfire": ("46", "kq-emergency"),
        "flood": ("47", "kq-emergency"),
        "weather": ("48", "kq-emergency"),
        "geological": ("49", "kq-resources"),
        "earthquake": ("50", "kq-emergency"),
        "gas_accident": ("44", "kq-housing"),
    }


def test_every_party_of_the_items_takes_part() -> None:
    for kind in RULES.incident_kinds:
        if kind.item == "44":  # a patrol item: most of its parties only supervise
            continue
        names = {party.name for party in RULES.duty_item(kind.item).parties}
        listed = {RULES.department(name).code for name in names - {"township"}}
        assert listed <= {row.department for row in kind.involved}
        acting = {doer.party for entry in kind.entries for doer in entry.by}
        assert listed | {"town"} <= acting | {ANY}, kind.code


# Standing duties (publicity, plans, drills, stores, prevention) are not handling.
STANDING = {
    # 44 is patrolled; 住建局.2, 消防救援大队.1, 应急管理局.1 speak of accidents.
    "44": {"township.1"}
    | {f"区住房和城乡建设局.{n}" for n in (1, 3, 4, 5)}
    | {f"区商务局.{n}" for n in (1, 2)}
    | {f"{name}.1" for name in ("区自然资源分局", "区城市管理综合执法局")}
    | {"区行政审批政务服务与数据管理局.1"},
    "45": {"township.1"},
    "46": {f"township.{n}" for n in (1, 2, 3)}
    | {f"区应急管理局.{n}" for n in (1, 2, 3, 4)}
    | {"区农牧局.1"},
    "47": {f"township.{n}" for n in (1, 2, 3, 4)}
    | {f"区应急管理局.{n}" for n in (1, 2, 3, 4)}
    | {"区住房和城乡建设局.1"}
    | {f"区农牧局（区水务局）.{n}" for n in (3, 4, 5)},
    "48": {f"township.{n}" for n in (1, 2, 3)}
    | {"区应急管理局.1"}
    | {f"区住房和城乡建设局.{n}" for n in (1, 2, 3)},
    "49": {"township.1", "区应急管理局.1", "区自然资源分局.1"},
    "50": {"township.1", "township.2"} | {f"区应急管理局.{n}" for n in (1, 2, 3)},
}


@pytest.mark.parametrize("kind", RULES.incident_kinds, ids=lambda kind: kind.code)
def test_every_clause_of_handling_has_its_place(kind: IncidentKind) -> None:
    item = RULES.duty_item(kind.item)
    clauses = {
        f"{party.name}.{n}"
        for party in item.parties
        for n in range(1, len(party.clauses) + 1)
    }
    placed = {reference.partition(".")[2] for reference, _ in kind.homes()}
    assert clauses - placed == STANDING[kind.item]


def test_the_wildfire_report_has_its_three_facts() -> None:
    kind = KINDS["wildfire"]
    assert kind.place_label == "火灾地点"
    assert [f.title for f in kind.fields if f.required] == [
        "火势大小",
        "是否有人员被困",
    ]
    assert all(f.basis == ("46.township.4",) for f in kind.fields)


def test_rules_survive_their_document_and_old_ones_have_no_incidents() -> None:
    document = RULES.to_document()
    assert Rules.from_document(document) == RULES
    del document["incident_kinds"], document["figures"]
    assert Rules.from_document(document).incident_kinds == ()


# --- fields -----------------------------------------------------------------------

REQUIRED = {
    "fire": ["burning", "people_trapped"],
    "wildfire": ["fire_size", "people_trapped"],
    "flood": ["situation", "people_threatened"],
    "weather": ["phenomenon", "damage", "people_threatened"],
    "geological": ["nature", "phenomenon", "people_threatened"],
    "earthquake": ["damage", "people_trapped"],
    "gas_accident": ["phenomenon", "people_trapped"],
}


@pytest.mark.parametrize("code", KINDS)
def test_missing_fields_are_named(code: str) -> None:
    fields = KINDS[code].fields
    wanted = [f"/fields/{name}" for name in REQUIRED[code]]
    assert [e.pointer for e in wrong_fields(fields, {})] == wanted
    blank = dict.fromkeys(REQUIRED[code], "  ")
    assert [e.pointer for e in wrong_fields(fields, blank)] == wanted


@pytest.mark.parametrize(
    ("code", "name", "value", "fits"),
    [
        ("wildfire", "fire_size", "small", True),
        ("wildfire", "fire_size", "tiny", False),
        ("wildfire", "fire_size", ["small"], False),
        ("fire", "burning", "仓库纸箱", True),
        ("fire", "burning", 3, False),
        ("fire", "burning", "长" * 2001, False),
        ("flood", "water_depth_cm", 40.5, True),
        ("flood", "water_depth_cm", 0, True),
        ("flood", "water_depth_cm", -1, False),
        ("flood", "water_depth_cm", True, False),
        ("flood", "water_depth_cm", "40", False),
        ("flood", "water_depth_cm", float("nan"), False),
        ("flood", "colour/of~water", "brown", False),
    ],
)
def test_values(code: str, name: str, value: Any, fits: bool) -> None:
    errors = wrong_fields(KINDS[code].fields, {name: value})
    pointer = f"/fields/{name}".replace("of~", "of~0").replace("colour/", "colour~1")
    assert (pointer in [e.pointer for e in errors]) is not fits


def test_initial_fighting_only_when_small_and_safe() -> None:
    fields = KINDS["wildfire"].entry("initial_fighting").fields
    assert wrong_fields(fields, {"safe": True}) == []
    for given in ({}, {"safe": False}, {"safe": "yes"}, {"safe": 1}):
        assert [e.pointer for e in wrong_fields(fields, given)] == ["/fields/safe"]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"evacuated": 120, "loss_yuan": 35000.5, "dead": 0}, []),
        ({"evacuated": 1.5}, ["evacuated"]),
        ({"evacuated": -1, "loss_yuan": -0.1}, ["evacuated", "loss_yuan"]),
        ({"evacuated": None}, ["evacuated"]),
        ({"loss_yuan": True}, ["loss_yuan"]),
        ({"loss_yuan": 1e13}, ["loss_yuan"]),
        ({"cows": 3}, ["cows"]),
    ],
)
def test_figures(given: dict[str, Any], wrong: list[str]) -> None:
    errors = wrong_figures(RULES.figures, given)
    assert [e.pointer for e in errors] == [f"/figures/{name}" for name in wrong]


# --- machine ----------------------------------------------------------------------


def test_facts_move_only_from_where_they_can() -> None:
    kind = KINDS["wildfire"]
    dispatch = kind.entry("dispatch")
    assert move(kind, State.REPORTED, dispatch, ()) is State.RESPONDING
    assert move(kind, State.RECEIVED, dispatch, ()) is State.RESPONDING
    for state in set(State) - {State.REPORTED, State.RECEIVED}:
        assert move(kind, state, dispatch, ()) is None
    evacuation = kind.entry("evacuation")
    assert {move(kind, state, evacuation, ()) for state in State} == {None}


@pytest.mark.parametrize(
    ("code", "where", "target"),
    [
        ("control", {"received", "responding"}, "controlled"),
        ("relapse", {"controlled", "recovering"}, "responding"),
        ("false_alarm", {"reported", "received", "responding"}, "false_alarm"),
        ("close", {"controlled", "recovering"}, "closed"),
    ],
)
def test_judgements_only_where_they_can(
    code: str, where: set[str], target: str
) -> None:
    for kind in RULES.incident_kinds:
        entry = kind.entry(code)
        for state in State:
            if state in where:
                assert move(kind, state, entry, entry.requires) == target
            else:
                with pytest.raises(Refused):
                    move(kind, state, entry, entry.requires)


def test_closing_needs_what_the_list_demands_first() -> None:
    kind = KINDS["fire"]
    with pytest.raises(Refused) as refused:
        move(kind, State.RECOVERING, kind.entry("close"), {"losses"})
    assert refused.value.missing == ["investigation"]
    assert refused.value.why.zh == f"须先记录：{kind.entry('investigation').title}"
    assert refused.value.why.en == "To be recorded before: investigation"
    with pytest.raises(Refused) as early:
        move(kind, State.REPORTED, kind.entry("close"), ())
    assert early.value.why.zh == "事件处于“已报告”状态，不能记录“办结”"


@pytest.mark.parametrize("kind", RULES.incident_kinds, ids=lambda kind: kind.code)
def test_the_end_is_the_end(kind: IncidentKind) -> None:
    every = {entry.code for entry in kind.entries}
    for state in ENDED:
        assert {
            move(kind, state, entry, every)
            for entry in kind.entries
            if not entry.decides
        } == {None}


def test_open_entries_are_those_of_the_party() -> None:
    kind = KINDS["fire"]
    town = open_entries(kind, State.RESPONDING, frozenset({"town"}), set())
    assert [e.code for e in town] == [
        "update",
        "people_information",
        "evacuation",
        "supplies",
        "aftermath",
    ]
    informed = frozenset({"kq-emergency"})
    assert [e.code for e in open_entries(kind, State.CLOSED, informed, set())] == [
        "update"
    ]
    assert open_entries(kind, State.REPORTED, frozenset(), set()) == []


# --- cross-check ------------------------------------------------------------------

SMALL = """\
figures:
  - {code: dead, label: 死亡, unit: 人, type: count, basis: [30.name], source: design}
entries:
  - {code: control, title: 控制, moves: {from: [reported], to: controlled}}
  - {code: close, title: 办结, decides: true, moves: {from: [controlled], to: closed}}
  - {code: mistake, title: 误报, moves: {from: [reported], to: false_alarm}}
incidents:
  - code: fire
    item: 30
    title: 火灾
    place_label: 地点
    basis: [30.township.4]
    source: text
    fields:
      - name: size
        title: 大小
        type: text
        required: true
        basis: [30.township.3]
        source: text
    involved:
      - {department: kq-fire, part: command, basis: [30.name], source: text}
    entries:
      - entry: control
        by: [{party: kq-fire, basis: [30.区消防救援大队.1], source: text}]
      - entry: close
        by: [{party: town, basis: [30.township.1], source: text}]
        requires: [control]
        addressees: [kq-housing]
      - entry: mistake
        by: [{party: any, basis: [30.township.1], source: text}]
"""


def test_a_small_file_is_sound_and_none_is_needed(tmp_path: Path) -> None:
    assert check(write(tmp_path / "none")) == []
    assert check(write(tmp_path / "one", {"incidents.yaml": SMALL})) == []


# text there, what it becomes, the text whose line is at fault, the message
FAULTS = [
    ("item: 30", "item: 31", "item: 31", "没有事项 31"),
    ("code: mistake", "code: close", "title: 误报", "close 在这里重复"),
    ("entry: mistake", "entry: error", "entry: error", "没有进展 error"),
    ("requires: [control]", "requires: [help]", "[help]", "fire 没有进展 help"),
    ("[kq-housing]", "[kq-navy]", "[kq-navy]", "没有部门 kq-navy"),
    (
        "party: town",
        "party: kq-housing",
        "party: kq-housing",
        "kq-housing 没有参与 fire",
    ),
    ("t: kq-fire", "t: kq-navy", "t: kq-navy", "没有部门 kq-navy"),
    ("part: command", "part: called", "involved:", "须有且只有一个部门的 part"),
    ("township.3]", "township.9]", "township.9]", "没有条款 30.township.9"),
    ("消防救援大队.1", "消防救援大队.3", "大队.3", "没有条款 30.区消防救援大队.3"),
    ("from: [controlled]", "from: [received]", "    entries:", "没有进展通往 closed"),
    ("to: false_alarm", "to: closed", "    entries:", "没有进展通往 false_alarm"),
    ("type: text", "type: choice", "name: size", "填报项 size：缺少 choices"),
    ("to: closed", "to: asleep", "to: asleep", "现在是 asleep"),
]


@pytest.mark.parametrize(("before", "after", "at", "message"), FAULTS)
def test_faults(tmp_path: Path, before: str, after: str, at: str, message: str) -> None:
    assert SMALL.count(before) == 1
    text = SMALL.replace(before, after)
    found = check(write(tmp_path, {"incidents.yaml": text}))
    assert {Path(f.file).name for f in found} == {"incidents.yaml"}
    line = text[: text.index(at)].count("\n") + 1
    said = [f.line for f in found if message in f.message]
    assert said == [line], found
