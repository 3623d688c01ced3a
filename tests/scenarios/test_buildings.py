"""Items 27, 28, 29, 41: buildings and building sites."""

from __future__ import annotations

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import complaint, day, refusal, report, until

HOUSING, CITY = "区住房和城乡建设局", "市住房和城乡建设局"


@item("27")
def test_27_refused_appraised_ordered_and_reported_to_the_city(cast: Cast) -> None:
    """督促整改 in vain: 拒不整改 goes to 区住建局 (27.township.2).

    It has a third party appraise, orders owner and user to correct by a day, and
    reports who still refuses to 市住建局 (27.区住房和城乡建设局.1), which deals with
    them (27.市住房和城乡建设局.1).
    """
    owner = {"name": "某农贸市场产权人", "kind": "business"}
    case = cast.found("27-06", until(day(10), "督促除锈加固"), responsible_party=owner)
    case.papers(("整改提醒单", day(10))).with_the_town(
        "T27", "27.township.1", "27.township.2"
    )
    case.town_failed("未处理").reported("refused", "拒不整改", how="使用人拒签")
    case.routed("L06", "27.township.2", lead=HOUSING, next_level=CITY)
    case.seen_by(HOUSING).accepted()
    # 聘请第三方进行鉴定，经鉴定具有安全隐患
    case.appraised_by("某检测公司", "聘请第三方").appraised("confirmed", "具有安全隐患")
    case.ordered("整改要求", day(30), "督促产权人、使用人限期整改")
    # 对拒不整改的上报市住房和城乡建设局
    case.cannot(case.lead, "escalate", 409, note="复查前不上报市局")
    case.recheck_failed("拒不整改", "dept_recheck").escalated(CITY, "上报责任主体")
    case.seen_by(HOUSING, CITY)
    case.cannot(cast.of(CITY), "answer", 403, note="由区局记录")
    case.answered("市局已处置，责任主体着手加固").recheck_passed("加固完成")
    case.fed_back("已整改").closed().in_ledger(None)
    case.papers(
        ("整改提醒单", day(10)), "鉴定报告", ("整改要求", day(30)), "上报材料"
    ).went(
        "T1 found > T3 rectifying > T6 town_recheck > T9 reported > T12 verifying > "
        "T14 appraisal > T14b > T15 ordered > T18 dept_recheck > T21 escalated > "
        "T22 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("27")
def test_27_danger_of_collapse_does_not_wait_for_a_refusal(cast: Cast) -> None:
    """What is dangerous is 区住建局's without a refusal (27.区住房和城乡建设局.1,
    A18)."""
    control = {"measure": "停止使用", "note": "已清场"}
    case = cast.found("27-14", report("网架变形仍在使用"), control=control)
    case.routed("L31", "27.区住房和城乡建设局.1", lead=HOUSING, next_level=CITY)
    case.seen_by(HOUSING).accepted().appraised_by("某检测公司", "应急鉴定")
    case.does(case.lead, "appraise", "not_substantiated", grade="none", note="结构安全")
    case.does(case.lead, "lift_control", "not_substantiated", note="可恢复使用")
    case.fed_back("经鉴定无隐患").closed().went(
        "T1 found > C1 > T10 reported > T12 verifying > T14 appraisal > "
        "T16 not_substantiated > C2 > T23 feedback > T24 closed"
    )


def _house(cast: Cast, checkpoint: str, measure: str, grade: str, demand: str) -> None:
    control = {"measure": measure, "note": "立即采取管控措施"}
    # 拍照发送至区住房和城乡建设局；立即采取管控措施
    case = cast.found(checkpoint, report("肉眼可见的隐患"), control=control)
    case.at("reported").routed("L07", "28.township.2", lead=HOUSING).seen_by(HOUSING)
    housing = case.lead
    photos = housing.get(f"/photos?ticket={case.number}").json["items"]
    assert [photo["stage"] for photo in photos] == ["before"]
    assert [c["measure"] for c in case.ticket["controls"]] == [measure]
    # 组织专业人员进行核查，鉴定
    case.accepted().appraised_by("专业人员", "组织核查").appraised(grade, f"{grade}级")
    case.ordered("整改要求", day(60), demand)
    case.cannot(housing, "lift_control", 409, note="尚未消除")
    case.recheck_passed("已完成").fed_back("隐患已消除")
    # Whoever imposed the control does not lift it, and nothing closes before (A21).
    case.cannot(cast.officer, "close", 409, note="管控未解除")
    case.cannot(cast.worker, "lift_control", 403, note="谁实施谁解除")
    case.does(housing, "lift_control", "feedback", note="解除管控")
    assert (case.ticket["control"], case.ticket["penalties"]) == ("lifted", [])
    case.closed().in_ledger(None).went(
        "T1 found > C1 > T10 reported > T12 verifying > T14 appraisal > T14b > "
        "T15 ordered > T18 dept_recheck > T19 rectified > T23 feedback > C2 > "
        "T24 closed"
    )


@item("28")
def test_28_grade_c_is_reinforced(cast: Cast) -> None:
    """A visible crack is photographed and sent (28.township.2), use is stopped at once
    (28.township.4); professionals verify (28.区住房和城乡建设局.3), grade C is to be
    reinforced (.4), and 住建局 lifts what the town imposed."""
    _house(cast, "28-05", "停止使用", "C", "督促所有权人加固，消除隐患")


@item("28")
def test_28_grade_d_is_pulled_down(cast: Cast) -> None:
    """A house about to collapse: people are moved out at once (28.township.4); grade D
    is to be pulled down or rebuilt (28.区住房和城乡建设局.4)."""
    _house(cast, "28-06", "人员撤离、临时封闭", "D", "督促所有权人拆除、重建")


@item("29")
def test_29_a_complaint_is_verified_and_handed_on(cast: Cast) -> None:
    """The town verifies what a property company reports (29.township.1) and reports it
    (29.township.2); 住建局 deals with it on site (29.区住房和城乡建设局.1, .2)."""
    told = complaint("property_company", "业主拆改承重墙")
    case = cast.found("29-01", report("核查属实，承重墙开洞"), **told).at("reported")
    case.routed("L08", "29.township.2", lead=HOUSING).seen_by(HOUSING)
    assert case.ticket["source"] == "complaint"
    # Who complained stays with the town.
    kept = f"/findings/{case.finding}"
    assert cast.officer.get(kept).json["complaint"]["complainant"]["name"] == "张某"
    assert case.lead.get(kept).json["complaint"]["complainant"] is None
    case.accepted().verified("现场核查属实").ordered(
        "整改要求", day(15), "现场处理，恢复"
    )
    case.recheck_passed("已按方案恢复").fed_back("已处理").closed().in_ledger(
        None
    ).went(
        "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("29")
def test_29_nothing_found_on_patrol_is_kept_by_the_town(cast: Cast) -> None:
    """Whatever a patrol finds is reported (29.township.2); 住建局 finds it is not
    so."""
    case = cast.found("29-04", report("楼面堆放大量水泥砂石")).at("reported")
    case.routed("L08", "29.township.2", lead=HOUSING).seen_by(HOUSING)
    case.accepted().not_so("荷载在允许范围内").fed_back("不影响结构").closed().went(
        "T1 found > T10 reported > T12 verifying > T16 not_substantiated > "
        "T23 feedback > T24 closed"
    )


@item("41")
def test_41_refused_on_a_building_site_up_to_the_city(cast: Cast) -> None:
    """整改台账 and a day by the town; 拒不整改 goes to 区住建局 (41.township.2), which
    demands correction and reports refusal to 市住建局 (41.区住房和城乡建设局.1), which
    deals with the company (41.市住房和城乡建设局.1)."""
    builder = {"name": "某建筑公司", "kind": "business"}
    case = cast.found("41-07", until(day(3), "补设防护"), responsible_party=builder)
    case.papers(("整改提醒单", day(3))).with_the_town("T41", "41.township.2")
    case.in_ledger("镇内留存").town_failed("临边仍无防护")
    case.reported("refused", "拒不整改", how="项目负责人拒签")
    case.routed("L11", "41.township.2", lead=HOUSING, next_level=CITY).seen_by(HOUSING)
    case.accepted().verified("属实").ordered("整改要求", day(7), "要求企业整改")
    case.recheck_failed("拒不整改", "dept_recheck").escalated(CITY, "上报市局查处")
    case.seen_by(HOUSING, CITY).answered("市局已处置").recheck_passed("防护已到位")
    case.fed_back("已整改").closed()
    case.papers(("整改提醒单", day(3)), ("整改要求", day(7)), "上报材料").went(
        "T1 found > T3 rectifying > T6 town_recheck > T9 reported > T12 verifying > "
        "T15 > T15 ordered > T18 dept_recheck > T21 escalated > T22 dept_recheck > "
        "T19 rectified > T23 feedback > T24 closed"
    )


@item("41")
def test_41_illegal_works_are_reported_at_once(cast: Cast) -> None:
    """违法违规 is the other trigger of 41.township.2; 住建局 returns what lacks
    facts."""
    case = cast.found("41-02", report("无施工许可")).at("reported")
    case.routed("L11", "41.township.2", lead=HOUSING, next_level=CITY)
    case.does(case.lead, "return", "returned", note="请补充建设单位名称")
    case.does(cast.worker, "report_up", "reported", note="建设单位：某公司")
    case.accepted().verified("属实").ordered("整改要求", day(10), "停工补办")
    case.recheck_passed("手续已齐").fed_back("已整改").closed().went(
        "T1 found > T10 reported > T13 returned > T13b reported > T12 verifying > "
        "T15 > T15 ordered > T18 dept_recheck > T19 rectified > T23 feedback > "
        "T24 closed"
    )


@item("27", "41")
def test_put_right_by_the_town_s_day(cast: Cast) -> None:
    """督促整改 that works needs no department (27.township.2, 41.township.2)."""
    for checkpoint in ("27-13", "41-12"):
        case = cast.found(checkpoint, until(day(3))).town_passed("已整改")
        case.seen_by().went(
            "T1 found > T3 rectifying > T6 town_recheck > T7 closed_town"
        )
    refused = cast.found("41-20", refusal("逾期未改", "上次隐患仍未整改"))
    refused.at("reported").seen_by(HOUSING)
