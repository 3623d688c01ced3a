"""Kinds of places (场所类型) of a catalogue, and who belongs to each; pure.

Read from ``places.yaml``. A kind's criteria are read with three answers: a place is
inside, outside, or it cannot be told because the register does not hold the figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RISK_LEVELS = ("low", "medium", "high")
UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition over an attribute; bounds include the number (以上、以下).

    ``open``: the bound is a local threshold that nobody has set, so the condition
    decides nothing. ``origin`` says whose setting a local bound is.
    """

    attribute: str
    at_least: float | None = None
    at_most: float | None = None
    equals: bool | None = None
    open: bool = False
    origin: str | None = None

    @property
    def decides(self) -> bool:
        """Whether there is anything to compare with."""
        return any(v is not None for v in (self.at_least, self.at_most, self.equals))

    def met(self, attributes: Mapping[str, Any]) -> bool | None:
        """Whether the attributes meet it; None where the attribute is not known."""
        value = attributes.get(self.attribute)
        if value is None or not self.decides:
            return None
        if self.equals is not None:
            return bool(value is self.equals)
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class VisitRhythm:
    """How often a place is visited, in days; ``origin`` says whose figure it is."""

    days: int
    origin: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a place belongs to its kind.

    ``state`` is ``inside``, ``outside`` or ``unknown``. ``failed`` are the criteria
    that are known not to be met, ``missing`` the attributes that would tell, ``open``
    those whose local threshold is not set, ``priority`` the attributes that make it
    one to be inspected first.
    """

    state: str
    failed: tuple[Criterion, ...]
    missing: tuple[str, ...]
    open: tuple[str, ...]
    priority: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """One kind of place; see ``places.yaml`` for the fields.

    ``needs_all`` tells whether every criterion is needed or any one suffices.
    """

    code: str
    name: str
    items: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    needs_all: bool
    priority: tuple[Criterion, ...]
    risk_point: bool
    visits: dict[str, VisitRhythm]
    basis: tuple[str, ...]
    source: str

    def judge(self, attributes: Mapping[str, Any]) -> Judgement:
        """Tell whether a place with these attributes belongs to this kind."""
        deciding = [one for one in self.criteria if one.decides]
        met = [(one, one.met(attributes)) for one in deciding]
        answers = [answer for _, answer in met]
        wanted = not self.needs_all
        if not deciding:
            state = "inside"
        elif wanted in answers:
            state = "outside" if self.needs_all else "inside"
        elif None in answers:
            state = "unknown"
        else:
            state = "inside" if self.needs_all else "outside"
        missing = [one.attribute for one, answer in met if answer is None]
        return Judgement(
            state=state,
            failed=tuple(one for one, answer in met if answer is False),
            missing=tuple(missing) if state == "unknown" else (),
            open=tuple(one.attribute for one in self.criteria if one.open),
            priority=tuple(
                one.attribute for one in self.priority if one.met(attributes)
            ),
        )

    def rhythm(self, risk_level: str | None) -> VisitRhythm:
        """How often a place of this kind and risk level is visited."""
        return self.visits[risk_level or UNRATED]


@dataclass(frozen=True, slots=True)
class AlsoItem:
    """A place of any kind with this attribute is inspected under ``item`` as well."""

    item: str
    attribute: str
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Night:
    """The hours of a night patrol (夜间巡查), local time ``HH:MM``, over midnight."""

    begin: str
    end: str
    origin: str
    basis: tuple[str, ...]


@dataclass(frozen=True)
class PlaceRules:
    """What a catalogue says of places. Empty in rules published before it did."""

    kinds: tuple[PlaceKind, ...] = field(default=())
    also: tuple[AlsoItem, ...] = field(default=())
    night: Night | None = None

    def kind(self, code: str) -> PlaceKind | None:
        """The kind with this code, if there is one."""
        return next((kind for kind in self.kinds if kind.code == code), None)

    def kinds_of(self, item: str) -> tuple[str, ...]:
        """Codes of the kinds inspected under a duty item."""
        return tuple(kind.code for kind in self.kinds if item in kind.items)

    def also_by(self, item: str) -> tuple[str, ...]:
        """Attributes by which a place of any kind is inspected under an item."""
        return tuple(one.attribute for one in self.also if one.item == item)
