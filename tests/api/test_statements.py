"""How many statements a page takes: none more for each row, no event read twice."""

from __future__ import annotations

from uuid import uuid4

from server.core.db import db
from tests.factories import FIVE, Caller, Factory
from tests.notices import inbox, tell
from tests.orders import document
from tests.statements import counted

MANY = 50
PATHS = (
    "/tickets?limit=100",
    "/tickets?limit=100&q=纸箱",
    "/tickets?limit=100&sort=overdue",
    "/tickets/counts",
    "/device/bundle",
    "/orders?limit=100",
    "/inbox?limit=100",
)


def asked(caller: Caller, path: str) -> list[str]:
    """Return the statements of one GET by somebody who asked before, with nothing of
    it left in the session."""
    assert caller.get(path).status_code == 200
    db.session.expunge_all()
    with counted() as ran:
        answer = caller.get(path)
    assert answer.status_code == 200
    assert ran
    return ran


class Office:
    """People, and so many of everything that lists and bundles hold."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.worker = make.grid_worker()
        self.fire, self.agri = make.handler("kq-fire"), make.handler("kq-agri")
        self.people = (self.worker, self.fire, self.agri, make.safety_office())

    def more(self, count: int) -> None:
        """Make as many more tickets of the town and of a department, of orders, of
        places and of messages."""
        for _ in range(count):
            self.make.ticket(self.worker)
            number = self.make.reported(self.worker)
            self.fire.done(number, "assign", assignee=self.fire.username)
            self._put(self.agri, "orders", document(self.make, "52"))
            position = self.make.position()
            place = {"name": "老张面馆", "kind": "35", "position": position}
            self._put(self.worker, "places", place)
        tell()

    def _put(self, caller: Caller, what: str, body: dict[str, object]) -> None:
        answer = caller.put(f"/{what}/{uuid4()}", json=body)
        assert answer.status_code == 201, answer.text

    def statements(self) -> dict[tuple[int, str], int]:
        """Return how many statements each page takes, by person and path."""
        return {
            (place, path): len(asked(caller, path))
            for place, caller in enumerate(self.people)
            for path in PATHS
        }


def test_a_list_takes_as_many_statements_for_fifty_rows_as_for_one(
    make: Factory,
) -> None:
    office = Office(make)
    office.more(1)
    few = office.statements()
    office.more(MANY - 1)
    assert len(office.fire.get("/tickets?limit=100").json["items"]) == MANY
    assert len(office.worker.get("/tickets?limit=100").json["items"]) == 2 * MANY
    bundle = office.worker.get("/device/bundle").json
    assert len(bundle["tickets"]) >= MANY
    assert len(bundle["orders"]) == len(bundle["places"]) == MANY
    assert len(inbox(office.fire)) >= MANY
    assert office.statements() == few


def test_a_ticket_reads_its_events_once(make: Factory) -> None:
    """Also where they say who may not close it: a major hazard in its second round."""
    fire, worker = make.handler("kq-fire"), make.grid_worker()
    officer = make.town_officer()
    number = make.reported(worker, severity="major")
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    # A day in writing that no clock moves past.
    fire.done(number, "order", due_on="2099-01-02", note="改", **FIVE)
    fire.done(number, "reinspect", result="failed", note="未改")
    path = f"/tickets/{number}"
    assert _reading_events(fire, path) == 1
    photos = [fire.photo(number)]
    fire.done(number, "reinspect", result="passed", note="已改", photos=photos)
    fire.done(number, "feed_back", note="已反馈")
    assert _reading_events(officer, path) == 1
    assert _reading_events(officer, f"{path}/case-file") == 1


def _reading_events(caller: Caller, path: str) -> int:
    return sum("FROM audit_events" in said for said in asked(caller, path))
