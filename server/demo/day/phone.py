"""One phone on patrol: signs in, fetches the bundle, inspects, sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from server.demo.day import pictures
from server.demo.day.accounts import Account
from server.demo.day.client import Api, DayFailed, Session
from server.demo.day.fates import Path, Task
from server.demo.day.field import Field
from server.demo.day.scenarios import Scenario
from server.demo.day.visits import (
    CHINA,
    Hazard,
    Visit,
    clean_visit,
    grouped,
    make_visit,
)
from server.demo.day.watch import Watch

SENT_TWICE = 0.12
CLEAN_VISITS = 0.25


@dataclass
class Opened:
    """A ticket that a phone's finding opened, and what is to become of it.

    ``lead`` is the code of the lead department, None while the town sees to it;
    ``co`` those of the co-handlers; ``areas`` the codes of the finder's area and of
    all above it.
    """

    number: str
    scenario: Scenario
    finder: str
    areas: frozenset[str]
    path: Path
    lead: str | None
    co: tuple[str, ...]


@dataclass
class Sent:
    """What a phone has sent, and the tickets that came of it."""

    inspections: int = 0
    findings: int = 0
    photos: int = 0
    photo_bytes: int = 0
    places: int = 0
    repeated: int = 0
    opened: list[Opened] = field(default_factory=list)


class Phone:
    """A phone in the hands of a grid worker (网格员); runs in a thread of its own."""

    def __init__(
        self, api: Api, account: Account, index: int, tasks: list[Task], seed: int
    ) -> None:
        self.api = api
        self.account = account
        self.index = index
        self.tasks = tasks
        self.rng = Random(f"{seed}/phone/{index}")  # noqa: S311 - a play
        self.sent = Sent()

    def patrol(self, watch: Watch) -> Sent:
        """Do all visits; ``watch`` is told of each finding that is taken.

        Raises:
            DayFailed: the server did not answer as it should have.
        """
        session = Session.open(
            self.api,
            self.account.username,
            self.account.password,
            {
                "id": f"demo-phone-{self.account.username}-{self.index}",
                "name": f"演示手机{self.index + 1}",
                "platform": "android",
            },
        )
        field = Field.fetch(session)
        for item, found in grouped(self.tasks, field, self.rng):
            if watch.stopped:
                break
            now = datetime.now(CHINA)
            visit = make_visit(field, item, found, self.rng, now)
            self._deliver(session, field, visit, watch)
            if self.rng.random() < CLEAN_VISITS:
                clean = clean_visit(field, self.rng, now)
                self._deliver(session, field, clean, watch)
        return self.sent

    def _deliver(
        self,
        session: Session,
        field: Field,
        visit: Visit,
        watch: Watch,
    ) -> None:
        """Send a visit: the place, findings with photos in any order, the answers."""
        if visit.register is not None:
            id, document = visit.register
            session.put(f"/places/{id}", document)
            self.sent.places += 1
        photos = {id: self._photo(h) for h in visit.hazards for id in h.photos}
        late: list[tuple[Hazard, str]] = []
        receipts = {}
        for hazard in visit.hazards:
            early = [id for id in hazard.photos if self.rng.random() < 0.4]
            for id in early:
                self._send_photo(session, hazard, id, photos[id])
            receipt = session.put(f"/findings/{hazard.id}", hazard.document).data
            receipts[hazard.id] = receipt
            self.sent.findings += 1
            self.sent.opened.append(self._opened(hazard, receipt, field))
            watch.tick()
            for id in hazard.photos:
                if id in early:
                    continue
                if self.rng.random() < 0.3:
                    late.append((hazard, id))
                else:
                    self._send_photo(session, hazard, id, photos[id])
        session.put(f"/inspections/{visit.id}", visit.document)
        self.sent.inspections += 1
        for hazard, id in late:
            self._send_photo(session, hazard, id, photos[id])
        if self.rng.random() < SENT_TWICE:
            self._repeat(session, visit, photos, receipts)

    def _photo(self, hazard: Hazard) -> bytes:
        spot = hazard.spot if self.rng.random() < 0.7 else None
        return pictures.take(self.rng, hazard.found_at, spot)

    def _send_photo(
        self, session: Session, hazard: Hazard, id: str, jpeg: bytes
    ) -> None:
        session.put_photo(id, jpeg, finding=hazard.id, stage="before")
        self.sent.photos += 1
        self.sent.photo_bytes += len(jpeg)

    def _repeat(
        self,
        session: Session,
        visit: Visit,
        photos: dict[str, bytes],
        receipts: dict[str, Any],
    ) -> None:
        """Send everything again, as after a lost answer: 200 and nothing new.

        Raises:
            DayFailed: a finding is acknowledged in other words than the first time.
        """
        if visit.register is not None:
            session.put(f"/places/{visit.register[0]}", visit.register[1], (200,))
        for hazard in visit.hazards:
            again = session.put(f"/findings/{hazard.id}", hazard.document, (200,))
            if again.data != receipts[hazard.id]:
                raise DayFailed(f"PUT /findings/{hazard.id} 重发后回执不同")
            for id in hazard.photos:
                session.put_photo(
                    id, photos[id], (200,), finding=hazard.id, stage="before"
                )
        session.put(f"/inspections/{visit.id}", visit.document, (200,))
        self.sent.repeated += 1 + len(visit.hazards) + len(photos)

    def _opened(self, hazard: Hazard, receipt: dict[str, Any], field: Field) -> Opened:
        ticket = receipt["ticket"]
        lead = ticket["lead_department"]
        co = [d["code"] for d in receipt["routing"]["co_handlers"]]
        return Opened(
            ticket["number"],
            hazard.scenario,
            self.account.username,
            field.chain,
            hazard.path,
            lead["code"] if lead else None,
            tuple(co),
        )
