"""Items 71, 73, 74: wild animals, illegal plots, grassland plots."""

from __future__ import annotations

from tests.scenarios.cast import Cast, item
from tests.scenarios.handed_down import Order
from tests.scenarios.handling import day, on_spot, report

AGRI, POLICE, RESOURCES = "区农牧局", "区公安分局", "区自然资源分局"
FOUND = ("71.township.2", "71.township.3", "71.区农牧局.3", "71.区农牧局.4")


@item("71")
def test_71_illegal_hunting_is_stopped_reported_and_transferred(cast: Cast) -> None:
    """Hunting is stopped and reported (71.township.2); 农牧局 passes it to 公安分局
    (71.区农牧局.4), which verifies the lead and punishes (71.区公安分局.1)."""
    case = cast.found("71-01", on_spot("制止张网捕鸟")).at("reported")
    case.routed("L30", *FOUND, lead=AGRI, co=[POLICE]).seen_by(AGRI, POLICE)
    case.accepted().verified("非法猎捕属实").transferred(POLICE, "报送区公安分局")
    case.cannot(cast.officer, "answer", 403, note="由公安处理")
    case.punished("punished", "依法处罚", by=POLICE).dealt_with(POLICE, "已处罚")
    case.fed_back("公安已处罚").closed().fined(("punished", POLICE)).in_ledger(None)
    assert case.ticket["transferred_to"]["name"] == POLICE
    case.went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > "
        "T17 transferred > P1 > T17b rectified > T23 feedback > T24 closed"
    )


@item("71")
def test_71_a_sick_animal_is_looked_after_and_fetched(cast: Cast) -> None:
    """A sick animal is looked after and reported (71.township.3); 农牧局 identifies it,
    helps it and brings it to the rescue station (71.区农牧局.3)."""
    case = cast.found("71-08", report("已看护受伤雕鸮")).at("reported")
    case.routed("L30", *FOUND, lead=AGRI).seen_by(AGRI)
    case.accepted().verified("现场辨认为雕鸮").ordered("整改要求", day(1), "送救助站")
    case.recheck_passed("已送野生动物救助站").fed_back("已救护").closed()
    assert case.ticket["penalties"] == []


@item("73")
def test_73_an_illegal_plot_is_punished_guided_and_struck_off(cast: Cast) -> None:
    """自然资源分局 determines it on site and hands it over with its day
    (73.区自然资源分局.1–3); the town's 综合行政执法队 punishes (73.township.1) and has
    it put right (.2), guided with the papers (73.区自然资源分局.4), and reports it
    (.3); the branch verifies on site and strikes it off with photos and platforms (.5).
    """
    order = Order(cast, "73", RESOURCES, party={"name": "某合作社", "kind": "business"})
    issued = order.events[0]["details"]["basis"]
    assert issued == [f"73.区自然资源分局.{n}" for n in (1, 2, 3)]
    order.town("accept", "town_verifying", "73.township.1")
    order.town(
        "verify", "town_enforcing", "73.township.1", result="illegal", note="属实"
    )
    assert order.seen["left"] == ["enforce", "rectify"]
    order.cannot(order.issuer, "guide", 409, note="处罚之后")
    order.cannot(cast.worker, "enforce", 403, measure="罚款", note="由执法队")
    order.town(
        "enforce",
        "town_enforcing",
        "73.township.1",
        "73.区自然资源分局.2",
        measure="罚款",
        document_no="卜罚〔2026〕3号",
        note="已送达",
        photos=order.pictures(cast.officer, "document"),
    )
    order.department(
        "guide", "town_enforcing", "73.区自然资源分局.4", note="指导办手续"
    )
    order.department(
        "urge", "town_enforcing", "73.区自然资源分局.3", note="规定时间内完成"
    )
    done = {"remedy": "land_use_procedure", "note": "手续已办"}
    order.town("rectify", "town_enforcing", "73.township.2", **done)
    order.town("submit", "submitted", "73.township.3", note="整改完成")
    order.department("take_up", "dept_verifying", "73.区自然资源分局.5")
    back = {"to": "town_enforcing", "note": "批文未见", "due_on": day(5)}
    order.department("send_back", "sent_back", "73.区自然资源分局.3", **back)
    order.town("accept", "town_enforcing", "73.township.1")
    restored = {"remedy": "land_restored", "note": "已拆除复垦"}
    order.town("rectify", "town_enforcing", "73.township.2", **restored)
    order.town("submit", "submitted", "73.township.3", note="整改完成")
    order.department("take_up", "dept_verifying", "73.区自然资源分局.5")
    order.cannot(order.issuer, "close", 422, note="缺现场照片和平台更新")
    order.department(
        "close",
        "closed",
        "73.区自然资源分局.5",
        note="消除违法图斑",
        reference="执法监管平台、国土调查云已更新",
        photos=order.pictures(order.issuer, "after"),
    ).went(
        "issued > town_verifying > town_enforcing > submitted > dept_verifying > "
        "sent_back > town_enforcing > submitted > dept_verifying > closed"
    )


def _verified(cast: Cast, result: str) -> Order:
    """Bring a grassland plot to 农牧局's decision (74.区农牧局.1, 74.township.1,
    .2)."""
    order = Order(cast, "74", AGRI)
    order.village("accept", "town_verifying", "74.township.1")
    seen = {"result": result, "note": "实地核实"}
    order.village("verify", "answered", "74.township.1", **seen)
    order.town("submit", "submitted", "74.township.2", note="上报核实情况")
    return order.department("take_up", "dept_verifying", "74.区农牧局.2")


@item("74")
def test_74_a_grazing_ban_comes_back_to_the_town(cast: Cast) -> None:
    """农牧局 locates and hands down (74.区农牧局.1); the town verifies (74.township.1)
    and reports (.2); 禁牧 comes back to its 综合行政执法队 (74.区农牧局.2,
    74.township.3)."""
    order = _verified(cast, "grazing_ban")
    order.cannot(order.issuer, "close", 409, note="尚未处置")
    order.department(
        "assign", "town_enforcing", "74.区农牧局.2", note="请处置", due_on=day(9)
    )
    assert order.seen["due_on"] == day(9)
    clauses = ("74.township.3", "74.区农牧局.2")
    done = {"measure": "清退牲畜", "note": "已依法处置"}
    order.town("enforce", "town_enforcing", *clauses, **done)
    order.town("submit", "submitted", "74.township.2", note="处置完毕")
    order.department("take_up", "dept_verifying", "74.区农牧局.2")
    order.department("close", "closed", "74.区农牧局.2", note="办结").went(
        "issued > town_verifying > answered > submitted > dept_verifying > "
        "town_enforcing > submitted > dept_verifying > closed"
    )


@item("74")
def test_74_damage_to_grassland_goes_to_the_police(cast: Cast) -> None:
    """破坏草原: 农牧局 writes to 公安分局 (函告, 74.区农牧局.2), which sees it from
    then on."""
    order = _verified(cast, "grassland_damage")
    assert cast.of(POLICE).get(f"/orders/{order.number}").status_code == 404
    letter = {"document_no": "昆农函〔2026〕1号", "note": "函告"}
    order.department("transfer", "transferred", "74.区农牧局.2", **letter)
    cast.sees(f"/orders/{order.number}", [AGRI, POLICE])
    order.by(
        cast.of(POLICE), "answer", "dept_verifying", "74.区农牧局.2", note="已立案"
    )
    order.department("close", "closed", "74.区农牧局.2", note="办结")


@item("74")
def test_74_both_and_neither(cast: Cast) -> None:
    """A plot may be both, then both legs are run before it closes; or nothing at
    all."""
    order = _verified(cast, "both")
    assert sorted(order.seen["left"]) == ["enforce", "transfer"]
    clean = _verified(cast, "neither")
    clean.department("close", "closed", "74.区农牧局.2", note="无问题").went(
        "issued > town_verifying > answered > submitted > dept_verifying > closed"
    )
