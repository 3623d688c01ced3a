"""GET /tickets?q=: words in Chinese and otherwise, where they stand, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from server.core.db import db
from server.demo.seed import OTHER_TOWN
from server.tickets import search
from tests.factories import Caller, Factory


@pytest.fixture
def office(make: Factory) -> Caller:
    """Someone who sees the whole district."""
    return make.safety_office()


@pytest.fixture
def numbers(make: Factory) -> dict[str, str]:
    """Tickets by name."""
    worker = make.grid_worker()
    party = {"name": "福满楼餐饮有限公司", "kind": "business"}
    return {
        "exit": make.reported(worker, description="后门堆放纸箱，安全出口被堵"),
        "gas": make.ticket(
            worker,
            category="G1",
            description="ＬＰＧ气瓶 50kg 离灶台太近",
            place={"name": "老王烧烤", "kind": "restaurant"},
            handling={"kind": "on_spot", "note": "已劝说移开"},
        ),
        "cable": make.ticket(
            worker,
            category="G1",
            description="电线私拉乱接",
            responsible_party=party,
        ),
    }


def found(caller: Caller, numbers: dict[str, str], q: str) -> list[str]:
    """Return the names of what is found, in order."""
    answer = caller.get("/tickets", query_string={"q": q})
    assert answer.status_code == 200, answer.text
    names = {number: name for name, number in numbers.items()}
    return [names[row["number"]] for row in answer.json["items"]]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("安全出口", ["exit"]),
        ("安", ["exit"]),
        ("堵", ["exit"]),
        ("出口 纸箱", ["exit"]),
        ("出口 气瓶", []),
        ("出口安全", []),
        ("lpg", ["gas"]),
        ("LPG气瓶", ["gas"]),
        ("５０ｋｇ", ["gas"]),
        ("kg", ["gas"]),
        ("老王", ["gas"]),
        ("劝说移开", ["gas"]),
        ("福满楼", ["cable"]),
        ('"纸箱 安全"', ["exit"]),
        ('"安全 纸箱"', []),
        ("卜尔汉图 电线", ["cable"]),
        ("小餐饮 电线 不存在的词", []),
    ],
)
def test_words(
    office: Caller, numbers: dict[str, str], q: str, expected: list[str]
) -> None:
    assert found(office, numbers, q) == expected


def test_numbers(office: Caller, numbers: dict[str, str]) -> None:
    whole = numbers["gas"]
    assert found(office, numbers, whole) == ["gas"]
    assert found(office, numbers, f"{whole} 气瓶") == ["gas"]
    assert found(office, numbers, f"{whole} 纸箱") == []
    assert found(office, numbers, whole[:-1]) == []
    assert "gas" in found(office, numbers, whole.rpartition("-")[2])


def test_names_of_areas_items_and_categories(
    office: Caller, numbers: dict[str, str], make: Factory
) -> None:
    there = make.grid_worker(OTHER_TOWN)
    numbers["other"] = make.ticket(there, position=make.position(OTHER_TOWN))
    town = office.get(f"/areas/{OTHER_TOWN}").json["name"]
    assert found(office, numbers, town) == ["other"]
    listed = office.get("/tickets/counts").json["facets"]
    titles = {v["value"]: v["title"] for v in listed["category"]}
    assert set(found(office, numbers, titles["F1"])) == {"exit", "other"}
    (item,) = listed["duty_item"]
    assert set(found(office, numbers, item["title"])) == set(numbers)
    # Its name is looked up when somebody asks: a renamed area's tickets are found.
    db.session.execute(
        text("UPDATE areas SET name = '改名镇' WHERE code = :c"), {"c": OTHER_TOWN}
    )
    assert found(office, numbers, "改名镇") == ["other"]
    assert found(office, numbers, town) == []


def test_what_is_said_on_the_way(
    make: Factory, office: Caller, numbers: dict[str, str]
) -> None:
    fire = make.handler()
    fire.done(numbers["exit"], "accept", note="派员核实")
    fire.done(numbers["exit"], "verify", result="substantiated", note="货架压住门")
    fire.done(
        numbers["exit"],
        "order",
        due_on="2099-01-02",
        note="立即清理",
        document_no="昆消责改〔2026〕第7号",
    )
    for q in ("派员核实", "货架", "昆消责改〔2026〕第7号", "责改", "出口 货架"):
        assert found(office, numbers, q) == ["exit"]


def test_the_best_match_goes_first_then_the_newest(
    make: Factory, office: Caller, numbers: dict[str, str]
) -> None:
    office.done(numbers["cable"], "comment", note="旁边的安全出口也看了")
    assert found(office, numbers, "安全出口") == ["exit", "cable"]
    worker = make.grid_worker()
    numbers["again"] = make.ticket(worker, description="安全出口上锁")
    assert found(office, numbers, "安全出口") == ["again", "exit", "cable"]
    read: list[str] = []
    cursor = ""
    while True:
        page = office.get(f"/tickets?q=安全出口&limit=1&cursor={cursor}").json
        read += [row["number"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert read == [numbers[name] for name in ("again", "exit", "cable")]
    newest = office.get("/tickets?q=安全出口&sort=newest").json["items"]
    assert newest[-1]["number"] == numbers["exit"]


def marks(caller: Caller, q: str) -> dict[str, str]:
    """Return field → snippet of the only ticket found."""
    (row,) = caller.get("/tickets", query_string={"q": q}).json["items"]
    return {mark["field"]: mark["snippet"] for mark in row["highlights"]}


def test_highlights(office: Caller, numbers: dict[str, str], make: Factory) -> None:
    assert marks(office, "lpg") == {"description": "ＬＰＧ气瓶 50kg 离灶台太近"}
    assert marks(office, "老王 移开") == {"place": "老王烧烤", "note": "已劝说移开"}
    assert marks(office, "福满楼") == {"responsible_party": "福满楼餐饮有限公司"}
    assert marks(office, numbers["gas"]) == {"number": numbers["gas"]}
    town = marks(office, "卜尔汉图 电线")
    assert "卜尔汉图" in town["area"]
    worker = make.grid_worker()
    make.ticket(worker, description="甲" * 300 + "乙丙" + "丁" * 300)
    assert marks(office, "乙丙") == {
        "description": "…" + "甲" * 20 + "乙丙" + "丁" * 20 + "…"
    }
    assert "highlights" not in office.get("/tickets").json["items"][0]


HOSTILE = [
    "'", '"', '""', "\\", "%", "_", "&", "|", "!", "a & b | !c", "<->", ":*", "(", "*",
    "'; DROP TABLE tickets; --", "\u200b", "🔥", "消" * 200, "a " * 100, "😀消防",
    "\ufffd", "\u0301", "ﷺ", "ß", "İ", "x:*&y", "$1", "%s", "%(x)s", "{}", "-", "——",
    "area:150203", "\r\n", "㎡㏒", "①②", "𠀀𠀁",
]  # fmt: skip


@pytest.mark.parametrize("q", HOSTILE)
def test_hostile_words(office: Caller, numbers: dict[str, str], q: str) -> None:
    for path in ("/tickets", "/tickets/counts"):
        answer = office.get(path, query_string={"q": q})
        assert answer.status_code in (200, 422), answer.text
    assert db.session.scalar(text("SELECT count(*) FROM tickets")) == len(numbers)


def test_too_long_or_with_nul(office: Caller) -> None:
    for q in ("消" * 201, "消\x00防"):
        answer = office.get("/tickets", query_string={"q": q})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/q"


def test_any_description_can_be_found_again(make: Factory, office: Caller) -> None:
    worker = make.grid_worker()
    odd = "ǅ'\\%_ﬁ㌖Ⅷ½ 𠀀 سلام 각 ｶﾞ"
    number = make.ticket(worker, description=odd)
    for word in odd.split():
        listed = office.get("/tickets", query_string={"q": word}).json["items"]
        assert [row["number"] for row in listed] == [number], word


def test_a_timeline_without_end_is_searched_in_part(
    make: Factory, office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_SAID", 10)
    number = make.ticket(make.grid_worker())
    for note in ("甲乙丙丁戊己庚辛", "子丑", "寅卯"):
        office.done(number, "comment", note=note)
    listed = {
        q: len(office.get(f"/tickets?q={q}").json["items"])
        for q in ("甲乙", "子丑", "寅卯")
    }
    assert listed["甲乙"] == 1
    assert listed["寅卯"] == 0


def test_outside_nothing_is_found(make: Factory, numbers: dict[str, Any]) -> None:
    assert found(make.other_town_officer(), numbers, "安全出口") == []
