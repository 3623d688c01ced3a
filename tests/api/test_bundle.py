"""GET /device/bundle: all for work without a network, then only what changed."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from flask import Flask
from sqlalchemy import Connection, text

from server.checklists import service as checklists
from server.checklists.catalogue import Catalogue
from server.checklists.loader import bundled_root, load
from server.core.db import commit, db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.sync import queries, service
from server.sync.cursor import FORMAT, Cursor, PlaceSet, decode, encode
from server.sync.policy import DEPARTMENT_STATES, TOWN_STATES
from tests.factories import COMMUNITY, Caller, Factory, workday

EMPTY = {"checklists": [], "areas": [], "places": [], "tickets": []}


def fetch(caller: Caller, since: str | None = None) -> dict[str, Any]:
    """Return a bundle that must be given."""
    query = {"since": since} if since else {}
    answer = caller.get("/device/bundle", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def later(caller: Caller, bundle: dict[str, Any]) -> dict[str, Any]:
    """Return the changes since ``bundle``, which must not be a full one."""
    changes = fetch(caller, bundle["cursor"])
    assert changes["full"] is False
    return changes


def numbers(bundle: dict[str, Any]) -> list[str]:
    return [ticket["number"] for ticket in bundle["tickets"]]


def register(
    make: Factory, caller: Caller, area: str = COMMUNITY, **changes: Any
) -> str:
    """Register a restaurant and return its id."""
    id = str(uuid4())
    place = {"name": "某某餐馆", "kind": "35", "position": make.position(area)}
    answer = caller.put(f"/places/{id}", json=place | changes)
    assert answer.status_code == 201, answer.text
    return id


def settled(caller: Caller, number: str) -> None:
    caller.done(number, "settle", note="已清理", photos=[caller.photo(number)])


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Return the published catalogue, for publishing a changed one.

    Versions that are rolled back must not stay in the process's memory.
    """
    monkeypatch.setattr(checklists, "_checklists", checklists._Kept(200))
    return load(bundled_root() / "buerhantu")


# --- the whole bundle -------------------------------------------------------------


def test_full_bundle_holds_a_patrol_day(make: Factory) -> None:
    worker = make.grid_worker()
    place = register(make, worker)
    number = make.ticket(worker)
    bundle = fetch(worker)

    assert bundle["full"] is True
    assert bundle["catalogue"]["code"] == "buerhantu"
    codes = [each["code"] for each in bundle["checklists"]]
    listed = worker.get("/checklists").json["items"]
    assert codes == [each["code"] for each in listed]
    one = next(each for each in bundle["checklists"] if each["code"] == "35")
    assert one == worker.get("/checklists/35").json
    assert {"F1", "G1"} <= {c["code"] for c in bundle["vocabulary"]["categories"]}
    assert "refused" in {fact["code"] for fact in bundle["vocabulary"]["facts"]}
    assert {i["item"] for i in bundle["vocabulary"]["items"]} >= set(codes)
    wildfire = bundle["vocabulary"]["incident_kinds"][1]
    assert [f["name"] for f in wildfire["fields"]] == ["fire_size", "people_trapped"]
    assert [each["id"] for each in bundle["places"]] == [place]
    assert numbers(bundle) == [number]
    assert bundle["removed"] == EMPTY
    assert datetime.fromisoformat(bundle["generated_at"]).tzinfo is not None


def test_areas_are_the_callers_with_boundaries_and_the_chain(make: Factory) -> None:
    areas = {a["code"]: a for a in fetch(make.grid_worker())["areas"]}
    bounded = {code for code, area in areas.items() if area["boundary"]}
    assert COMMUNITY in bounded
    assert bounded == {code for code in areas if code.startswith(COMMUNITY)}
    assert len(bounded) > 1
    assert areas.keys() - bounded == {"150200", DISTRICT, TOWN}
    assert areas[COMMUNITY]["boundary"]["type"] == "MultiPolygon"
    assert areas[COMMUNITY]["generated"] is True
    assert areas[COMMUNITY]["parent"] == TOWN


def test_a_ticket_brings_what_a_reinspection_needs(make: Factory) -> None:
    worker = make.grid_worker()
    due = workday(5)
    handling = {"kind": "deadline", "note": "三天内清理", "due_on": due}
    number = make.ticket(worker, handling=handling, facts=["professional"])
    [ticket] = fetch(worker)["tickets"]
    whole = worker.ticket(number)
    # Everything in a list of tickets, and more.
    [row] = worker.get("/tickets").json["items"]
    assert row.items() <= ticket.items()
    assert ticket["state"] == "rectifying"
    assert ticket["due_on"] == due
    assert ticket["basis"] == whole["routing"]["basis"] != ""
    assert ticket["facts"] == whole["facts"]
    assert ticket["responsible_party"]["name"] == "某某餐馆"
    assert ticket["deadlines"] == whole["deadlines"] != []
    assert ticket["finding"] == whole["finding"]


def test_the_states_that_wait_are_those_of_the_machine() -> None:
    assert set(TOWN_STATES) == {
        "on_spot",
        "rectifying",
        "town_recheck",
        "returned",
        "feedback",
    }
    assert set(DEPARTMENT_STATES) == {
        "reported",
        "dispatched",
        "verifying",
        "appraisal",
        "ordered",
        "dept_recheck",
        "escalated",
        "transferred",
        "rectified",
        "not_substantiated",
    }


def test_a_handler_gets_the_departments_tickets_and_no_patrol(make: Factory) -> None:
    worker = make.grid_worker()
    register(make, worker)
    make.ticket(worker)
    number = make.reported(worker)
    bundle = fetch(make.handler("kq-fire"))
    assert numbers(bundle) == [number]
    assert bundle["tickets"][0]["basis"] == "35.区消防救援大队.2; 35.区应急管理局.1"
    assert bundle["places"] == []
    assert [area["code"] for area in bundle["areas"]] == ["150200", DISTRICT]
    assert not any(area["boundary"] for area in bundle["areas"])
    assert len(bundle["checklists"]) > 10
    # Co-handlers read it online; it waits for the lead.
    assert numbers(fetch(make.handler("kq-police"))) == []


def test_a_supervisor_gets_words_but_no_tickets(make: Factory) -> None:
    make.ticket(make.grid_worker())
    bundle = fetch(make.staff(Role.SUPERVISOR, DISTRICT))
    assert bundle["tickets"] == bundle["places"] == []
    assert bundle["vocabulary"] is not None


def test_no_catalogue_is_no_error(make: Factory) -> None:
    """The catalogue serves the district; someone of the city has none."""
    person = make.staff(Role.SUPERVISOR, "150200")
    assert person.get("/checklists").status_code == 404
    bundle = fetch(person)
    assert bundle["catalogue"] is bundle["vocabulary"] is None
    assert bundle["checklists"] == []
    assert [area["code"] for area in bundle["areas"]] == ["150200"]
    assert later(person, bundle)["checklists"] == []


def test_another_towns_things_never_appear(make: Factory) -> None:
    worker, other = make.town_officer(), make.other_town_officer()
    before = fetch(other)
    place = register(make, worker)
    number = make.ticket(worker)
    closed = make.ticket(worker)
    settled(worker, closed)
    for bundle in (fetch(other), later(other, before)):
        said = orjson.dumps(bundle).decode()
        assert place not in said
        assert number not in said
        assert closed not in said
    assert not any(a["code"].startswith(TOWN) for a in fetch(other)["areas"])


def test_without_a_token_there_is_no_bundle(make: Factory) -> None:
    answer = make.app.test_client().get("/api/v1/device/bundle")
    assert answer.status_code == 401


# --- conditional and compressed ---------------------------------------------------


def test_the_same_bundle_again_is_304(make: Factory) -> None:
    worker = make.grid_worker()
    make.ticket(worker)
    first = worker.get("/device/bundle")
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    again = worker.get("/device/bundle", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag

    make.ticket(worker)
    changed = worker.get("/device/bundle", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_the_same_changes_again_are_304(make: Factory) -> None:
    worker = make.grid_worker()
    since = {"since": fetch(worker)["cursor"]}
    make.ticket(worker)
    first = worker.get("/device/bundle", query_string=since)
    headers = {"If-None-Match": first.headers["ETag"]}
    again = worker.get("/device/bundle", query_string=since, headers=headers)
    assert again.status_code == 304


def test_gzip_for_whoever_takes_it(make: Factory) -> None:
    worker = make.grid_worker()
    plain = worker.get("/device/bundle")
    assert "Content-Encoding" not in plain.headers
    packed = worker.get("/device/bundle", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 3
    unpacked = orjson.loads(gzip.decompress(packed.data))
    assert unpacked["checklists"] == plain.json["checklists"]


# --- only what changed ------------------------------------------------------------


def test_nothing_changed_is_small(make: Factory) -> None:
    worker = make.grid_worker()
    register(make, worker)
    make.ticket(worker)
    settled(worker, make.ticket(worker))
    first = fetch(worker)
    changes = later(worker, first)
    assert changes["vocabulary"] is None
    assert [changes[kind] for kind in EMPTY] == [[], [], [], []]
    assert changes["removed"] == EMPTY
    assert changes["catalogue"] == first["catalogue"]
    assert len(orjson.dumps(changes)) < 1000
    assert later(worker, changes)["tickets"] == []


def test_new_and_changed_tickets_appear_alone(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    old, moved = make.ticket(worker), make.ticket(worker)
    first = fetch(worker)
    new = make.ticket(worker)
    due = workday(3)
    officer.done(moved, "issue_notice", due_on=due, note="限期")
    changes = later(worker, first)
    assert numbers(changes) == [moved, new]
    assert changes["tickets"][0]["due_on"] == due
    assert changes["removed"]["tickets"] == []
    assert old not in orjson.dumps(changes).decode()
    assert numbers(later(worker, changes)) == []


def test_a_closed_ticket_is_removed(make: Factory) -> None:
    worker = make.grid_worker()
    kept, closed, reported = (make.ticket(worker) for _ in range(3))
    first = fetch(worker)
    settled(worker, closed)
    worker.done(
        reported, "report_up", trigger="refused", how="拒绝签字", note="拒不整改"
    )
    changes = later(worker, first)
    assert changes["tickets"] == []
    assert changes["removed"]["tickets"] == [closed, reported]
    assert numbers(fetch(worker)) == [kept]
    assert later(worker, changes)["removed"]["tickets"] == []


def test_a_ticket_given_to_another_department_is_removed(make: Factory) -> None:
    worker, office = make.grid_worker(), make.safety_office()
    fire, housing = make.handler("kq-fire"), make.handler("kq-housing")
    number = make.reported(worker)
    first = fetch(fire)
    assert numbers(first) == [number]

    office.done(number, "dispatch", department="kq-housing", note="分派")
    assert later(fire, first)["removed"]["tickets"] == [number]
    given = fetch(housing)
    assert numbers(given) == [number]

    # Given back, it goes by the rules: housing may only look at it any more.
    housing.done(number, "return", note="不属本部门")
    assert housing.act(number, "accept").status_code == 403
    assert later(housing, given)["removed"]["tickets"] == [number]
    assert numbers(later(fire, first)) == [number]


def test_what_never_waited_has_no_tombstone(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    before = make.reported(worker)
    phone, desk = fetch(worker), fetch(fire)
    at_once = [make.reported(worker) for _ in range(3)]
    fire.done(before, "accept")
    changes = later(worker, phone)
    assert changes["tickets"] == []
    assert changes["removed"] == EMPTY
    assert numbers(later(fire, desk)) == [before, *at_once]
    # What waits for the town alone was never the department's to forget.
    settled(worker, make.ticket(worker))
    assert later(fire, desk)["removed"] == EMPTY


@pytest.mark.parametrize("overlap", [timedelta(0), service.OVERLAP])
def test_a_phone_holds_what_waits_at_every_step_of_a_life(
    make: Factory, monkeypatch: pytest.MonkeyPatch, overlap: timedelta
) -> None:
    """Phones that sync at every step, or seldom, hold what a full bundle holds."""
    monkeypatch.setattr(service, "OVERLAP", overlap)
    worker, officer = make.grid_worker(), make.town_officer()
    office = make.safety_office()
    fire, housing = make.handler("kq-fire"), make.handler("kq-housing")
    first, second = make.reported(worker), make.ticket(worker)
    steps = [
        lambda: office.done(first, "dispatch", department="kq-housing", note="分派"),
        lambda: housing.done(first, "return", note="不属本部门"),
        lambda: fire.done(first, "return", note="情况不清"),
        lambda: office.done(first, "dispatch", department="kq-housing", note="裁定"),
        lambda: housing.done(first, "accept"),
        lambda: worker.done(
            second, "report_up", trigger="refused", how="拒绝签字", note="拒不整改"
        ),
        lambda: fire.done(second, "accept"),
        lambda: housing.done(first, "verify", result="not_substantiated", note="假"),
        lambda: fire.done(second, "verify", result="substantiated", note="属实"),
        lambda: fire.done(second, "transfer", department="kq-housing", note="移送住建"),
        lambda: housing.done(second, "answer", note="已办理"),
        lambda: housing.done(first, "feed_back", note="反馈"),
        lambda: officer.done(first, "close", note="销号"),
    ]
    people = [worker, officer, fire, housing]
    phones = [
        Phone(person, every) for person in people for every in (1, 2, 3, len(steps))
    ]
    for count, step in enumerate(steps, 1):
        step()
        for phone in phones:
            if count % phone.every == 0:
                phone.sync()
                assert phone.held == set(numbers(fetch(phone.caller))), (count, phone)


class Phone:
    """What a phone does with its bundles."""

    def __init__(self, caller: Caller, every: int) -> None:
        self.caller, self.every = caller, every
        bundle = fetch(caller)
        self.held, self.cursor = set(numbers(bundle)), bundle["cursor"]

    def sync(self) -> None:
        changes = fetch(self.caller, self.cursor)
        assert changes["full"] is False
        self.held |= set(numbers(changes))
        self.held -= set(changes["removed"]["tickets"])
        self.cursor = changes["cursor"]


def test_the_result_comes_back_to_the_town(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    first = fetch(worker)
    assert numbers(first) == []
    fire.done(number, "return", note="位置不清")
    [ticket] = later(worker, first)["tickets"]
    assert (ticket["number"], ticket["state"]) == (number, "returned")


def test_a_new_checklist_version_appears_alone(
    make: Factory, catalogue: Catalogue
) -> None:
    worker = make.grid_worker()
    first = fetch(worker)
    before = next(c for c in first["checklists"] if c["code"] == "35")
    changed = tuple(
        replace(c, title=c.title + "（新）") if c.code == "35" else c
        for c in catalogue.checklists
        if c.code != "43"
    )
    checklists.publish(replace(catalogue, checklists=changed))
    commit()
    changes = later(worker, first)
    [only] = changes["checklists"]
    assert (only["code"], only["version"]) == ("35", before["version"] + 1)
    assert only["title"] == before["title"] + "（新）"
    assert changes["vocabulary"] == first["vocabulary"]
    assert changes["catalogue"]["version"] == first["catalogue"]["version"] + 1
    assert changes["removed"] == EMPTY | {"checklists": ["43"]}
    assert later(worker, changes)["checklists"] == []


def test_new_and_changed_places_appear_alone(make: Factory) -> None:
    worker = make.grid_worker()
    old, renamed = register(make, worker), register(make, worker)
    first = fetch(worker)
    new = register(make, worker)
    answer = worker.put(
        f"/places/{renamed}",
        json={"name": "新名", "kind": "35", "position": make.position()},
        headers={"If-Match": f'"{renamed}.1"'},
    )
    assert answer.status_code == 200, answer.text
    changes = later(worker, first)
    assert {place["id"] for place in changes["places"]} == {new, renamed}
    assert old not in orjson.dumps(changes).decode()
    assert later(worker, changes)["places"] == []


def test_a_place_moved_to_another_town_makes_the_bundle_full(make: Factory) -> None:
    worker = make.grid_worker()
    kept, moved = register(make, worker), register(make, worker)
    first = fetch(worker)
    answer = make.administrator().put(
        f"/places/{moved}",
        json={"name": "迁走", "kind": "35", "position": make.position(OTHER_TOWN)},
        headers={"If-Match": f'"{moved}.1"'},
    )
    assert answer.status_code == 200, answer.text
    bundle = fetch(worker, first["cursor"])
    assert bundle["full"] is True
    assert [place["id"] for place in bundle["places"]] == [kept]


# --- cursors that do not fit ------------------------------------------------------


def altered(cursor: str, **changes: Any) -> str:
    known = decode(cursor)
    assert known is not None
    return encode(replace(known, **changes))


def test_other_roles_make_the_bundle_full(make: Factory) -> None:
    worker = make.grid_worker()
    first = fetch(worker)
    grant = "INSERT INTO role_grants SELECT id, 'town_officer', :area FROM staff"
    db.session.execute(
        text(grant + " WHERE username = :name"),
        {"area": TOWN, "name": worker.username},
    )
    commit()
    bundle = fetch(worker, first["cursor"])
    assert bundle["full"] is True
    assert len(bundle["areas"]) > len(first["areas"])


def test_another_boundary_makes_the_bundle_full(make: Factory) -> None:
    worker = make.grid_worker()
    first = fetch(worker)
    db.session.execute(
        text(
            "WITH old AS (UPDATE area_boundaries SET valid_to = now()"
            " WHERE area_code = :code AND valid_to IS NULL RETURNING *)"
            " INSERT INTO area_boundaries (area_code, geom, generated, valid_from)"
            " SELECT area_code, geom, false, now() FROM old"
        ),
        {"code": COMMUNITY},
    )
    commit()
    assert fetch(worker, first["cursor"])["full"] is True


def test_another_persons_cursor_gives_a_full_bundle(make: Factory) -> None:
    one, two = make.grid_worker(), make.grid_worker()
    assert fetch(two, fetch(one)["cursor"])["full"] is True


@pytest.mark.parametrize("days", [-15, 1])
def test_a_cursor_out_of_time_gives_a_full_bundle(make: Factory, days: int) -> None:
    worker = make.grid_worker()
    at = datetime.now(UTC) + timedelta(days=days)
    assert fetch(worker, altered(fetch(worker)["cursor"], at=at))["full"] is True


def test_a_week_without_a_network_still_gets_changes(make: Factory) -> None:
    worker = make.grid_worker()
    week_ago = datetime.now(UTC) - timedelta(days=7)
    cursor = altered(fetch(worker)["cursor"], at=week_ago, seen=frozenset())
    number = make.ticket(worker)
    changes = fetch(worker, cursor)
    assert changes["full"] is False
    assert numbers(changes) == [number]


def test_a_cursor_of_another_format_gives_a_full_bundle(make: Factory) -> None:
    other = base64.urlsafe_b64encode(orjson.dumps([FORMAT + 1, {"new": True}]))
    assert fetch(make.grid_worker(), other.decode())["full"] is True


def packed(document: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode()


@pytest.mark.parametrize(
    "since",
    [
        "abc",
        "游标",
        "%%%%",
        "a" * 5000,
        packed({"at": 1}),
        packed([]),
        packed(["1"]),
        packed([FORMAT]),
        packed([FORMAT, "now", "", 1, 0, 0, ""]),
        packed([FORMAT, 10**18, "", 1, 0, 0, ""]),
        packed([FORMAT, 1, "", 2**40, 0, 0, ""]),
        packed([FORMAT, 1, "", True, 0, 0, ""]),
    ],
)
def test_a_malformed_cursor_is_refused(make: Factory, since: str) -> None:
    answer = make.grid_worker().get("/device/bundle", query_string={"since": since})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [error["pointer"] for error in answer.json["errors"]] == ["/since"]


def test_an_unknown_parameter_is_refused(make: Factory) -> None:
    answer = make.grid_worker().get("/device/bundle?sice=x")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/sice"


def test_a_cursor_reads_back_and_stays_short() -> None:
    seen = frozenset(f"{n:08d}" for n in range(200))
    at = datetime(2026, 11, 24, 2, 3, 4, 567891, tzinfo=UTC)
    cursor = Cursor(at, "f" * 32, 2**31 - 1, PlaceSet(10**6, -(2**63)), seen)
    assert decode(encode(cursor)) == cursor
    assert len(encode(cursor)) < 3000


# --- transactions in flight -------------------------------------------------------


@contextmanager
def in_flight() -> Iterator[Connection]:
    """A second connection whose changes are not committed until the block ends."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT 1"))  # the transaction begins here
        yield connection


CHANGE = text(
    "UPDATE tickets SET description = '改', version = version + 1,"
    " changed_at = :at WHERE number = :number"
)
ADD = text(
    "INSERT INTO places (id, name, kind, address, geom, position, area_code, area_path,"
    " attributes, natural_key, name_key, imported, content_hash, version, created_by,"
    " registered_at, changed_at) SELECT :id, name, kind, address, geom, position,"
    " area_code, area_path, attributes, natural_key, name_key, imported, content_hash,"
    " 1, created_by, :at, :at FROM places WHERE id = :like"
)


@pytest.fixture
def real(committed_app: Flask) -> Iterator[Factory]:
    """Return a factory whose commits are real, so that two transactions can meet."""
    with committed_app.app_context():
        yield Factory(committed_app)
        db.session.remove()


def test_changes_in_flight_come_with_the_next_bundle(
    real: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the transaction takes: no margin is needed for it."""
    monkeypatch.setattr(service, "OVERLAP", timedelta(0))
    worker = real.grid_worker()
    place, number, new = register(real, worker), real.ticket(worker), uuid4()
    db.session.remove()
    with in_flight() as other:
        at = datetime.now(UTC)
        other.execute(CHANGE, {"number": number, "at": at})
        other.execute(ADD, {"id": new, "like": UUID(place), "at": at})
        first = fetch(worker)
        assert first["tickets"][0]["description"] != "改"
        assert [each["id"] for each in first["places"]] == [place]
        between = later(worker, first)
        assert between["tickets"] == between["places"] == []
    for before in (first, between):
        changes = later(worker, before)
        assert changes["tickets"][0]["description"] == "改"
        assert [each["id"] for each in changes["places"]] == [str(new)]


def test_a_clock_that_is_slow_is_covered(
    real: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server's clock is 30 s behind, so its change seems older."""
    worker = real.grid_worker()
    number = real.ticket(worker)
    slow = datetime.now(UTC) - timedelta(seconds=30)
    monkeypatch.setattr(queries, "settled_until", lambda moment: moment)
    db.session.remove()
    with in_flight() as other:
        other.execute(CHANGE, {"number": number, "at": slow})
        first = fetch(worker)
    [ticket] = later(worker, first)["tickets"]
    assert ticket["description"] == "改"
