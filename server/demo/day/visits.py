"""From a phone's tasks to visits, and from visits to the documents it sends; pure.

One visit is one checklist answered at one place with up to three findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import uuid4

from server.core import workdays
from server.demo.day import words
from server.demo.day.fates import Path, Task
from server.demo.day.field import Checklist, Field
from server.demo.day.pictures import LonLat
from server.demo.day.scenarios import Checkpoint, Scenario

# The list is China's; it has one time and no summer time.
CHINA = timezone(timedelta(hours=8))
MOST_FINDINGS = 3
# Items inspected at a registered place; the others at a household, house or spot.
AT_PLACES = set(words.KINDS)


@dataclass(frozen=True)
class Hazard:
    """One finding to send; ``photos`` are the ids it declares."""

    id: str
    scenario: Scenario
    path: Path
    checkpoint: Checkpoint
    document: dict[str, Any]
    photos: tuple[str, ...]
    found_at: datetime
    spot: LonLat


@dataclass(frozen=True)
class Visit:
    """One inspection to send, with its findings.

    ``register`` is (id, document) of a place to register before, if it is a new one.
    """

    id: str
    hazards: tuple[Hazard, ...]
    document: dict[str, Any]
    register: tuple[str, dict[str, Any]] | None


def new_id() -> str:
    """Return an id as a phone makes it: fresh on every day, whatever the seed."""
    return str(uuid4())


def grouped(
    tasks: list[Task], field: Field, rng: Random
) -> list[tuple[str, list[tuple[Task, Checkpoint]]]]:
    """Return (item, tasks with their checkpoints) for each visit.

    Tasks that the same checklist can hold, found on the same day, may share a visit.
    """
    waiting = list(tasks)
    visits = []
    while waiting:
        first = waiting.pop(0)
        item = rng.choice(field.items_for(first[0]))
        taken: set[str] = set()
        found = [(first, _checkpoint(field, first[0], item, taken, rng))]
        wanted = rng.choice([1, 2, 2, 3])
        for task in list(waiting):
            scenario = task[0]
            same = scenario.days_ago == first[0].days_ago and item in scenario.items
            if len(found) == min(wanted, MOST_FINDINGS):
                break
            if same and field.fitting(scenario, item, taken):
                waiting.remove(task)
                found.append((task, _checkpoint(field, scenario, item, taken, rng)))
        visits.append((item, found))
    return visits


def _checkpoint(
    field: Field, scenario: Scenario, item: str, taken: set[str], rng: Random
) -> Checkpoint:
    chosen = rng.choice(field.fitting(scenario, item, taken))
    taken.add(chosen["id"])
    return chosen


def clean_visit(field: Field, rng: Random, now: datetime) -> Visit:
    """Return a visit in which nothing is found."""
    item = rng.choice(sorted(field.checklists))
    return make_visit(field, item, [], rng, now)


def make_visit(
    field: Field,
    item: str,
    found: list[tuple[Task, Checkpoint]],
    rng: Random,
    now: datetime,
) -> Visit:
    """Return the documents of a visit that ended before ``now`` (aware)."""
    days_ago = found[0][0][0].days_ago if found else 0
    finished = now - timedelta(days=days_ago, minutes=rng.randint(5, 240))
    started = finished - timedelta(minutes=rng.randint(12, 45))
    spot = field.anywhere(rng)
    # By itself: places that are there already must not change what is found.
    place, register, name = _place(field, item, spot, Random(rng.getrandbits(64)))  # noqa: S311
    inspection = new_id()
    hazards = [
        _hazard(task, checkpoint, item, inspection, place, name, spot, started, rng)
        for task, checkpoint in found
    ]
    checklist = field.checklists[item]
    document = {
        "checklist": item,
        "version": checklist.version,
        "place": place,
        "started_at": started.isoformat(timespec="seconds"),
        "finished_at": finished.isoformat(timespec="seconds"),
        "position": _position(spot, rng),
        "answers": _answers(checklist, {h.checkpoint["id"] for h in hazards}, rng),
        "companions": rng.choice([[], [], ["社区民警"]]),
    }
    if rng.random() < 0.8:
        document["signature"] = _signature(name, [h.scenario for h in hazards])
    return Visit(inspection, tuple(hazards), document, register)


def _place(
    field: Field, item: str, spot: LonLat, rng: Random
) -> tuple[Any, tuple[str, dict[str, Any]] | None, str]:
    """Return the place as findings name it, what to register, and its name."""
    if item not in AT_PLACES:
        name = words.spot_name(rng, item)
        return {"name": name, "kind": item}, None, name
    kind = field.kinds.get(item, {"code": item, "risk_point": False})
    known = field.places.setdefault(kind["code"], [])
    if known and rng.random() < 0.4:
        place = rng.choice(known)
        return place["id"], None, place["name"]
    name, id = words.place_name(rng, item), new_id()
    document = {
        "name": name,
        "kind": kind["code"],
        "address": f"{rng.randint(1, 200)}号{words.MARK}",
        "position": _position(spot, rng),
        "responsible_party": {"name": name, "kind": "business"},
    }
    if kind["risk_point"]:
        document["risk"] = f"{name}{words.MARK}"
        document["keeper"] = {"name": "演示管护人", "phone": "0472-0000000"}
    known.append({"id": id, "name": name, "kind": kind["code"]})
    return id, (id, document), name


def _hazard(
    task: Task,
    checkpoint: Checkpoint,
    item: str,
    inspection: str,
    place: Any,
    name: str,
    spot: LonLat,
    started: datetime,
    rng: Random,
) -> Hazard:
    scenario, path = task
    found_at = started + timedelta(minutes=rng.randint(1, 11))
    least = 1 if checkpoint["photo_required"] else 0
    photos = tuple(new_id() for _ in range(rng.choice([least, 1, 1, 2])))
    document = {
        "duty_item": item,
        "inspection": inspection,
        "checkpoint": checkpoint["id"],
        "category": checkpoint["category"],
        "severity": checkpoint["severity"],
        "description": words.description(
            rng, checkpoint["hazard"], checkpoint["category"]
        ),
        "position": _position(spot, rng),
        "place": place,
        "responsible_party": {"name": name, "kind": _party(item)},
        "found_at": found_at.isoformat(timespec="seconds"),
        "facts": sorted({*scenario.facts, *checkpoint["facts"]}),
        "handling": _handling(scenario, found_at, rng),
        "photos": list(photos),
    }
    if scenario.controls:
        measure, note = rng.choice(scenario.controls)
        document["control"] = {"measure": measure, "note": note}
    return Hazard(
        new_id(), scenario, path, checkpoint, document, photos, found_at, spot
    )


def _signature(name: str, found: list[Scenario]) -> dict[str, Any]:
    """Return who signed; whoever refused correction refuses that as well."""
    if any(scenario.refusals for scenario in found):
        return {"name": name, "refused": True, "note": "当场拒绝签字"}
    return {"name": name, "refused": False}


def _party(item: str) -> str:
    if item in AT_PLACES:
        return "business"
    return "owner" if item == "28" else "household"


def _handling(scenario: Scenario, found_at: datetime, rng: Random) -> dict[str, Any]:
    handling: dict[str, Any] = {
        "kind": scenario.handling,
        "note": rng.choice(scenario.reasons),
    }
    if scenario.notice:
        day = found_at.astimezone(CHINA).date()
        handling["due_on"] = due(day, rng.randint(3, 10)).isoformat()
    if scenario.refusals:
        how, said = rng.choice(scenario.refusals)
        handling["refused"] = {"how": how, "note": said}
    return handling


def due(day: date, days: int) -> date:
    """Return the day ``days`` after ``day``, or the next working day."""
    return workdays.calendar().on_or_after(day + timedelta(days=days))


def _position(spot: LonLat, rng: Random) -> dict[str, Any]:
    """Return the position document; CGCS 2000 is WGS 84 as far as a phone can tell."""
    return {
        "type": "Point",
        "coordinates": list(spot),
        "accuracy_m": rng.randint(3, 25),
        "datum": rng.choice(["wgs84", "wgs84", "wgs84", "cgcs2000"]),
    }


def _answers(
    checklist: Checklist, failed: set[str], rng: Random
) -> list[dict[str, Any]]:
    return [
        {
            "checkpoint": c["id"],
            "answer": "no" if c["id"] in failed else rng.choice(["yes"] * 9 + ["na"]),
        }
        for c in checklist.checkpoints
    ]
