"""The people of a scenario and what they do to a hazard, in short verbs.

A :class:`Cast` holds one person of the village, the town, 区安委办, the next town and
every department; a :class:`Case` is one hazard on its way. Each verb is one act over
HTTP by whom the list names, and asserts the state it leads to. Departments are called
by the names the list gives them, clauses as everywhere (``42.township.1``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest

from server.checklists.catalogue import Checkpoint
from server.checklists.loader import bundled_root, load
from tests.factories import FIVE, Caller, Factory, picture
from tests.scenarios.handling import Document, ago, day, report

CATALOGUE = load(bundled_root() / "buerhantu")
RULES = CATALOGUE.rules
# Every department above the town by its name in the list.
DEPARTMENTS = {d.name: d.code for d in RULES.departments if d.level != "town"}

item = pytest.mark.item  # which item of the list a scenario plays


class Cast:
    """The people of a scenario, made when first asked for."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self._handlers: dict[str, Caller] = {}

    @cached_property
    def worker(self) -> Caller:
        """The village's inspector: 网格员, 安监员, 护林员 …"""
        return self.make.grid_worker()

    @cached_property
    def officer(self) -> Caller:
        """The town's safety officer (镇级安监员)."""
        return self.make.town_officer()

    @cached_property
    def safety_office(self) -> Caller:
        """区安委办."""
        return self.make.safety_office()

    @cached_property
    def neighbour(self) -> Caller:
        """The safety officer of the next town, who has no part in anything here."""
        return self.make.other_town_officer()

    def of(self, department: str) -> Caller:
        """Return the handler (经办人) of a department."""
        if department not in self._handlers:
            self._handlers[department] = self.make.handler(DEPARTMENTS[department])
        return self._handlers[department]

    def found(self, checkpoint: str, handling: Document, **changes: Any) -> Case:
        """The village inspects, answers one checkpoint with no and sends the hazard.

        Category, severity and wording are the checkpoint's; the photo it demands is
        sent along, and the inspection follows with every other answer yes.
        """
        point, inspection = _checkpoint(checkpoint), str(uuid4())
        case = self._sent(
            self.worker, point, handling, inspection=inspection, **changes
        )
        receipt = self.inspected(checkpoint, inspection, changes.get("place"))
        assert (receipt["failed"], receipt["findings"]) == (1, [checkpoint])
        kept = self.worker.get(f"/findings/{case.finding}").json
        assert (kept["checkpoint"], kept["inspection"]) == (checkpoint, inspection)
        return case

    def checked(self, department: str, checkpoint: str, note: str) -> Case:
        """A department's own check (source = department) finds the hazard."""
        point, who = _checkpoint(checkpoint), self.of(department)
        return self._sent(who, point, report(note), source="department")

    def _sent(
        self, who: Caller, point: Checkpoint, handling: Document, **changes: Any
    ) -> Case:
        finding = str(uuid4())
        photos = [str(uuid4())] if point.photo_required else []
        document = self.make.finding(
            duty_item=_item(point),
            checkpoint=point.id,
            category=point.category,
            severity=point.severity,
            description=point.hazard,
            handling=handling,
            photos=photos,
        )
        answer = who.put(f"/findings/{finding}", json=document | changes)
        assert answer.status_code == 201, answer.text
        for photo in photos:
            uploaded(who, photo, f"finding={finding}&stage=before")
        case = Case(self, answer.json["ticket"]["number"], finding)
        ticket = case.ticket
        assert set(point.facts) <= set(ticket["facts"])
        assert (ticket["photos"], ticket["photos_missing"]) == (photos, [])
        return case

    def inspected(
        self, checkpoint: str, inspection: str, place: Any = None
    ) -> Document:
        """The village answers one checkpoint with no, the others with yes; return the
        acknowledgement."""
        code = _item(_checkpoint(checkpoint))
        whole = self.worker.get(f"/checklists/{code}").json
        document = {
            "checklist": code,
            "version": whole["version"],
            "started_at": ago(minutes=50),
            "finished_at": ago(minutes=20),
            "position": self.make.position(),
            "place": place,
            "answers": [
                {
                    "checkpoint": c["id"],
                    "answer": "no" if c["id"] == checkpoint else "yes",
                }
                for c in whole["checkpoints"]
            ],
        }
        answer = self.worker.put(f"/inspections/{inspection}", json=document)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def registered(self, kind: str, name: str, **more: Any) -> str:
        """The village registers a place of a kind; return its id."""
        id = str(uuid4())
        place = {"kind": kind, "name": name, "position": self.make.position()}
        answer = self.worker.put(f"/places/{id}", json=place | more)
        assert answer.status_code == 201, answer.text
        assert self.neighbour.get(f"/places/{id}").status_code == 404
        return id

    def sees(self, path: str, departments: Collection[str]) -> None:
        """The town, 区安委办 and exactly these departments see it; for others 404."""
        for person in (self.worker, self.officer, self.safety_office):
            assert person.get(path).status_code == 200
        assert set(departments) <= DEPARTMENTS.keys()
        for name in DEPARTMENTS:
            expected = 200 if name in departments else 404
            assert self.of(name).get(path).status_code == expected, name
        assert self.neighbour.get(path).status_code == 404


def _checkpoint(id: str) -> Checkpoint:
    return CATALOGUE.checklist(id.partition("-")[0]).checkpoint(id)


def _item(point: Checkpoint) -> str:
    return point.id.partition("-")[0]


def uploaded(who: Caller, photo: str, query: str) -> None:
    answer = who.put(
        f"/photos/{photo}?{query}",
        data=picture(size=(32, 24)),
        content_type="image/jpeg",
    )
    assert answer.status_code == 201, answer.text


def _ledger_path(ledger: str) -> str:
    period = f"{day(-1)}..{day(0)}"
    return f"/reports/ledger?addressee={ledger}&period={period}&provisional=true"


def _ledger(reader: Caller, ledger: str) -> dict[str, Document]:
    """Return the rows of a ledger by the number of their hazard."""
    answer = reader.get(_ledger_path(ledger))
    assert answer.status_code == 200, answer.text
    return {row["number"]: row for row in answer.json["rows"]}


def _names(departments: list[Document]) -> set[str]:
    return {department["name"] for department in departments}


def _name(department: Document | None) -> str | None:
    return department["name"] if department else None


@dataclass
class Case:
    """One hazard on its way; every verb returns the case."""

    cast: Cast
    number: str
    finding: str

    # --- what is to be seen -------------------------------------------------------

    @property
    def ticket(self) -> Document:
        """The ticket as the town sees it."""
        return self.cast.officer.ticket(self.number)

    @property
    def lead(self) -> Caller:
        """The handler of the lead department."""
        return self.cast.of(self.ticket["lead_department"]["name"])

    def at(self, state: str) -> Case:
        """It is in this state."""
        assert self.ticket["state"] == state
        return self

    def with_the_town(self, rule: str, *clauses: str) -> Case:
        """No department has it, by this row and these clauses."""
        ticket = self.ticket
        assert (ticket["lead_department"], ticket["co_departments"]) == (None, [])
        assert ticket["routing"]["rule"] == rule
        assert ticket["routing"]["clauses"] == list(clauses)
        return self.seen_by()

    def routed(
        self,
        rule: str,
        *clauses: str,
        lead: str,
        co: Collection[str] = (),
        coordinator: str | None = None,
        next_level: str | None = None,
    ) -> Case:
        """The row and the clauses that sent it to its departments."""
        ticket = self.ticket
        routing = ticket["routing"]
        assert (routing["rule"], routing["clauses"]) == (rule, list(clauses))
        assert _name(ticket["lead_department"]) == lead
        assert _names(ticket["co_departments"]) == set(co)
        assert _name(routing["coordinator"]) == coordinator
        assert _name(routing["next_level"]) == next_level
        return self

    def seen_by(self, *departments: str) -> Case:
        """Exactly these departments see it beside the town; see ``Cast.sees``."""
        self.cast.sees(f"/tickets/{self.number}", departments)
        return self

    def papers(self, *issued: str | tuple[str, str]) -> Case:
        """The papers the list knows, so far: the title of each, the due day of some.

        Those of re-inspections and extensions are ours, and every one has its own.
        """
        documents = [
            d
            for d in self.ticket["documents"]
            if d["kind"] not in {"recheck", "extension"}
        ]
        assert [d["title"] for d in documents] == [
            paper if isinstance(paper, str) else paper[0] for paper in issued
        ]
        for document, paper in zip(documents, issued, strict=True):
            if not isinstance(paper, str):
                assert document["due_on"] == paper[1]
        return self

    def fined(self, *penalties: tuple[str, str]) -> Case:
        """The penalties so far: kind and department of each."""
        recorded = self.ticket["penalties"]
        assert [(p["kind"], p["department"]["name"]) for p in recorded] == list(
            penalties
        )
        return self

    def in_ledger(self, title: str | None) -> Case:
        """It stands in the ledger kept for this addressee (None: the list names none).

        The town reads it there, the addressee as well, and no other department.
        """
        ticket = self.ticket
        ledgers = [row for row in RULES.ledgers if ticket["duty_item"] in row.items]
        assert [ledger.title for ledger in ledgers] == ([title] if title else [])
        for ledger in ledgers:
            readers = [self.cast.officer]
            if ledger.addressee is not None:
                readers.append(self.cast.make.handler(ledger.addressee))
            for reader in readers:
                row = _ledger(reader, ledger.id)[self.number]
                assert (row["ledger"], row["item"]) == (ledger.id, ticket["duty_item"])
                assert row["state"]["code"] == ticket["state"]
                orders = [d for d in ticket["documents"] if d["kind"] == "order"]
                assert row["order"] == (orders[-1]["title"] if orders else None)
            stranger = self.cast.of("区商务局")
            assert stranger.get(_ledger_path(ledger.id)).status_code == 404
        return self

    def went(self, course: str) -> Case:
        """The whole way: ``T1 found > T2 on_spot > …``, each from where the last ended.

        Steps beside the state (a control, a penalty) name the transition only.
        """
        answer = self.cast.officer.get(f"/tickets/{self.number}/events")
        steps, before = [], None
        for event in answer.json["items"]:
            moved = event["to"] is not None and event["to"] != event["from"]
            if event["to"] is not None:
                assert event["from"] == before, event
                before = event["to"]
            steps.append(event["transition"] + (f" {event['to']}" if moved else ""))
        assert " > ".join(steps) == course
        return self

    # --- the town -----------------------------------------------------------------

    def does(self, who: Caller, action: str, state: str, **fields: Any) -> Case:
        """Somebody does something, which leads to ``state``."""
        assert who.done(self.number, action, **fields)["state"] == state
        return self

    def cannot(self, who: Caller, action: str, status: int, **fields: Any) -> Case:
        """Somebody who sees it may not do that: 403 never, 409 not now, 422 not so."""
        answer = who.act(self.number, action, **fields)
        assert answer.status_code == status, answer.text
        return self

    def settled(self, note: str) -> Case:
        """The town settles it on the spot, with the picture afterwards."""
        after = [self.cast.worker.photo(self.number)]
        return self.does(
            self.cast.worker, "settle", "closed_town", note=note, photos=after
        )

    def town_passed(self, note: str) -> Case:
        """The town looks again: the hazard is gone."""
        who = self.cast.officer
        fields = {"note": note, "photos": [who.photo(self.number)]}
        return self.does(who, "reinspect", "closed_town", result="passed", **fields)

    def town_failed(self, note: str) -> Case:
        """The town looks again: the hazard is still there."""
        who = self.cast.officer
        return self.does(who, "reinspect", "town_recheck", result="failed", note=note)

    def reported(self, trigger: str, note: str, **fields: Any) -> Case:
        """The town reports it up for a reason that the list names."""
        fields |= {"trigger": trigger, "note": note}
        return self.does(self.cast.worker, "report_up", "reported", **fields)

    def closed(self, note: str = "已按整改情况更新台账") -> Case:
        """The town updates its ledger and strikes the case off."""
        return self.does(self.cast.officer, "close", "closed", note=note)

    # --- the departments ------------------------------------------------------------

    def dispatched(self, who: Caller, to: str, note: str) -> Case:
        """It is assigned to a department, which leads from now on."""
        self.does(who, "dispatch", "dispatched", department=to, note=note)
        assert _name(self.ticket["lead_department"]) == to
        return self

    def accepted(self) -> Case:
        """The lead department takes it."""
        return self.does(self.lead, "accept", "verifying")

    def verified(self, note: str) -> Case:
        """The lead department verifies on site: it is so (核查属实)."""
        fields = {"result": "substantiated", "note": note}
        return self.does(self.lead, "verify", "verifying", **fields)

    def not_so(self, note: str) -> Case:
        """The lead department verifies on site: it is not so."""
        fields = {"result": "not_substantiated", "note": note}
        return self.does(self.lead, "verify", "not_substantiated", **fields)

    def appraised_by(self, appraiser: str, note: str) -> Case:
        """The lead department has it appraised (鉴定)."""
        fields = {"appraiser": appraiser, "note": note}
        return self.does(self.lead, "appraise", "appraisal", **fields)

    def appraised(self, grade: str, note: str) -> Case:
        """The result of the appraisal."""
        self.does(self.lead, "appraise", "appraisal", grade=grade, note=note)
        assert self.ticket["grade"] == grade
        return self

    def ordered(self, title: str, due_on: str, note: str) -> Case:
        """The lead department's written order with its day."""
        five = FIVE if self.ticket["severity"] == "major" else {}
        self.does(self.lead, "order", "ordered", due_on=due_on, note=note, **five)
        ticket = self.ticket
        paper = ticket["documents"][-1]
        assert (paper["kind"], paper["title"]) == ("order", title)
        assert (paper["due_on"], ticket["due_on"]) == (due_on, due_on)
        return self

    def punished(self, kind: str, note: str, by: str | None = None) -> Case:
        """A penalty beside the order, the lead's or a co-handler's."""
        who, state = self.cast.of(by) if by else self.lead, self.ticket["state"]
        self.does(who, "penalise", state, kind=kind, note=note)
        penalty = self.ticket["penalties"][-1]
        assert (penalty["kind"], penalty["note"]) == (kind, note)
        return self

    def recheck_failed(self, note: str, state: str = "ordered") -> Case:
        """The lead department looks again: still there."""
        fields = {"result": "failed", "note": note}
        return self.does(self.lead, "reinspect", state, **fields)

    def recheck_passed(self, note: str) -> Case:
        """The lead department looks again: gone."""
        photos = [self.lead.photo(self.number)]
        fields = {"result": "passed", "note": note, "photos": photos}
        return self.does(self.lead, "reinspect", "rectified", **fields)

    def escalated(self, to: str, note: str) -> Case:
        """Reported to the next level, which sees it from now on and not before."""
        path = f"/tickets/{self.number}"
        assert self.cast.of(to).get(path).status_code == 404
        self.does(self.lead, "escalate", "escalated", note=note)
        assert self.cast.of(to).get(path).status_code == 200
        return self

    def answered(self, note: str) -> Case:
        """The lead department records what the next level decided."""
        return self.does(self.lead, "answer", "dept_recheck", note=note)

    def transferred(self, to: str, note: str) -> Case:
        """Transferred (移送) to another department, which sees it from now on."""
        self.does(self.lead, "transfer", "transferred", department=to, note=note)
        assert self.cast.of(to).get(f"/tickets/{self.number}").status_code == 200
        return self

    def dealt_with(self, by: str, note: str) -> Case:
        """Whom it was transferred to has dealt with it."""
        return self.does(self.cast.of(by), "answer", "rectified", note=note)

    def fed_back(self, note: str) -> Case:
        """The lead department tells the town the result."""
        self.does(self.lead, "feed_back", "feedback", note=note)
        told = self.cast.officer.get(f"/tickets/{self.number}/events").json["items"]
        assert (told[-1]["type"], told[-1]["note"]) == ("ticket.fed_back", note)
        return self
