"""Returns (退回): with a reason, to who assigned it, and who decides in the end."""

from __future__ import annotations

from typing import Any

from tests.factories import Caller, Factory


def dispatching(caller: Caller, number: str) -> dict[str, Any]:
    """Return the action ``dispatch`` as a ticket offers it to the caller."""
    return next(
        dict(action)
        for action in caller.ticket(number)["actions"]
        if action["action"] == "dispatch"
    )


def proposed(offer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (department, source) of what an action proposes."""
    return [(s["department"]["code"], s["source"]) for s in offer["suggestions"]]


def test_26_is_assigned_by_kind_and_comes_back_to_who_assigned(make: Factory) -> None:
    worker, emergency = make.grid_worker(), make.handler("kq-emergency")
    housing, market = make.handler("kq-housing"), make.handler("kq-market")
    number = make.reported(worker, duty_item="26", category="P1")
    offer = dispatching(emergency, number)
    assert proposed(offer) == [("kq-market", "local setting")]
    assert offer["suggestions_note"] is None
    emergency.done(number, "dispatch", department="kq-housing", note="试")
    back = housing.done(
        number, "return", reason="not_our_remit", to="市场监管局", note="无证经营"
    )
    assert back["state"] == "reported"
    assert back["lead_department"]["code"] == "kq-emergency"
    said = back["returned"]
    assert (said["reason"], said["to"]["code"]) == ("not_our_remit", "kq-market")
    assert (said["by"]["code"], said["returns"]) == ("kq-housing", 1)
    assert housing.act(number, "accept").status_code == 403
    assert worker.act(number, "report_up", note="x").status_code == 409
    assert proposed(dispatching(emergency, number)) == [
        ("kq-market", "returning department")
    ]
    emergency.done(number, "dispatch", department="kq-market", note="再分派")
    assert market.done(number, "accept")["state"] == "verifying"


def test_why_nothing_is_proposed(make: Factory) -> None:
    emergency = make.handler("kq-emergency")
    number = make.reported(make.grid_worker(), duty_item="26", category="P5")
    offer = dispatching(emergency, number)
    assert offer["suggestions"] == []
    assert "未设定" in offer["suggestions_note"]


def test_after_two_returns_the_safety_office_decides(make: Factory) -> None:
    worker, office = make.grid_worker(), make.safety_office()
    housing, market = make.handler("kq-housing"), make.handler("kq-market")
    number = make.reported(worker, duty_item="41", category="B6")
    first = housing.done(number, "return", note="不属我局")
    assert first["returned"]["decides"] == "town"
    assert office.act(number, "dispatch", department="kq-market", note="x").json[
        "type"
    ] == ("not-allowed-in-state")
    worker.done(number, "report_up", note="再报")
    second = housing.done(number, "return", note="仍不属我局", to="kq-market")
    assert (second["state"], second["returned"]["decides"]) == (
        "returned",
        "safety_office",
    )
    refused = worker.act(number, "report_up", note="三报")
    assert refused.status_code == 409
    assert "区安委办裁定" in refused.json["detail"]
    worker.done(number, "comment", note="补充：照片已传")
    assert proposed(dispatching(office, number)) == [
        ("kq-market", "returning department")
    ]
    town = office.act(number, "dispatch", department="town-buerhantu", note="x")
    assert town.status_code == 422
    ruled = office.done(number, "dispatch", department="kq-market", note="裁定")
    assert ruled["state"] == "dispatched"
    assert ruled["returned"]["binding"] is True
    given_back = market.act(number, "return", note="不服")
    assert given_back.status_code == 409
    assert "安委办已裁定" in given_back.json["detail"]
    assert market.done(number, "accept")["state"] == "verifying"
    assert housing.act(number, "accept").status_code == 403


def test_the_second_return_of_an_assigned_ticket_is_ruled_on_too(
    make: Factory,
) -> None:
    office, emergency = make.safety_office(), make.handler("kq-emergency")
    number = make.reported(make.grid_worker(), duty_item="26", category="P1")
    for department in ("kq-housing", "kq-market"):
        emergency.done(number, "dispatch", department=department, note="分派")
        back = make.handler(department).done(number, "return", note="不属我局")
    assert (back["state"], back["returned"]["decides"]) == ("returned", "safety_office")
    ruled = office.done(number, "dispatch", department="kq-market", note="裁定")
    assert ruled["lead_department"]["code"] == "kq-market"


def test_what_is_wrong_in_a_return(make: Factory) -> None:
    fire = make.handler("kq-fire")
    number = make.reported(make.grid_worker())
    for body, pointer in [
        ({}, "/note"),
        ({"note": "x", "reason": "tired"}, "/reason"),
        ({"note": "x", "to": "没有的部门"}, "/to"),
        ({"note": "x", "to": "kq-fire"}, "/to"),
        ({"note": "x", "to": "town-buerhantu"}, "/to"),
    ]:
        answer = fire.act(number, "return", **body)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == pointer
    assert fire.ticket(number)["returned"] is None


def test_71_proposes_the_police_for_a_transfer(make: Factory) -> None:
    agri = make.handler("kq-agri")
    number = make.reported(
        make.grid_worker(), duty_item="71", category="A2", facts=["illegal"]
    )
    agri.done(number, "accept")
    offer = next(a for a in agri.ticket(number)["actions"] if a["action"] == "transfer")
    assert proposed(offer) == [("kq-police", "duty list")]
    assert offer["suggestions"][0]["basis"] == "71.区农牧局.4"
