"""Items 30–38: fire safety of the nine kinds of small places (九小场所)."""

from __future__ import annotations

import pytest

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import day, on_spot, refusal, report, until

FIRE, POLICE, EMERGENCY = "区消防救援大队", "区公安分局", "区应急管理局"

# item -> a checkpoint that only this kind of place has, and the place.
PLACES = {
    "30": ("30-15", "某某便利店"),
    "31": ("31-16", "某某旅馆"),
    "32": ("32-12", "某某学校"),
    "33": ("33-12", "某某卫生院"),
    "34": ("34-13", "某某密室逃脱"),
    "35": ("35-16", "某某餐馆"),
    "36": ("36-13", "某某KTV"),
    "37": ("37-16", "某某浴池"),
    "38": ("38-12", "某某家具加工厂"),
}


@item(*PLACES)
@pytest.mark.parametrize("number", PLACES)
def test_refused_then_ordered_rechecked_punished_and_fed_back(
    cast: Cast, number: str
) -> None:
    """The village urges correction by a day (township.3); refused, it goes to 消防大队.

    消防大队 verifies, orders, re-checks, punishes and feeds back (区消防救援大队.2);
    公安分局 handles with it, 应急局 coordinates as 安委办 (区应急管理局.1), to which
    the ledger goes (township.3).
    """
    checkpoint, name = PLACES[number]
    party = {"name": name, "kind": "business"}
    # 督促整改火灾隐患
    case = cast.found(checkpoint, until(day(5)), responsible_party=party)
    case.at("rectifying").papers(("整改提醒单", day(5)))
    case.with_the_town("T30", f"{number}.township.3")
    # 拒不整改
    case.town_failed("到期未整改")
    case.reported("refused", "拒不整改，上报", how="负责人拒绝签字")
    case.routed(
        "L04",
        f"{number}.区消防救援大队.2",
        f"{number}.区应急管理局.1",
        lead=FIRE,
        co=[POLICE],
        coordinator=EMERGENCY,
    ).seen_by(FIRE, POLICE)
    # 现场核查，责令改正通知书，复查，行政处罚
    case.accepted().verified("现场核查属实").ordered("责令改正通知书", day(10), "限期")
    case.recheck_failed("逾期未改正").punished("fine", "罚款五千元")
    case.punished("suspend_business", "责令停产停业")
    case.recheck_passed("隐患已消除").fined(("fine", FIRE), ("suspend_business", FIRE))
    # 将整改结果反馈给街镇
    case.fed_back("已整改并处罚").closed()
    penalties = ["处罚决定", "处罚决定"]
    ordered = ("责令改正通知书", day(10))
    case.papers(("整改提醒单", day(5)), ordered, *penalties, "整改结果反馈")
    case.in_ledger("区安委办")
    case.went(
        "T1 found > T3 rectifying > T6 town_recheck > T9 reported > T12 verifying > "
        "T15 > T15 ordered > T18 dept_recheck > T20 ordered > P1 > P1 > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item(*PLACES)
@pytest.mark.parametrize("number", PLACES)
def test_urged_and_put_right_before_any_report(cast: Cast, number: str) -> None:
    """督促整改 that works ends in the town, and in 安委办's ledger (township.3)."""
    checkpoint, _ = PLACES[number]
    case = cast.found(checkpoint, on_spot("督促当场整改"))
    case.with_the_town("T30", f"{number}.township.3").settled("已整改，通道畅通")
    case.seen_by().in_ledger("区安委办").went("T1 found > T2 on_spot > T4 closed_town")


@item(*PLACES)
@pytest.mark.parametrize("number", PLACES)
def test_the_fire_brigade_s_own_check(cast: Cast, number: str) -> None:
    """What 消防大队's own supervision finds it orders itself (区消防救援大队.1,
    A33)."""
    case = cast.checked(FIRE, f"{number}-01", "消防监督检查发现")
    case.at("verifying").seen_by(FIRE, POLICE)
    assert case.ticket["source"] == "department"
    case.verified("属实").punished("warning", "警告")
    case.ordered("责令改正通知书", day(7), "责令改正").recheck_passed("已改正")
    case.fed_back("已改正").closed().went(
        "T1 found > A33 verifying > T15 > P1 > T15 ordered > T18 dept_recheck > "
        "T19 rectified > T23 feedback > T24 closed"
    )


@item(*PLACES)
@pytest.mark.parametrize("number", PLACES)
def test_the_police_s_own_check_ends_in_a_public_order_case(
    cast: Cast, number: str
) -> None:
    """公安分局 finds it on its daily check (.1); 消防大队 verifies and hands over.

    Acts against public order and crimes are 公安分局's (区公安分局.3, .4).
    """
    case = cast.checked(POLICE, f"{number}-01", "日常消防检查发现").at("reported")
    case.routed(
        "L04",
        f"{number}.区消防救援大队.2",
        f"{number}.区应急管理局.1",
        lead=FIRE,
        co=[POLICE],
        coordinator=EMERGENCY,
    ).seen_by(FIRE, POLICE)
    case.accepted().verified("经营者阻碍检查，涉嫌违反治安管理")
    case.transferred(POLICE, "移送公安机关查处").dealt_with(POLICE, "已依法查处")
    case.fed_back("已由公安机关查处，隐患消除").closed().went(
        "T1 found > T10 reported > T12 verifying > T15 > T17 transferred > "
        "T17b rectified > T23 feedback > T24 closed"
    )


@item("30")
def test_fireworks_in_a_shop_go_to_the_emergency_bureau_at_once(cast: Cast) -> None:
    """Goods that burn or explode, stored or for sale: 应急局 punishes
    (30.区应急管理局.2).

    No refusal is needed; 消防大队 and 公安分局 handle with it (30.区应急管理局.1).
    """
    case = cast.found("30-13", on_spot("已要求停止销售"), severity="major")
    case.at("reported").in_ledger("区安委办")
    case.routed("L01", "30.区应急管理局.2", lead=EMERGENCY, co=[FIRE, POLICE]).seen_by(
        EMERGENCY, FIRE, POLICE
    )
    assert case.ticket["routing"]["at_once"] is True
    case.accepted().verified("库房存有烟花爆竹和酒精")
    case.punished("fine", "依法给予处罚")
    # 责令改正通知书 is 消防大队's alone: 应急局's order bears a plain name.
    case.ordered("整改要求", day(1), "清除").recheck_passed("已清除")
    case.fed_back("违法储存物品已清除").closed()
    case.fined(("fine", EMERGENCY)).went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > P1 > "
        "T15 ordered > T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item(*sorted(PLACES.keys() - {"30"}))
@pytest.mark.parametrize("number", sorted(PLACES.keys() - {"30"}))
def test_fireworks_elsewhere_follow_the_goods(cast: Cast, number: str) -> None:
    """The clause stands in 30 only; the other eight follow by analogy (model, A4)."""
    point = "38-15" if number == "38" else f"{number}-03"
    case = cast.found(point, report("存有酒精、烟花"), category="F5")
    case.at("reported").routed(
        "L02", "30.区应急管理局.2", lead=EMERGENCY, co=[FIRE, POLICE]
    )
    assert case.ticket["routing"]["source"] == "design"
    case.seen_by(EMERGENCY, FIRE, POLICE).accepted().not_so("已清空，未见存放")
    case.fed_back("核查时已不存在").closed().went(
        "T1 found > T10 reported > T12 verifying > T16 not_substantiated > "
        "T23 feedback > T24 closed"
    )


@item("35")
def test_a_joint_action_convened_by_the_safety_office(cast: Cast) -> None:
    """安委办 convenes the departments (35.区应急管理局.1) and assigns the case
    (T11)."""
    refused = refusal("当场声明拒绝", "业主拒绝拆除包间隔断")
    case = cast.found("35-19", refused).at("reported")
    case.cannot(cast.of(POLICE), "dispatch", 403, department=POLICE, note="联合检查")
    case.dispatched(
        cast.safety_office, FIRE, "列入联合执法，消防大队牵头，公安分局参加"
    )
    case.routed(
        "L04",
        "35.区消防救援大队.2",
        "35.区应急管理局.1",
        lead=FIRE,
        co=[POLICE],
        coordinator=EMERGENCY,
    ).seen_by(FIRE, POLICE)
    case.accepted().verified("联合检查属实").ordered("责令改正通知书", day(5), "限期")
    case.punished("fine", "依法罚款").punished("warning", "警告", by=POLICE)
    case.fined(("fine", FIRE), ("warning", POLICE)).recheck_passed("隔断已拆除")
    case.fed_back("联合执法后已整改").closed().went(
        "T1 found > T10 reported > T11 dispatched > T12 verifying > T15 > "
        "T15 ordered > P1 > P1 > T18 dept_recheck > T19 rectified > T23 feedback > "
        "T24 closed"
    )
