"""A second town's list stands beside the first; neither sees the other.

``tests/data/second_town`` is 昆河镇, inside the district that the first list serves:
its items 3 and 30 mean other things, one department is shared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from server.checklists import service as checklists
from server.checklists.loader import bundled_root, check, load
from server.core.clock import now
from server.core.db import commit
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from tests.factories import Caller, Factory

SECOND = Path(__file__).parents[1] / "data" / "second_town"
VILLAGE = "150203100200"  # a village of 昆河镇


@pytest.fixture
def two_towns(make: Factory, monkeypatch: pytest.MonkeyPatch) -> Factory:
    """Publish the second list beside the first, without any code."""
    monkeypatch.setattr(checklists, "_checklists", checklists._Kept(200))
    published = checklists.publish(load(SECOND))
    commit()
    assert (published.catalogue, published.new_versions) == (
        "kunhe",
        [("3", 1), ("30", 1)],
    )
    return make


@pytest.fixture
def first(two_towns: Factory) -> Caller:
    """A grid worker of the first town."""
    return two_towns.grid_worker()


@pytest.fixture
def second(two_towns: Factory) -> Caller:
    """A grid worker of the second town."""
    return two_towns.grid_worker(VILLAGE)


def pond(make: Factory, **changes: Any) -> dict[str, Any]:
    """Return a finding that only the second list knows."""
    return make.finding(
        duty_item="3",
        category="N9",
        checkpoint="3-01",
        position=make.position(VILLAGE),
        handling={"kind": "report_up", "note": "水塘无护栏"},
        **changes,
    )


def room(make: Factory, **changes: Any) -> dict[str, Any]:
    """Return a finding of item 30 in the second town: a rented room."""
    handling = {
        "kind": "report_up",
        "note": "房东拒绝",
        "refused": {"how": "当场声明拒绝", "note": "不愿拆除"},
    }
    return make.finding(
        duty_item="30",
        position=make.position(VILLAGE),
        facts=["refused", "many_tenants"],
        handling=handling,
        **changes,
    )


def test_the_files_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(bundled_root() / "buerhantu")
    (tmp_path / "b").symlink_to(SECOND)
    assert check(tmp_path) == []


def test_each_has_its_own_checklists(first: Caller, second: Caller) -> None:
    rows = {row["code"]: row for row in second.get("/checklists").json["items"]}
    assert sorted(rows) == ["3", "30"]
    assert rows["30"]["title"] == "出租房屋消防安全检查"
    assert first.get("/checklists/3").status_code == 404
    assert second.get("/checklists/35").status_code == 404
    assert second.get("/checklists/35/versions/1").status_code == 404
    mine = first.get("/checklists/30").json["checkpoints"][0]
    theirs = second.get("/checklists/30").json["checkpoints"][0]
    assert (mine["id"], theirs["id"]) == ("30-01", "30-01")
    assert theirs["question"] == "出租房屋的窗户能否从里面打开逃生？"
    assert mine["question"] != theirs["question"]


def test_each_phone_gets_its_own_bundle(first: Caller, second: Caller) -> None:
    bundle = second.get("/device/bundle").json
    assert bundle["catalogue"]["code"] == "kunhe"
    assert [c["code"] for c in bundle["checklists"]] == ["3", "30"]
    facts = {fact["code"] for fact in bundle["vocabulary"]["facts"]}
    assert facts == {"refused", "many_tenants"}
    other = first.get("/device/bundle").json
    assert other["catalogue"]["code"] == "buerhantu"
    assert "3" not in [c["code"] for c in other["checklists"]]
    assert "many_tenants" not in {f["code"] for f in other["vocabulary"]["facts"]}


def test_each_is_routed_by_its_own_rows(first: Caller, second: Caller) -> None:
    asked = {"duty_item": "30", "category": "F1", "facts": ["refused"]}
    mine = first.post("/routing/preview", json=asked).json
    theirs = second.post("/routing/preview", json=asked).json
    assert (mine["rule"], theirs["rule"]) == ("L04", "L02")
    assert theirs["clauses"] == ["30.区消防救援大队.2"]
    assert theirs["coordinator"] is None
    for caller, strange in (
        (first, {"duty_item": "3", "category": "N9"}),
        (second, {"duty_item": "35", "category": "F1"}),
        (second, asked | {"facts": ["black_gas"]}),
        (second, asked | {"category": "G1"}),
    ):
        assert caller.post("/routing/preview", json=strange).status_code == 422


def test_tickets_of_one_town_are_not_there_for_the_other(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    make = two_towns
    theirs = make.sent(second, pond(make))["ticket"]["number"]
    mine = make.reported(first)
    officer = make.town_officer()
    other = make.other_town_officer()
    assert officer.get(f"/tickets/{theirs}").status_code == 404
    assert first.get(f"/tickets/{theirs}").status_code == 404
    assert other.get(f"/tickets/{mine}").status_code == 404
    assert second.get(f"/tickets/{mine}/events").status_code == 404
    assert officer.act(theirs, "comment", note="看到了").status_code == 404
    ticket = other.ticket(theirs)
    assert (ticket["catalogue"], ticket["duty_item"]) == ("kunhe", "3")
    assert ticket["lead_department"]["name"] == "镇水务站"
    numbers = [row["number"] for row in officer.get("/tickets").json["items"]]
    assert (mine in numbers, theirs in numbers) == (True, False)


def test_findings_and_places_of_one_town_are_not_there_for_the_other(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    make, id = two_towns, uuid4()
    assert second.put(f"/findings/{id}", json=pond(make)).status_code == 201
    assert first.get(f"/findings/{id}").status_code == 404
    assert second.get(f"/findings/{id}").status_code == 200


def test_a_checkpoint_of_the_other_list_is_unknown(
    two_towns: Factory, first: Caller
) -> None:
    document = two_towns.finding(duty_item="30", checkpoint="3-01")
    answer = first.put(f"/findings/{uuid4()}", json=document)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json["errors"]] == ["/checkpoint"]


def test_the_shared_department_serves_both_by_their_own_process(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    make = two_towns
    mine, theirs = make.reported(first), make.sent(second, room(make))["ticket"]
    fire = make.handler("kq-fire")
    assert fire.ticket(mine)["catalogue"] == "buerhantu"
    shown = fire.ticket(theirs["number"])
    assert [d["code"] for d in shown["co_departments"]] == ["kh-residents"]
    fire.done(theirs["number"], "accept", note="收到")
    fire.done(theirs["number"], "verify", result="substantiated", note="属实")
    # The second list knows a fine only, the first a warning as well.
    wrong = fire.act(theirs["number"], "penalise", kind="warning", note="警告")
    assert wrong.status_code == 422
    fire.done(theirs["number"], "penalise", kind="fine", note="罚款", amount=200)
    for caller in (make.handler("kq-police"), make.handler("kh-water")):
        assert caller.get(f"/tickets/{theirs['number']}").status_code == 404


def test_a_case_is_not_handed_to_a_department_of_the_other_list(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    make = two_towns
    number = make.sent(second, room(make))["ticket"]["number"]
    fire = make.handler("kq-fire")
    fire.done(number, "accept")
    answer = fire.act(number, "transfer", department="区公安分局", note="移送")
    assert answer.status_code == 422
    # 住建局 is the short name of another department in each list.
    moved = fire.done(number, "transfer", department="住建局", note="移送")
    assert moved["transferred_to"]["code"] == "kh-residents"


def test_the_shared_department_keeps_the_names_of_both(
    two_towns: Factory, first: Caller
) -> None:
    number = two_towns.reported(first)
    fire = two_towns.handler("kq-fire")
    for name in ("消防大队", "区消防", "区消防救援大队", "kq-fire"):
        found = fire.get("/tickets", query_string={"department": name}).json["items"]
        assert [row["number"] for row in found] == [number]


def test_a_report_keeps_item_30_of_the_two_lists_apart(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    make = two_towns
    make.sent(second, room(make))
    make.ticket(first, duty_item="30")
    make.ticket(first, duty_item="30")
    query = {"group_by": "duty_item"}

    def rows(caller: Caller, **more: str) -> dict[str, tuple[str, int]]:
        answer = caller.get("/reports/rectification", query_string=query | more)
        assert answer.status_code == 200, answer.text
        return {r["key"]: (r["label"], r["found"]) for r in answer.json["rows"]}

    shops, rooms = "小商店消防安全监督检查", "出租房屋消防安全检查"
    assert rows(make.town_officer()) == {"30": (shops, 2)}
    assert rows(make.other_town_officer()) == {"30": (rooms, 1)}
    everything = {"30": (shops, 2), "kunhe/30": (rooms, 1)}
    for area in (DISTRICT, "150200"):
        assert rows(make.staff(Role.SUPERVISOR, area)) == everything
    district = make.staff(Role.SUPERVISOR, DISTRICT)
    assert rows(district, duty_item="30") == {"30": (shops, 2)}
    assert rows(district, duty_item="kunhe/30") == {"kunhe/30": (rooms, 1)}


def test_the_first_list_goes_on_elsewhere_in_the_district(two_towns: Factory) -> None:
    assert checklists.edition_for(f"150200/{DISTRICT}/").catalogue == "buerhantu"
    here = checklists.edition_for(f"150200/{DISTRICT}/{OTHER_TOWN}/{VILLAGE}/")
    assert here.catalogue == "kunhe"
    there = checklists.edition_for(f"150200/{DISTRICT}/{TOWN}/")
    assert there.catalogue == "buerhantu"


def test_each_has_its_own_duties(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    kinds = [kind["code"] for kind in second.get("/duties/kinds").json["kinds"]]
    assert kinds == ["3-pond-safety"]
    mine = [kind["code"] for kind in first.get("/duties/kinds").json["kinds"]]
    assert "3-pond-safety" not in mine

    id = uuid4()
    record = {
        "kind": "3-pond-safety",
        "items": ["3"],
        "held_on": now().date().isoformat(),
        "subject": "水塘安全宣传",
        "summary": "入户宣传",
        "photos": [],
    }
    officer = two_towns.other_town_officer()
    assert officer.put(f"/duties/{id}", json=record).status_code == 201
    other = two_towns.town_officer()
    assert other.put(f"/duties/{uuid4()}", json=record).status_code == 422
    assert other.get(f"/duties/{id}").status_code == 404
    assert officer.get(f"/duties/{id}").status_code == 200
    assert id not in [row["id"] for row in other.get("/duties").json["items"]]


def test_each_has_its_own_kinds_of_places(
    two_towns: Factory, first: Caller, second: Caller
) -> None:
    names = {k["code"]: k["name"] for k in second.get("/places/kinds").json["kinds"]}
    assert names == {"3": "村级水塘", "30": "出租房屋"}
    mine = {k["code"]: k["name"] for k in first.get("/places/kinds").json["kinds"]}
    assert mine["30"] == "小商店"
    id = uuid4()
    place = {"name": "南塘", "kind": "3", "position": two_towns.position(VILLAGE)}
    place |= {"risk": "溺水", "keeper": {"name": "李四", "phone": "13800000000"}}
    answer = second.put(f"/places/{id}", json=place)
    assert answer.status_code == 201, answer.text
    assert first.get(f"/places/{id}").status_code == 404


def test_incidents_are_those_of_the_list(first: Caller, second: Caller) -> None:
    assert second.get("/incidents/kinds").json["items"] == []
    assert first.get("/incidents/kinds").json["items"] != []
