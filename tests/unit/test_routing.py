"""Routing by the catalogue's rows: lead, co-handlers, clauses; nothing by chance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.checklists.catalogue import LeadRow, Rules
from server.checklists.loader import bundled_root, load
from server.tickets.routing import Case, Decision, decide

RULES = load(bundled_root() / "buerhantu").rules
PATROLLED = [process.item for process in RULES.processes]
NINE = [str(item) for item in range(30, 39)]
AT_ONCE = [process.item for process in RULES.processes if process.at_once]
REROUTED = ["26", *NINE, "39", "41", "42", "43"]
GAS = [f"G{number}" for number in range(1, 10)]
CATEGORIES = [category.code for category in RULES.categories]
FACTS = [fact.code for fact in RULES.facts]


def routed(
    item: str,
    category: str = "F1",
    facts: Iterable[str] = (),
    *,
    reported: bool = False,
    rules: Rules = RULES,
) -> Decision:
    """Return the decision on a case."""
    return decide(rules, Case(item, category, frozenset(facts), reported))


def names(codes: Iterable[str]) -> list[str]:
    """Return departments' names as the duty list writes them."""
    return [RULES.department(code).name for code in codes]


def lead_of(decision: Decision) -> str | None:
    """Return the lead's name, None for the town."""
    return None if decision.lead is None else RULES.department(decision.lead).name


def test_the_patrolled_items() -> None:
    outside = ["54", "55", *map(str, range(63, 69)), "70", "71"]
    emergency = [*map(str, range(26, 45)), "46", "47", "49"]
    assert sorted(PATROLLED) == sorted(["24", "25", *emergency, *outside])


# row, items, categories, facts (one at a time), lead, co-handlers, clause, at once
LEAD_ROWS = """
L01 30 F5 - 应急 消防,公安 30.区应急管理局.2 yes
L02 31-38 F5 - 应急 消防,公安 30.区应急管理局.2 yes
L04 30-38 F1 refused,illegal 消防 公安 {}.区消防救援大队.2 no
L05 26 F3,F5,P1,P6 refused,illegal 应急 - 26.区应急管理局.3 no
L06 27 B3,B5,B6 refused,illegal 住建 - 27.township.2 no
L07 28 B1,B2,B3,B4,B5,B6,B7 - 住建 - 28.township.2 yes
L08 29 B2,B3,B4,G2 - 住建 - 29.township.2 yes
L09 39 F8,F9 refused,cannot_fix_now 消防 - 39.township.4 no
L10 40 F10 refused 消防 - 40.township.2 no
L11 41 B6,F6,P3 refused,illegal 住建 - 41.township.2 no
L12 42 P1,P3 refused,illegal 应急 - 42.township.2 no
L13 43 F2 refused 消防 - 43.区消防救援大队.3 no
L14 44 G6 refused,professional,illegal 住建 - 44.township.2 no
L17 49 N3 - 自然资源 - 49.区自然资源分局.2 yes
L31 27 B2,B5 collapse_risk 住建 - 27.区住房和城乡建设局.1 yes
L33 46 N1 refused,illegal 应急 农牧 46.区农牧局.2 no
L34 47 N2 water_works 应急 农牧 47.区应急管理局.5 yes
L35 47 N2 refused,cannot_fix_now 应急 - 47.区应急管理局.1 no
L15 24 R1 - 文旅 - 24.township.2 yes
L16 25 M1 - 市监 - 25.township.2 yes
L18 54 M2 refused,illegal 农牧 - 54.区农牧局.3 no
L40 54 M2 agri_input_quality,agri_trade_conduct 农牧 - 54.township.2 yes
L19 55 A1 - 农牧 - 55.township.6 yes
L20 63 E1 noise_plant 环境 - 63.区生态环境分局.2 yes
L21 63 E1 noise_construction,noise_fume_equipment 城管 - 63.区城市管理综合执法局.1 yes
L22 63 E1 noise_social_life 公安 - 63.区公安分局.1 yes
L41 63 E1 - 环境 - 63.区生态环境分局.2 yes
L23 64 E2,E3 - 环境 - 64.township.2 yes
L23 66 E4 - 环境 - 66.township.2 yes
L42 64 E6 carcass_in_water 农牧 环境 68.区农牧局.4 yes
L42 68 E6 carcass_in_water 农牧 环境 68.区农牧局.4 yes
L43 65 E5 air_burning 城管 - 67.区城市管理综合执法局.1 yes
L24 65 E3 waste_kitchen,waste_construction 城管 - 65.区城市管理综合执法局.1 no
L25 65 E3 - 环境 - 65.区生态环境分局.3 no
L26 67 E5 air_construction_six 住建 城管 67.区住房和城乡建设局.1 yes
L27 67 E5 air_burning,air_open_air_bbq 城管 - 67.区城市管理综合执法局.1 yes
L27 67 E5 air_site_dust 城管 住建 67.区城市管理综合执法局.1 yes
L27 67 E5 air_kitchen_fume 城管 - 67.区城市管理综合执法局.2 yes
L28 67 E5 - 环境 - 67.区生态环境分局.1 yes
L29 68 E6 refused,illegal 环境 农牧 68.township.2 no
L44 70 W1 waste_facility_lacking 城管 - 70.区城市管理综合执法局.1 no
L45 70 W1 refused,cannot_fix_now 城管 - 70.区城市管理综合执法局.1 no
L30 71 A2 - 农牧 - 71.township.3 no
""".strip().splitlines()
SHORT = {
    "应急": "区应急管理局",
    "消防": "区消防救援大队",
    "公安": "区公安分局",
    "住建": "区住房和城乡建设局",
    "农牧": "区农牧局",
    "自然资源": "区自然资源分局",
    "文旅": "区文体旅游广电局",
    "市监": "区市场监督管理局",
    "环境": "区生态环境分局",
    "城管": "区城市管理综合执法局",
}


def _spread(
    line: str,
) -> Iterator[tuple[str, str, str, list[str], str, list[str], str, bool]]:
    """Yield one case for each item, category and fact of a line."""
    row, items, categories, facts, lead, co, clause, at_once = line.split()
    first, _, last = items.partition("-")
    for number in range(int(first), int(last or first) + 1):
        for category, fact in product(categories.split(","), facts.split(",")):
            yield (
                row,
                str(number),
                category,
                [] if fact == "-" else [fact],
                SHORT[lead],
                [] if co == "-" else [SHORT[name] for name in co.split(",")],
                clause.format(number),
                at_once == "yes",
            )


LEADS = [case for line in LEAD_ROWS for case in _spread(line)]


@pytest.mark.parametrize(
    ("row", "item", "category", "facts", "lead", "co", "clause", "at_once"), LEADS
)
def test_lead_rows(
    row: str,
    item: str,
    category: str,
    facts: list[str],
    lead: str,
    co: list[str],
    clause: str,
    at_once: bool,
) -> None:
    decision = routed(item, category, facts)
    assert (decision.rule, lead_of(decision), decision.at_once) == (row, lead, at_once)
    assert names(decision.co) == co
    assert clause in decision.basis
    assert set(decision.triggers) == set(facts)
    assert f"由{lead}牵头" in decision.reason


def test_the_safety_office_coordinates_the_nine_small_places() -> None:
    for item in NINE:
        decision = routed(item, "F2", ["refused"])
        assert names([decision.coordinator or ""]) == ["区应急管理局"]
        assert f"{item}.区应急管理局.1" in decision.basis


def test_self_built_houses_are_appraised_by_professionals() -> None:
    assert routed("28", "B2").appraisal == "professional"
    assert routed("35", "F1", ["refused"]).appraisal is None


def test_large_spans_are_appraised_by_a_third_party_and_have_a_next_level() -> None:
    for fact in ("refused", "illegal", "collapse_risk"):
        decision = routed("27", "B5", [fact])
        assert decision.appraisal == "third_party"
        assert names([decision.next_level or ""]) == ["市住房和城乡建设局"]
    both = routed("27", "B2", ["refused", "collapse_risk"])
    assert (both.rule, both.at_once) == ("L06", True)


def test_who_else_hears_of_geological_danger() -> None:
    decision = routed("49", "N3")
    assert names(decision.inform) == ["区政府", "区应急管理局"]
    assert names([decision.next_level or ""]) == ["市自然资源局"]


def test_building_sites_have_the_city_as_next_level() -> None:
    assert routed("41", "B6", ["refused"]).next_level == "bt-housing"
    assert routed("26", "P1", ["refused"]).next_level is None


def test_a_dam_in_danger_goes_before_a_refusal() -> None:
    decision = routed("47", "N2", ["refused", "water_works"])
    assert (decision.rule, decision.at_once) == ("L34", True)


def test_illegal_gas_trade_goes_to_housing_with_market_and_police() -> None:
    facts = ["illegal", "black_gas", "illegal_filling"]
    decision = routed("44", "G6", facts)
    assert decision.rule == "L14"
    assert set(names(decision.co)) == {"区市场监督管理局", "区公安分局"}


@pytest.mark.parametrize("item", REROUTED)
@pytest.mark.parametrize("category", GAS)
def test_gas_follows_item_44_wherever_it_is_found(item: str, category: str) -> None:
    decision = routed(item, category, ["professional"])
    assert (decision.item, decision.rule, decision.rerouted_by) == ("44", "L14", "L03")
    assert lead_of(decision) == "区住房和城乡建设局"
    assert decision.basis == ("44.township.2",)
    assert "转按第44项办理" in decision.reason


def test_gas_outside_those_items_stays() -> None:
    decision = routed("40", "G1", ["refused"])
    assert (decision.item, decision.rule, decision.rerouted_by) == ("40", "L10", None)
    # Everything found in decoration is reported at once, a minor gas hazard as well.
    decision = routed("29", "G2")
    assert (decision.item, decision.rule, decision.at_once) == ("29", "L08", True)


def test_a_gas_cylinder_in_a_restaurant_goes_to_housing_with_commerce() -> None:
    decision = routed("35", "G1", ["refused"])
    assert lead_of(decision) == "区住房和城乡建设局"
    assert names(decision.co) == ["区商务局"]
    assert decision.co_rules == (
        ("C10", ("kq-commerce",), ("44.区商务局.1", "44.区商务局.2")),
    )


def test_minor_gas_hazard_is_corrected_at_once_by_the_town() -> None:
    """44.township.2: 非专业性隐患立即整改."""
    decision = routed("35", "G2")
    assert (decision.lead, decision.item, decision.rule) == (None, "44", "T44")
    assert decision.basis == ("44.township.2",)


# row, item, category, facts, department added
COS = [
    ("C01", "39", "F8", "residential_estate_fire_facility", "区公安分局"),
    ("C02", "39", "F8", "fire_lane_marking", "区住房和城乡建设局"),
    ("C02", "39", "F8", "property_company_neglect", "区住房和城乡建设局"),
    ("C03", "39", "F8", "parking_space_misused", "区城市管理综合执法局"),
    ("C03", "39", "F8", "illegal_structure_on_fire_lane", "区城市管理综合执法局"),
    ("C04", "39", "F9", "billboard_blocks_escape", "区行政审批政务服务与数据管理局"),
    ("C05", "39", "F8", "new_project_layout", "区自然资源分局"),
    ("C06", "40", "F10", "flying_wire", "区公安分局"),
    ("C06", "40", "F10", "ebike_inside_dwelling", "区公安分局"),
    ("C06", "40", "F10", "driver", "区公安分局"),
    ("C07", "40", "F10", "property_company_neglect", "区住房和城乡建设局"),
    ("C08", "40", "F10", "lift_blocking_device", "区市场监督管理局"),
    ("C09", "40", "F10", "charging_site_planning", "区自然资源分局"),
    ("C10", "44", "G1", "restaurant", "区商务局"),
    ("C10", "44", "G1", "commercial_venue", "区商务局"),
    ("C11", "44", "G1", "illegal_filling", "区市场监督管理局"),
    ("C11", "44", "G1", "cylinder_expired", "区市场监督管理局"),
    ("C11", "44", "G1", "metering", "区市场监督管理局"),
    ("C11", "44", "G1", "pressure_part_quality", "区市场监督管理局"),
    ("C12", "44", "G6", "black_gas", "区公安分局"),
    ("C12", "44", "G8", "mass_storage", "区公安分局"),
    ("C12", "44", "G6", "residue_dumping", "区公安分局"),
    ("C12", "44", "G6", "gas_theft", "区公安分局"),
    ("C12", "44", "G6", "scrap_cylinder_trade", "区公安分局"),
    ("C13", "44", "G7", "road_works", "区城市管理综合执法局"),
    ("C13", "44", "G1", "street_vendor", "区城市管理综合执法局"),
    ("C14", "44", "G1", "fire_safety_of_gas_user", "区消防救援大队"),
    ("C15", "44", "G1", "production_accident", "区应急管理局"),
    ("C16", "30", "F5", "public_order", "区公安分局"),
    ("C16", "38", "F1", "crime", "区公安分局"),
    ("C40", "66", "E4", "soil_farmland", "区农牧局"),
    ("C41", "67", "E5", "air_site_dust", "区住房和城乡建设局"),
    ("C42", "71", "A2", "wildlife_illegal_act", "区公安分局"),
    *(
        ("C18", "42", category, None, "区消防救援大队")
        for category in CATEGORIES
        if category.startswith("F") and category not in {"F5", "F8"}
    ),
    ("C19", "47", "N2", "municipal_facility", "区住房和城乡建设局"),
    ("C20", "47", "N2", "waterlogging_point", "区住房和城乡建设局"),
    ("C21", "47", "N2", "flood_channel", "区农牧局"),
    ("C22", "47", "N2", "mountain_flood", "区农牧局"),
    ("C23", "47", "N2", "water_works", "区农牧局"),
]


@pytest.mark.parametrize(("row", "item", "category", "fact", "department"), COS)
def test_co_rows(
    row: str, item: str, category: str, fact: str | None, department: str
) -> None:
    facts = ["refused", *([fact] if fact else [])]
    decision = routed(item, category, facts)
    assert department in names(decision.co)
    assert row in {rule for rule, _, _ in decision.co_rules}
    without = routed(item, "P3" if row == "C18" else category, ["refused"])
    assert row not in {rule for rule, _, _ in without.co_rules}


def test_the_regulator_of_the_trade_is_left_to_local_configuration() -> None:
    """C17: the list names a class of departments and none of them."""
    decision = routed("33", "F1", ["refused", "industry_regulator"])
    assert ("C17", (), ("33.区应急管理局.1",)) in decision.co_rules
    assert names(decision.co) == ["区公安分局"]


def test_all_matching_co_rows_count_and_none_twice() -> None:
    decision = routed("44", "G6", ["illegal", "black_gas", "restaurant", "road_works"])
    assert names(decision.co) == ["区商务局", "区公安分局", "区城市管理综合执法局"]
    doubled = routed("35", "F1", ["refused", "crime", "public_order"])
    assert names(doubled.co) == ["区公安分局"]


def test_fire_hazard_in_a_general_safety_check_keeps_its_lead() -> None:
    decision = routed("42", "F3", ["refused"])
    assert lead_of(decision) == "区应急管理局"
    assert names(decision.co) == ["区消防救援大队"]
    assert routed("42", "F8", ["refused"]).co == ()


@pytest.mark.parametrize(
    ("item", "row", "clause"),
    [
        ("26", "T26", "26.township.2"),
        ("27", "T27", "27.township.2"),
        *((item, "T30", f"{item}.township.3") for item in NINE),
        ("39", "T39", "39.township.2"),
        ("40", "T40", "40.township.2"),
        ("41", "T41", "41.township.2"),
        ("42", "T42", "42.township.1"),
        ("43", "T43", "43.township.3"),
        ("44", "T44", "44.township.2"),
        ("46", "T46", "46.township.4"),
        ("47", "T47", "47.township.4"),
        ("54", "T54", "54.township.1"),
        ("68", "T68", "68.township.2"),
        ("70", "T70", "70.township.4"),
    ],
)
def test_without_a_trigger_it_stays_with_the_town(
    item: str, row: str, clause: str
) -> None:
    decision = routed(item, "P3" if item == "42" else "F2")
    assert (decision.lead, decision.rule) == (None, row)
    assert clause in decision.basis
    assert not decision.at_once
    assert decision.co == ()
    assert "卜尔汉图镇" in decision.reason


@pytest.mark.parametrize("item", PATROLLED)
def test_reported_without_a_trigger_goes_where_the_trigger_would_send_it(
    item: str,
) -> None:
    category = {"28": "B2", "44": "G1"}.get(item, "F2")
    by_town = routed(item, category, reported=True)
    by_refusal = routed(item, category, ["refused"])
    assert by_town.lead == by_refusal.lead
    assert by_town.rule == by_refusal.rule
    if routed(item, category).lead is None:
        assert by_town.triggers == ()
        assert "由镇村决定上报" in by_town.reason


@pytest.mark.parametrize("item", PATROLLED)
def test_danger_of_collapse_is_reported_at_once(item: str) -> None:
    decision = routed(item, "B2", ["collapse_risk"])
    assert decision.lead is not None
    assert decision.at_once
    without = routed(item, "B2", ["fixable_on_spot"])
    assert without.at_once == RULES.process(item).at_once


def test_a_category_no_row_of_the_item_names_still_belongs_to_the_item() -> None:
    """B5 is no category of L07, and whatever is found under 28 is reported."""
    decision = routed("28", "B5")
    assert lead_of(decision) == "区住房和城乡建设局"
    assert decision.at_once


def test_the_first_match_wins() -> None:
    assert routed("30", "F5", ["refused"]).rule == "L01"
    assert routed("35", "F5", ["refused"]).rule == "L02"
    first, rest = RULES.lead_rows[0], RULES.lead_rows[1:]
    assert first.id == "L01"
    wide = replace(first, id="L00", categories=(), lead="kq-health", co=())
    assert routed("30", "F5", rules=replace(RULES, lead_rows=(wide, *rest))).rule == (
        "L00"
    )
    last = replace(RULES, lead_rows=(*RULES.lead_rows, wide))
    assert routed("30", "F5", rules=last).rule == "L01"


def test_the_rows_passed_over_say_why() -> None:
    decision = routed("35", "F1", ["refused"])
    passed = {row.rule: row.why for row in decision.passed_over}
    assert list(passed) == ["L01", "L02", "L03"]
    assert passed["L01"] == "第35项不属于第30项"
    assert (
        passed["L02"] == f"{RULES.category('F1').name}不属于{RULES.category('F5').name}"
    )
    town = {row.rule: row.why for row in routed("35", "F1").passed_over}
    labels = "、".join(RULES.fact(fact).label for fact in ("refused", "illegal"))
    assert town["L04"] == f"未具备上报条件：{labels}"
    assert not any(re.search("[a-z]", why) for why in town.values())
    assert len(town) == len(RULES.lead_rows)


def test_two_rows_that_send_a_case_back_and_forth_end() -> None:
    back = replace(
        next(row for row in RULES.lead_rows if row.id == "L03"),
        id="L98",
        items=("44",),
        reroute_to_item="35",
    )
    rules = replace(RULES, lead_rows=(*RULES.lead_rows, back))
    decision = routed("35", "G1", rules=rules)
    assert (decision.item, decision.rule) == ("44", "T44")


def test_the_reroute_finds_rows_that_stand_before_it() -> None:
    gas = next(row for row in RULES.lead_rows if row.id == "L14")
    others = [row for row in RULES.lead_rows if row.id != "L14"]
    rules = replace(RULES, lead_rows=(gas, *others))
    assert routed("35", "G1", ["refused"], rules=rules).rule == "L14"


# --- what else a row says ------------------------------------------------------

# row, item, facts, lead, what else the decision says
OTHERS = """
L05 26 refused kq-emergency -
L06 27 illegal kq-housing next_level=bt-housing
L06 27 refused kq-housing appraisal=third_party
L08 29 - kq-housing at_once=True
L11 41 refused kq-housing next_level=bt-housing
L17 49 - kq-resources inform=('kq-government', 'kq-emergency')
""".strip().splitlines()


@pytest.mark.parametrize("line", OTHERS)
def test_what_else_the_decision_says(line: str) -> None:
    row, item, fact, lead, more = line.split(maxsplit=4)
    facts = [] if fact == "-" else [fact]
    decision = routed(item, "E1", facts)
    assert (decision.rule, decision.lead) == (row, lead)
    if more != "-":
        name, value = more.split("=")
        assert str(getattr(decision, name)) == value
    assert all(RULES.has_clause(clause) for clause in decision.basis)


def test_every_lead_row_was_looked_at_above() -> None:
    named = {entry[0] for entry in LEADS} | {"L03"}
    named |= {line.split()[0] for line in OTHERS}
    assert named == {row.id for row in RULES.lead_rows}
    assert {entry[0] for entry in COS} | {"C17"} == {row.id for row in RULES.co_rows}


def test_an_item_that_is_not_patrolled_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        routed("45", "F1", ["refused"])


# --- for every case there is -----------------------------------------------------

CASES = st.builds(
    Case,
    item=st.sampled_from(PATROLLED),
    category=st.sampled_from(CATEGORIES),
    facts=st.frozensets(st.sampled_from(FACTS), max_size=8),
    reported=st.booleans(),
)


@given(CASES)
@settings(deadline=None, max_examples=400)
def test_there_is_always_a_decision_that_can_be_read(case: Case) -> None:
    decision = decide(RULES, case)
    assert decide(RULES, case) == decision
    if decision.lead is None:
        assert decision.co == ()
        assert not case.reported
        assert not decision.at_once
        assert decision.rule == RULES.town_row(decision.item).id
    else:
        row = _row(decision.rule)
        assert (row.lead, decision.item in row.items) == (decision.lead, True)
        assert RULES.department(decision.lead).level == "district"
    assert decision.lead not in decision.co
    assert len(set(decision.co)) == len(decision.co)
    assert decision.basis
    clauses = [*decision.basis, *(c for _, _, cs in decision.co_rules for c in cs)]
    assert all(RULES.has_clause(clause) for clause in clauses)
    assert case.facts <= set(decision.facts)
    assert set(decision.triggers) <= set(decision.facts)
    assert decision.reason.startswith((f"第{case.item}项", "未具备"))


@given(CASES)
@settings(deadline=None, max_examples=200)
def test_a_trigger_never_takes_a_case_away_from_its_department(case: Case) -> None:
    """More facts may add departments; they never give a reported case to the town."""
    before = decide(RULES, case)
    after = decide(RULES, replace(case, facts=case.facts | {"refused"}))
    assert after.lead is not None
    if before.lead is not None:
        assert after.lead == before.lead


def _row(rule: str) -> LeadRow:
    return next(row for row in RULES.lead_rows if row.id == rule)
