"""``actions`` tells the truth: in every state, for everyone, what it lists succeeds in
every choice it offers, and what it does not list is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import product
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT
from server.tickets import queries, workflow
from server.tickets.models import Ticket
from server.tickets.vocabulary import State
from tests.conftest import undone
from tests.factories import Caller, Factory, workday

SOON, LATER = workday(5), workday(20)
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
# A body for each action that is right in its form, for those who may not do it.
BODIES: dict[str, dict[str, Any]] = {
    "settle": {"note": "x", "photos": [str(uuid4())]},
    "issue_notice": {"due_on": SOON, "note": "x"},
    "reinspect": {"result": "failed", "note": "x"},
    "extend": {"due_on": SOON, "note": "x"},
    "request_extension": {"due_on": LATER, "note": "x"},
    "refuse_extension": {"note": "x"},
    "suspend": {"until": SOON, "note": "x"},
    "resume": {"note": "x"},
    "report_up": {"trigger": "refused", "how": "x", "note": "x"},
    "dispatch": {"department": "kq-market", "note": "x"},
    "verify": {"result": "substantiated", "note": "x"},
    "appraise": {"appraiser": "x", "note": "x"},
    "order": {"due_on": SOON, "note": "x"},
    "penalise": {"kind": "fine", "note": "x"},
    "transfer": {"department": "kq-market", "note": "x"},
    "impose_control": {"measure": "x", "note": "x"},
    "merge": {"into": "x", "note": "x"},
    "grade_severity": {"severity": "major", "note": "x"},
    "answer_part": {"result": "done", "note": "x"},
    "convene": {"departments": ["kq-police"], "on": SOON, "note": "x"},
    "record_joint": {"found": "x", "departments": ["kq-police"]},
}
PLAIN = {"note": "x"}


class Cast:
    """Everyone who could have to do with a ticket, and the way into each state."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.worker = make.grid_worker()
        self.officer = make.town_officer()
        self.office = make.safety_office()
        self.lead = make.handler("kq-fire", Role.LEAD)
        self.people = {
            "finder": self.worker,
            "officer": self.officer,
            "safety office": self.office,
            "lead": self.lead,
            "handler": make.handler("kq-fire"),
            "co-handler": make.handler("kq-police"),
            "transferee": make.handler("kq-health"),
            "supervisor": make.staff(Role.SUPERVISOR, DISTRICT),
        }

    def reach(self, state: str) -> str:
        """Return the number of a ticket that has come to ``state``."""
        if state in {"on_spot", "rectifying"}:
            kind = "on_spot" if state == "on_spot" else "deadline"
            return self.make.ticket(self.worker, handling={"kind": kind})
        if state == "town_recheck":
            return self._after(self.worker, "rectifying", "reinspect", result="failed")
        if state == "closed_town":
            number = self.reach("on_spot")
            photos = [self.worker.photo(number)]
            self.worker.done(number, "settle", note="x", photos=photos)
            return number
        if state == "reported":
            return self.make.reported(self.worker)
        return self._in_a_department(state)

    def _in_a_department(self, state: str) -> str:
        lead, office = self.lead, self.office
        ways: dict[str, Callable[[], str]] = {
            "dispatched": lambda: self._after(
                office, "reported", "dispatch", department="kq-fire"
            ),
            "returned": lambda: self._after(lead, "reported", "return"),
            "returned twice": self._returned_twice,
            "joint": lambda: self._convened(workday(0)),
            "joint to come": lambda: self._convened(SOON),
            "verifying": lambda: self._after(lead, "reported", "accept"),
            "substantiated": lambda: self._after(
                lead, "verifying", "verify", result="substantiated"
            ),
            "not_substantiated": lambda: self._after(
                lead, "verifying", "verify", result="not_substantiated"
            ),
            "appraisal": self._appraised,
            "graded": lambda: self._after(lead, "appraisal", "appraise", grade="D"),
            "ordered": lambda: self._after(lead, "substantiated", "order", due_on=SOON),
            "dept_recheck": self._failed_below_the_city,
            "escalated": lambda: self._after(lead, "dept_recheck", "escalate"),
            "transferred": lambda: self._after(
                lead, "verifying", "transfer", department="kq-health"
            ),
            "rectified": lambda: self._after(
                lead, "ordered", "reinspect", result="passed"
            ),
            "controlled": self._controlled,
            "feedback": lambda: self._after(lead, "rectified", "feed_back"),
            "closed": lambda: self._after(self.officer, "feedback", "close"),
        }
        return ways[state]()

    def _after(self, who: Caller, state: str, action: str, **fields: Any) -> str:
        number = self.reach(state)
        who.done(number, action, note="x", **fields)
        return number

    def _changed(self, state: str, **columns: Any) -> str:
        """Return a ticket whose route has what no route of these items has."""
        number = self.reach(state)
        ticket = queries.by_number(number)
        for name, value in columns.items():
            setattr(ticket, name, value)
        db.session.flush()
        return number

    def _appraised(self) -> str:
        number = self._changed("verifying", appraisal="professional")
        self.lead.done(number, "appraise", appraiser="x", note="x")
        return number

    def _failed_below_the_city(self) -> str:
        number = self._changed("ordered", next_level="bt-housing")
        self.lead.done(number, "reinspect", result="failed", note="x")
        return number

    def _returned_twice(self) -> str:
        number = self.reach("returned")
        self.worker.done(number, "report_up", note="x")
        self.lead.done(number, "return", note="x")
        return number

    def _convened(self, on: str) -> str:
        called = {"departments": ["kq-police"], "on": on}
        return self._after(self.office, "verifying", "convene", **called)

    def _controlled(self) -> str:
        number = self.reach("rectified")
        self.worker.done(number, "impose_control", measure="x", note="x")
        return number


# Every state a ticket can be in, and six that differ by more than the state.
SITUATIONS = [
    *(state.value for state in State if state is not State.FOUND),
    "substantiated",
    "graded",
    "controlled",
    "returned twice",
    "joint",
    "joint to come",
]


def bodies(action: dict[str, Any], other: str, photo: str) -> list[dict[str, Any]]:
    """Return a body for each combination of choices that an action offers."""
    values = [
        [(field["name"], value) for value in _values(field, other, photo)]
        for field in action["fields"]
    ]
    return [dict(combination) for combination in product(*values)]


def _values(field: dict[str, Any], other: str, photo: str) -> list[Any]:
    if field["type"] in ("choice", "staff"):
        assert field["choices"]
        return list(field["choices"])
    return {
        "text": ["说明"],
        "date": [TODAY if field.get("past") else LATER],
        "photos": [[photo]],
        "amount": [100],
        "department": ["kq-market"],
        "ticket": [other],
        "facts": [["illegal"]],
        "departments": [["kq-market", "kq-police"]],
        "people": [[]],
    }[field["type"]]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_listed_succeeds_and_nothing_else(
    make: Factory, situation: str
) -> None:
    cast_ = Cast(make)
    other = make.ticket(cast_.worker)
    number = cast_.reach(situation)
    photo = cast_.worker.photo(number)
    for who, person in cast_.people.items():
        seen = person.get(f"/tickets/{number}")
        if seen.status_code == 404:
            _nothing_is_there(person, number)
            continue
        listed = {action["action"]: action for action in seen.json["actions"]}
        for action, description in listed.items():
            for body in bodies(description, other, photo):
                version = _succeeds(person, number, action, body, who)
                assert version == seen.json["version"] + 1
        for action in set(workflow.ACTIONS) - set(listed):
            _is_refused(person, number, action, sorted(listed), who)


def _try(
    person: Caller, number: str, action: str, body: dict[str, Any]
) -> TestResponse:
    path = f"/tickets/{number}/actions/{action}"
    version = db.session.scalar(select(Ticket.version).where(Ticket.number == number))
    headers = {"If-Match": f'"{number}.{version}."'}
    return person.post(path, json=body, headers=headers)


def _succeeds(
    person: Caller, number: str, action: str, body: dict[str, Any], who: str
) -> int:
    """Do it, compare the answer with the ticket as it is then, and undo it."""
    with undone():
        answer = _try(person, number, action, body)
        assert answer.status_code == 200, (who, action, body, answer.text)
        assert person.get(f"/tickets/{number}").json == answer.json
    return int(answer.json["version"])


def _is_refused(
    person: Caller, number: str, action: str, listed: list[str], who: str
) -> None:
    with undone():
        answer = _try(person, number, action, BODIES.get(action, PLAIN))
        assert answer.status_code in {403, 409}, (who, action, answer.text)
        if answer.status_code == 409:
            assert sorted(answer.json["allowed"]) == listed, (who, action)


def _nothing_is_there(person: Caller, number: str) -> None:
    for action in workflow.ACTIONS:
        assert _try(person, number, action, PLAIN).status_code == 404


def test_the_walk_reaches_every_state(make: Factory) -> None:
    cast_ = Cast(make)
    reached = {
        cast_.officer.ticket(cast_.reach(situation))["state"]
        for situation in SITUATIONS
    }
    assert reached == set(State) - {State.FOUND}


def test_fields_say_what_they_take(make: Factory) -> None:
    worker = make.grid_worker()
    ticket = worker.ticket(make.ticket(worker))
    report = next(a for a in ticket["actions"] if a["action"] == "report_up")
    assert (report["required"], report["optional"]) == (
        ["trigger", "note"],
        ["how", "photos", "witnesses"],
    )
    assert report["fields"][0] == {
        "name": "trigger",
        "type": "choice",
        "title": "上报情形",
        "required": True,
        "choices": ["refused", "illegal"],
        "choice_titles": {"refused": "拒不整改（拒不改正）", "illegal": "违法违规"},
    }
