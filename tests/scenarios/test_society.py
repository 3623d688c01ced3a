"""Items 24, 25: satellite dishes and food, found and forwarded."""

from __future__ import annotations

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import day, report

CULTURE, MARKET = "区文体旅游广电局", "区市场监督管理局"


@item("24")
def test_24_a_dish_put_up_without_leave(cast: Cast) -> None:
    """A patrol reports what it finds (24.township.2); 文体旅游广电局 investigates the
    lead (24.区文体旅游广电局.2, .3)."""
    case = cast.found("24-01", report("楼顶擅自安装卫星接收设施")).at("reported")
    case.routed("L15", "24.township.2", lead=CULTURE).seen_by(CULTURE).in_ledger(None)
    case.accepted().verified("擅自安装属实").punished("investigated", "依法查处")
    case.ordered("整改要求", day(5), "限期拆除").recheck_passed("已拆除")
    case.fed_back("已查处并拆除").closed().fined(("investigated", CULTURE))
    case.papers("处罚决定", ("整改要求", day(5))).went(
        "T1 found > T10 reported > T12 verifying > T15 > P1 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("25")
def test_25_an_unlicensed_kitchen(cast: Cast) -> None:
    """食品安全协管员 finds and reports (25.township.2); 市场监管局 urges correction and
    investigates (25.区市场监督管理局.4)."""
    case = cast.found("25-04", report("无证餐饮")).at("reported")
    case.routed("L16", "25.township.2", lead=MARKET).seen_by(MARKET).in_ledger(None)
    case.accepted().verified("无证经营属实").ordered("整改要求", day(7), "停业办证")
    case.recheck_failed("仍在营业").punished("investigated", "依法查处")
    case.recheck_passed("已停业").fed_back("已查处").closed()
    case.fined(("investigated", MARKET)).went(
        "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T20 ordered > P1 > T18 dept_recheck > T19 rectified > "
        "T23 feedback > T24 closed"
    )


@item("25")
def test_25_the_department_s_own_check(cast: Cast) -> None:
    """对检查发现的问题: 市场监管局's own check opens its case
    (25.区市场监督管理局.4)."""
    case = cast.checked(MARKET, "25-06", "抽检发现假冒食品").at("verifying")
    case.seen_by(MARKET).verified("属实").punished("investigated", "查处")
    case.ordered("整改要求", day(3), "下架").recheck_passed("已下架").fed_back("已下架")
    case.closed()


@item("24", "25")
def test_the_town_neither_settles_nor_gives_a_day(cast: Cast) -> None:
    """The clauses know finding and reporting only (24.township.2, 25.township.2)."""
    for checkpoint in ("24-05", "25-08"):
        case = cast.found(checkpoint, {"kind": "on_spot", "note": "已提醒"})
        case.at("reported").accepted().not_so("不属实").fed_back("不属实").closed()
        case.went(
            "T1 found > T10 reported > T12 verifying > T16 not_substantiated > "
            "T23 feedback > T24 closed"
        )
