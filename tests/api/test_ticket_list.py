"""GET /tickets: filters, pages, map."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.accounts.models import Staff
from server.core.db import db
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.tickets import queries
from tests.factories import COMMUNITY, Caller, Factory

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def office(make: Factory) -> Caller:
    """Someone who sees the whole district."""
    return make.safety_office()


@pytest.fixture
def tickets(make: Factory) -> dict[str, str]:
    """Tickets of several kinds in two towns; numbers by name."""
    here, there = make.grid_worker(), make.grid_worker(OTHER_TOWN)
    days_ago = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    return {
        "exit": make.reported(here),
        "gas": make.reported(here, category="G1", severity="serious"),
        "goods": make.reported(
            here,
            duty_item="30",
            category="F5",
            severity="major",
            description="烟花_爆竹",
        ),
        "late": make.ticket(here, found_at=days_ago, handling={"kind": "deadline"}),
        "spot": make.ticket(
            here,
            place={"name": "老王烧烤", "kind": "restaurant"},
            description="灭火器失效",
        ),
        "other": make.reported(there, position=make.position(OTHER_TOWN)),
    }


def listed(caller: Caller, tickets: dict[str, str], query: str = "") -> set[str]:
    """Return the names of the tickets in the list."""
    answer = caller.get(f"/tickets?{query}")
    assert answer.status_code == 200, answer.text
    names = {number: name for name, number in tickets.items()}
    return {names[row["number"]] for row in answer.json["items"]}


def local_day(days_ago: int = 0) -> str:
    """Return a local day."""
    return (datetime.now(SHANGHAI) - timedelta(days=days_ago)).date().isoformat()


def test_filters(office: Caller, tickets: dict[str, str]) -> None:
    everything = set(tickets)
    expected = {
        "": everything,
        "state=on_spot": {"spot"},
        "state=on_spot,rectifying": {"spot", "late"},
        "department=kq-fire": {"exit", "goods", "other"},
        "department=区消防救援大队": {"exit", "goods", "other"},
        "department=消防大队": {"exit", "goods", "other"},
        "department=kq-emergency": {"goods"},
        "department=安委办": {"goods"},
        "department=kq-commerce": {"gas"},
        f"area={OTHER_TOWN}": {"other"},
        f"area={TOWN}": everything - {"other"},
        f"area={COMMUNITY}": everything - {"other"},
        f"area={DISTRICT}": everything,
        "duty_item=30": {"goods"},
        "duty_item=30,35": everything,
        "duty_item=42": set(),
        "severity=major": {"goods"},
        "severity=serious,major": {"gas", "goods"},
        "overdue=true": {"late"},
        "overdue=false": everything - {"late"},
        "mine=true": {"goods"},
        "q=灭火器": {"spot"},
        "q=老王": {"spot"},
        "q=烟花_": {"goods"},
        "q=_": {"goods"},
        "q=%25": set(),
        f"q={tickets['gas']}": {"gas"},
        f"q={tickets['gas'][:-1]}": set(),
        f"from={local_day(10)}&to={local_day(10)}": {"late"},
        f"from={local_day(9)}": everything - {"late"},
        f"to={local_day(9)}": {"late"},
        "from=0001-01-01&to=9999-12-31": everything,
        f"from={local_day(-2)}": set(),
        f"area={TOWN}&department=kq-fire&severity=general": {"exit"},
        "state=": everything,
    }
    found = {query: listed(office, tickets, query) for query in expected}
    assert found == expected


def test_mine(make: Factory, tickets: dict[str, str]) -> None:
    """The finder's own and the department's lead, as long as they live."""
    fire = make.handler("kq-fire")
    assert listed(fire, tickets, "mine=true") == {"exit", "other"}
    assert listed(fire, tickets) == {"exit", "other", "goods"}
    officer = make.town_officer()
    assert listed(officer, tickets, "mine=true") == set()
    number = tickets["spot"]
    finder = make.sign_in(_username_of_finder(number))
    assert "spot" in listed(finder, tickets, "mine=true")
    finder.done(number, "settle", note="清了", photos=[finder.photo(number)])
    assert "spot" not in listed(finder, tickets, "mine=true")


def _username_of_finder(number: str) -> str:
    ticket = queries.by_number(number)
    assert ticket is not None
    staff = db.session.get(Staff, ticket.finder_id)
    assert staff is not None
    return staff.username


def test_overdue_is_told_and_ends_with_the_correction(
    make: Factory, office: Caller, tickets: dict[str, str]
) -> None:
    number = tickets["late"]
    assert office.ticket(number)["overdue"] is True
    officer = make.town_officer()
    photos = [officer.photo(number)]
    officer.done(number, "reinspect", result="passed", note="已改", photos=photos)
    assert office.ticket(number)["overdue"] is False
    assert listed(office, tickets, "overdue=true") == set()


def test_bbox(make: Factory, office: Caller, tickets: dict[str, str]) -> None:
    lon, lat = make.point_in(OTHER_TOWN)
    around = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    assert listed(office, tickets, f"bbox={around}") == {"other"}
    assert listed(office, tickets, "bbox=-180,-90,180,90") == set(tickets)
    assert listed(office, tickets, "bbox=0,0,1,1") == set()


@pytest.mark.parametrize(
    "query",
    [
        "state=asleep",
        "state=on_spot,",
        "severity=mild",
        "department=nobody",
        "area=000",
        "overdue=perhaps",
        "bbox=1,2,3",
        "bbox=3,0,1,1",
        "bbox=nan,0,1,1",
        "bbox=0,0,181,1",
        "from=yesterday",
        "to=2026-02-30",
        "limit=0",
        "limit=501",
        "limit=many",
        "cursor=nonsense",
        "cursor=WzEuNV0",
        "cursor=WyJhIl0",
        "colour=red",
        "state=on_spot&state=closed",
    ],
)
def test_wrong_filters(office: Caller, query: str) -> None:
    answer = office.get(f"/tickets?{query}")
    assert answer.status_code == 422, answer.text
    name = query.partition("=")[0]
    assert [e["pointer"] for e in answer.json["errors"]] == [f"/{name}"]


def test_pages_without_skips_or_repeats_while_new_ones_arrive(
    make: Factory, office: Caller
) -> None:
    worker = make.grid_worker()
    before = [make.ticket(worker) for _ in range(7)]
    read: list[str] = []
    cursor = ""
    while True:
        page = office.get(f"/tickets?limit=2&cursor={cursor}").json
        read += [row["number"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
        make.ticket(worker)
    assert read == before[::-1]
    newest = office.get("/tickets?limit=500").json["items"]
    assert len(newest) == len(before) + 3


def test_a_full_last_page_has_no_next(make: Factory, office: Caller) -> None:
    worker = make.grid_worker()
    numbers = [make.ticket(worker) for _ in range(2)]
    page = office.get("/tickets?limit=2").json
    assert ([row["number"] for row in page["items"]], page["next"]) == (
        numbers[::-1],
        None,
    )


def test_a_row_is_the_tickets_head(
    office: Caller, make: Factory, tickets: dict[str, str]
) -> None:
    rows = {row["number"]: row for row in office.get("/tickets").json["items"]}
    for number, row in rows.items():
        whole = office.ticket(number)
        assert {name: whole[name] for name in row} == row
    spot: dict[str, Any] = rows[tickets["spot"]]
    assert spot["place"] == {"id": None, "kind": "restaurant", "name": "老王烧烤"}
    assert spot["position"]["coordinates"] == pytest.approx(make.point_in(COMMUNITY))


def test_as_a_map(office: Caller, tickets: dict[str, str]) -> None:
    answer = office.get("/tickets?limit=4", headers={"Accept": "application/geo+json"})
    assert answer.mimetype == "application/geo+json"
    collection = answer.json
    assert (collection["type"], len(collection["features"])) == ("FeatureCollection", 4)
    for feature in collection["features"]:
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        assert feature["properties"]["number"] == feature["id"]
    rest = office.get(
        f"/tickets?limit=4&cursor={collection['next']}",
        headers={"Accept": "application/geo+json"},
    ).json
    both = [f["id"] for f in collection["features"] + rest["features"]]
    assert sorted(both) == sorted(tickets.values())
    assert rest["next"] is None


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, */*;q=0.1"])
def test_a_list_otherwise(office: Caller, accept: str) -> None:
    answer = office.get("/tickets", headers={"Accept": accept})
    assert (answer.mimetype, answer.json) == (
        "application/json",
        {"items": [], "next": None},
    )
