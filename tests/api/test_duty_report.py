"""GET /reports/duties: what was done of each duty, what is missing, and for whom."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.checklists.loader import bundled_root, load
from server.checklists.service import publish
from server.core.db import commit
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN
from tests.api.test_duties import drill, pointers, sent, today, training, upload
from tests.factories import COMMUNITY, Caller, Factory

SECOND = Path(__file__).parents[1] / "data" / "second_town"
# A year that is over, so that its months and itself are due.
YEAR = today().year - 1


def report(caller: Caller, **wanted: Any) -> dict[str, Any]:
    """Return the report over the whole of last year."""
    period = {"from": f"{YEAR}-01-01", "to": f"{YEAR}-12-31"}
    answer = caller.get("/reports/duties", query_string=period | wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def row(report: dict[str, Any], kind: str, item: str) -> dict[str, Any]:
    """Return the one row of a kind in an item."""
    (found,) = [r for r in report["rows"] if (r["kind"], r["item"]) == (kind, item)]
    return dict(found)


def form(month: int, **changes: Any) -> dict[str, Any]:
    """Return the form of item 70 for a month of last year, filled in later."""
    amounts = dict.fromkeys(("kitchen", "recyclable", "hazardous", "other"), 1)
    return {
        "kind": "70-monthly-form",
        "held_on": f"{YEAR + 1}-01-01",
        "month": f"{YEAR}-{month:02}",
        "subject": "分类信息",
        "figures": amounts,
    } | changes


@pytest.fixture
def supervisor(make: Factory) -> Caller:
    return make.staff(Role.SUPERVISOR, DISTRICT)


def test_nothing_yet(supervisor: Caller) -> None:
    empty = report(supervisor, item="70")
    assert {r["count"] for r in empty["rows"]} == {0}
    assert all(r["missing"] and r["last_on"] is None for r in empty["rows"])
    assert {r["participants"] for r in empty["rows"]} == {None}
    monthly = row(empty, "70-monthly-form", "70")
    assert (monthly["due"], len(monthly["periods_missing"])) == (12, 12)
    assert monthly["rate"] == 0.0
    assert row(empty, "70-bin-points", "70")["rate"] is None
    assert empty["total"] == {"kinds": len(empty["rows"]), "recorded": 0, "rate": 0.0}
    assert {"count", "missing", "rate", "due"} <= empty["definitions"].keys()


def test_months_missing(make: Factory, supervisor: Caller) -> None:
    officer = make.town_officer()
    for month in (1, 2, 12, 12):
        sent(officer, form(month))
    monthly = row(report(supervisor), "70-monthly-form", "70")
    assert (monthly["count"], monthly["due"]) == (4, 12)
    assert monthly["periods_missing"] == [f"{YEAR}-{m:02}" for m in range(3, 12)]
    assert monthly["rate"] == 0.25
    assert monthly["last_on"] == f"{YEAR}-12-01"
    part = report(supervisor, **{"from": f"{YEAR}-11-01"})
    assert row(part, "70-monthly-form", "70")["periods_missing"] == [f"{YEAR}-11"]
    # This month is not over: nothing is due, and 0 of 0 is no rate.
    running = {"from": str(today().replace(day=1)), "to": str(today())}
    now = row(report(supervisor, **running), "70-monthly-form", "70")
    assert (now["due"], now["rate"], now["missing"]) == (0, None, True)


def test_a_drill_counts_in_each_item_it_names(
    make: Factory, supervisor: Caller
) -> None:
    worker = make.grid_worker()
    held = {"held_on": f"{YEAR}-06-15"}
    for document in (drill(**held), drill(**held, items=["30"])):
        id = sent(worker, document)
        upload(worker, document["photos"][0], id)
    whole = report(supervisor)
    small, food = row(whole, "fire-drill", "30"), row(whole, "fire-drill", "35")
    assert (small["count"], small["participants"]) == (2, 84)
    assert (food["count"], food["participants"]) == (1, 42)
    assert small["clauses"] == ["30.township.2"]
    assert small["last_on"] == f"{YEAR}-06-15"
    assert row(whole, "fire-drill", "36")["missing"]
    assert whole["total"]["recorded"] == 2


def test_what_does_not_count(make: Factory, supervisor: Caller) -> None:
    worker = make.grid_worker()
    held = {"held_on": f"{YEAR}-06-15", "items": ["30"]}
    without = drill(**held)
    id = sent(worker, without)
    waiting = row(report(supervisor), "fire-drill", "30")
    assert (waiting["count"], waiting["incomplete"]) == (0, 1)
    upload(worker, without["photos"][0], id)
    assert row(report(supervisor), "fire-drill", "30")["count"] == 1
    worker.post(f"/duties/{id}/withdraw", json={"reason": "重复"})
    gone = row(report(supervisor), "fire-drill", "30")
    assert (gone["count"], gone["incomplete"], gone["missing"]) == (0, 0, True)
    outside = drill(held_on=f"{YEAR + 1}-01-01", items=["30"])
    upload(worker, outside["photos"][0], sent(worker, outside))
    assert row(report(supervisor), "fire-drill", "30")["missing"]


def test_support_owed_by_departments(make: Factory, supervisor: Caller) -> None:
    fire = make.handler("kq-fire")
    held = training(held_on=f"{YEAR}-05-01", items=["30"])
    upload(fire, held["photos"][0], sent(fire, held))
    kept = row(report(supervisor), "fire-support-training", "30")
    assert (kept["count"], kept["due"], kept["rate"]) == (1, 1, 1.0)
    assert kept["rhythm_origin"] == "local setting"
    assert [d["code"] for d in kept["departments"]] == [
        "kq-fire",
        "kq-emergency",
        "kq-police",
    ]
    town = row(report(supervisor, area=OTHER_TOWN), "fire-support-training", "30")
    assert town["count"] == 1
    owed = row(report(supervisor), "fire-support-training", "31")
    assert (owed["periods_missing"], owed["rate"]) == ([str(YEAR)], 0.0)


def test_support_is_counted_by_the_town_to_which_it_is_owed(make: Factory) -> None:
    rules = load(bundled_root() / "buerhantu").rules
    owed = {
        (kind.code, item)
        for kind in rules.duties
        if any(clause.endswith(".support") for clause in kind.clauses)
        for item in kind.items
    }
    items = {item.number for item in rules.duty_items if item.support} & set(
        rules.accounted
    )
    assert {item for _, item in owed} == items
    fire, police = make.handler("kq-fire"), make.handler("kq-police")
    held = training(held_on=f"{YEAR}-05-01", items=["30"])
    upload(fire, held["photos"][0], sent(fire, held))
    for caller in (make.grid_worker(), make.town_officer(), make.other_town_officer()):
        seen = report(caller)
        theirs = {(r["kind"], r["item"]) for r in seen["rows"] if not r["township"]}
        assert theirs == owed
        assert row(seen, "fire-support-training", "30")["count"] == 1
        assert row(seen, "fire-support-training", "31")["count"] == 0
    assert row(report(police), "fire-support-training", "30")["count"] == 0


def test_support_is_not_owed_to_a_town_with_a_list_of_its_own(make: Factory) -> None:
    fire = make.handler("kq-fire")
    id = sent(fire, training())
    other = make.other_town_officer()
    assert other.get(f"/duties/{id}").status_code == 200
    publish(load(SECOND))
    commit()
    assert other.get(f"/duties/{id}").status_code == 404
    assert other.get("/duties").json["items"] == []
    assert make.town_officer().get(f"/duties/{id}").status_code == 200


def test_everyone_counts_what_they_see(make: Factory, supervisor: Caller) -> None:
    sent(make.town_officer(), form(1))
    there = row(report(supervisor, area=COMMUNITY), "70-monthly-form", "70")
    assert there["missing"]  # recorded for the town, not for the community
    other = report(make.other_town_officer())
    assert row(other, "70-monthly-form", "70")["missing"]
    handler = report(make.handler("kq-fire"))
    assert handler["rows"]
    for line in handler["rows"]:
        assert "kq-fire" in [d["code"] for d in line["departments"]]
    administrator = report(make.administrator())
    assert {r["township"] for r in administrator["rows"]} == {True}


def test_filters_and_refusals(supervisor: Caller) -> None:
    assert {r["item"] for r in report(supervisor, item="47")["rows"]} == {"47"}
    items = [int(r["item"]) for r in report(supervisor)["rows"]]
    assert items == sorted(items)
    assert report(supervisor, area=OTHER_TOWN)["total"]["recorded"] == 0

    def wrong(**query: Any) -> list[str]:
        return pointers(supervisor.get("/reports/duties", query_string=query))

    assert wrong(item="1") == ["/item"]
    assert wrong(area="1") == ["/area"]
    later = date(YEAR, 1, 1) + timedelta(days=1)
    assert wrong(**{"from": str(later), "to": f"{YEAR}-01-01"}) == ["/from"]
    assert wrong(**{"from": "1999-01-01"}) == ["/from"]


def test_words_in_both_languages(supervisor: Caller) -> None:
    english = supervisor.get("/reports/duties", headers={"Accept-Language": "en"})
    assert english.headers["Content-Language"] == "en"
    assert english.json["definitions"]["missing"] == "Not one record in count."
