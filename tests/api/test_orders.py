"""Inbound orders played to their end: 52, 53, 73, 74, sent back on the way."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.db import db
from server.demo.seed import TOWN
from tests.factories import COMMUNITY, Caller, Factory
from tests.orders import SOON, Desk, act, document, done, photo, pointers, show


def actions(caller: Caller, number: str) -> set[str]:
    """Return what the caller may do now, comments apart."""
    return {a["action"] for a in show(caller, number)["actions"]} - {"comment"}


def states(caller: Caller, number: str) -> list[str]:
    """Return the states of the timeline without repeats."""
    events = caller.get(f"/orders/{number}/events").json["items"]
    passed = [event["to"] for event in events]
    return [s for i, s in enumerate(passed) if i == 0 or passed[i - 1] != s]


def test_52_verified_put_right_sent_back_and_accepted(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    assert number.startswith("150203-XP")
    assert actions(desk.worker, number) == {"accept"}
    assert actions(desk.issuer, number) == {"urge"}
    done(desk.worker, number, "accept")
    seen = done(
        desk.worker,
        number,
        "verify",
        result="abandoned",
        note="两年未耕种",
        land="旱地，撂荒",
        photos=[photo(desk.worker, number, "before")],
    )
    assert (seen["state"], seen["result"]["title"]) == ("town_enforcing", "属实，撂荒")
    assert seen["left"] == ["rectify"]
    done(
        desk.worker,
        number,
        "rectify",
        remedy="reclaimed",
        note="已复耕",
        photos=[photo(desk.worker, number, "after")],
    )
    assert act(desk.worker, number, "submit", note="报").status_code == 403
    done(desk.officer, number, "submit", note="镇级审核通过")
    done(desk.issuer, number, "take_up")
    back = done(
        desk.issuer, number, "send_back", to="town_enforcing", note="一角未复耕"
    )
    assert (back["state"], back["back_to"]) == ("sent_back", "town_enforcing")
    assert done(desk.officer, number, "accept")["state"] == "town_enforcing"
    assert act(desk.officer, number, "submit", note="报").status_code == 409
    after = photo(desk.officer, number, "after")
    done(
        desk.officer, number, "rectify", remedy="reclaimed", note="补种", photos=[after]
    )
    done(desk.officer, number, "submit", note="再报")
    done(desk.issuer, number, "take_up")
    closed = done(desk.issuer, number, "close", note="审核通过")
    assert (closed["state"], closed["left"]) == ("closed", [])
    assert closed["closed_at"]
    assert len(closed["photos"]) == 3
    assert states(desk.officer, number) == [
        "issued",
        "town_verifying",
        "town_enforcing",
        "submitted",
        "dept_verifying",
        "sent_back",
        "town_enforcing",
        "submitted",
        "dept_verifying",
        "closed",
    ]


def test_52_untrue_and_the_officers_review(make: Factory) -> None:
    """逐级审核: the officer looks at it before the department does."""
    desk = Desk(make, "52")
    number = desk.issue()
    done(desk.worker, number, "accept")
    before = [photo(desk.worker, number, "before")]
    said: dict[str, Any] = {"note": "在种", "land": "水浇地", "photos": before}
    done(desk.worker, number, "verify", result="not_abandoned", **said)
    assert actions(desk.worker, number) == set()
    assert actions(desk.officer, number) == {"return", "submit"}
    done(desk.officer, number, "return", note="照片不清")
    done(desk.worker, number, "verify", result="not_abandoned", **said)
    done(desk.officer, number, "submit", note="属实在种")
    done(desk.issuer, number, "take_up")
    assert done(desk.issuer, number, "close", note="通过")["state"] == "closed"


def test_53_lost_farmland_restored(make: Factory) -> None:
    desk = Desk(make, "53")
    number = desk.issue(due_on=SOON)
    done(desk.issuer, number, "urge", note="请于本月内完成")
    done(desk.officer, number, "accept")
    before = [photo(desk.officer, number, "before")]
    done(
        desk.officer,
        number,
        "verify",
        result="non_grain",
        note="改种苗木",
        photos=before,
    )
    after = [photo(desk.officer, number, "after")]
    done(
        desk.officer,
        number,
        "rectify",
        remedy="restored",
        note="苗木已移除",
        photos=after,
    )
    done(desk.officer, number, "submit", note="完成")
    done(desk.issuer, number, "take_up")
    back = done(
        desk.issuer, number, "send_back", to="town_verifying", note="核实范围不全"
    )
    assert back["left"] == ["rectify"]
    done(desk.officer, number, "accept")
    done(
        desk.officer,
        number,
        "verify",
        result="not_confirmed",
        note="其余在种",
        photos=before,
    )
    done(desk.officer, number, "submit", note="完成")
    done(desk.issuer, number, "take_up")
    assert done(desk.issuer, number, "close", note="通过")["state"] == "closed"


def test_73_punished_guided_put_right_and_struck_off(make: Factory) -> None:
    desk = Desk(make, "73")
    number = desk.issue(party={"name": "某合作社", "kind": "business"})
    done(desk.officer, number, "accept")
    done(desk.officer, number, "verify", result="illegal", note="未批先建")
    assert act(desk.issuer, number, "guide", note="可补办").status_code == 409
    assert act(desk.worker, number, "enforce", measure="罚款").status_code == 403
    paper = [photo(desk.officer, number, "document")]
    done(
        desk.officer,
        number,
        "enforce",
        measure="罚款",
        document_no="卜罚〔2026〕3号",
        note="已送达",
        photos=paper,
    )
    refused = act(desk.officer, number, "submit", note="报")
    assert (refused.status_code, refused.json["state"]) == (409, "town_enforcing")
    assert "督促整改" in refused.json["detail"]
    assert "rectify" in refused.json["allowed"]
    done(desk.issuer, number, "guide", note="指导办理建设用地手续")
    done(
        desk.officer,
        number,
        "rectify",
        remedy="land_use_procedure",
        note="手续已办",
    )
    done(desk.officer, number, "submit", note="整改完成")
    done(desk.issuer, number, "take_up")
    again = done(
        desk.issuer,
        number,
        "send_back",
        to="town_enforcing",
        note="批文未见",
        due_on=SOON,
    )
    assert again["due_on"] == SOON
    done(desk.officer, number, "accept")
    done(desk.officer, number, "rectify", remedy="land_restored", note="已拆除复垦")
    done(desk.officer, number, "submit", note="整改完成")
    done(desk.issuer, number, "take_up")
    assert pointers(act(desk.issuer, number, "close", note="销号")) == [
        "/photos",
        "/reference",
    ]
    site = [photo(desk.issuer, number, "after")]
    closed = done(
        desk.issuer,
        number,
        "close",
        note="销号",
        reference="国土调查云已更新",
        photos=site,
    )
    assert closed["state"] == "closed"
    events = desk.issuer.get(f"/orders/{number}/events").json["items"]
    assert events[0]["details"]["basis"][0] == "73.区自然资源分局.1"
    assert events[-1]["details"]["basis"] == ["73.区自然资源分局.5"]
    assert events[-1]["attachments"] == site


def steps_done(caller: Caller, number: str) -> set[str]:
    """Return the steps that the order says are done."""
    return {s["step"] for s in show(caller, number)["steps"] if s["done"]}


def test_each_step_done_says_so_until_it_is_to_be_done_again(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    assert steps_done(desk.worker, number) == {"issue"}
    done(desk.worker, number, "accept")
    assert steps_done(desk.worker, number) == {"issue", "accept"}
    before = [photo(desk.worker, number, "before")]
    done(
        desk.worker,
        number,
        "verify",
        result="abandoned",
        note="撂荒",
        land="旱地",
        photos=before,
    )
    after = [photo(desk.worker, number, "after")]
    fixed = {"remedy": "reclaimed", "note": "已复耕", "photos": after}
    done(desk.worker, number, "rectify", **fixed)
    done(desk.officer, number, "submit", note="报")
    done(desk.issuer, number, "take_up")
    all_done = {"issue", "accept", "verify", "rectify", "submit", "take_up"}
    assert steps_done(desk.issuer, number) == all_done
    done(desk.issuer, number, "send_back", to="town_enforcing", note="一角未复耕")
    stand = {"issue", "verify", "send_back"}
    assert steps_done(desk.officer, number) == stand
    done(desk.officer, number, "accept")
    done(desk.officer, number, "rectify", **fixed)
    done(desk.officer, number, "submit", note="再报")
    done(desk.issuer, number, "take_up")
    done(desk.issuer, number, "close", note="通过")
    assert steps_done(desk.issuer, number) == all_done | {"send_back", "close"}


def decided(make: Factory, result: str) -> tuple[Desk, str]:
    """Bring an order of item 74 to the department's decision."""
    desk = Desk(make, "74")
    number = desk.issue(area=None)
    done(desk.worker, number, "accept")
    done(desk.worker, number, "verify", result=result, note="实地核实")
    done(desk.officer, number, "submit", note="上报")
    done(desk.issuer, number, "take_up")
    return desk, number


def test_74_grazing_ban_comes_back_to_the_town(make: Factory) -> None:
    desk, number = decided(make, "grazing_ban")
    assert actions(desk.issuer, number) == {"assign", "send_back"}
    assert act(desk.issuer, number, "close", note="x").status_code == 409
    assert done(desk.issuer, number, "assign", note="请处置", due_on=SOON)["due_on"]
    assert actions(desk.officer, number) == {"enforce"}
    done(desk.officer, number, "enforce", measure="清退牲畜", note="已处置")
    done(desk.officer, number, "submit", note="处置完毕")
    done(desk.issuer, number, "take_up")
    done(desk.issuer, number, "send_back", to="town_enforcing", note="仍有牲畜")
    done(desk.officer, number, "accept")
    assert act(desk.officer, number, "submit", note="报").status_code == 409
    done(desk.officer, number, "enforce", measure="再次清退", note="已处置")
    done(desk.officer, number, "submit", note="处置完毕")
    done(desk.issuer, number, "take_up")
    assert done(desk.issuer, number, "close", note="办结")["state"] == "closed"


def test_74_damage_goes_to_the_police_who_see_it_from_then_on(make: Factory) -> None:
    desk, number = decided(make, "grassland_damage")
    police = make.handler("kq-police")
    assert police.get(f"/orders/{number}").status_code == 404
    assert pointers(act(desk.issuer, number, "transfer", note="函告")) == [
        "/document_no"
    ]
    away = done(
        desk.issuer, number, "transfer", note="函告", document_no="昆农函〔2026〕1号"
    )
    assert away["state"] == "transferred"
    assert away["transferred_to"] == {"code": "kq-police", "name": "区公安分局"}
    assert actions(police, number) == {"answer"}
    assert [o["number"] for o in police.get("/orders?mine=true").json["items"]] == [
        number
    ]
    assert act(desk.officer, number, "answer", note="x").status_code == 403
    done(police, number, "answer", note="已立案")
    assert actions(police, number) == set()
    assert done(desk.issuer, number, "close", note="办结")["state"] == "closed"


def test_74_neither(make: Factory) -> None:
    desk, number = decided(make, "neither")
    assert actions(desk.issuer, number) == {"close", "send_back"}
    assert done(desk.issuer, number, "close", note="办结")["state"] == "closed"


def test_the_same_again(make: Factory) -> None:
    desk, id = Desk(make, "73"), uuid4()
    body = document(make, "73", photos=[str(uuid4())])
    first = desk.issuer.put(f"/orders/{id}", json=body)
    number = first.json["number"]
    # The receipt does not change with the order, and a day that is over by then is
    # no reason to refuse a repeat.
    done(desk.worker, number, "accept")
    again = desk.issuer.put(f"/orders/{id}", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    for changed in (body | {"title": "另一件"}, body | {"due_on": "2026-01-01"}):
        answer = desk.issuer.put(f"/orders/{id}", json=changed)
        assert (answer.status_code, answer.json["type"]) == (409, "content-differs")
    colleague = make.handler("kq-resources")
    assert colleague.put(f"/orders/{id}", json=body).status_code == 409
    seen = show(desk.issuer, number)
    assert seen["photos_missing"] == body["photos"]
    assert seen["version"] == 2


def test_list_filters_and_pages(make: Factory) -> None:
    land, spots = Desk(make, "52"), Desk(make, "73")
    one = land.issue(title="一号地", source_no="NS-1")
    two = land.issue(description="二号地在河东", area=TOWN)
    three = spots.issue()
    done(land.worker, one, "accept")
    db.session.execute(
        text("UPDATE orders SET due_on = date '2026-01-01' WHERE number = :n"),
        {"n": three},
    )
    officer = land.officer

    def numbers(query: str, caller: Caller = officer) -> list[str]:
        return [o["number"] for o in caller.get(f"/orders?{query}").json["items"]]

    assert numbers("") == [three, two, one]
    assert numbers("item=52") == numbers("department=区农牧局") == [two, one]
    assert numbers("state=town_verifying") == [one]
    assert numbers("state=issued,town_verifying&item=73") == [three]
    assert numbers(f"area={COMMUNITY}") == [three, one]
    assert numbers("overdue=true") == [three]
    assert numbers("overdue=false") == [two, one]
    assert numbers("q=NS-1") == numbers(f"q={one}") == numbers("q=一号") == [one]
    assert numbers("q=河东") == [two]
    assert numbers("mine=true") == [three, two, one]
    assert numbers("mine=true", land.issuer) == []
    assert numbers("", spots.issuer) == [three]
    row = officer.get("/orders?overdue=true").json["items"][0]
    assert row["overdue"] is True
    page = officer.get("/orders?limit=2").json
    assert [o["number"] for o in page["items"]] == [three, two]
    rest = officer.get(f"/orders?limit=2&cursor={page['next']}").json
    assert ([o["number"] for o in rest["items"]], rest["next"]) == ([one], None)
    for query in ("state=lost", "area=999", "department=无此部门", "cursor=x", "a=1"):
        assert officer.get(f"/orders?{query}").status_code == 422, query


def test_overdue_ends_when_the_town_has_reported(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue(due_on=SOON)
    done(desk.worker, number, "accept")
    before = [photo(desk.worker, number, "before")]
    said: dict[str, Any] = {"note": "在种", "land": "水浇地", "photos": before}
    done(desk.worker, number, "verify", result="not_abandoned", **said)
    db.session.execute(text("UPDATE orders SET due_on = date '2026-01-01'"))
    db.session.expire_all()
    assert show(desk.officer, number)["overdue"] is True
    assert done(desk.officer, number, "submit", note="报")["overdue"] is False


def test_what_the_caller_may_do_is_described(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    done(desk.worker, number, "accept")
    (verify,) = [
        a for a in show(desk.worker, number)["actions"] if a["action"] == "verify"
    ]
    assert set(verify["required"]) == {"result", "note", "land", "photos"}
    by_name = {f["name"]: f for f in verify["fields"]}
    assert by_name["result"]["titles"] == {
        "abandoned": "属实，撂荒",
        "not_abandoned": "不属实",
    }
    assert by_name["photos"]["stage"] == "before"
    steps = {s["step"]: s for s in show(desk.worker, number)["steps"]}
    assert steps["verify"]["basis"] == ["52.township.1"]
    assert steps["verify"]["done"] is False


def test_etag(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    etag = show(desk.worker, number)["etag"]
    same = desk.worker.get(f"/orders/{number}", headers={"If-None-Match": etag})
    assert same.status_code == 304
    photo(desk.worker, number, "before")
    assert show(desk.worker, number)["etag"] != etag
    # An upload changes no version.
    path = f"/orders/{number}/actions/accept"
    answer = desk.worker.post(path, json={}, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == show(desk.worker, number)["etag"]


def test_timeline_pages(make: Factory) -> None:
    desk = Desk(make, "52")
    number = desk.issue()
    for n in range(3):
        done(desk.issuer, number, "urge", note=f"{n}")
    page = desk.issuer.get(f"/orders/{number}/events?limit=3").json
    rest = desk.issuer.get(f"/orders/{number}/events?cursor={page['next']}").json
    events = page["items"] + rest["items"]
    assert [e["type"] for e in events] == ["order.issued", *["order.urged"] * 3]
    assert [e["note"] for e in events[1:]] == ["0", "1", "2"]
    assert rest["next"] is None


@pytest.mark.parametrize("item", ["52", "53", "73", "74"])
def test_position_alone_names_the_area(make: Factory, item: str) -> None:
    desk = Desk(make, item)
    number = desk.issue(area=None, position=make.position())
    seen = show(desk.worker, number)
    assert seen["area"].startswith(COMMUNITY)
    lon, lat = make.point_in(COMMUNITY)
    assert seen["position"]["coordinates"] == pytest.approx([lon, lat], abs=1e-6)
