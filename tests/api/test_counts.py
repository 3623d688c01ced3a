"""GET /tickets/counts says what the list gives; further filters and orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import uuid4

import pytest

from server.demo.seed import OTHER_TOWN, TOWN
from tests.factories import COMMUNITY, Caller, Factory


@pytest.fixture
def people(make: Factory) -> list[Caller]:
    """People who see different things."""
    return [
        make.safety_office(),
        make.handler("kq-fire"),
        make.town_officer(),
        make.other_town_officer(),
        make.grid_worker(),
    ]


@pytest.fixture
def tickets(make: Factory, people: list[Caller]) -> dict[str, str]:
    """Tickets of several kinds, in two towns, some worked on."""
    here, there = people[4], make.grid_worker(OTHER_TOWN)
    days_ago = (datetime.now(UTC) - timedelta(days=20)).isoformat()
    made = {
        "exit": make.reported(here),
        "gas": make.reported(here, category="G1", severity="serious"),
        "goods": make.reported(here, duty_item="30", category="F5", severity="major"),
        "late": make.ticket(here, found_at=days_ago, handling={"kind": "deadline"}),
        "spot": make.ticket(here),
        "held": make.reported(here, control={"measure": "临时封闭", "note": "危险"}),
        "other": make.reported(there, position=make.position(OTHER_TOWN)),
    }
    fire = people[1]
    fire.done(made["exit"], "accept")
    fire.done(made["exit"], "assign", assignee=fire.username)
    people[2].done(made["spot"], "assign", assignee=here.username)
    return made


def numbers(caller: Caller, **query: Any) -> list[str]:
    """Return the numbers in the list."""
    answer = caller.get("/tickets", query_string=query | {"limit": 500})
    assert answer.status_code == 200, answer.text
    return [row["number"] for row in answer.json["items"]]


def counted(caller: Caller, **query: Any) -> dict[str, Any]:
    """Return the counts."""
    answer = caller.get("/tickets/counts", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


CHOSEN: list[dict[str, str]] = [
    {"state": "reported"},
    {"severity": "general"},
    {"department": "kq-fire"},
    {"overdue": "false"},
    {"area": TOWN},
    {"mine": "true"},
    {"control": "in_force,none"},
    {"assignee": "none"},
    {"q": "出口"},
    {"duty_item": "35", "category": "F1"},
]


def test_counts_are_what_the_list_gives(
    people: list[Caller], tickets: dict[str, str]
) -> None:
    pairs = [one | two for one, two in combinations(CHOSEN, 2)]
    for caller in people:
        for chosen in [{}, *CHOSEN, *(pairs if caller is people[0] else [])]:
            answer = counted(caller, **chosen)
            assert answer["total"] == len(numbers(caller, **chosen)), chosen
            for facet, values in answer["facets"].items():
                for value in values:
                    asked = chosen | {facet: value["value"]}
                    found = len(numbers(caller, **asked))
                    assert found == value["count"] > 0, (caller.username, asked)
                    assert value["title"]


def test_every_value_there_is_is_counted(
    people: list[Caller], tickets: dict[str, str]
) -> None:
    office = people[0]
    facets = counted(office)["facets"]
    rows = office.get("/tickets?limit=500").json["items"]
    for facet in ("state", "severity", "category", "duty_item", "source", "control"):
        assert {v["value"] for v in facets[facet]} == {row[facet] for row in rows}
        assert sum(v["count"] for v in facets[facet]) == len(rows)
    assert {v["value"] for v in facets["area"]} == {TOWN, OTHER_TOWN}
    assert {v["value"] for v in facets["assignee"]} == {
        row["assignee"]["id"] if row["assignee"] else "none" for row in rows
    }
    led = {row["lead_department"]["code"] for row in rows if row["lead_department"]}
    assert led <= {v["value"] for v in facets["department"]}
    below = counted(people[2])["facets"]["area"]
    assert [v["value"] for v in below] == [COMMUNITY]


def test_counts_are_refused_what_the_list_is_refused(people: list[Caller]) -> None:
    for query in ("state=asleep", "sort=due", "limit=5", "cursor=x", "colour=red"):
        answer = people[0].get(f"/tickets/counts?{query}")
        assert answer.status_code == 422
        pointers = [e["pointer"] for e in answer.json["errors"]]
        assert pointers == [f"/{query.partition('=')[0]}"]


def test_further_filters(
    make: Factory, people: list[Caller], tickets: dict[str, str]
) -> None:
    office, fire, officer, _, worker = people
    names = {number: name for name, number in tickets.items()}

    def listed(caller: Caller = office, **query: Any) -> set[str]:
        return {names[number] for number in numbers(caller, **query)}

    assert listed(category="G1,F5") == {"gas", "goods"}
    assert listed(control="in_force") == {"held"}
    assert listed(assignee="none") == set(tickets) - {"exit", "spot"}
    assert listed(assignee=fire.username) == {"exit"}
    assert listed(fire, assignee="me") == {"exit"}
    assert listed(worker, assignee="me") == {"spot"}
    assert listed(place=str(uuid4())) == set()
    assert listed(due_to="2098-12-31", overdue="true") == {"late"}
    assert listed(due_from="2099-01-02") == set()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert listed(changed_since=later) == set()
    assert listed(changed_since="2020-01-01T00:00:00Z") == set(tickets)
    assert listed(has_extension="true") == set()
    fields = {"due_on": "2099-01-02", "note": "x"}
    officer.done(tickets["late"], "reinspect", result="failed", note="未改")
    officer.done(tickets["late"], "extend", **fields)
    assert listed(has_extension="true") == {"late"}
    assert listed(has_extension="false") == set(tickets) - {"late"}
    assert listed(due_from="2099-01-02") == {"late"}
    worker.done(tickets["spot"], "comment", note="看一下", mentions=[officer.username])
    assert listed(officer, mentioned="true") == {"spot"}
    assert listed(worker, mentioned="true") == set()
    # Assigned to somebody, it is on their desk; they neither found nor lead it.
    officer.done(tickets["spot"], "assign", assignee=officer.username)
    assert "spot" in listed(officer, mine="true")


@pytest.mark.parametrize(
    "query",
    [
        "assignee=nobody-at-all",
        "place=7",
        "control=perhaps",
        "due_from=soon",
        "due_to=2026-02-30",
        "changed_since=2026-01-01T00:00:00",
        "sort=colour",
        "filter=1",
        "filter=5f0c6c8e-54a1-4f0e-9f43-5d0f3c1a7b60",
        "has_extension=maybe",
    ],
)
def test_wrong_filters(people: list[Caller], query: str) -> None:
    answer = people[0].get(f"/tickets?{query}")
    assert answer.status_code == 422, answer.text
    assert [e["pointer"] for e in answer.json["errors"]] == [
        f"/{query.partition('=')[0]}"
    ]


@pytest.mark.parametrize("sort", ["newest", "due", "overdue"])
def test_each_order_page_by_page(
    make: Factory, people: list[Caller], tickets: dict[str, str], sort: str
) -> None:
    office, worker = people[0], people[4]
    for day in ("2099-03-01", "2099-01-02", "2099-01-02"):
        make.ticket(worker, handling={"kind": "deadline", "due_on": day})
    whole = office.get(f"/tickets?limit=500&sort={sort}").json["items"]
    read: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = office.get(f"/tickets?limit=2&sort={sort}&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        read += answer.json["items"]
        if answer.json["next"] is None:
            break
        cursor = answer.json["next"]
        make.ticket(worker, found_at=datetime.now(UTC).isoformat())
    seen = [row["number"] for row in read]
    assert len(set(seen)) == len(seen)
    before = {row["number"] for row in whole}
    assert [n for n in seen if n in before] == [row["number"] for row in whole]
    days = [row["due_on"] or "9999" for row in whole]
    if sort == "due":
        assert days == sorted(days)
    if sort == "overdue":
        keys = [(not row["overdue"], day) for row, day in zip(whole, days, strict=True)]
        assert keys == sorted(keys)
        assert whole[0]["number"] == tickets["late"]
    other = "due" if sort != "due" else "newest"
    first = office.get(f"/tickets?limit=2&sort={sort}").json["next"]
    assert office.get(f"/tickets?sort={other}&cursor={first}").status_code == 422
