"""What a phone carries: the bundle it fetched, and where its holder patrols."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from shapely import Point, prepare
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from server.demo.day.client import DayFailed, Session
from server.demo.day.pictures import LonLat
from server.demo.day.scenarios import Checkpoint, Scenario

# Seven decimals are about a centimetre.
DECIMALS = 7
TRIES = 10_000


@dataclass(frozen=True)
class Checklist:
    """A checklist as the bundle holds it."""

    code: str
    version: int
    checkpoints: tuple[Checkpoint, ...]


class Field:
    """The bundle of one phone.

    Attributes:
        checklists: by code.
        chain: codes of the holder's area and of all above it.
        boundary: of the holder's area, EPSG:4326.
    """

    def __init__(self, bundle: dict[str, Any], own_area: str) -> None:
        """Take the bundle in.

        Raises:
            DayFailed: the bundle lacks a checklist or the area's boundary.
        """
        self.checklists = {
            c["code"]: Checklist(c["code"], c["version"], tuple(c["checkpoints"]))
            for c in bundle["checklists"]
        }
        areas = {area["code"]: area for area in bundle["areas"]}
        own = areas.get(own_area)
        if not self.checklists or own is None or not own.get("boundary"):
            raise DayFailed(f"数据包中没有检查清单，或没有 {own_area} 的边界")
        self.area = own_area
        self.chain = frozenset(_chain(areas, own_area))
        self.boundary: BaseGeometry = shape(own["boundary"])
        prepare(self.boundary)
        vocabulary = bundle.get("vocabulary") or {}
        # The first kind of place of each item; a risk point needs more to register.
        self.kinds: dict[str, dict[str, Any]] = {}
        for kind in vocabulary.get("place_kinds", ()):
            self.kinds.setdefault(kind["items"][0], kind)
        self.places: dict[str, list[dict[str, Any]]] = {}
        for place in bundle["places"]:
            if place["area"] == own_area or place["area"].startswith(f"{own_area}-"):
                self.places.setdefault(place["kind"], []).append(place)

    @classmethod
    def fetch(cls, session: Session) -> Field:
        """Fetch the bundle of who is signed in.

        Raises:
            DayFailed: they have no area, or the bundle is of no use.
        """
        areas = session.staff["areas"]
        if not areas:
            raise DayFailed(f"{session.staff['username']} 没有责任区域")
        return cls(session.get("/device/bundle").data, areas[0]["code"])

    def anywhere(self, rng: Random) -> LonLat:
        """Return a point (lon, lat) inside the boundary."""
        west, south, east, north = self.boundary.bounds
        for _ in range(TRIES):
            lon = round(rng.uniform(west, east), DECIMALS)
            lat = round(rng.uniform(south, north), DECIMALS)
            if self.boundary.contains(Point(lon, lat)):
                return lon, lat
        raise DayFailed(f"在 {self.area} 的边界内找不到一个点")

    def items_for(self, scenario: Scenario) -> list[str]:
        """Return the items under which ``scenario`` can be found with this bundle.

        Raises:
            DayFailed: no checklist has such a checkpoint.
        """
        items = [i for i in scenario.items if self.fitting(scenario, i, set())]
        if not items:
            raise DayFailed(f"检查清单中没有适合“{scenario.name}”的检查点")
        return items

    def fitting(
        self, scenario: Scenario, item: str, taken: set[str]
    ) -> list[Checkpoint]:
        """Return the checkpoints of an item that fit and are not ``taken``."""
        checklist = self.checklists.get(item)
        checkpoints = checklist.checkpoints if checklist else ()
        return [c for c in checkpoints if scenario.fits(c) and c["id"] not in taken]


def _chain(areas: dict[str, dict[str, Any]], code: str) -> list[str]:
    codes: list[str] = []
    current: str | None = code
    while current in areas and current not in codes:
        codes.append(current)
        current = areas[current]["parent"]
    return codes
