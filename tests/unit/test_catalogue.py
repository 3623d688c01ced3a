"""The bundled catalogue: what it holds, and its documents."""

import dataclasses
import json

import pytest

from server.checklists.catalogue import (
    Catalogue,
    Checklist,
    Rules,
    content_hash,
)
from server.checklists.loader import bundled_root, check, find_catalogues, load

CHECKPOINTS = {
    "24": 5,
    "25": 14,
    "26": 29,
    "27": 21,
    "28": 14,
    "29": 12,
    "30": 17,
    "31": 17,
    "32": 16,
    "33": 17,
    "34": 18,
    "35": 20,
    "36": 19,
    "37": 18,
    "38": 19,
    "39": 16,
    "40": 14,
    "41": 31,
    "42": 20,
    "43": 16,
    "44": 20,
    "46": 14,
    "47": 13,
    "49": 12,
    "54": 17,
    "55": 12,
    "63": 8,
    "64": 11,
    "65": 10,
    "66": 9,
    "67": 13,
    "68": 13,
    "70": 15,
    "71": 10,
}
NINE = tuple(str(item) for item in range(30, 39))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(bundled_root() / "buerhantu")


@pytest.fixture(scope="module")
def rules(catalogue: Catalogue) -> Rules:
    return catalogue.rules


def test_bundled_catalogues_are_sound() -> None:
    assert find_catalogues(bundled_root()) == [bundled_root() / "buerhantu"]
    assert check(bundled_root()) == []


def test_head(catalogue: Catalogue) -> None:
    assert (catalogue.code, catalogue.scheme) == ("buerhantu", "nbs-2023")
    assert catalogue.town == "150203102"
    assert catalogue.serves == ("150203",)
    assert catalogue.rules.catalogue == "buerhantu"
    town = catalogue.rules.department(catalogue.rules.town_department)
    assert (town.name, town.level) == ("卜尔汉图镇", "town")


def test_every_item_has_its_checkpoints(catalogue: Catalogue) -> None:
    counts = {c.code: len(c.checkpoints) for c in catalogue.checklists}
    assert counts == CHECKPOINTS
    assert sum(counts.values()) == 530
    ids = [p.id for c in catalogue.checklists for p in c.checkpoints]
    assert len(set(ids)) == 530
    for checklist in catalogue.checklists:
        assert [p.id for p in checklist.checkpoints] == [
            f"{checklist.code}-{n:02}" for n in range(1, len(checklist.checkpoints) + 1)
        ]


def test_shared_checkpoints_cite_the_item_that_uses_them(catalogue: Catalogue) -> None:
    for code in NINE:
        wiring = catalogue.checklist(code).checkpoint(f"{code}-06")
        assert wiring.clause == f"{code}.township.3"
        assert wiring.hazard == "电气线路私拉乱接或老化"
        assert wiring.category == "F3"


def test_an_item_may_replace_fields_of_a_shared_checkpoint(
    catalogue: Catalogue,
) -> None:
    shop = catalogue.checklist("30").checkpoint("30-01")
    school = catalogue.checklist("32").checkpoint("32-01")
    assert shop.question == "营业期间安全出口是否未上锁、未封堵，能从里面直接打开？"
    assert school.question.startswith("上课、午休和住宿期间")
    assert (shop.hazard, shop.rules) == (school.hazard, school.rules)
    club = catalogue.checklist("36").checkpoint("36-01")
    assert [rule.name[:11] for rule in club.rules] == [
        "《娱乐场所管理条例》（",
        "《中华人民共和国消防法",
    ]


@pytest.mark.parametrize(
    ("id", "field", "value"),
    [
        ("26-07", "reroute_item", "44"),
        ("26-11", "suggests_fact", "illegal"),
        ("26-12", "clause", "26.township.1.3"),
        ("27-13", "phrase", "违规堆放各种材料、设备"),
        ("27-14", "control", True),
        ("28-06", "severity", "major"),
        ("28-13", "control", True),
        ("28-14", "clause", "28.区住房和城乡建设局.4"),
        ("29-01", "clause", "29.区住房和城乡建设局.2"),
        ("30-13", "category", "F5"),
        ("30-17", "professional", True),
        ("35-15", "reroute_item", "44"),
        ("35-15", "clause", "44.区商务局.2"),
        ("39-12", "facts", ("illegal_structure_on_fire_lane",)),
        ("40-03", "facts", ("flying_wire",)),
        ("40-14", "advisory", True),
        ("41-17", "reroute_item", "44"),
        ("42-19", "clause", "42.name"),
        ("42-18", "clause", "26.township.1.1"),
        # A hint for the inspector: refusal is never set by an answer.
        ("42-20", "suggests_fact", "refused"),
        ("42-20", "facts", ()),
        ("44-03", "phrase", "过量储存燃气罐等非专业性问题"),
        ("44-15", "emergency", True),
        # Illegal acts are stopped and reported; danger of collapse cannot wait.
        ("27-05", "facts", ("collapse_risk",)),
        ("44-18", "facts", ("illegal",)),
        ("44-20", "facts", ("illegal", "black_gas", "illegal_filling")),
        ("44-02", "suggests_fact", "illegal"),
        # Incidents, and what the town itself has left undone: no ticket.
        ("46-01", "incident", "wildfire"),
        ("46-01", "advisory", True),
        ("47-01", "incident", "flood"),
        ("46-11", "advisory", True),
        ("46-01", "emergency", True),
        ("47-10", "clause", "47.区农牧局（区水务局）.5"),
        ("47-10", "facts", ("flood_channel",)),
        ("49-10", "control", True),
        # Urged by the town (督促), encouraged, or a reminder: advice, no ticket.
        ("55-11", "advisory", True),
        ("64-11", "phrase", "并做好记录"),
        ("66-09", "advisory", True),
        # Facts that send a finding where its source or its place belongs.
        ("54-08", "facts", ("agri_input_quality",)),
        ("63-05", "facts", ("noise_plant",)),
        ("64-10", "clause", "68.区农牧局.4"),
        ("65-08", "facts", ("waste_construction",)),
        ("67-08", "facts", ("air_site_dust",)),
        ("68-01", "facts", ("illegal",)),
        ("70-02", "facts", ("waste_facility_lacking",)),
        ("71-01", "facts", ("illegal", "wildlife_illegal_act")),
    ],
)
def test_spot_values(catalogue: Catalogue, id: str, field: str, value: object) -> None:
    checkpoint = catalogue.checklist(id.partition("-")[0]).checkpoint(id)
    assert getattr(checkpoint, field) == value


@pytest.mark.parametrize(
    ("item", "clauses"),
    [
        ("26", [f"26.township.1.{n}" for n in range(1, 6)] + ["26.township.2"]),
        ("27", ["27.township.1.1", "27.township.1.2", "27.township.2"]),
        ("29", ["29.township.1", "29.区住房和城乡建设局.2"]),
        ("41", ["41.township.1", "41.township.2"]),
        ("46", ["46.township.3", "46.township.4"]),
        ("47", ["47.township.4", "47.township.5"]),
        ("49", ["49.township.2", "49.township.3"]),
    ],
)
def test_what_the_list_names_is_asked_directly(
    catalogue: Catalogue, item: str, clauses: list[str]
) -> None:
    asked = catalogue.checklist(item).checkpoints
    direct = {point.clause for point in asked if point.derivation == "direct"}
    assert direct.issuperset(clauses)


def test_duty_list_knows_its_clauses(rules: Rules) -> None:
    assert len(rules.duty_items) == 75
    for there in ("30.township.3", "26.township.1.3", "30.区消防救援大队.2", "30.name"):
        assert rules.has_clause(there), there
    for missing in (
        "30.township.5",
        "30.township.0",
        "26.township.1.6",
        "26.township.2.1",
        "31.区应急管理局.2",
        "30.区商务局.1",
        "30.township",
        "30.township.x",
        "76.name",
        "nonsense",
    ):
        assert not rules.has_clause(missing), missing


def test_departments_by_code_name_and_alias(rules: Rules) -> None:
    for key in ("kq-emergency", "区应急管理局", "安委办", "区安委办", "应急局"):
        assert rules.department(key).code == "kq-emergency"
    assert rules.department("消防大队").name == "区消防救援大队"
    assert rules.department("区农牧局（区水务局）").code == "kq-agri"
    with pytest.raises(KeyError):
        rules.department("区旅游局")


def test_vocabulary(rules: Rules) -> None:
    triggers = {fact.code for fact in rules.facts if fact.kind == "trigger"}
    assert triggers == {
        "refused",
        "illegal",
        "cannot_fix_now",
        "professional",
        "collapse_risk",
    }
    assert rules.fact("refused").needs_evidence
    assert rules.fact("cannot_fix_now").needs_reason
    assert not rules.fact("flying_wire").needs_evidence
    groups = [category.group for category in rules.categories]
    assert [groups.count(g) for g in ("消防", "燃气", "房屋建筑", "生产安全")] == [
        13,
        9,
        7,
        7,
    ]
    assert rules.category("F13").name == "少量易燃品使用、存放不当"


def test_processes_follow_the_list(rules: Rules) -> None:
    assert {p.item for p in rules.processes} == set(CHECKPOINTS)
    allowed = {p.item for p in rules.processes if p.town_deadline}
    assert allowed == {*NINE, "26", "27", "41", "42", "46", "47", "54", "70"}
    handed_on = {p.item for p in rules.processes if not p.settle_on_spot}
    assert handed_on == {p.item for p in rules.processes if p.at_once}
    assert handed_on == {*["24", "25", "28", "29", "49", "55", "63", "64", "66", "67"]}
    assert [p.item for p in rules.processes if p.town_notice == "mandatory"] == ["42"]
    required = {p.item for p in rules.processes if p.feedback == "required"}
    assert required == {*NINE, "42", "43"}
    assert rules.process("39").report_triggers == ("refused", "cannot_fix_now")
    assert "collapse_risk" in rules.process("27").report_triggers
    assert rules.process("42").order_document == "整改指令"
    assert [p.name for p in rules.process("35").penalties] == [
        "警告",
        "罚款",
        "责令停产停业",
    ]
    assert [p.name for p in rules.process("65").penalties] == ["处罚", "立案查处"]
    assert [p.name for p in rules.process("54").penalties] == ["执法查处"]
    # The list names no penalty there.
    unpunished = {p.item for p in rules.processes if not p.penalties}
    assert [p.name for p in rules.process("26").penalties] == ["按程序处置"]
    none = {"27", "28", "29", "41", "46", "47", "49", "55", "70"}
    assert unpunished == none
    assert rules.process("35").basis[0] == "35.township.3"
    implied = {p.item: p.implies for p in rules.processes if p.implies}
    assert implied.pop("35") == ("restaurant",)
    assert implied == dict.fromkeys(("30", "31", "36", "37"), ("commercial_venue",))


def test_every_deadline_is_called_a_local_setting(rules: Rules) -> None:
    deadlines = [
        deadline
        for process in rules.processes
        for step in process.deadlines.values()
        for deadline in step.values()
    ]
    assert deadlines
    assert {d.origin for d in deadlines} == {"local setting"}
    shop = rules.process("30")
    rectify = {s: shop.deadline("rectify", s) for s in ("general", "serious", "major")}
    assert [d.amount for d in rectify.values() if d] == [7, 3, None]
    assert rectify["major"] is not None
    assert rectify["major"].open
    assert rules.process("39").deadline("rectify", "general") is None
    report = rules.process("28").deadline("report", "major")
    assert report is not None
    assert (report.amount, report.unit) == (24, "hours")


def test_rows_are_complete_and_in_order(rules: Rules) -> None:
    numbers = [int(r.id.removeprefix("L")) for r in rules.lead_rows]
    emergency = [n for n in range(1, 36) if n != 32]
    assert [n for n in numbers if n < 40] == emergency
    assert sorted(numbers) == [*emergency, *range(40, 46)]
    extra = {row.id: row.penalties for row in rules.lead_rows if row.penalties}
    assert extra == dict.fromkeys(("L01", "L02"), ("punished", "fine"))
    co_ids = [f"C{n:02}" for n in (*range(1, 24), *range(40, 43))]
    assert [r.id for r in rules.co_rows] == co_ids
    assert [r.id for r in rules.ledgers] == [f"D{n:02}" for n in range(1, 6)]
    # What the list leaves to the district stays open; no department is invented.
    assert [(r.id, r.co) for r in rules.co_rows if r.open] == [("C17", ())]
    assert rules.ledgers[-1].addressee is None
    assert [r.id for r in rules.ledgers if r.reported_only] == ["D03"]


def test_a_row_for_many_items_cites_the_finding_s_own_item(rules: Rules) -> None:
    fire = next(row for row in rules.lead_rows if row.id == "L04")
    assert fire.basis_for("35") == ("35.区消防救援大队.2", "35.区应急管理局.1")
    assert rules.town_row("38").basis_for("38") == ("38.township.3",)
    explosives = next(row for row in rules.lead_rows if row.id == "L02")
    assert explosives.basis_for("35") == ("30.区应急管理局.2",)


def test_documents_survive_json(catalogue: Catalogue) -> None:
    def through_json(document: dict[str, object]) -> dict[str, object]:
        return json.loads(json.dumps(document))

    rules = catalogue.rules
    assert Rules.from_document(through_json(rules.to_document())) == rules
    for checklist in catalogue.checklists:
        document = through_json(checklist.to_document())
        assert Checklist.from_document(document) == checklist


def test_hash_is_of_the_content_alone(catalogue: Catalogue) -> None:
    again = load(bundled_root() / "buerhantu")
    document = catalogue.rules.to_document()
    assert content_hash(again.rules.to_document()) == content_hash(document)
    shuffled = dict(reversed(document.items()))
    assert content_hash(shuffled) == content_hash(document)
    assert len(content_hash(document)) == 64
    checklist = catalogue.checklist("35")
    other = dataclasses.replace(checklist, scope=checklist.scope + "。")
    assert content_hash(other.to_document()) != content_hash(checklist.to_document())


def test_document_with_other_fields_is_refused(catalogue: Catalogue) -> None:
    document = catalogue.checklist("35").to_document()
    document["colour"] = "red"
    with pytest.raises(ValueError, match=r"Checklist: .*colour"):
        Checklist.from_document(document)
