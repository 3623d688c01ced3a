"""The whole day: phones first, then the desks, then what came of it."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.demo.day.accounts import Account, Roster
from server.demo.day.client import Api, Session, Unexpected
from server.demo.day.desks import Case, Desk, Tally, work_all
from server.demo.day.fates import deal
from server.demo.day.phone import Phone, Sent
from server.demo.day.visits import CHINA
from server.demo.day.watch import Watch, gather

# Desks that work at the same time.
DESKS = 8
LOOK_BACK = timedelta(days=31)


@dataclass
class Outcome:
    """A day that was played; seconds are those of the clock on the wall.

    Attributes:
        states: state -> tickets of the day.
        departments: (name or None for the town, of the day's tickets, ended ones).
        report: ``GET /reports/rectification`` by department, None where there is none.
        seen: False when no account sees the whole district.
    """

    seed: int
    phones: int
    sent: list[Sent] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    sending_seconds: float = 0.0
    working_seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    departments: list[tuple[str | None, int, int]] = field(default_factory=list)
    report: dict[str, Any] | None = None
    seen: bool = False


def play(
    api: Api, roster: Roster, phones: int, findings: int, seed: int, watch: Watch
) -> Outcome:
    """Play a day with ``phones`` phones that send ``findings`` findings together.

    What is found and how far each ticket gets follows from ``seed``; ids and times
    are new every time.

    Raises:
        DayFailed: no answer, or one that should not have been; one line says which.
    """
    api.probe()
    outcome = Outcome(seed, phones)
    started = time.monotonic()
    with (
        watch.phase("巡查上报", findings, "条"),
        ThreadPoolExecutor(phones) as executor,
    ):
        players = _phones(api, roster, phones, findings, seed)
        gather([executor.submit(p.patrol, watch) for p in players], watch)
    outcome.sending_seconds = time.monotonic() - started
    outcome.sent = [p.sent for p in players]
    outcome.cases = [
        Case(opened, f"{seed}/case/{p.index}/{n}")
        for p in players
        for n, opened in enumerate(p.sent.opened)
    ]
    started = time.monotonic()
    steps = sum(len(case.opened.path) for case in outcome.cases)
    desks = {a.username: Desk(api, a, roster) for a in roster.accounts}
    with watch.phase("工单处置", steps, "步"), ThreadPoolExecutor(DESKS) as executor:
        work_all(outcome.cases, desks, roster, executor, watch)
    outcome.working_seconds = time.monotonic() - started
    outcome.tallies = [desk.tally for desk in desks.values()]
    overseer = roster.overseer()
    if overseer is not None:
        _look(desks[overseer.username].session, outcome)
    return outcome


def _phones(
    api: Api, roster: Roster, phones: int, findings: int, seed: int
) -> list[Phone]:
    workers: list[Account] = roster.with_role("grid_worker")
    tasks = deal(findings, seed)
    return [
        Phone(api, workers[k % len(workers)], k, tasks[k::phones], seed)
        for k in range(phones)
    ]


def _look(session: Session, outcome: Outcome) -> None:
    """Read over HTTP what has become of the day's tickets, and the rate."""
    outcome.seen = True
    missing = {case.number for case in outcome.cases}
    rows: list[dict[str, Any]] = []
    for page in session.pages("/tickets"):
        rows += [row for row in page if row["number"] in missing]
        missing -= {row["number"] for row in page}
        if not missing:
            break
    outcome.states = Counter(row["state"] for row in rows)
    all_of: Counter[str | None] = Counter()
    ended: Counter[str | None] = Counter()
    for row in rows:
        lead = row["lead_department"]
        name = lead["name"] if lead else None
        all_of[name] += 1
        ended[name] += row["state"] in {"closed", "closed_town"}
    outcome.departments = [(n, count, ended[n]) for n, count in all_of.most_common()]
    today = datetime.now(CHINA)
    period = {
        "from": (today - LOOK_BACK).date().isoformat(),
        "to": today.date().isoformat(),
        "group_by": "department",
    }
    try:
        outcome.report = session.get("/reports/rectification", **period).data
    except Unexpected as error:
        if error.status != 404:
            raise
