"""Items 63–68, 70: noise, water, waste, soil, air, livestock, sorted waste."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import complaint, day, on_spot, refusal, report, until

ECOLOGY, URBAN, POLICE = "区生态环境分局", "区城市管理综合执法局", "区公安分局"
AGRI, HOUSING, GOVERNMENT = "区农牧局", "区住房和城乡建设局", "区政府"


@item("63")
def test_63_a_plant_that_stays_too_loud_is_closed_by_the_government(cast: Cast) -> None:
    """The town reports a complaint (63.township.2); 生态环境分局 verifies it with
    third-party figures, punishes, has the plant comply by a day and else asks 区政府 to
    close it (63.区生态环境分局.1, .2)."""
    told = complaint("resident", "厂区夜间噪声")
    case = cast.found("63-05", report("厂界噪声投诉属实"), **told).at("reported")
    case.routed("L20", "63.区生态环境分局.2", lead=ECOLOGY, next_level=GOVERNMENT)
    case.seen_by(ECOLOGY).accepted().verified("第三方检测夜间超标 8 dB")
    case.punished("punished", "按超标倍数处罚").ordered(
        "限期达标要求", day(30), "限期达标"
    )
    case.cannot(case.lead, "escalate", 409, note="限期内")
    case.recheck_failed("仍超标", "dept_recheck").escalated(
        GOVERNMENT, "报请区政府关停"
    )
    case.seen_by(ECOLOGY, GOVERNMENT).answered("区政府同意关停")
    case.recheck_passed("已关停").fed_back("已关停").closed()
    case.fined(("punished", ECOLOGY)).in_ledger(None).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T21 escalated > T22 dept_recheck > T19 rectified > "
        "T23 feedback > T24 closed"
    )


@item("63")
@pytest.mark.parametrize(
    ("checkpoint", "department", "rule", "clause", "penalty"),
    [
        ("63-06", URBAN, "L21", "63.区城市管理综合执法局.1", "punished"),
        ("63-07", URBAN, "L21", "63.区城市管理综合执法局.1", "punished"),
        ("63-01", POLICE, "L22", "63.区公安分局.1", "struck_down"),
        ("63-02", POLICE, "L22", "63.区公安分局.1", "struck_down"),
        ("63-03", POLICE, "L22", "63.区公安分局.1", "struck_down"),
    ],
)
def test_63_each_source_of_noise_has_its_department(
    cast: Cast, checkpoint: str, department: str, rule: str, clause: str, penalty: str
) -> None:
    """Sites and fume equipment are 城管局's, social life 公安分局's (63)."""
    case = cast.found(checkpoint, report("噪声扰民")).at("reported")
    case.routed(rule, clause, lead=department).seen_by(department)
    case.accepted().verified("属实").punished(penalty, "依法处理")
    case.ordered("限期达标要求", day(3), "停止扰民").recheck_passed("已停止")
    case.fed_back("已处理").closed().fined((penalty, department)).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("63")
def test_63_an_unknown_source_is_measured_first(cast: Cast) -> None:
    """A complaint whose source is not known: 生态环境分局 verifies and measures it
    (63.township.2, 63.区生态环境分局.2) and returns what is another department's."""
    told = complaint("resident", "夜间轰鸣声")
    case = cast.found("63-04", report("来源不明"), **told).at("reported")
    clauses = ("63.township.2", "63.区生态环境分局.2")
    case.routed("L41", *clauses, lead=ECOLOGY, next_level=GOVERNMENT).seen_by(ECOLOGY)
    case.does(case.lead, "return", "returned", note="系餐饮油烟机噪声，属城管局")
    known = {"note": "补充来源", "facts": ["noise_fume_equipment"]}
    case.does(cast.worker, "report_up", "reported", **known)
    case.routed("L21", "63.区城市管理综合执法局.1", lead=URBAN).seen_by(URBAN)
    case.accepted().not_so("未超标").fed_back("未超标").closed().went(
        "T1 found > T10 reported > T13 returned > T13b reported > T12 verifying > "
        "T16 not_substantiated > T23 feedback > T24 closed"
    )


@item("64")
def test_64_the_patrol_is_recorded_and_what_it_finds_reported(cast: Cast) -> None:
    """Every patrol along the water is recorded and what it finds reported
    (64.township.2); 生态环境分局 verifies, punishes and has it cleaned up
    (64.区生态环境分局.3)."""
    case = cast.found("64-03", report("暗管排污")).at("reported")
    inspection = cast.officer.get(f"/findings/{case.finding}").json["inspection"]
    record = cast.officer.get(f"/inspections/{inspection}").json  # 并做好记录
    answers = {a["checkpoint"]: a["answer"] for a in record["answers"]}
    assert (record["checklist"], answers["64-03"]) == ("64", "no")
    case.routed("L23", "64.township.2", lead=ECOLOGY).seen_by(ECOLOGY)
    case.accepted().verified("水样超标").punished("punished", "依法处罚")
    case.ordered("整改要求", day(10), "封堵暗管，治理").recheck_passed("水质达标")
    case.fed_back("已治理").closed().fined(("punished", ECOLOGY)).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("64", "68")
@pytest.mark.parametrize("checkpoint", ["64-10", "68-10"])
def test_dead_livestock_in_water_is_collected_and_traced(
    cast: Cast, checkpoint: str
) -> None:
    """农牧局 collects, disposes of and traces it (68.区农牧局.4), whichever patrol
    finds it."""
    case = cast.found(checkpoint, report("河道内死羊")).at("reported")
    case.routed("L42", "68.区农牧局.4", lead=AGRI, co=[ECOLOGY]).seen_by(AGRI, ECOLOGY)
    case.accepted().verified("已收集并溯源").ordered("整改要求", day(2), "无害化处理")
    case.recheck_passed("已无害化处理").fed_back("已处理").closed()


@item("65")
def test_65_hazardous_waste_dumped_up_to_the_government(cast: Cast) -> None:
    """Dumping is stopped (65.township.2) and reported; 生态环境分局 verifies, files a
    case and asks 区政府 to close down what is serious (65.区生态环境分局.3)."""
    case = cast.found("65-03", on_spot("当场制止倾倒")).at("reported")
    case.routed("L25", "65.区生态环境分局.3", lead=ECOLOGY, next_level=GOVERNMENT)
    case.seen_by(ECOLOGY).accepted().verified("倾倒危险废物属实")
    case.punished("case_filed", "立案查处").escalated(
        GOVERNMENT, "违法行为严重，报请关停"
    )
    case.seen_by(ECOLOGY, GOVERNMENT).answered("区政府决定关停")
    case.ordered("限期整改要求", day(10), "清运危险废物").recheck_passed("已清运")
    case.fed_back("已关停并清运").closed().fined(("case_filed", ECOLOGY)).went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > P1 > "
        "T21 escalated > T22 dept_recheck > T20 ordered > T18 dept_recheck > "
        "T19 rectified > T23 feedback > T24 closed"
    )


@item("65")
def test_65_solid_waste_is_put_right_by_the_order(cast: Cast) -> None:
    """What is not serious ends with 限期整改 (65.区生态环境分局.3)."""
    case = cast.found("65-02", on_spot("当场制止")).at("reported").seen_by(ECOLOGY)
    case.accepted().verified("属实").ordered("限期整改要求", day(5), "限期清理")
    case.recheck_passed("已清理").fed_back("已清理").closed().in_ledger(None)


@item("65")
@pytest.mark.parametrize(
    ("checkpoint", "rule", "clause"),
    [
        ("65-07", "L24", "65.区城市管理综合执法局.1"),
        ("65-08", "L24", "65.区城市管理综合执法局.1"),
        ("65-10", "L43", "67.区城市管理综合执法局.1"),
    ],
)
def test_65_kitchen_and_building_waste_are_the_urban_bureau_s(
    cast: Cast, checkpoint: str, rule: str, clause: str
) -> None:
    """城管局 punishes kitchen and building waste (65.区城市管理综合执法局.1), and
    burning."""
    case = cast.found(checkpoint, on_spot("当场制止")).at("reported")
    case.routed(rule, clause, lead=URBAN).seen_by(URBAN)
    case.accepted().verified("属实").punished("punished", "依法处罚")
    case.ordered("限期整改要求", day(3), "清理").recheck_passed("已清理")
    case.fed_back("已处罚").closed().fined(("punished", URBAN))


@item("66")
def test_66_polluted_soil(cast: Cast) -> None:
    """What harms the soil is reported (66.township.2); 生态环境分局 verifies and
    punishes (66.区生态环境分局.3) and orders remediation (.4); farmland is 农牧局's as
    well (66.区农牧局.2)."""
    plant = cast.found("66-04", report("渗漏")).routed(
        "L23", "66.township.2", lead=ECOLOGY
    )
    plant.seen_by(ECOLOGY).accepted().verified("渗漏属实").punished("punished", "处罚")
    plant.ordered("整改要求", day(30), "土壤修复").recheck_passed("修复完成")
    plant.fed_back("已修复").closed().fined(("punished", ECOLOGY)).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )
    field = cast.found("66-02", report("农田堆放矿渣"))
    field.routed("L23", "66.township.2", lead=ECOLOGY, co=[AGRI]).seen_by(ECOLOGY, AGRI)
    (matched,) = field.ticket["routing"]["co_rules"]
    assert matched["basis"] == ["66.区农牧局.2"]
    field.accepted().verified("属实").ordered("整改要求", day(30), "清运，修复农田")
    field.does(cast.of(AGRI), "comment", "ordered", note="牵头修复农田")
    field.recheck_passed("修复完成").fed_back("已修复").closed()


URBAN_AIR = ("67.区城市管理综合执法局.1", "67.区城市管理综合执法局.2")


@item("67")
@pytest.mark.parametrize(
    ("checkpoint", "rule", "clauses", "lead", "co"),
    [
        ("67-01", "L28", ["67.区生态环境分局.1"], ECOLOGY, []),
        (
            "67-05",
            "L26",
            ["67.区住房和城乡建设局.1", "67.区城市管理综合执法局.1"],
            HOUSING,
            [URBAN],
        ),
        ("67-08", "L27", URBAN_AIR, URBAN, [HOUSING]),
        ("67-10", "L27", URBAN_AIR, URBAN, []),
        ("67-11", "L27", URBAN_AIR, URBAN, []),
        ("67-12", "L27", URBAN_AIR, URBAN, []),
    ],
)
def test_67_each_source_of_foul_air_has_its_department(
    cast: Cast, checkpoint: str, rule: str, clauses: list[str], lead: str, co: list[str]
) -> None:
    """What may foul the air is reported (67.township.2): companies to 生态环境分局, the
    six hundred-percents of a site to 住建局, burning, grills, dust and fumes to 城管局.
    """
    case = cast.found(checkpoint, report("可能引起大气污染")).at("reported")
    case.routed(rule, *clauses, lead=lead, co=co).seen_by(lead, *co).in_ledger(None)
    by = URBAN if URBAN in co else lead  # dust on a site is punished by 城管局 (A29)
    case.accepted().verified("属实").punished("punished", "依法处罚", by=by)
    case.ordered("整改要求", day(5), "整改").recheck_passed("已整改")
    case.fed_back("已整改").closed().fined(("punished", by)).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("68")
def test_68_livestock_waste_is_stopped_and_reported(cast: Cast) -> None:
    """Illegal acts are stopped and reported (68.township.2); 生态环境分局 verifies and
    investigates (68.区生态环境分局.2), 农牧局 guides (68.区农牧局.1)."""
    case = cast.found("68-01", on_spot("制止粪污外排")).at("reported")
    clauses = ("68.township.2", "68.区生态环境分局.2")
    case.routed("L29", *clauses, lead=ECOLOGY, co=[AGRI]).seen_by(ECOLOGY, AGRI)
    case.accepted().verified("属实").punished("investigated", "依法查处")
    case.ordered("整改要求", day(15), "建设粪污处理设施")
    case.does(cast.of(AGRI), "comment", "ordered", note="指导综合利用")
    case.recheck_passed("设施已用").fed_back("已查处").closed()
    case.fined(("investigated", ECOLOGY)).went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > P1 > "
        "T15 ordered > N1 > T18 dept_recheck > T19 rectified > T23 feedback > "
        "T24 closed"
    )
    tidy = cast.found("68-04", on_spot("督促清理")).with_the_town(
        "T68", "68.township.2"
    )
    tidy.settled("已清理").seen_by().went("T1 found > T2 on_spot > T4 closed_town")


@item("70")
def test_70_waste_points_are_kept_by_the_town_and_equipped_by_the_bureau(
    cast: Cast,
) -> None:
    """The town checks its points (70.township.2) and maintains them (.4); what
    equipment is lacking 城管局 supplies (70.区城市管理综合执法局.1)."""
    label = cast.found("70-03", on_spot("补贴标识"))
    label.with_the_town("T70", "70.township.2", "70.township.4")
    label.settled("标识已补").went("T1 found > T2 on_spot > T4 closed_town")
    broken = cast.found("70-04", until(day(7), "维修分类亭")).papers()
    broken.town_passed("已修好").seen_by()
    case = cast.found("70-02", report("缺四色垃圾桶")).at("reported")
    case.routed("L44", "70.区城市管理综合执法局.1", lead=URBAN).seen_by(URBAN)
    case.accepted().verified("缺桶 12 个").ordered("整改要求", day(10), "配备到位")
    case.recheck_passed("已配备").fed_back("已配备").closed().in_ledger(None).went(
        "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )
    refused = cast.found("70-07", refusal("拒绝分类", "物业拒不整改"))
    refused.routed("L45", "70.区城市管理综合执法局.1", lead=URBAN).seen_by(URBAN)


@item("70")
def test_70_the_monthly_form_and_the_table_of_merged_points(cast: Cast) -> None:
    """撤桶并点统计表 (70.township.2) and the monthly form (70.township.3), the only
    monthly rhythm that the list itself gives."""
    month = day(-31)[:7]
    table = {"points_before": 20, "points_removed": 6, "points_merged": 4}
    table |= {"points_after": 10, "points_fit": 9, "bins_removed": 40, "bins_after": 60}
    tons = {"kitchen": 12.5, "recyclable": 3.2, "hazardous": 0.1, "other": 30.0}
    for kind, figures, clause in (
        ("70-bin-points", table, "70.township.2"),
        ("70-monthly-form", tons, "70.township.3"),
    ):
        id = uuid4()
        document = {"kind": kind, "month": month, "held_on": day(0), "figures": figures}
        document |= {"subject": "月报", "summary": "已填报"}
        answer = cast.officer.put(f"/duties/{id}", json=document)
        assert answer.status_code == 201, answer.text
        assert answer.json["clauses"] == [clause]
        seen = cast.officer.get(f"/duties/{id}").json
        assert (seen["counts"], seen["figures"]) == (True, figures)
        assert cast.neighbour.get(f"/duties/{id}").status_code == 404
    rows = cast.officer.get(f"/reports/duties?item=70&from={month}-01&to={day(0)}")
    monthly = next(r for r in rows.json["rows"] if r["kind"] == "70-monthly-form")
    assert (monthly["count"], monthly["rhythm"]) == (1, "monthly")
