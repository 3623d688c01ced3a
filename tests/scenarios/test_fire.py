"""Items 39, 40, 43: escape routes (三清三关), electric bicycles, daily checks."""

from __future__ import annotations

import pytest

from tests.scenarios.cast import Cast, item
from tests.scenarios.handling import day, on_spot, refusal, report

FIRE, POLICE, HOUSING = "区消防救援大队", "区公安分局", "区住房和城乡建设局"
URBAN, RESOURCES, MARKET = "区城市管理综合执法局", "区自然资源分局", "区市场监督管理局"
APPROVAL = "区行政审批政务服务与数据管理局"

# Whose clauses in 39 and 40 speak of 查处, 处罚, 处置 or 执法查处; the others only
# supervise, approve or encourage.
PUNISHING = {
    "39": {POLICE, URBAN},
    "40": {POLICE, HOUSING},
}
HOUSEHOLD = {"name": "某户", "kind": "household"}


@item("39")
def test_39_persuaded_in_vain_reported_as_refused(cast: Cast) -> None:
    """劝导 of a household (39.township.3); 拒不整改 goes to 消防大队 (39.township.4).

    消防大队 verifies on site, orders, deals with it and has it removed
    (39.区消防救援大队.1).
    """
    case = cast.found("39-03", on_spot("劝导清理楼道"), responsible_party=HOUSEHOLD)
    case.with_the_town("T39", "39.township.2", "39.township.3")
    case.cannot(
        cast.worker, "issue_notice", 409, due_on=day(3), note="劝导之外不发通知"
    )
    case.cannot(cast.worker, "report_up", 422, trigger="refused", note="未写明如何拒绝")
    case.reported("refused", "劝导无效", how="住户关门拒绝").in_ledger("区消防救援大队")
    case.routed("L09", "39.township.4", lead=FIRE).seen_by(FIRE)
    case.accepted().verified("楼道仍堆满杂物").ordered("责令改正通知书", day(3), "清理")
    case.punished("dealt_with_by_law", "依法予以查处").recheck_passed("楼道已清空")
    case.fed_back("已查处，隐患消除").closed().went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > T15 ordered > "
        "P1 > T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("39")
def test_39_what_cannot_be_put_right_at_once_is_reported_too(cast: Cast) -> None:
    """无法立即整改 is the second trigger of 39.township.4; it needs its reason (A6).

    The illegal structure on the fire lane is 城管局's (39.区城市管理综合执法局.1).
    """
    cannot = report("违建须拆除，无法当场整改")
    case = cast.found("39-12", cannot, facts=["cannot_fix_now"]).at("reported")
    case.routed("L09", "39.township.4", lead=FIRE, co=[URBAN]).seen_by(FIRE, URBAN)
    case.in_ledger("区消防救援大队").accepted().verified("占用消防车通道属实")
    case.ordered("责令改正通知书", day(20), "拆除").recheck_passed("城管局已拆除违建")
    case.fed_back("通道已恢复").closed()


@item("39")
def test_39_persuaded_and_put_right(cast: Cast) -> None:
    """劝导 that works ends in the town (39.township.2)."""
    case = cast.found("39-02", on_spot("劝导移走杂物"))
    case.settled("安全出口已畅通").seen_by()
    case.went("T1 found > T2 on_spot > T4 closed_town")


@item("39")
@pytest.mark.parametrize(
    ("checkpoint", "facts", "department", "rule", "clause"),
    [
        ("39-16", [], POLICE, "C01", "39.区公安分局.1"),
        ("39-11", [], HOUSING, "C02", "39.区住房和城乡建设局.1"),
        (
            "39-10",
            ["property_company_neglect"],
            HOUSING,
            "C02",
            "39.区住房和城乡建设局.1",
        ),
        ("39-13", [], URBAN, "C03", "39.区城市管理综合执法局.1"),
        ("39-12", [], URBAN, "C03", "39.区城市管理综合执法局.1"),
        ("39-14", [], APPROVAL, "C04", "39.区行政审批政务服务与数据管理局.1"),
        ("39-10", ["new_project_layout"], RESOURCES, "C05", "39.区自然资源分局.1"),
    ],
)
def test_39_each_department_handles_what_is_its_own(
    cast: Cast,
    checkpoint: str,
    facts: list[str],
    department: str,
    rule: str,
    clause: str,
) -> None:
    """消防大队 leads; who else has a part follows from the fact (39, clause 1 of
    each)."""
    case = cast.found(checkpoint, refusal("拒绝签字", "劝导无效"), facts=facts)
    case.routed("L09", "39.township.4", lead=FIRE, co=[department])
    (matched,) = case.ticket["routing"]["co_rules"]
    assert (matched["rule"], matched["basis"]) == (rule, [clause])
    case.seen_by(FIRE, department).does(
        cast.of(department), "comment", "reported", note="按职责办理"
    )
    case.accepted().verified("属实").ordered("责令改正通知书", day(7), "改正")
    if department in PUNISHING["39"]:
        case.punished("dealt_with_by_law", "按职责查处", by=department)
        case.fined(("dealt_with_by_law", department))
    case.recheck_passed("已改正").fed_back("已改正").closed()


@item("40")
def test_40_flying_wire_goes_to_the_fire_brigade_and_the_police_together(
    cast: Cast,
) -> None:
    """引导劝解 in vain: 拒不改正 is reported to 消防大队 (40.township.2).

    飞线充电 is 公安分局's as well (40.区公安分局.1): both see it at the same moment
    (A8). 消防大队 verifies, orders and deals with it (40.区消防救援大队.1).
    """
    driver = {"name": "某某", "kind": "person"}
    case = cast.found("40-03", on_spot("夜间巡查，劝其收回"), responsible_party=driver)
    case.with_the_town("T40", "40.township.2")
    case.reported("refused", "劝解无效", how="当场拒绝收回飞线")
    case.routed("L10", "40.township.2", lead=FIRE, co=[POLICE]).seen_by(FIRE, POLICE)
    case.accepted().verified("飞线充电属实").ordered(
        "责令改正通知书", day(1), "立即拆除"
    )
    case.punished("dealt_with_by_law", "公安分局处置驾驶人", by=POLICE)
    case.punished("dealt_with_by_law", "依法予以查处").recheck_passed("飞线已拆除")
    case.fed_back("已查处").closed().in_ledger(None).went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > T15 ordered > "
        "P1 > P1 > T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )


@item("40")
def test_40_cleared_from_the_stairs(cast: Cast) -> None:
    """The town clears bicycles from stairs and corridors itself (40.township.2)."""
    case = cast.found("40-01", on_spot("清理楼梯间电动自行车"))
    case.settled("已移至集中停放点").seen_by()
    case.went("T1 found > T2 on_spot > T4 closed_town")


@item("40")
@pytest.mark.parametrize(
    ("checkpoint", "facts", "department", "clauses"),
    [
        ("40-04", [], POLICE, ["40.区公安分局.1"]),
        ("40-02", ["driver"], POLICE, ["40.区公安分局.1"]),
        ("40-11", [], HOUSING, ["40.区住房和城乡建设局.1", "40.区住房和城乡建设局.2"]),
        ("40-01", ["lift_blocking_device"], MARKET, ["40.区市场监督管理局.1"]),
        ("40-07", ["charging_site_planning"], RESOURCES, ["40.区自然资源分局.2"]),
    ],
)
def test_40_each_department_handles_what_is_its_own(
    cast: Cast, checkpoint: str, facts: list[str], department: str, clauses: list[str]
) -> None:
    """Property companies, lifts, charging places and drivers have their departments."""
    case = cast.found(checkpoint, refusal("拒绝移走", "拒不改正"), facts=facts)
    case.routed("L10", "40.township.2", lead=FIRE, co=[department])
    (matched,) = case.ticket["routing"]["co_rules"]
    assert matched["basis"] == clauses
    case.seen_by(FIRE, department)
    case.accepted().verified("属实").ordered("责令改正通知书", day(2), "改正")
    if department in PUNISHING["40"]:
        case.punished("dealt_with_by_law", "按职责查处", by=department)
        case.fined(("dealt_with_by_law", department))
    case.recheck_passed("已改正").fed_back("已改正").closed()


@item("40")
def test_40_what_caused_a_fire_is_the_police_s(cast: Cast) -> None:
    """引起火灾或者造成严重后果: 公安分局 prosecutes (40.区公安分局.1)."""
    case = cast.found("40-04", refusal("继续入户充电", "拒不改正并引起火灾"))
    case.accepted().verified("入户充电引起火灾属实")
    case.transferred(POLICE, "涉嫌犯罪，移送").dealt_with(POLICE, "已立案侦查")
    case.fed_back("已由公安机关立案").closed().went(
        "T1 found > T10 reported > T12 verifying > T15 > T17 transferred > "
        "T17b rectified > T23 feedback > T24 closed"
    )


@item("43")
def test_43_stopped_or_reported_when_refused(cast: Cast) -> None:
    """及时制止 in public places (43.township.3); the ledger goes to 消防大队 定期.

    On refusal 消防大队 verifies, orders, re-checks, punishes and feeds back
    (43.区消防救援大队.3).
    """
    settled = cast.found("43-02", on_spot("已制止并清理")).settled("通道已清空")
    settled.seen_by().in_ledger("区消防救援大队")
    settled.went("T1 found > T2 on_spot > T4 closed_town")
    case = cast.found("43-13", on_spot("制止室内充电")).in_ledger("区消防救援大队")
    case.with_the_town("T43", "43.township.3")
    case.reported("refused", "制止无效", how="拒绝移走并拒签")
    case.routed("L13", "43.区消防救援大队.3", lead=FIRE).seen_by(FIRE)
    case.accepted().verified("属实").ordered("责令改正通知书", day(5), "限期改正")
    case.recheck_failed("逾期未改").punished("suspend_business", "责令停产停业")
    case.recheck_passed("已改正").fed_back("已整改并处罚").closed()
    case.fined(("suspend_business", FIRE)).went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T20 ordered > P1 > T18 dept_recheck > T19 rectified > "
        "T23 feedback > T24 closed"
    )


@item("43")
def test_43_the_fire_brigade_s_own_supervision(cast: Cast) -> None:
    """消防大队 supervises units itself (43.区消防救援大队.1) and tells the town
    (A33)."""
    case = cast.checked(FIRE, "43-06", "监督检查发现消防设施被关停").at("verifying")
    case.seen_by(FIRE).verified("属实").punished("fine", "罚款")
    case.ordered("责令改正通知书", day(7), "责令改正").recheck_passed("设施已启用")
    case.fed_back("已改正").closed().went(
        "T1 found > A33 verifying > T15 > P1 > T15 ordered > T18 dept_recheck > "
        "T19 rectified > T23 feedback > T24 closed"
    )
