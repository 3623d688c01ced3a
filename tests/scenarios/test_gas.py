"""Item 44: gas (燃气), wherever it is found."""

from __future__ import annotations

import pytest

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import day, on_spot, refusal, report

HOUSING, MARKET, POLICE = "区住房和城乡建设局", "区市场监督管理局", "区公安分局"
COMMERCE, URBAN, FIRE = "区商务局", "区城市管理综合执法局", "区消防救援大队"
EMERGENCY = "区应急管理局"
PENALTIES = (
    "stop_illegal_act",
    "rectify_suspended",
    "confiscate_income",
    "fine",
    "confiscate_destroy",
)


@item("44")
def test_44_what_is_not_professional_is_corrected_at_once(cast: Cast) -> None:
    """Too many cylinders: 督促立即整改 (44.township.2), settled in the town."""
    case = cast.found("44-03", on_spot("督促立即移走多余气瓶"))
    case.with_the_town("T44", "44.township.2")
    case.cannot(cast.worker, "issue_notice", 409, due_on=day(3), note="应立即整改")
    case.settled("已清退").seen_by().in_ledger(None)
    case.went("T1 found > T2 on_spot > T4 closed_town")


@item("44")
def test_44_refused_goes_to_the_housing_bureau(cast: Cast) -> None:
    """拒不整改 goes to 住建局 (44.township.2), which orders and punishes
    (44.区住房和城乡建设局.5)."""
    case = cast.found("44-03", on_spot("督促立即移走多余气瓶"))
    case.reported("refused", "拒不整改", how="老板拒绝移走")
    case.routed("L14", "44.township.2", lead=HOUSING).seen_by(HOUSING)
    case.accepted().verified("属实").ordered("整改要求", day(1), "清退").punished(
        "fine", "罚"
    )
    case.recheck_passed("已清退").fed_back("已整改").closed().went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > T15 ordered > "
        "P1 > T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("44")
def test_44_what_is_professional_is_reported(cast: Cast) -> None:
    """专业性隐患 is never the town's to settle (44.township.2)."""
    case = cast.found("44-13", report("调压阀不合格，需专业处理")).at("reported")
    case.routed("L14", "44.township.2", lead=HOUSING).seen_by(HOUSING)
    case.accepted().verified("属实").ordered("整改要求", day(3), "更换调压阀")
    case.recheck_passed("已更换").fed_back("已整改").closed().went(
        "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("44")
def test_44_illegal_trade_is_stopped_punished_and_destroyed(cast: Cast) -> None:
    """违法经营 is stopped (44.township.2); 住建局 punishes together with 市场监管局 and
    公安分局, black gas and cylinders are seized and destroyed
    (44.区住房和城乡建设局.5)."""
    illegal = {"facts": ["illegal", "illegal_filling"]}
    case = cast.found("44-20", on_spot("当场制止充装"), **illegal).at("reported")
    case.routed("L14", "44.township.2", lead=HOUSING, co=[MARKET, POLICE])
    case.seen_by(HOUSING, MARKET, POLICE).accepted().verified("黑气点属实")
    for kind in PENALTIES:
        case.punished(kind, "依法处罚")
    case.punished("fine", "查处违规充装", by=MARKET)
    case.fined(*((kind, HOUSING) for kind in PENALTIES), ("fine", MARKET))
    case.transferred(POLICE, "涉嫌犯罪，移送").dealt_with(POLICE, "已立案")
    case.fed_back("黑气点已取缔，钢瓶已销毁").closed().went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > P1 > P1 > P1 > "
        "P1 > P1 > P1 > T17 transferred > T17b rectified > T23 feedback > T24 closed"
    )


@item("44")
@pytest.mark.parametrize(
    ("checkpoint", "fact", "department", "clauses"),
    [
        ("44-16", "restaurant", COMMERCE, ["44.区商务局.1", "44.区商务局.2"]),
        ("44-16", "commercial_venue", COMMERCE, ["44.区商务局.1", "44.区商务局.2"]),
        ("44-18", "illegal_filling", MARKET, ["1", "2"]),
        ("44-01", "cylinder_expired", MARKET, ["1", "2"]),
        ("44-16", "metering", MARKET, ["1", "2"]),
        ("44-13", "pressure_part_quality", MARKET, ["1", "2"]),
        ("44-02", "black_gas", POLICE, ["44.区公安分局.1"]),
        ("44-03", "mass_storage", POLICE, ["44.区公安分局.1"]),
        ("44-16", "residue_dumping", POLICE, ["44.区公安分局.1"]),
        ("44-10", "gas_theft", POLICE, ["44.区公安分局.1"]),
        ("44-04", "scrap_cylinder_trade", POLICE, ["44.区公安分局.1"]),
        ("44-19", "road_works", URBAN, ["44.区城市管理综合执法局.1"]),
        ("44-04", "street_vendor", URBAN, ["44.区城市管理综合执法局.1"]),
        ("44-07", "fire_safety_of_gas_user", FIRE, ["44.区消防救援大队.1"]),
        ("44-15", "production_accident", EMERGENCY, ["44.区应急管理局.1"]),
    ],
)
def test_44_each_department_handles_what_is_its_own(
    cast: Cast, checkpoint: str, fact: str, department: str, clauses: list[str]
) -> None:
    """住建局 leads; seven departments have a part by the fact (44, model A13)."""
    case = cast.found(checkpoint, refusal("拒绝", "拒不整改"), facts=[fact])
    case.routed("L14", "44.township.2", lead=HOUSING, co=[department])
    (matched,) = case.ticket["routing"]["co_rules"]
    if department == MARKET:
        clauses = [f"44.{MARKET}.{number}" for number in clauses]
    assert matched["basis"] == clauses
    case.seen_by(HOUSING, department).accepted().verified("属实")
    if department in {MARKET, POLICE}:  # 依法查处; the others supervise and inspect
        case.punished("fine", "按职责查处", by=department)
        case.fined(("fine", department))
    else:
        case.does(cast.of(department), "comment", "verifying", note="按职责检查")
    case.ordered("整改要求", day(2), "整改").recheck_passed("已整改")
    case.fed_back("已整改").closed()


@item("35", "44")
def test_gas_found_in_a_restaurant_is_a_matter_of_44(cast: Cast) -> None:
    """The kind of hazard decides, not the programme (A12); 商务局 handles with
    住建局."""
    case = cast.found("35-17", on_spot("要求移出就餐区")).with_the_town(
        "T44", "44.township.2"
    )
    assert case.ticket["routing"]["rerouted_by"] == "L03"
    case.reported("refused", "拒不整改", how="店主拒签")
    case.routed("L14", "44.township.2", lead=HOUSING, co=[COMMERCE])
    case.seen_by(HOUSING, COMMERCE).accepted().verified("属实")
    case.ordered("整改要求", day(2), "移出气瓶").recheck_passed("已移出")
    case.fed_back("已整改").closed().in_ledger("区安委办")
