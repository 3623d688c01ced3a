"""Items 26, 42: 消隐患、去盲点、遏事故, and daily safety checks at work."""

from __future__ import annotations

from uuid import uuid4

from server.demo.seed import TOWN
from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import ago, day, on_spot, refusal, report, until

EMERGENCY, FIRE, MARKET = "区应急管理局", "区消防救援大队", "区市场监督管理局"


@item("26")
def test_26_illegal_trade_is_assigned_by_the_kind_of_hazard(cast: Cast) -> None:
    """违法违规 is reported to 应急局 with the ledger (26.township.2), which assigns it
    to the department in charge of that kind of hazard (26.区应急管理局.3)."""
    case = cast.found("26-15", report("无证无照从事生产经营")).at("reported")
    case.routed("L05", "26.township.2", "26.区应急管理局.3", lead=EMERGENCY).seen_by(
        EMERGENCY
    )
    case.in_ledger("区应急管理局")
    # 按照隐患类型分配到相应的行业主管部门进行处置
    case.cannot(cast.officer, "dispatch", 403, department=MARKET, note="由应急局分配")
    case.dispatched(case.lead, MARKET, "无证经营，分配市场监管局")
    case.routed(
        "L05", "26.township.2", "26.区应急管理局.3", lead=MARKET, co=[EMERGENCY]
    )
    case.seen_by(EMERGENCY, MARKET)
    case.accepted().verified("属实").ordered("整改要求", day(15), "停止经营，办理证照")
    case.recheck_passed("证照已办").fed_back("已整改").closed().went(
        "T1 found > T10 reported > T11 dispatched > T12 verifying > T15 > "
        "T15 ordered > T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("26")
def test_26_refused_and_within_the_emergency_bureau_s_own_remit(cast: Cast) -> None:
    """督促整改 in vain: 拒不整改 is reported (26.township.2); what is 应急局's own it
    deals with itself (26.区应急管理局.4)."""
    case = cast.found("26-03", until(day(5), "督促封闭停用车间"))
    case.papers(("整改提醒单", day(5))).with_the_town(
        "T26", "26.township.1", "26.township.2"
    )
    case.town_failed("仍未封闭").reported("refused", "拒不整改", how="留守人员拒签")
    case.routed("L05", "26.township.2", "26.区应急管理局.3", lead=EMERGENCY).seen_by(
        EMERGENCY
    )
    case.accepted().verified("属实").ordered("整改要求", day(7), "按程序处置")
    case.recheck_failed("未封闭").recheck_passed("已封闭").fed_back("已整改").closed()
    case.in_ledger("区应急管理局").went(
        "T1 found > T3 rectifying > T6 town_recheck > T9 reported > T12 verifying > "
        "T15 > T15 ordered > T18 dept_recheck > T20 ordered > T18 dept_recheck > "
        "T19 rectified > T23 feedback > T24 closed"
    )


@item("26")
def test_26_what_is_put_right_still_stands_in_the_periodic_ledger(cast: Cast) -> None:
    """定期报送 is of all hazards, not only of the reported ones (26.township.2,
    A16)."""
    case = cast.found("26-06", on_spot("督促打开出口")).settled("出口已畅通")
    case.in_ledger("区应急管理局").seen_by()
    case.went("T1 found > T2 on_spot > T4 closed_town")


@item("42")
def test_42_notice_order_heavier_penalty_and_the_town_s_ledger(cast: Cast) -> None:
    """The town issues a 整改通知书 (42.township.1); not done, it goes to 应急局
    (42.township.2), which verifies (.3), orders and punishes (.4), re-checks and
    punishes more heavily (.5), and tells the town to amend its ledger (.6)."""
    company = {"name": "某机械厂", "kind": "business"}
    found = {"found_at": ago(days=10), "responsible_party": company}
    # 下达整改通知书，督促整改，建立台账
    case = cast.found("42-10", until(day(-2), "更换破损线路"), **found)
    case.papers(("整改通知书", day(-2))).with_the_town("T42", "42.township.1")
    case.in_ledger("镇内留存")
    assert case.ticket["overdue"] is True
    # Due and re-inspected in vain: that is refusal without another word (A24).
    case.town_failed("到期未整改").reported("refused", "拒不整改，上报")
    case.routed("L12", "42.township.2", lead=EMERGENCY).seen_by(EMERGENCY)
    # 现场核实，下达整改指令，给予罚款
    case.accepted().verified("现场核实属实").ordered("整改指令", day(7), "限期更换")
    case.punished("fine", "罚款一万元").cannot(case.lead, "feed_back", 409, note="早")
    # 按整改时限复查，加重处罚
    case.recheck_failed("仍未更换").punished("heavier", "加重处罚")
    case.punished("stop_work", "停止作业")
    assert case.ticket["failed_rechecks"] == 1
    case.recheck_passed("线路已更换")
    case.fined(("fine", EMERGENCY), ("heavier", EMERGENCY), ("stop_work", EMERGENCY))
    # 隐患消除后，通知街镇修订完善台账
    case.fed_back("隐患已消除，请修订台账").cannot(case.lead, "close", 403).closed()
    penalties = ["处罚决定"] * 3
    case.papers(
        ("整改通知书", day(-2)), ("整改指令", day(7)), *penalties, "整改结果通知"
    ).went(
        "T1 found > T3 rectifying > T6 town_recheck > T9 reported > T12 verifying > "
        "T15 > T15 ordered > P1 > T18 dept_recheck > T20 ordered > P1 > P1 > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("42")
def test_42_the_patrols_of_a_key_period(cast: Cast) -> None:
    """“两会”、春节、国庆 (42.name): each company is to be visited once between two
    days, and what is found goes the same way (42.township.1)."""
    company = cast.registered("42", "某机械厂")
    id = str(uuid4())
    campaign = {"name": "国庆安全巡查", "items": ["42"], "areas": [TOWN]}
    campaign |= {"starts_on": day(-1), "ends_on": day(3)}
    answer = cast.officer.put(f"/campaigns/{id}", json=campaign)
    assert answer.status_code == 201, answer.text
    left = f"/campaigns/{id}/places?visited=false"
    assert [p["id"] for p in cast.officer.get(left).json["items"]] == [company]
    case = cast.found("42-19", on_spot("督促落实值班"), place=company)
    assert cast.officer.get(left).json["items"] == []
    case.with_the_town("T42", "42.township.1").settled("已安排值班")
    case.in_ledger("镇内留存").went("T1 found > T2 on_spot > T4 closed_town")
    assert cast.neighbour.get(f"/campaigns/{id}").status_code == 404


@item("42")
def test_42_extended_once_and_put_right_for_the_town(cast: Cast) -> None:
    """督促整改 with a written day, put off once for a reason, ends in the town (.1)."""
    case = cast.found("42-08", on_spot("要求张贴标志"))
    notice = {"due_on": day(3), "note": "三日内张贴"}
    case.does(cast.worker, "issue_notice", "rectifying", **notice)
    case.papers(("整改通知书", day(3))).town_failed("标志未到货")
    later = {"due_on": day(6), "note": "厂家延迟发货"}
    case.does(cast.officer, "extend", "rectifying", **later).town_passed("已张贴")
    case.seen_by().in_ledger("镇内留存").went(
        "T1 found > T2 on_spot > T3 rectifying > T6 town_recheck > T8 rectifying > "
        "T6 town_recheck > T7 closed_town"
    )


@item("42")
def test_42_a_fire_hazard_brings_the_fire_brigade_in(cast: Cast) -> None:
    """应急局 keeps the lead (42.township.2); fire penalties are 消防大队's (A36)."""
    case = cast.found("42-13", refusal("拒绝清理", "锁闭安全出口"))
    case.routed("L12", "42.township.2", lead=EMERGENCY, co=[FIRE])
    assert case.ticket["routing"]["co_rules"][0]["rule"] == "C18"
    case.seen_by(EMERGENCY, FIRE).accepted().verified("属实")
    case.ordered("整改指令", day(3), "立即打开")
    # 消防大队's own order stands beside and moves no day (43.区消防救援大队.3).
    fire = {"due_on": day(1), "note": "责令立即打开出口"}
    case.does(cast.of(FIRE), "order", "ordered", **fire)
    case.papers(("整改指令", day(3)), ("责令改正通知书", day(1)))
    assert case.ticket["due_on"] == day(3)
    case.punished("fine", "消防罚款", by=FIRE).fined(("fine", FIRE))
    case.recheck_passed("出口已打开").fed_back("已整改").closed()


@item("42")
def test_42_an_illegal_company_is_closed_down(cast: Cast) -> None:
    """违法违规 is reported without waiting (42.township.2) and closed down (.4)."""
    case = cast.found("42-01", report("无证经营危化品"), facts=["illegal"])
    case.at("reported").routed("L12", "42.township.2", lead=EMERGENCY)
    case.accepted().verified("属实").punished("close_down", "责令关停")
    case.ordered("整改指令", day(1), "停止经营").recheck_passed("已关停")
    case.fed_back("已关停").closed().fined(("close_down", EMERGENCY))
