"""``places.yaml``, already checked, turned into the classes of ``places``."""

from __future__ import annotations

from typing import Any

from server.checklists.places import (
    AlsoItem,
    Criterion,
    Night,
    PlaceKind,
    PlaceRules,
    VisitRhythm,
)

Data = dict[str, Any]


def place_rules(data: Data) -> PlaceRules:
    """Build what a catalogue says of places."""
    night = data["night"]
    return PlaceRules(
        kinds=tuple(_kind(entry, data["visits"]) for entry in data["kinds"]),
        also=tuple(
            AlsoItem(str(e["item"]), e["attribute"], tuple(e["basis"]), e["source"])
            for e in data["also"]
        ),
        night=Night(night["from"], night["to"], night["origin"], tuple(night["basis"])),
    )


def _kind(entry: Data, visits: Data) -> PlaceKind:
    criteria = entry.get("criteria", {})
    rhythms = visits | entry.get("visits", {})
    return PlaceKind(
        code=entry["code"],
        name=entry["name"],
        items=tuple(str(item) for item in entry["items"]),
        criteria=_criteria(criteria.get("all") or criteria.get("any") or []),
        needs_all="all" in criteria,
        priority=_criteria(entry.get("priority", [])),
        risk_point=entry.get("risk_point", False),
        visits={level: VisitRhythm(**rhythm) for level, rhythm in rhythms.items()},
        basis=tuple(
            reference.replace("{item}", str(entry["items"][0]))
            for reference in entry["basis"]
        ),
        source=entry["source"],
    )


def _criteria(entries: list[Data]) -> tuple[Criterion, ...]:
    return tuple(Criterion(**entry) for entry in entries)
