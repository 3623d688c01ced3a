"""Hints in an import's report: a new row that may be a place there is already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import cos, floor, radians
from typing import Any

from server.core.batches import batched
from server.core.geo import metres_between
from server.places import naming, queries, service
from server.places.report import Entry, Outcome

# Rows told of one row, and rows compared with one: a hint, not a search.
MOST = 5
MOST_COMPARED = 40
_METRES_PER_DEGREE = 111_000.0


def add_hints(entries: Sequence[Entry]) -> None:
    """Add to each new row the places, and the other new rows, that may be the same."""
    new = [entry for entry in entries if entry.outcome is Outcome.REGISTERED]
    for some in batched(new, 2000):
        by_number = {entry.number: entry for entry in some}
        for row in queries.neighbours([_wanted(e) for e in some], service.NEAR):
            entry = by_number[row.n]
            code = entry.stored["credit_code"]
            entry.hints += service.hints(entry.stored["name"], code, row)
    _compare_rows(new)
    for entry in new:
        del entry.hints[MOST:]


def _wanted(entry: Entry) -> dict[str, Any]:
    return {
        "n": entry.number,
        "lon": entry.position.lon,
        "lat": entry.position.lat,
        "kind": entry.kind,
        "code": entry.stored["credit_code"],
        "town": naming.town_of(entry.spot.path),
    }


def _compare_rows(new: Sequence[Entry]) -> None:
    """Compare each new row with those before it in its own and the next squares."""
    squares: dict[tuple[str, int, int], list[Entry]] = defaultdict(list)
    for entry in new:
        kind, x, y = _square(entry)
        near = [
            other
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in squares[kind, x + dx, y + dy]
        ]
        entry.hints += _alike(entry, near[-MOST_COMPARED:])
        squares[kind, x, y].append(entry)


def _square(entry: Entry) -> tuple[str, int, int]:
    lon, lat = entry.position.lon, entry.position.lat
    north = lat * _METRES_PER_DEGREE / service.NEAR
    # The row of the square, not the point, decides its width: columns stay aligned.
    width = cos(radians(floor(lat * 10) / 10))
    east = lon * _METRES_PER_DEGREE * width / service.NEAR
    return str(entry.kind), floor(east), floor(north)


def _alike(entry: Entry, others: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    for other in others:
        one, two = entry.position, other.position
        metres = metres_between(one.lon, one.lat, two.lon, two.lat)
        if metres <= service.NEAR and naming.alike(
            entry.stored["name"], other.stored["name"]
        ):
            yield {
                "row": other.number,
                "name": other.stored["name"],
                "kind": other.kind,
                "metres": round(metres, 1),
                "why": "near_and_alike",
            }
