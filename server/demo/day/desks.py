"""The desks: town, departments and 区安委办 work the tickets that wait for them.

A desk lists its tickets, opens one, does what its path says among the ``actions`` the
ticket offers, with the fields it asks for, on the version it has read. Whoever was
quicker is respected: read again, try again.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from server.demo.day import pictures, words
from server.demo.day.accounts import Account, Roster
from server.demo.day.client import Api, DayFailed, Session
from server.demo.day.fates import Filled, Step, Who
from server.demo.day.phone import Opened
from server.demo.day.visits import CHINA, due
from server.demo.day.watch import Watch, gather

# How often a step is tried when somebody else changed the ticket meanwhile.
ATTEMPTS = 5
TICKET_PHOTO_STAGE = "after"


@dataclass
class Case:
    """A ticket on its way; ``done`` steps of the path are behind it.

    Attributes:
        key: seeds what the steps choose.
        version: the ticket's version after our last step.
        stranded: nobody in the accounts file can do the next step.
        yielded: somebody else took the ticket another way.
    """

    opened: Opened
    key: str
    done: int = 0
    version: int = 1
    stranded: bool = False
    yielded: bool = False

    @property
    def number(self) -> str:
        """The ticket's number."""
        return self.opened.number

    @property
    def next_step(self) -> Step | None:
        """The step to do now; None when the ticket stays as it is."""
        if self.stranded or self.yielded or self.done == len(self.opened.path):
            return None
        return self.opened.path[self.done]


@dataclass
class Tally:
    """What the desks have done."""

    steps: int = 0
    photos: int = 0
    photo_bytes: int = 0
    conflicts: int = 0


def whose(step: Step, case: Case, roster: Roster) -> Account | None:
    """Return who does ``step``, None when the accounts file has nobody for it."""
    opened = case.opened
    if step.who is Who.FINDER:
        return roster.named(opened.finder)
    if step.who is Who.TOWN:
        return roster.officer_of(opened.areas) or roster.named(opened.finder)
    if step.who is Who.OFFICE:
        return next(iter(roster.with_role("safety_office")), None)
    if step.who is Who.CO:
        handlers = (roster.of_department(code) for code in opened.co)
        return next((h for h in handlers if h is not None), None)
    role = "lead" if step.who is Who.CHIEF else "handler"
    return roster.of_department(opened.lead, role)


class Desk:
    """One person at a desk; signs in when there is something to do."""

    def __init__(self, api: Api, account: Account, roster: Roster) -> None:
        self.api = api
        self.account = account
        self.roster = roster
        self.tally = Tally()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The signed-in session."""
        if self._session is None:
            account = self.account
            self._session = Session.open(self.api, account.username, account.password)
        return self._session

    def work(self, cases: list[Case], watch: Watch) -> None:
        """Lead each case on as long as the next step is this desk's.

        Raises:
            DayFailed: a ticket is not in this desk's list, or does not offer what
                its state should.
        """
        self._find({case.number for case in cases})
        for case in cases:
            while (step := case.next_step) is not None:
                person = whose(step, case, self.roster)
                if person != self.account or watch.stopped:
                    break
                self._do(case, step)
                watch.tick()

    def _find(self, wanted: set[str]) -> None:
        """Look all wanted tickets up in the list, newest first."""
        missing = set(wanted)
        for page in self.session.pages("/tickets"):
            missing -= {row["number"] for row in page}
            if not missing:
                return
        numbers = "、".join(sorted(missing)[:3])
        raise DayFailed(
            f"{self.account.username} 的工单列表中没有应由其办理的 {numbers}"
        )

    def _do(self, case: Case, step: Step) -> None:
        for _ in range(ATTEMPTS):
            seen = self.session.get(f"/tickets/{quote(case.number)}")
            offered = {a["action"]: a for a in seen.data["actions"]}
            if step.action not in offered:
                if seen.data["version"] != case.version:
                    break  # somebody else took it another way
                raise DayFailed(
                    f"工单 {case.number}（{seen.data['state']}）没有向"
                    f" {self.account.username} 提供操作 {step.action}，"
                    f"只有：{'、'.join(offered) or '无'}"
                )
            body = self._body(case, step, offered[step.action])
            answer = self.session.act(case.number, step.action, seen.etag, body)
            if answer.status == 200:
                self._note(case, answer.data)
                return
            self.tally.conflicts += 1
        case.yielded = True

    def _note(self, case: Case, ticket: dict[str, Any]) -> None:
        case.done += 1
        case.version = ticket["version"]
        self.tally.steps += 1
        lead = ticket["lead_department"]
        case.opened.lead = lead["code"] if lead else None
        case.opened.co = tuple(d["code"] for d in ticket["co_departments"])

    # --- the body of an action ---------------------------------------------------

    def _body(self, case: Case, step: Step, offer: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of an action: the path's, and what else is required."""
        # Of this step alone, so that a second attempt says the same.
        rng = Random(f"{case.key}/{case.done}")  # noqa: S311 - a play
        body = {k: self._value(case, v) for k, v in step.values.items()}
        result = body.get("result")
        for field in offer["fields"]:
            name = field["name"]
            if name in body:
                continue
            needed = field["required"] or _needed_with(field, body)
            wanted = name == "photos" and result == "passed" and rng.random() < 0.6
            if needed or wanted:
                body[name] = self._fill(case, step, field, rng)
        if body.get("kind") == "fine":
            body["amount"] = rng.choice([500, 1000, 2000, 5000])
        return body

    def _value(self, case: Case, value: Any) -> Any:
        if value is Filled.LEAD_DEPARTMENT:
            return case.opened.lead
        if value is Filled.CO_DEPARTMENT:
            handlers = [
                c for c in case.opened.co if self.roster.of_department(c) is not None
            ]
            return next(iter(handlers or case.opened.co), None)
        return value

    def _fill(self, case: Case, step: Step, field: dict[str, Any], rng: Random) -> Any:
        kind = field["type"]
        if kind == "date":
            first = date.fromisoformat(field["not_before"])
            return due(first, 3 + rng.randint(0, 12)).isoformat()
        if kind == "choice":
            return rng.choice(field["choices"])
        if kind == "photos":
            return [self._photo(case, rng)]
        if kind == "department":
            return case.opened.lead
        if kind == "amount":
            return rng.choice([500, 1000, 2000])
        if field["name"] == "appraiser":
            return rng.choice(words.APPRAISERS)
        if field["name"] in words.FIVE:
            return words.FIVE[field["name"]]
        return words.note(rng, step.action, step.values.get("result"))

    def _photo(self, case: Case, rng: Random) -> str:
        """Send a photo of the place as it is now and return its id."""
        id = str(uuid4())
        jpeg = pictures.take(rng, datetime.now(CHINA), None)
        self.session.put_photo(id, jpeg, ticket=case.number, stage=TICKET_PHOTO_STAGE)
        self.tally.photos += 1
        self.tally.photo_bytes += len(jpeg)
        return id


def _needed_with(field: dict[str, Any], body: dict[str, Any]) -> bool:
    """Tell whether an optional field is required beside what the body holds."""
    when = field.get("required_when") or {}
    return any(body.get(name) in values for name, values in when.items())


def work_all(
    cases: list[Case],
    desks: dict[str, Desk],
    roster: Roster,
    executor: Executor,
    watch: Watch,
) -> None:
    """Let all desks work, in rounds, until every ticket is where its path ends.

    Desks work side by side; a ticket is with one desk at a time.

    Raises:
        DayFailed: as the desks do.
    """
    while True:
        waiting: dict[str, list[Case]] = {}
        for case in cases:
            step = case.next_step
            if step is None:
                continue
            person = whose(step, case, roster)
            if person is None:
                case.stranded = True
            else:
                waiting.setdefault(person.username, []).append(case)
        if not waiting:
            return
        gather(
            [
                executor.submit(desks[username].work, theirs, watch)
                for username, theirs in waiting.items()
            ],
            watch,
        )
