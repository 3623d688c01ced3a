"""GET /reports/coverage: shares, never, overdue, nights, each with its definition."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.api.test_place_campaigns import made
from tests.api.test_place_register import age, inspected, registered
from tests.factories import COMMUNITY, Caller, Factory

PATH = "/reports/coverage"
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(ZONE).date()
FIGURES = {
    "registered",
    "inspected",
    "share",
    "never",
    "overdue",
    "inspections",
    "night",
}


def report(caller: Caller, **wanted: Any) -> dict[str, Any]:
    """Return the report of the last ten days."""
    period = {"from": str(TODAY - timedelta(days=9)), "to": str(TODAY)}
    answer = caller.get(PATH, query_string=period | wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def figures(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Return some figures of a row."""
    return tuple(row[name] for name in names)


def test_nothing(make: Factory) -> None:
    document = report(make.administrator())
    assert document["rows"] == []
    nothing = dict.fromkeys(FIGURES, 0) | {"share": None}
    assert document["total"] == nothing | {"key": None, "label": "合计"}


@pytest.mark.parametrize("group_by", ["area", "kind", "duty_item", "month"])
def test_every_figure_has_its_definition(make: Factory, group_by: str) -> None:
    caller = make.administrator()
    chinese = report(caller, group_by=group_by)["definitions"]
    english = caller.get(
        PATH, query_string={"group_by": group_by}, headers={"Accept-Language": "en"}
    ).json["definitions"]
    assert set(chinese) == set(english) == FIGURES | {"key", "as_of"}
    assert all(said.isascii() for said in english.values())
    assert not any(said.isascii() for said in chinese.values())


def test_shares_never_and_overdue(make: Factory) -> None:
    worker, admin = make.grid_worker(), make.administrator()
    visited, before, never, late = (
        registered(worker, make, i * 0.001, name=f"店{i}") for i in range(4)
    )
    shop = registered(worker, make, kind="30", name="商店")
    for id in (visited, before, never, shop):
        age(id, 60)
    age(late, 120)
    inspected(worker, make, visited)
    inspected(worker, make, visited)
    inspected(worker, make, before, ended=datetime.now(UTC) - timedelta(days=30))
    total = report(admin)["total"]
    assert figures(total, "registered", "inspected", "share") == (5, 1, 0.2)
    # 90 days for those without a risk level: only the oldest is over.
    assert figures(total, "never", "overdue", "inspections") == (3, 1, 2)
    kinds = {row["key"]: row for row in report(admin, group_by="kind")["rows"]}
    assert kinds["35"]["label"] == "小餐饮店"
    assert figures(kinds["35"], "registered", "inspected") == (4, 1)
    assert figures(kinds["30"], "registered", "share") == (1, 0.0)
    (area,) = report(admin, area="150203102")["rows"]
    assert figures(area, "key", "registered") == (COMMUNITY, 5)
    assert report(admin, kind="30")["total"]["registered"] == 1
    assert report(make.other_town_officer())["total"]["registered"] == 0
    past = {
        "from": str(TODAY - timedelta(days=99)),
        "to": str(TODAY - timedelta(days=70)),
    }
    assert report(admin, **past)["total"]["registered"] == 1


def test_by_duty_item_a_gas_user_counts_twice(make: Factory) -> None:
    worker, admin = make.grid_worker(), make.administrator()
    id = registered(worker, make, attributes={"uses_gas": True})
    inspected(worker, make, id)
    document = report(admin, group_by="duty_item")
    rows = {row["key"]: row for row in document["rows"]}
    assert figures(rows["35"], "registered", "inspected", "never") == (1, 1, 0)
    assert figures(rows["44"], "registered", "inspected", "never") == (1, 0, 1)
    assert figures(document["total"], "registered", "inspected") == (1, 1)
    gas = report(admin, duty_item="44", group_by="duty_item")
    assert [row["key"] for row in gas["rows"]] == ["44"]
    assert figures(gas["total"], "registered", "inspected") == (1, 0)
    inspected(worker, make, id, checklist="44")
    assert report(admin, duty_item="44")["total"]["inspected"] == 1


def test_months_stand_by_themselves(make: Factory) -> None:
    worker, admin = make.grid_worker(), make.administrator()
    first = TODAY.replace(day=1)
    last_month = first - timedelta(days=1)
    id = registered(worker, make)
    age(id, 65)
    registered(worker, make, 0.001, name="新店")
    noon = datetime.combine(last_month, time(12), ZONE)
    inspected(worker, make, id, ended=noon)
    period = {"from": str(last_month.replace(day=1)), "to": str(TODAY)}
    before, this = report(admin, group_by="month", **period)["rows"]
    assert before["key"] == f"{last_month:%Y-%m}"
    assert figures(before, "registered", "inspected", "never") == (1, 1, 0)
    assert figures(this, "registered", "inspected", "never") == (2, 0, 1)


def test_nights(make: Factory) -> None:
    worker, admin = make.grid_worker(), make.administrator()
    id = registered(worker, make)
    yesterday = TODAY - timedelta(days=1)
    for clock in (time(12), time(21), time(3)):
        start = datetime.combine(yesterday, clock, ZONE)
        inspected(worker, make, id, ended=start + timedelta(minutes=20))
    assert figures(report(admin)["total"], "inspections", "night") == (3, 2)


def test_a_campaign_sets_the_period_and_the_places(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    id = registered(worker, make)
    registered(worker, make, kind="30", name="商店")
    inspected(worker, make, id)
    own = made(officer)
    document = officer.get(PATH, query_string={"campaign": own}).json
    assert document["from"] == str(TODAY - timedelta(days=3))
    total = document["total"]
    assert figures(total, "registered", "inspected", "share") == (1, 1, 1.0)
    night = made(officer, night=True, starts_on=str(TODAY - timedelta(days=2)))
    dark = officer.get(PATH, query_string={"campaign": night}).json["total"]
    assert dark["registered"] == 1
    stranger = make.other_town_officer()
    hidden = stranger.get(PATH, query_string={"campaign": own})
    assert hidden.json["errors"][0]["pointer"] == "/campaign"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "/from"),
        ({"group_by": "weather"}, "/group_by"),
        ({"area": "999999"}, "/area"),
        ({"kind": "35,999"}, "/kind"),
        ({"duty_item": "1"}, "/duty_item"),
        ({"campaign": "x"}, "/campaign"),
        ({"campaign": str(uuid4())}, "/campaign"),
    ],
)
def test_a_wrong_parameter_is_named(make: Factory, query: Any, pointer: str) -> None:
    answer = make.administrator().get(PATH, query_string=query)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json["errors"]] == [pointer]
