"""GET /reports/rectification: shape, words, refusals, and a rate that moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.factories import API, Caller, Factory, earlier_today, workday

PATH = "/reports/rectification"
FIGURES = {
    "found",
    "rectified",
    "on_time",
    "with_due",
    "overdue",
    "open",
    "excluded",
    "rate",
    "on_time_rate",
    "median_days",
}


def today() -> date:
    """Return the local day in China."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def report(caller: Caller, **wanted: Any) -> dict[str, Any]:
    """Return the report of the last three days, so that midnight does no harm."""
    period = {"from": str(today() - timedelta(days=2)), "to": str(today())}
    answer = caller.get(PATH, query_string=period | wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def rows(document: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    """Return the rows of a report by key."""
    return {row["key"]: row for row in document["rows"]}


def test_an_empty_report_of_this_month(make: Factory) -> None:
    before = datetime.now(UTC)
    answer = make.administrator().get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "zh-CN"
    document = answer.json
    assert set(document) == {
        "as_of",
        "from",
        "to",
        "timezone",
        "group_by",
        "definitions",
        "rows",
        "total",
    }
    as_of = datetime.fromisoformat(document["as_of"])
    assert as_of.utcoffset() == timedelta(0)
    assert before <= as_of <= datetime.now(UTC)
    assert document["to"] == str(as_of.astimezone(ZoneInfo("Asia/Shanghai")).date())
    assert document["from"] == document["to"][:-2] + "01"
    assert document["timezone"] == "Asia/Shanghai"
    assert document["group_by"] == "department"
    assert document["rows"] == []
    total = document["total"]
    nothing = {"rate": None, "on_time_rate": None, "median_days": None}
    assert total == {
        "key": None,
        "label": "合计",
        **dict.fromkeys(FIGURES, 0),
        **nothing,
    }


@pytest.mark.parametrize(
    "group_by", ["department", "duty_item", "area", "place_kind", "severity", "month"]
)
def test_every_figure_has_its_definition_in_both_languages(
    make: Factory, group_by: str
) -> None:
    make.reported(make.grid_worker())
    caller = make.administrator()
    chinese = report(caller, group_by=group_by)
    english = caller.get(
        PATH,
        query_string={"group_by": group_by, "from": chinese["from"]},
        headers={"Accept-Language": "en-GB, zh;q=0.5"},
    )
    assert english.headers["Content-Language"] == "en"
    said = english.json["definitions"]
    assert set(said) == set(chinese["definitions"]) == FIGURES | {"key", "as_of"}
    assert all(text.isascii() for text in said.values())
    assert not any(text.isascii() for text in chinese["definitions"].values())
    assert "null" in said["rate"]
    assert english.json["total"]["label"] == "Total"
    for row in english.json["rows"]:
        assert set(row) - {"department"} == FIGURES | {"key", "label"}
        assert ("department" in row) == (group_by == "department")


def test_labels_follow_the_language(make: Factory) -> None:
    make.ticket(make.grid_worker())
    caller = make.administrator()
    english = {"Accept-Language": "en"}
    query = {"group_by": "place_kind", "from": str(today() - timedelta(days=2))}
    (chinese_row,) = caller.get(PATH, query_string=query).json["rows"]
    (english_row,) = caller.get(PATH, query_string=query, headers=english).json["rows"]
    assert (chinese_row["key"], chinese_row["label"]) == (None, "未登记场所")
    assert (english_row["key"], english_row["label"]) == (None, "No registered place")


def test_the_rate_moves_as_the_town_and_the_department_work(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    fire, admin = make.handler("kq-fire"), make.administrator()
    found_at = earlier_today()
    reported, unfounded = make.reported(worker), make.reported(worker)
    settled, left, double = (make.ticket(worker) for _ in range(3))
    named = {"town-buerhantu": "卜尔汉图镇", "kq-fire": "区消防救援大队"}

    def counted() -> dict[str | None, tuple[Any, ...]]:
        found = rows(report(admin))
        for key, row in found.items():
            assert row["department"] == {"code": key, "name": named[str(key)]}
        names = ("found", "rectified", "open", "excluded", "rate", "on_time_rate")
        return {key: tuple(row[n] for n in names) for key, row in found.items()}

    assert counted() == {
        "kq-fire": (2, 0, 2, 0, 0.0, None),
        "town-buerhantu": (3, 0, 3, 0, 0.0, None),
    }

    officer.done(double, "merge", into=left, note="同一处")
    worker.done(settled, "settle", note="已清理", photos=[worker.photo(settled)])
    for number in (reported, unfounded):
        fire.done(number, "accept")
    fire.done(unfounded, "verify", result="not_substantiated", note="现场无此隐患")
    fire.done(unfounded, "feed_back", note="核查不属实")
    fire.done(reported, "verify", result="substantiated", note="属实")
    due_on = workday(1)
    fire.done(reported, "order", due_on=due_on, note="限期改正", document_no="1号")
    half = counted()
    assert half["kq-fire"] == (1, 0, 1, 1, 0.0, None)
    # Settled within the hour, which is in time unless midnight lies in between.
    assert half["town-buerhantu"][:5] == (2, 1, 1, 1, 0.5)

    passed = {"result": "passed", "note": "已整改", "photos": [fire.photo(reported)]}
    fire.done(reported, "reinspect", **passed)
    assert counted()["kq-fire"] == (1, 1, 0, 1, 1.0, 1.0)
    total = report(admin)["total"]
    assert (total["found"], total["rectified"], total["with_due"]) == (3, 2, 2)
    assert total["rate"] == 0.6667
    # In the local day's first hour the hazards are younger than an hour.
    took = (datetime.now(UTC) - found_at) / timedelta(days=1)
    assert total["median_days"] == pytest.approx(took, abs=0.01)


def test_each_sees_the_figures_of_their_own(make: Factory) -> None:
    worker = make.grid_worker()
    make.reported(worker)
    make.ticket(worker)

    def found(caller: Caller) -> dict[str | None, int]:
        return {key: row["found"] for key, row in rows(report(caller)).items()}

    both = {"kq-fire": 1, "town-buerhantu": 1}
    assert found(worker) == both
    assert found(make.town_officer()) == both
    assert found(make.safety_office()) == both
    assert found(make.handler("kq-fire")) == {"kq-fire": 1}
    assert found(make.handler("kq-housing")) == {}
    assert found(make.other_town_officer()) == {}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "/from"),
        ({"from": "2999-01-01"}, "/from"),
        ({"from": "2026-02-30"}, "/from"),
        ({"to": "yesterday"}, "/to"),
        ({"to": "0001-01-01"}, "/to"),
        ({"to": "9999-12-31"}, "/to"),
        ({"group_by": "weather"}, "/group_by"),
        ({"area": "999999"}, "/area"),
        ({"department": "某某局"}, "/department"),
        ({"severity": "huge"}, "/severity"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_parameter_is_named(
    make: Factory, query: dict[str, str], pointer: str
) -> None:
    answer = make.administrator().get(PATH, query_string=query)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert not answer.json["errors"][0]["message"].isascii()


def test_an_area_outside_the_own_gives_nothing_away(make: Factory) -> None:
    make.ticket(make.grid_worker())
    theirs = report(make.other_town_officer(), area="150203102")
    assert theirs["total"]["found"] == 0
    assert report(make.town_officer(), area="150203102")["total"]["found"] == 1


def test_signing_in_comes_first(client: FlaskClient) -> None:
    answer = client.get(API + PATH)
    assert answer.status_code == 401
    assert answer.json["type"] == "unauthenticated"
