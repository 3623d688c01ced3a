"""What the catalogue says of incidents (突发事件, items 45–50), as plain values.

An incident is not a hazard: it is reported, commanded and recorded, never routed by
``routing.yaml``. Its kinds are read from ``incidents.yaml``; every part names the
clauses (``basis``) from which it comes, so that each clause can be found again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TOWN = "town"
ANY = "any"

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that an entry may state (转移人数, 直接经济损失 …).

    ``type`` is ``count`` (whole, from 0) or ``measure`` (from 0); ``unit`` is said
    beside it.
    """

    code: str
    label: str
    unit: str
    type: str
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A word of a field's choice."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class ReportField:
    """A field of a report or an entry.

    ``type``: ``text``, ``choice`` (one of ``choices``), ``measure`` (a number from 0)
    or ``confirm`` (must be true).
    """

    name: str
    title: str
    type: str
    required: bool
    choices: tuple[Choice, ...]
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Involved:
    """A department and what it has to do with every incident of a kind.

    ``part`` is ``command`` (the report goes to it; exactly one), ``called`` (acts) or
    ``informed``. ``reports``: its staff may send such a report themselves.
    """

    department: str
    part: str
    reports: bool
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Doer:
    """Who may record an entry: ``town``, a department's code, or ``any`` involved."""

    party: str
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry (进展) in the course of an incident.

    In a state among ``sources`` it moves the incident to ``target``. When it
    ``decides``, it is a judgement and possible in these states only; otherwise it is
    a fact, which is recorded in any state. ``requires`` are entries that must stand in
    the course before; ``addressees`` the departments to which it goes (上报).
    """

    code: str
    title: str
    by: tuple[Doer, ...]
    fields: tuple[ReportField, ...]
    sources: tuple[str, ...]
    target: str | None
    decides: bool
    requires: tuple[str, ...]
    addressees: tuple[str, ...]

    def open_to(self, parties: frozenset[str]) -> str | None:
        """The party among ``parties`` in whose name it may be recorded, or None."""
        named = [doer.party for doer in self.by if doer.party in parties]
        if not named and any(doer.party == ANY for doer in self.by):
            named = sorted(parties)
        return named[0] if named else None

    def basis_for(self, party: str) -> list[str]:
        """The clauses by which ``party`` records it."""
        rows = [doer for doer in self.by if doer.party in (party, ANY)]
        return [reference for doer in rows for reference in doer.basis]


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """A kind of incident; ``place_label`` is what its ``place_text`` is called.

    ``basis`` are the clauses on which the report itself rests.
    """

    code: str
    item: str
    title: str
    place_label: str
    fields: tuple[ReportField, ...]
    involved: tuple[Involved, ...]
    entries: tuple[EntryKind, ...]
    basis: tuple[str, ...]
    source: str

    @property
    def command(self) -> str:
        """The code of the department to which the report goes."""
        return next(i.department for i in self.involved if i.part == "command")

    def entry(self, code: str) -> EntryKind:
        """The kind of entry with this code. Raises KeyError when there is none."""
        for entry in self.entries:
            if entry.code == code:
                return entry
        raise KeyError(code)

    def homes(self) -> Iterator[tuple[str, str]]:
        """Each clause reference with the place in this kind that answers for it."""
        yield from _at(f"{self.code}.report", self)
        for field in self.fields:
            yield from _at(f"{self.code}.report.{field.name}", field)
        for involved in self.involved:
            yield from _at(
                f"{self.code}.{involved.part}.{involved.department}", involved
            )
        for entry in self.entries:
            for doer in entry.by:
                yield from _at(f"{self.code}.{entry.code}.{doer.party}", doer)
            for field in entry.fields:
                yield from _at(f"{self.code}.{entry.code}.{field.name}", field)


Cited = Figure | ReportField | Involved | Doer | IncidentKind


def _at(place: str, cited: Cited) -> Iterator[tuple[str, str]]:
    return ((reference, place) for reference in cited.basis)


# --- from incidents.yaml, already checked ----------------------------------------


def figures(data: Data) -> tuple[Figure, ...]:
    """The vocabulary of figures."""
    return tuple(
        Figure(
            code=row["code"],
            label=row["label"],
            unit=row["unit"],
            type=row["type"],
            basis=tuple(row["basis"]),
            source=row["source"],
        )
        for row in data.get("figures", ())
    )


def kinds(data: Data) -> tuple[IncidentKind, ...]:
    """The kinds of incidents; entries take title and moves from the vocabulary."""
    words = {row["code"]: row for row in data.get("entries", ())}
    return tuple(
        IncidentKind(
            code=row["code"],
            item=str(row["item"]),
            title=row["title"],
            place_label=row["place_label"],
            fields=tuple(_field(f) for f in row["fields"]),
            involved=tuple(_involved(i) for i in row["involved"]),
            entries=tuple(_entry(e, words[e["entry"]]) for e in row["entries"]),
            basis=tuple(row["basis"]),
            source=row["source"],
        )
        for row in data["incidents"]
    )


def _field(row: Data) -> ReportField:
    return ReportField(
        name=row["name"],
        title=row["title"],
        type=row["type"],
        required=row["required"],
        choices=tuple(Choice(**choice) for choice in row.get("choices", ())),
        basis=tuple(row["basis"]),
        source=row["source"],
    )


def _involved(row: Data) -> Involved:
    return Involved(
        department=row["department"],
        part=row["part"],
        reports=row.get("reports", False),
        basis=tuple(row["basis"]),
        source=row["source"],
    )


def _entry(row: Data, word: Data) -> EntryKind:
    moves = word.get("moves", {})
    return EntryKind(
        code=row["entry"],
        title=row["title"] if "title" in row else word["title"],
        by=tuple(
            Doer(doer["party"], tuple(doer["basis"]), doer["source"])
            for doer in row["by"]
        ),
        fields=tuple(_field(f) for f in row.get("fields", ())),
        sources=tuple(moves.get("from", ())),
        target=moves.get("to"),
        decides=word.get("decides", False),
        requires=tuple(row.get("requires", ())),
        addressees=tuple(row.get("addressees", ())),
    )
