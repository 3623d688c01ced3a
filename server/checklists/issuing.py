"""How papers (文书) are numbered, and on which law they rest: ``issuing.yaml``; pure.

A number (文号) is made of the office's word (机关代字), the series' mark, the year and
a serial number: 昆消 + 责改 + 〔2026〕 + 12号. Each word and mark together count for
themselves, year by year.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from server.checklists.marked import Fault, Marked, Where

Data = dict[str, Any]
PLACES = ("{office}", "{mark}", "{year}", "{serial}")


@dataclass(frozen=True, slots=True)
class Office:
    """A department as it signs: its ``word`` in numbers, its ``name`` in print."""

    department: str
    word: str
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """The papers of one kind, or of one title of it, that are issued with a number.

    ``issuers`` (codes): only they issue it; empty is every office, or with ``town``
    every town. ``laws`` are cited in print.
    """

    kind: str
    title: str | None
    issuers: tuple[str, ...]
    town: bool
    mark: str
    laws: tuple[str, ...]
    source: str

    def is_for(self, kind: str, title: str) -> bool:
        """Whether papers of this kind and title are counted here."""
        return self.kind == kind and self.title in (None, title)


@dataclass(frozen=True, slots=True)
class Issuing:
    """What a town's catalogue says of numbers; empty where nothing is issued."""

    form: str = ""
    offices: tuple[Office, ...] = ()
    series: tuple[Series, ...] = ()

    def office(self, department: str | None) -> Office | None:
        """The office of a department (code), if it issues anything."""
        return next((o for o in self.offices if o.department == department), None)

    def series_of(self, kind: str, title: str) -> Series | None:
        """The series of papers with this kind and title; the first that fits."""
        return next((s for s in self.series if s.is_for(kind, title)), None)

    def titled(self, kind: str) -> str | None:
        """The title of a kind that has but one, and is no matter of the list's."""
        return next((s.title for s in self.series if s.kind == kind), None)

    def number(self, office: Office, series: Series, year: int, serial: int) -> str:
        """The number as printed, such as 昆消责改〔2026〕12号."""
        return self.form.format(
            office=office.word, mark=series.mark, year=year, serial=serial
        )


def issuing(data: Data) -> Issuing:
    """Build what ``issuing.yaml`` says."""
    return Issuing(
        form=data["form"],
        offices=tuple(Office(**office) for office in data["offices"]),
        series=tuple(
            Series(
                kind=row["kind"],
                title=row.get("title"),
                issuers=tuple(row.get("issuers", ())),
                town=row.get("town", False),
                mark=row["mark"],
                laws=tuple(row.get("laws", ())),
                source=row["source"],
            )
            for row in data["series"]
        ),
    )


def faults(
    marked: Marked, levels: dict[str, str], documents: list[Data]
) -> Iterator[Fault]:
    """All faults of issuing.yaml: unknown offices, numbers that could be two papers'.

    ``levels`` are those of the departments by code, ``documents`` the entries of
    documents.yaml.
    """
    missing = [place for place in PLACES if place not in marked.data["form"]]
    if marked.data["offices"] and missing:
        yield marked.fault(f"编号格式缺少 {'、'.join(missing)}", "form")
    seen: dict[str, Where] = {}
    for i, office in enumerate(marked.data["offices"]):
        at: Where = ("offices", i)
        if office["department"] not in levels:
            yield marked.fault(f"没有部门 {office['department']}", *at, "department")
        for name in ("department", "word"):
            yield from _twice(marked, seen, office[name], (*at, name))
    marks: dict[str, Where] = {}
    series: dict[str, Where] = {}
    for i, row in enumerate(marked.data["series"]):
        at = ("series", i, "mark")
        yield from _twice(marked, marks, row["mark"], at)
        for office in marked.data["offices"]:
            yield from _twice(marked, series, office["word"] + row["mark"], at)
        yield from _issuers(marked, i, row, levels, documents)


def _twice(
    marked: Marked, seen: dict[str, Where], value: str, at: Where
) -> Iterator[Fault]:
    if value in seen:
        yield marked.fault(f"{value} 已写在第 {marked.line(*seen[value])} 行", *at)
    seen.setdefault(value, at)


def _issuers(
    marked: Marked, i: int, row: Data, levels: dict[str, str], documents: list[Data]
) -> Iterator[Fault]:
    """What documents.yaml reserves to some departments is numbered for them alone."""
    at: Where = ("series", i)
    issuers = row.get("issuers", [])
    for j, code in enumerate(issuers):
        if code not in levels:
            yield marked.fault(f"没有部门 {code}", *at, "issuers", j)
    named = [d for d in documents if (d["kind"], d["title"]) == _key(row)]
    own = {code for d in named for code in d.get("departments", ())}
    if own and own != set(issuers):
        listed = "、".join(sorted(own))
        message = f"{row['title']} 按 documents.yaml 只能由 {listed} 制发"
        yield marked.fault(message, *at, "issuers")


def _key(row: Data) -> tuple[str, str | None]:
    return row["kind"], row.get("title")
