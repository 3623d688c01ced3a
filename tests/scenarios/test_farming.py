"""Items 52–55: land, farmland, farm supplies, plant and animal disease."""

from __future__ import annotations

from tests.scenarios.cast import Cast, item
from tests.scenarios.handed_down import Order
from tests.scenarios.handling import complaint, day, refusal, report, until

AGRI, CITY = "区农牧局", "市农牧局"


@item("52")
def test_52_idle_land_verified_reclaimed_and_accepted(cast: Cast) -> None:
    """农牧局 assigns an order (52.区农牧局.1); the town verifies the spot, photographs
    and reviews it level by level (52.township.1), reclaims it (52.township.2, .4);
    农牧局 reviews what is submitted (52.区农牧局.1)."""
    order = Order(cast, "52", AGRI)
    order.village("accept", "town_verifying", "52.township.1")
    before = order.pictures(cast.worker, "before")
    said = {"note": "两年未耕种", "land": "旱地，撂荒", "photos": before}
    order.cannot(
        cast.worker, "verify", 422, result="abandoned", note="缺照片和土地信息"
    )
    order.village(
        "verify", "town_enforcing", "52.township.1", result="abandoned", **said
    )
    # 逐级审核: the town's officer sends it back for a better picture.
    order.town("return", "town_verifying", "52.township.1", note="照片不清")
    order.village(
        "verify", "town_enforcing", "52.township.1", result="abandoned", **said
    )
    after = {"photos": order.pictures(cast.worker, "after"), "note": "已复耕"}
    clauses = ("52.township.2", "52.township.4", "52.区农牧局.1")
    order.village("rectify", "town_enforcing", *clauses, remedy="reclaimed", **after)
    order.cannot(cast.worker, "submit", 403, note="由镇级审核")
    order.town("submit", "submitted", "52.township.1", note="镇级审核通过")
    order.department("take_up", "dept_verifying", "52.区农牧局.1")
    back = {"to": "town_enforcing", "note": "一角未复耕"}
    order.department("send_back", "sent_back", "52.区农牧局.1", **back)
    order.town("accept", "town_enforcing", "52.township.1")
    order.town("rectify", "town_enforcing", *clauses, remedy="put_to_use", **after)
    order.town("submit", "submitted", "52.township.1", note="再报")
    order.department("take_up", "dept_verifying", "52.区农牧局.1")
    order.department("close", "closed", "52.区农牧局.1", note="审核通过").went(
        "issued > town_verifying > town_enforcing > town_verifying > town_enforcing > "
        "submitted > dept_verifying > sent_back > town_enforcing > submitted > "
        "dept_verifying > closed"
    )


@item("53")
def test_53_lost_farmland_restored_by_the_town(cast: Cast) -> None:
    """农牧局 finds 撂荒、非农化、非粮化 and urges the town (53.区农牧局.7); the town
    patrols the lead and restores the farmland (53.township.4)."""
    order = Order(cast, "53", AGRI, due_on=day(20))
    order.department("urge", "issued", "53.区农牧局.7", note="督促街镇整改")
    order.town("accept", "town_verifying", "53.township.4")
    found = {"photos": order.pictures(cast.worker, "before"), "note": "改种苗木"}
    order.village(
        "verify",
        "town_enforcing",
        "53.township.4",
        "53.区农牧局.7",
        result="non_grain",
        **found,
    )
    assert (order.seen["left"], order.seen["due_on"]) == (["rectify"], day(20))
    order.cannot(cast.officer, "submit", 409, note="尚未整改")
    done = {"photos": order.pictures(cast.worker, "after"), "note": "已恢复种粮"}
    order.village(
        "rectify", "town_enforcing", "53.township.4", remedy="restored", **done
    )
    order.town("submit", "submitted", "53.township.4", note="整改完成")
    order.department("take_up", "dept_verifying", "53.区农牧局.7")
    order.department("close", "closed", "53.区农牧局.7", note="检查通过").went(
        "issued > town_verifying > town_enforcing > submitted > dept_verifying > closed"
    )


@item("53")
def test_53_a_lead_that_proves_untrue(cast: Cast) -> None:
    """The town's patrol may find nothing (53.township.4), and says so."""
    order = Order(cast, "53", AGRI)
    order.village("accept", "town_verifying", "53.township.4")
    seen = {"photos": order.pictures(cast.worker, "before"), "note": "在种玉米"}
    clauses = ("53.township.4", "53.区农牧局.7")
    order.village("verify", "answered", *clauses, result="not_confirmed", **seen)
    order.town("submit", "submitted", "53.township.4", note="不属实")
    order.department("take_up", "dept_verifying", "53.区农牧局.7")
    order.department("close", "closed", "53.区农牧局.7", note="通过")


@item("54")
def test_54_the_city_decides_and_the_district_enforces(cast: Cast) -> None:
    """The town verifies a farmer's complaint and reports it (54.township.2); 区农牧局
    verifies on site and reports what is true to 市农牧局 (54.区农牧局.3), which deals
    with it (54.市农牧局.2); 区农牧局 enforces as the city asks and follows up
    (54.区农牧局.4)."""
    told = complaint("hotline", "反映种子不发芽")
    case = cast.found("54-08", report("核实种子质量存在问题"), **told).at("reported")
    clauses = ("54.township.2", "54.区农牧局.3")
    case.routed("L40", *clauses, lead=AGRI, next_level=CITY).seen_by(AGRI)
    case.accepted().cannot(case.lead, "escalate", 409, note="核实前不上报")
    case.verified("现场核实属实")
    case.cannot(case.lead, "order", 409, due_on=day(5), note="由市局决定")
    case.escalated(CITY, "上报市农牧局执法查处").seen_by(AGRI, CITY)
    case.answered("市农牧局：依法查处，由区局执行")
    case.punished("law_enforcement", "按市局要求行政执法")
    case.ordered("整改要求", day(10), "按市局要求限期整改").recheck_passed(
        "问题种子已下架"
    )
    case.fined(("law_enforcement", AGRI)).fed_back("已查处并整改").closed().went(
        "T1 found > T10 reported > T12 verifying > T15 > T21 escalated > "
        "T22 dept_recheck > P1 > T20 ordered > T18 dept_recheck > T19 rectified > "
        "T23 feedback > T24 closed"
    )


@item("54")
def test_54_missing_records_are_urged_by_the_town(cast: Cast) -> None:
    """督促建档 is the town's own (54.township.1); refused, it goes the same way up."""
    kept = cast.found("54-01", until(day(7), "督促建立进货台账"))
    kept.with_the_town("T54", "54.township.1", "54.township.2")
    kept.papers(("整改提醒单", day(7))).town_passed("台账已建立").seen_by().went(
        "T1 found > T3 rectifying > T6 town_recheck > T7 closed_town"
    )
    refused = cast.found("54-02", refusal("拒绝建档", "拒不整改")).at("reported")
    refused.routed("L18", "54.区农牧局.3", lead=AGRI, next_level=CITY).seen_by(AGRI)
    refused.accepted().not_so("已有电子台账").fed_back("不属实").closed()


@item("55")
def test_55_a_suspected_animal_disease(cast: Cast) -> None:
    """Abnormal deaths are reported quickly (55.township.6, .7); 农牧局's experts
    determine kind and extent, isolate and dispose of the dead (55.区农牧局.7)."""
    case = cast.found("55-01", report("羊群异常死亡")).at("reported")
    clauses = ("55.township.4", "55.township.6", "55.township.7")
    case.routed("L19", *clauses, lead=AGRI).seen_by(AGRI).in_ledger(None)
    assert case.ticket["routing"]["at_once"] is True
    case.accepted().verified("专家确定类型和范围")
    case.ordered("整改要求", day(2), "隔离发病区域，无害化处理病死畜")
    case.recheck_passed("解除隔离").fed_back("已处理").closed().went(
        "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )
    assert case.ticket["penalties"] == []


@item("55")
def test_55_a_plant_pest(cast: Cast) -> None:
    """Pests are fed back to 农牧局 and fought together (55.township.4)."""
    case = cast.found("55-08", report("玉米螟")).at("reported").seen_by(AGRI)
    case.accepted().not_so("未达防治指标").fed_back("继续观察").closed()
