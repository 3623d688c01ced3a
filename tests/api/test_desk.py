"""Saved filters, colleagues, many tickets at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from server.core.permissions import Role
from server.demo.seed import DISTRICT
from server.desk import service
from server.tickets.filter_schemas import ListQuery
from tests.factories import Caller, Factory, workday


def kept(caller: Caller, name: str = "待办", **content: Any) -> dict[str, Any]:
    """Save a filter that must be taken."""
    body = {"name": name, "query": {"state": "reported"}, **content}
    answer = caller.post("/me/filters", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def test_a_filter_is_kept_used_changed_and_forgotten(make: Factory) -> None:
    fire, worker = make.handler(), make.grid_worker()
    one, two = make.reported(worker), make.reported(worker)
    fire.done(two, "accept")
    saved = kept(fire, query={"state": "reported", "overdue": False, "duty_item": 35})
    assert saved["own"] is True
    assert saved["query"] == {
        "state": "reported",
        "overdue": "false",
        "duty_item": "35",
    }

    def found(query: str = "") -> list[str]:
        answer = fire.get(f"/tickets?filter={saved['id']}{query}")
        assert answer.status_code == 200, answer.text
        return [row["number"] for row in answer.json["items"]]

    assert found() == [one]
    # What the query says itself goes before it.
    assert found("&state=verifying") == [two]
    assert fire.get(f"/tickets/counts?filter={saved['id']}").json["total"] == 1
    body = {"name": "在办", "query": {"state": "verifying"}}
    changed = fire.put(f"/me/filters/{saved['id']}", json=body)
    assert (changed.status_code, changed.json["name"]) == (200, "在办")
    assert found() == [two]
    assert [f["name"] for f in fire.get("/me/filters").json["items"]] == ["在办"]
    assert fire.delete(f"/me/filters/{saved['id']}").status_code == 204
    assert fire.get("/me/filters").json["items"] == []
    gone = fire.get(f"/tickets?filter={saved['id']}")
    assert gone.status_code == 422


def test_shared_with_colleagues_only(make: Factory) -> None:
    fire, mate, police = make.handler(), make.handler(), make.handler("kq-police")
    own, shared = kept(fire, "自用"), kept(fire, "共用", shared=True)
    assert [f["name"] for f in mate.get("/me/filters").json["items"]] == ["共用"]
    (seen,) = mate.get("/me/filters").json["items"]
    assert (seen["own"], seen["owner"]) == (False, f"测试{fire.username}")
    assert mate.get(f"/tickets?filter={shared['id']}").status_code == 200
    assert mate.get(f"/tickets?filter={own['id']}").status_code == 422
    assert police.get("/me/filters").json["items"] == []
    assert police.get(f"/tickets?filter={shared['id']}").status_code == 422
    body = {"name": "改", "query": {}}
    path = f"/me/filters/{shared['id']}"
    assert mate.put(path, json=body).status_code == 404
    assert mate.delete(path).status_code == 404
    officer, worker = make.town_officer(), make.grid_worker()
    town = kept(officer, "本镇", shared=True)
    assert worker.get(f"/tickets?filter={town['id']}").status_code == 200
    stranger = make.other_town_officer()
    assert stranger.get(f"/tickets?filter={town['id']}").status_code == 422


def test_a_shared_filter_is_asked_for_its_reader(make: Factory) -> None:
    fire, mate = make.handler(), make.handler()
    number = make.reported(make.grid_worker())
    fire.done(number, "assign", assignee=mate.username)
    saved = kept(fire, "我的", query={"assignee": "me"}, shared=True)
    path = f"/tickets?filter={saved['id']}"
    assert fire.get(path).json["items"] == []
    assert [row["number"] for row in mate.get(path).json["items"]] == [number]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"query": {}}, "/name"),
        ({"name": "", "query": {}}, "/name"),
        ({"name": "x" * 51, "query": {}}, "/name"),
        ({"name": "x"}, "/query"),
        ({"name": "x", "query": []}, "/query"),
        ({"name": "x", "query": {"state": "asleep"}}, "/query/state"),
        ({"name": "x", "query": {"colour": "red"}}, "/query/colour"),
        ({"name": "x", "query": {"limit": 0}}, "/query/limit"),
        ({"name": "x", "query": {"cursor": "x"}}, "/query/cursor"),
        ({"name": "x", "query": {"filter": str(uuid4())}}, "/query/filter"),
        ({"name": "x", "query": {"area": "000"}}, "/query/area"),
        ({"name": "x", "query": {"assignee": "zz"}}, "/query/assignee"),
        ({"name": "x", "query": {"q": ["a"]}}, "/query/q"),
        ({"name": "x", "query": {"q": {"a": 1}}}, "/query/q"),
        ({"name": "x", "query": {"q": "y" * 201}}, "/query/q"),
        ({"name": "x", "query": {}, "shared": "perhaps"}, "/shared"),
        ({"name": "x", "query": {}, "owner": "me"}, "/owner"),
        ({"name": "x", "query": {"q": "a\x00"}}, "/query/q"),
    ],
)
def test_wrong_filters(make: Factory, body: dict[str, Any], pointer: str) -> None:
    answer = make.handler().post("/me/filters", json=body)
    assert answer.status_code == 422, answer.text
    assert [e["pointer"] for e in answer.json["errors"]] == [pointer]


def test_names_and_number_are_bounded(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_FILTERS", 3)
    fire, mate = make.handler(), make.handler()
    one, two = kept(fire, "一"), kept(fire, "二")
    again = fire.post("/me/filters", json={"name": "一", "query": {}})
    assert again.json["errors"][0]["pointer"] == "/name"
    kept(mate, "一")
    taken = fire.put(f"/me/filters/{two['id']}", json={"name": "一", "query": {}})
    assert taken.status_code == 422
    same = fire.put(f"/me/filters/{one['id']}", json={"name": "一", "query": {}})
    assert same.status_code == 200
    kept(fire, "三")
    full = fire.post("/me/filters", json={"name": "四", "query": {}})
    assert (full.status_code, full.json["type"]) == (409, "too-many-filters")


def test_colleagues(make: Factory) -> None:
    fire, mate, police = make.handler(), make.handler(), make.handler("kq-police")
    worker, officer = make.grid_worker(), make.town_officer()
    stranger = make.other_town_officer()

    def known(caller: Caller) -> set[str]:
        answer = caller.get("/colleagues")
        assert answer.status_code == 200
        for one in answer.json["items"]:
            assert set(one) == {"id", "username", "name", "roles", "department"}
        return {one["username"] for one in answer.json["items"]}

    assert {fire.username, mate.username} <= known(fire)
    assert not {police.username, worker.username, stranger.username} & known(fire)
    assert {worker.username, officer.username} <= known(worker) & known(officer)
    assert not {stranger.username, fire.username} & known(officer)
    watcher = make.staff(Role.SUPERVISOR, DISTRICT)
    assert watcher.username in known(watcher)
    assert not {fire.username, officer.username} & known(watcher)


def bulk(caller: Caller, action: str, items: Any, **fields: Any) -> dict[str, Any]:
    """Do one action on many tickets."""
    body = {"action": action, "items": items, "fields": fields}
    answer = caller.post("/tickets/bulk", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_a_result_per_item_and_none_hinders_another(make: Factory) -> None:
    fire, worker, office = make.handler(), make.grid_worker(), make.safety_office()
    good, stale, taken, unversioned, tagged = (make.reported(worker) for _ in range(5))
    fire.done(taken, "accept")
    office.done(stale, "comment", note="x")
    hidden = make.ticket(worker)
    led = make.reported(worker, category="G1")
    items = [
        {"number": good, "version": 1},
        {"number": stale, "version": 1},
        {"number": taken, "version": 2},
        {"number": unversioned},
        {"number": hidden, "version": 1},
        {"number": "150203-20260101-999999", "version": 1},
        {"number": tagged, "etag": fire.ticket(tagged)["etag"]},
        {"number": good, "version": 1},
    ]
    answer = bulk(fire, "accept", items)
    assert [r["number"] for r in answer["results"]] == [i["number"] for i in items]
    statuses = [r["status"] for r in answer["results"]]
    assert statuses == [200, 412, 409, 428, 404, 404, 200, 412]
    assert (answer["done"], answer["failed"]) == (2, 6)
    # Each refusal is that of the action alone.
    for item, result in list(zip(items, answer["results"], strict=True))[1:6]:
        headers = {}
        if "version" in item:
            headers["If-Match"] = f'"{item["number"]}.{item["version"]}."'
        alone = fire.post(
            f"/tickets/{item['number']}/actions/accept", json={}, headers=headers
        )
        assert result["problem"] == alone.json
    # The ETag serves for the next step.
    etag = answer["results"][0]["etag"]
    next_ = fire.post(
        f"/tickets/{good}/actions/verify",
        json={"result": "substantiated", "note": "属实"},
        headers={"If-Match": etag},
    )
    assert next_.status_code == 200
    assert office.ticket(led)["state"] == "reported"


def test_assigning_many(make: Factory) -> None:
    fire, mate, worker = make.handler(), make.handler(), make.grid_worker()
    numbers = [make.reported(worker) for _ in range(3)]
    items = [{"number": number, "version": 1} for number in numbers]
    answer = bulk(fire, "assign", items, assignee=mate.username, note="分给你")
    assert [r["status"] for r in answer["results"]] == [200, 200, 200]
    mine = mate.get("/tickets?assignee=me").json["items"]
    assert {row["number"] for row in mine} == set(numbers)
    items = [{"number": number, "version": 2} for number in numbers]
    wrong = bulk(fire, "assign", items, assignee=worker.username)
    for result in wrong["results"]:
        assert result["status"] == 422
        assert result["problem"]["errors"][0]["pointer"] == "/assignee"
    english = fire.post(
        "/tickets/bulk",
        json={"action": "assign", "items": items[:1], "fields": {}},
        headers={"Accept-Language": "en"},
    ).json
    message = english["results"][0]["problem"]["errors"][0]["message"]
    assert message == "Missing data for required field."


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"action": "close", "items": [{"number": "x"}]}, "/action"),
        ({"action": "accept", "items": []}, "/items"),
        ({"action": "accept", "items": [{"number": "x"}] * 201}, "/items"),
        ({"action": "accept", "items": [{}]}, "/items/0/number"),
        ({"action": "accept", "items": [{"number": 7}]}, "/items/0/number"),
        (
            {"action": "accept", "items": [{"number": "x", "version": "1"}]},
            "/items/0/version",
        ),
        ({"action": "accept", "items": "x"}, "/items"),
        ({"action": "accept"}, "/items"),
        ({"items": [{"number": "x"}]}, "/action"),
        ({"action": "accept", "items": [{"number": "x"}], "fields": []}, "/fields"),
    ],
)
def test_wrong_bulk(make: Factory, body: dict[str, Any], pointer: str) -> None:
    answer = make.handler().post("/tickets/bulk", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


def test_odd_fields_are_each_items_problem(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    items = [{"number": number, "version": 1}]
    answer = bulk(fire, "accept", items, colour="red")
    assert answer["results"][0]["problem"]["errors"][0]["pointer"] == "/colour"
    huge = [{"number": number, "version": 2**62}]
    assert bulk(fire, "accept", huge)["results"][0]["status"] == 412


def test_a_filter_keeps_order_and_page_size(make: Factory) -> None:
    fire, worker = make.handler(), make.grid_worker()
    numbers = [make.reported(worker) for _ in range(3)]
    for number, ahead in zip(numbers, (9, 3, 6), strict=True):
        fire.done(number, "accept")
        fire.done(number, "verify", result="substantiated", note="属实")
        fire.done(number, "order", due_on=workday(ahead), note="清理")
    query = {"state": "ordered", "sort": "due", "limit": 2}
    saved = kept(fire, query=query)
    assert saved["query"] == {"state": "ordered", "sort": "due", "limit": "2"}

    def page(query: str = "") -> tuple[list[str], bool]:
        answer = fire.get(f"/tickets?filter={saved['id']}{query}")
        assert answer.status_code == 200, answer.text
        return [r["number"] for r in answer.json["items"]], bool(answer.json["next"])

    assert page() == ([numbers[1], numbers[2]], True)
    assert page("&limit=5") == ([numbers[1], numbers[2], numbers[0]], False)
    assert page("&sort=newest&limit=1") == ([numbers[2]], True)
    assert fire.get(f"/tickets/counts?filter={saved['id']}").json["total"] == 3
    for wrong in ({"sort": "colour"}, {"limit": "0"}):
        body = {"name": "x", "query": wrong}
        answer = fire.post("/me/filters", json=body)
        (name,) = wrong
        assert answer.json["errors"][0]["pointer"] == f"/query/{name}"


def test_all_that_the_list_takes_can_be_saved(make: Factory) -> None:
    fire = make.handler()
    query = {
        "state": "reported", "department": "kq-fire", "area": DISTRICT,
        "duty_item": "35", "severity": "general", "source": "patrol",
        "overdue": False, "mine": False, "q": "后门", "bbox": "109,40,110,41",
        "from": "2026-01-01", "to": "2026-12-31", "category": "F1",
        "control": "none", "place": str(uuid4()), "assignee": "me",
        "has_extension": False, "mentioned": False, "due_from": "2026-01-01",
        "due_to": "2026-12-31", "changed_since": "2026-01-01T00:00:00+08:00",
        "sort": "match", "limit": 20,
    }  # fmt: skip
    taken = {f.data_key or name for name, f in ListQuery().fields.items()}
    assert taken == {*query, "filter", "cursor"}
    saved = kept(fire, query=query)
    assert set(saved["query"]) == set(query)
    assert fire.get(f"/tickets?filter={saved['id']}").status_code == 200


def test_a_filter_on_a_filter_takes_over_what_it_says(make: Factory) -> None:
    fire, police = make.handler(), make.handler("kq-police")
    below = kept(fire, "下", query={"state": "reported", "sort": "due"})
    query = {"filter": below["id"], "state": "verifying", "limit": 7}
    above = kept(fire, "上", query=query)
    assert above["query"] == {"state": "verifying", "sort": "due", "limit": "7"}
    fire.delete(f"/me/filters/{below['id']}")
    assert fire.get(f"/tickets?filter={above['id']}").status_code == 200
    other = police.post(
        "/me/filters", json={"name": "x", "query": {"filter": above["id"]}}
    )
    assert other.json["errors"][0]["pointer"] == "/query/filter"
