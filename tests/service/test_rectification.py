"""The rectification figures against numbers reckoned by hand and by plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, select

from server.accounts.service import authenticate
from server.areas import queries as areas
from server.checklists import queries as checklists
from server.core.db import db
from server.core.errors import Invalid
from server.core.permissions import Actor
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.reports.queries import Grouping
from server.reports.service import Figures, Report, rectification
from server.tickets.models import Ticket, TicketDepartment, ticket_numbers
from server.tickets.vocabulary import Severity, State
from tests.factories import COMMUNITY, Caller, Factory

ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUE = "buerhantu"
MARCH = {"from": date(2026, 3, 1), "to": date(2026, 3, 31)}
TODAY = date(2026, 4, 10)
NOTHING = Figures()


def at(text: str, zone: ZoneInfo = ZONE) -> datetime:
    """Return a local wall clock time as the moment it is, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def actor_of(make: Factory, caller: Caller) -> Actor:
    """Return the actor a caller is."""
    return authenticate(caller.token, make.settings)


def put(
    finder: Actor,
    found: str,
    rectified: str | None = None,
    due: str | None = None,
    *,
    area: str = COMMUNITY,
    parts: dict[str, str] | None = None,
    **changes: Any,
) -> str:
    """Insert one ticket and return its number; times are local wall clock times.

    ``parts`` is department code -> part; the lead becomes the ticket's lead.
    """
    ticket_id = db.session.execute(select(ticket_numbers.next_value())).scalar_one()
    home = areas.by_code(area)
    ruleset = checklists.latest_ruleset(CATALOGUE)
    assert home is not None
    assert ruleset is not None
    done = at(rectified) if rectified else None
    lead = next((code for code, part in (parts or {}).items() if part == "lead"), None)
    row = {
        "id": ticket_id,
        "number": f"test-{ticket_id}",
        "finding_id": uuid4(),
        "finder_id": finder.staff_id,
        "catalogue": CATALOGUE,
        "ruleset_id": ruleset.id,
        "state": State.CLOSED_TOWN if done else State.RECTIFYING,
        "duty_item": "35",
        "category": "F1",
        "severity": Severity.GENERAL,
        "description": "安全出口被堵",
        "facts": [],
        "geom": "SRID=4326;POINT(109.7 40.7)",
        "area_code": home.code,
        "area_path": home.path,
        "decision": {},
        "town_department": "town-buerhantu",
        "lead_department": lead,
        "control": "none",
        "failed_rechecks": 0,
        "due_on": date.fromisoformat(due) if due else None,
        "deadlines": [],
        "photos": [],
        "source": "patrol",
        "found_at": at(found),
        "opened_at": at(found),
        "rectified_at": done,
        "changed_at": at(found),
        "version": 1,
    }
    db.session.execute(insert(Ticket), row | changes)
    for code, part in (parts or {}).items():
        values = {"ticket_id": ticket_id, "department_code": code, "part": part}
        db.session.execute(insert(TicketDepartment), values)
    return f"test-{ticket_id}"


def report(actor: Actor, zone: ZoneInfo = ZONE, **wanted: Any) -> Report:
    """Return the report of March 2026 as of noon of 10 April, unless told."""
    return rectification(actor, MARCH | wanted, zone, at("2026-04-10 12:00"))


def by_key(made: Report) -> dict[str | None, Figures]:
    """Return the figures of a report by key."""
    return {group.key: group.figures for group in made.rows}


@pytest.fixture
def admin(make: Factory) -> Actor:
    """An administrator of the district, who sees all of it."""
    return actor_of(make, make.administrator())


@pytest.fixture
def worker(make: Factory) -> Actor:
    """The grid worker who found everything."""
    return actor_of(make, make.grid_worker())


FIRE = {"kq-fire": "lead", "kq-police": "co"}
HOUSING = {"kq-housing": "lead"}


@pytest.fixture
def march(worker: Actor) -> None:
    """Thirteen tickets around March 2026; the comments say what each must do."""
    # With the town.
    put(worker, "2026-03-01 00:00", "2026-03-01 12:00", "2026-03-01")  # 0.5 d, on time
    put(worker, "2026-03-02 23:59", "2026-03-09 23:59", "2026-03-09")  # 7 d, on time
    # One minute into the next local day, which in UTC is still the due day: late.
    put(worker, "2026-03-02 00:01", "2026-03-10 00:01", "2026-03-09")  # 8 d, late
    put(worker, "2026-03-05 08:00", "2026-03-06 08:00")  # 1 d, no due day
    put(worker, "2026-03-20 08:00", due="2026-04-09")  # overdue since yesterday
    put(worker, "2026-03-20 08:00", due="2026-04-10")  # due today: not overdue
    put(worker, "2026-03-20 09:00", merged_into="x", state=State.CLOSED_TOWN)
    # With departments.
    put(
        worker,
        "2026-03-11 08:00",
        "2026-03-31 20:00",  # 20.5 d, on time
        "2026-04-01",
        parts=FIRE,
        state=State.FEEDBACK,
        substantiated=True,
    )
    put(
        worker,
        "2026-03-31 23:59",
        due="2026-04-01",
        parts=FIRE,
        state=State.ORDERED,  # overdue
    )
    # A day in the past, but nobody waits for the hazard to go: not overdue.
    put(
        worker,
        "2026-03-12 08:00",
        due="2026-03-20",
        parts=HOUSING,
        state=State.VERIFYING,
    )
    put(
        worker,
        "2026-03-13 08:00",
        parts=FIRE,
        state=State.NOT_SUBSTANTIATED,
        substantiated=False,
    )
    put(
        worker,
        "2026-03-14 08:00",
        parts=FIRE,
        state=State.CLOSED,
        substantiated=False,
        ended_at=at("2026-03-20 08:00"),
    )
    # Outside the period, on either side, by one minute of local time.
    put(worker, "2026-02-28 23:59", "2026-03-01 08:00", "2026-03-01")
    put(worker, "2026-04-01 00:00", due="2026-04-02")


TOWN_FIGURES = Figures(
    found=6,
    rectified=4,
    on_time=2,
    with_due=3,
    overdue=1,
    excluded=1,
    median_days=4.0,  # of 0.5, 1, 7, 8
)
FIRE_FIGURES = Figures(
    found=2,
    rectified=1,
    on_time=1,
    with_due=1,
    overdue=1,
    excluded=2,
    median_days=20.5,
)
HOUSING_FIGURES = Figures(found=1)
ALL = Figures(
    found=9,
    rectified=5,
    on_time=3,
    with_due=4,
    overdue=2,
    excluded=3,
    median_days=7.0,  # of 0.5, 1, 7, 8, 20.5
)


@pytest.mark.usefixtures("march")
def test_each_figure_by_department(admin: Actor) -> None:
    made = report(admin)
    assert by_key(made) == {
        "town-buerhantu": TOWN_FIGURES,
        "kq-fire": FIRE_FIGURES,
        "kq-housing": HOUSING_FIGURES,
    }
    assert made.total.figures == ALL
    assert [group.label.zh for group in made.rows] == [
        "区消防救援大队",
        "区住房和城乡建设局",
        "卜尔汉图镇",
    ]


def test_rates_and_open_follow_from_the_counts() -> None:
    assert (ALL.open, ALL.rate, ALL.on_time_rate) == (4, 0.5556, 0.75)
    assert (TOWN_FIGURES.open, TOWN_FIGURES.rate) == (2, 0.6667)
    assert TOWN_FIGURES.on_time_rate == 0.6667
    assert (HOUSING_FIGURES.open, HOUSING_FIGURES.rate) == (1, 0.0)
    assert HOUSING_FIGURES.on_time_rate is None
    assert (NOTHING.open, NOTHING.rate, NOTHING.on_time_rate) == (0, None, None)


@pytest.mark.usefixtures("march")
@pytest.mark.parametrize("group_by", list(Grouping))
def test_the_total_is_the_same_however_grouped(
    admin: Actor, group_by: Grouping
) -> None:
    made = report(admin, group_by=group_by)
    assert made.total.figures == ALL
    for name in ("found", "rectified", "on_time", "with_due", "overdue", "excluded"):
        parts = [getattr(group.figures, name) for group in made.rows]
        assert sum(parts) == getattr(ALL, name), name


@pytest.mark.parametrize("group_by", list(Grouping))
def test_nothing_found_is_null_and_not_all_rectified(
    admin: Actor, group_by: Grouping
) -> None:
    made = report(admin, group_by=group_by)
    assert made.total.figures == NOTHING
    assert made.total.figures.rate is None
    assert made.total.figures.median_days is None
    listed = {Grouping.SEVERITY: ["general", "serious", "major"]}
    listed[Grouping.MONTH] = ["2026-03"]
    assert [group.key for group in made.rows] == listed.get(group_by, [])
    assert all(group.figures == NOTHING for group in made.rows)


def test_only_excluded_leaves_a_row_without_a_rate(admin: Actor, worker: Actor) -> None:
    put(worker, "2026-03-13 08:00", parts=FIRE, substantiated=False)
    made = report(admin)
    assert by_key(made) == {"kq-fire": Figures(excluded=1)}
    assert made.total.figures.rate is None


@pytest.mark.usefixtures("march")
@pytest.mark.parametrize("named", ["kq-fire", "区消防救援大队", "消防大队"])
def test_department_filter_means_what_the_grouping_means(
    admin: Actor, named: str
) -> None:
    for group_by in Grouping:
        made = report(admin, department=named, group_by=group_by)
        assert made.total.figures == FIRE_FIGURES
    town = report(admin, department="卜尔汉图镇", group_by="severity")
    assert town.total.figures == TOWN_FIGURES
    # 公安分局 only helps: it is not the one to answer for the ticket.
    assert report(admin, department="kq-police").total.figures == NOTHING


def test_months_across_a_year_by_local_time(admin: Actor, worker: Actor) -> None:
    put(worker, "2025-11-30 23:59")
    put(worker, "2025-12-31 23:59", "2026-01-02 23:59")
    put(worker, "2026-01-01 00:00")  # in UTC still December
    put(worker, "2026-03-01 00:00")
    period: dict[str, Any] = {"from": date(2025, 11, 1), "to": date(2026, 2, 28)}
    made = report(admin, group_by="month", **period)
    assert [(g.key, g.label.zh, g.figures.found) for g in made.rows] == [
        ("2025-11", "2025-11", 1),
        ("2025-12", "2025-12", 1),
        ("2026-01", "2026-01", 1),
        ("2026-02", "2026-02", 0),
    ]
    months = by_key(made)
    assert months["2025-12"] == Figures(found=1, rectified=1, median_days=2.0)
    assert months["2026-02"].rate is None
    assert made.total.figures.found == 3


def test_days_are_those_of_the_configured_time_zone(
    admin: Actor, worker: Actor
) -> None:
    # 1 March in Shanghai, and 28 February in New York; done there on the due day.
    put(worker, "2026-03-01 08:00", "2026-03-02 12:00", "2026-03-01")
    new_york = ZoneInfo("America/New_York")
    assert report(admin, new_york).total.figures.found == 0
    day_before: dict[str, Any] = {"from": date(2026, 2, 28)}
    there = report(admin, new_york, **day_before).total.figures
    assert (there.found, there.on_time) == (1, 1)
    here = report(admin).total.figures
    assert (here.found, here.on_time) == (1, 0)


def test_areas_one_level_below_the_filter_or_the_area_of_duty(
    make: Factory, admin: Actor, worker: Actor
) -> None:
    grid, village = f"{COMMUNITY}-01", COMMUNITY
    for area in (grid, grid, village, TOWN, OTHER_TOWN, DISTRICT):
        put(worker, "2026-03-05 08:00", area=area)

    def counts(actor: Actor, **wanted: Any) -> dict[str | None, int]:
        made = report(actor, group_by="area", **wanted)
        return {group.key: group.figures.found for group in made.rows}

    assert counts(admin) == {TOWN: 4, OTHER_TOWN: 1, DISTRICT: 1}
    assert counts(admin, area="150200") == {DISTRICT: 6}
    assert counts(admin, area=TOWN) == {village: 3, TOWN: 1}
    assert counts(admin, area=village) == {grid: 2, village: 1}
    assert counts(admin, area=grid) == {grid: 2}
    officer = actor_of(make, make.town_officer())
    assert counts(officer) == {village: 3, TOWN: 1}
    # The finder sees their own tickets wherever they lie: each under its own area,
    # no deeper than the grids of the worker's community.
    assert counts(worker) == {
        grid: 2,
        village: 1,
        TOWN: 1,
        OTHER_TOWN: 1,
        DISTRICT: 1,
    }
    labels = {g.key: g.label.zh for g in report(admin, group_by="area").rows}
    assert labels == {TOWN: "卜尔汉图镇", OTHER_TOWN: "昆河镇", DISTRICT: "昆都仑区"}


def test_staff_of_two_towns_are_told_the_towns_apart(
    make: Factory, worker: Actor
) -> None:
    for area in (COMMUNITY, OTHER_TOWN):
        put(worker, "2026-03-05 08:00", area=area)
    officer = actor_of(make, make.town_officer())
    other = actor_of(make, make.other_town_officer())
    both = Actor(**(vars(officer) | {"grants": officer.grants + other.grants}))
    made = report(both, group_by="area")
    assert {g.key: g.figures.found for g in made.rows} == {TOWN: 1, OTHER_TOWN: 1}


def test_items_and_kinds_of_places_in_order_with_their_names(
    admin: Actor, worker: Actor
) -> None:
    for item, kind in (("42", None), ("35", "35"), ("39", "9"), ("35", None)):
        put(worker, "2026-03-05 08:00", duty_item=item, place_kind=kind)
    ruleset = checklists.latest_ruleset(CATALOGUE)
    assert ruleset is not None
    names = {i["number"]: i["name"] for i in ruleset.document["duty_items"]}
    items = report(admin, group_by="duty_item")
    assert [(g.key, g.label.zh, g.figures.found) for g in items.rows] == [
        ("35", names["35"], 2),
        ("39", names["39"], 1),
        ("42", names["42"], 1),
    ]
    kinds = report(admin, group_by="place_kind")
    assert [(g.key, g.label, g.figures.found) for g in kinds.rows] == [
        ("9", (names["9"], names["9"]), 1),
        ("35", (names["35"], names["35"]), 1),
        (None, ("未登记场所", "No registered place"), 2),
    ]
    assert kinds.total.figures.found == 4


def test_all_severities_are_listed(admin: Actor, worker: Actor) -> None:
    put(worker, "2026-03-05 08:00", severity=Severity.SERIOUS)
    put(worker, "2026-03-05 08:00", "2026-03-06 08:00", severity=Severity.MAJOR)
    made = report(admin, group_by="severity")
    assert [(g.key, g.label.zh, g.figures.rate) for g in made.rows] == [
        ("general", "一般", None),
        ("serious", "较大", 0.0),
        ("major", "重大", 1.0),
    ]


def test_filters_narrow_and_combine(admin: Actor, worker: Actor) -> None:
    put(worker, "2026-03-05 08:00", duty_item="35", place_kind="35")
    put(worker, "2026-03-05 08:00", duty_item="39", severity=Severity.MAJOR)
    put(worker, "2026-03-05 08:00", duty_item="42", severity=Severity.SERIOUS)
    put(worker, "2026-03-05 08:00", duty_item="42", area=OTHER_TOWN)

    def found(**wanted: Any) -> int:
        return report(admin, **wanted).total.figures.found

    assert found() == 4
    assert found(duty_item="42") == 2
    assert found(duty_item="35,42") == 3
    assert found(severity="serious,major") == 2
    assert found(place_kind="35") == 1
    assert found(area=TOWN) == 3
    assert found(area=TOWN, duty_item="42", severity="serious") == 1
    assert found(area=OTHER_TOWN, duty_item="42", severity="serious") == 0


def test_people_count_what_they_may_see(make: Factory, worker: Actor) -> None:
    put(worker, "2026-03-05 08:00", "2026-03-06 08:00")
    put(worker, "2026-03-05 08:00", parts=FIRE, state=State.ORDERED)
    put(worker, "2026-03-05 08:00", parts=HOUSING, state=State.ORDERED)
    other = actor_of(make, make.grid_worker(OTHER_TOWN))
    put(other, "2026-03-05 08:00", parts=FIRE, state=State.ORDERED, area=OTHER_TOWN)

    def seen(caller: Caller) -> dict[str | None, tuple[int, float | None]]:
        made = report(actor_of(make, caller))
        return {g.key: (g.figures.found, g.figures.rate) for g in made.rows}

    fire, housing, town = "kq-fire", "kq-housing", "town-buerhantu"
    everything = {fire: (2, 0.0), housing: (1, 0.0), town: (1, 1.0)}
    assert seen(make.administrator()) == everything
    assert seen(make.safety_office()) == everything
    assert seen(make.town_officer()) == {fire: (1, 0), housing: (1, 0), town: (1, 1)}
    assert seen(make.other_town_officer()) == {fire: (1, 0.0)}
    assert seen(make.handler("kq-fire")) == {fire: (2, 0.0)}
    assert seen(make.handler("kq-police")) == {fire: (2, 0.0)}
    assert seen(make.handler("kq-housing")) == {housing: (1, 0.0)}
    assert seen(make.handler("kq-commerce")) == {}


def test_median_of_two_is_between_them_and_never_negative(
    admin: Actor, worker: Actor
) -> None:
    # The phone's clock ran five minutes ahead of the server's.
    put(worker, "2026-03-05 08:05", "2026-03-05 08:00")
    assert report(admin).total.figures.median_days == 0.0
    put(worker, "2026-03-05 08:00", "2026-03-06 08:16")
    # 1 day 16 minutes halved is 0.5056 days.
    assert report(admin).total.figures.median_days == 0.51


def test_period_defaults_to_this_month_so_far(admin: Actor) -> None:
    def period(**wanted: Any) -> tuple[date, date]:
        # 31 March 16:30 in UTC is 1 April in Shanghai.
        made = rectification(
            admin, wanted, ZONE, datetime(2026, 3, 31, 16, 30, 0, 0, UTC)
        )
        return made.first, made.last

    first = date(2026, 4, 1)
    assert period() == (first, first)
    assert period(to=date(2026, 5, 20)) == (first, date(2026, 5, 20))
    assert period(to=date(2026, 2, 20)) == (date(2026, 2, 1), date(2026, 2, 20))
    assert period(**{"from": date(2026, 1, 5)}) == (date(2026, 1, 5), first)


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"from": date(2026, 4, 1)}, "/from"),
        ({"area": "999999"}, "/area"),
        ({"department": "某某局"}, "/department"),
    ],
)
def test_wrong_parameters_are_named(
    admin: Actor, wanted: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as caught:
        report(admin, **wanted)
    assert [error.pointer for error in caught.value.errors] == [pointer]


@pytest.mark.usefixtures("march")
@pytest.mark.parametrize("group_by", list(Grouping))
def test_the_figures_are_one_statement(admin: Actor, group_by: Grouping) -> None:
    report(admin, group_by=group_by)  # the rules are in memory from here on
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", note)
    report(admin, group_by=group_by)
    event.remove(connection, "before_cursor_execute", note)
    counting = [s for s in statements if "tickets" in s]
    assert len(counting) == 1
    assert len(statements) - len(counting) <= 1  # names of departments or areas


def test_agrees_with_plain_python_on_many_tickets(admin: Actor, worker: Actor) -> None:
    chance = random.Random(20260310)
    made = [_random_ticket(chance, worker) for _ in range(150)]
    counted = report(admin)
    expected = {
        lead or "town-buerhantu": _reckoned([t for t in made if t.lead == lead])
        for lead in {t.lead for t in made}
    }
    assert by_key(counted) == {k: v for k, v in expected.items() if v is not None}
    assert counted.total.figures == _reckoned(made)


class _Made:
    """A ticket as the plain reckoning knows it, all in local time."""

    def __init__(self, chance: random.Random) -> None:
        start = datetime(2026, 2, 25)  # noqa: DTZ001 - local wall clock time
        self.found = start + timedelta(minutes=chance.randrange(40 * 24 * 60))
        self.lead = chance.choice([None, "kq-fire", "kq-housing"])
        self.state = chance.choice(list(State))
        self.substantiated = chance.choice([None, True, True, False])
        self.merged = chance.random() < 0.1
        self.rectified: datetime | None = None
        if chance.random() < 0.5:
            self.rectified = self.found + timedelta(minutes=chance.randrange(20_000))
        self.due: date | None = None
        if chance.random() < 0.8:
            self.due = self.found.date() + timedelta(days=chance.randrange(15))

    @property
    def excluded(self) -> bool:
        unfounded = self.substantiated is False or self.state == "not_substantiated"
        return self.merged or unfounded


def _random_ticket(chance: random.Random, finder: Actor) -> _Made:
    made = _Made(chance)
    put(
        finder,
        str(made.found),
        str(made.rectified) if made.rectified else None,
        str(made.due) if made.due else None,
        parts={made.lead: "lead"} if made.lead else None,
        state=made.state,
        substantiated=made.substantiated,
        merged_into="other" if made.merged else None,
    )
    return made


WAITING = {"on_spot", "rectifying", "town_recheck", "ordered", "dept_recheck"}


def _reckoned(tickets: list[_Made]) -> Figures | None:
    """Return the figures of tickets found in March, None where there are none."""
    march = [t for t in tickets if (t.found.year, t.found.month) == (2026, 3)]
    kept = [t for t in march if not t.excluded]
    done = [t for t in kept if t.rectified]
    dated = [t for t in done if t.due]
    tally: Counter[str] = Counter()
    for t in dated:
        assert t.rectified is not None
        assert t.due is not None
        tally["on_time"] += t.rectified.date() <= t.due
    for t in kept:
        late = t.due is not None and t.due < TODAY
        tally["overdue"] += not t.rectified and late and t.state in WAITING
    days = [(t.rectified - t.found) / timedelta(days=1) for t in done if t.rectified]
    if not march:
        return None
    return Figures(
        found=len(kept),
        rectified=len(done),
        on_time=tally["on_time"],
        with_due=len(dated),
        overdue=tally["overdue"],
        excluded=len(march) - len(kept),
        median_days=round(median(days), 2) if days else None,
    )
