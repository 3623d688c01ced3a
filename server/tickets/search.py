"""Search over tickets: what is written for it, and what a query asks for.

Names of areas, items and categories are looked up when somebody asks; what is indexed
are their codes, so that a new name finds old tickets too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from server.areas.queries import by_codes
from server.areas.queries import named as areas_named
from server.audit.models import AuditEvent
from server.checklists.catalogue import Rules
from server.checklists.service import newest_rules, rules_of
from server.core import fastsql
from server.core.db import db
from server.tickets import terms
from server.tickets.models import Ticket, TicketSearch
from server.tickets.queries import SUBJECT

# Of a timeline longer than this no more is searched (characters): a tsvector holds
# one MiB.
MOST_SAID = 100_000
# What a ticket's number looks like. It is found whole, not by its beginning.
_NUMBER = re.compile(r"\w+-\d{8}-\d+", re.A)
# One character stands in the name of nearly every area.
SHORTEST_NAME = 2


def row_of(ticket: dict[str, Any], *said: str | None) -> dict[str, Any]:
    """Return the row for a ticket that is opened; ``said``: notes of its opening."""
    party = (ticket["responsible_party"] or {}).get("name")
    running = ticket["number"].rpartition("-")[2]
    head = terms.plain(running, ticket["description"], ticket["place_name"], party)
    rest = terms.plain(*said)
    keys = [terms.key("area", code) for code in ticket["area_path"].split("/") if code]
    keys += [
        terms.key(kind, f"{ticket['catalogue']}.{ticket[kind]}")
        for kind in ("duty_item", "category")
    ]
    return {
        "ticket_id": ticket["id"],
        "head": head,
        "rest": rest,
        "terms": terms.vector(terms.pieces(head) | terms.pieces(rest), keys),
    }


_ADD = """
    UPDATE ticket_search
       SET rest = concat_ws(' ', nullif(rest, ''), %(said)s::text),
           terms = terms || %(terms)s::tsvector
     WHERE ticket_id = %(ticket)s AND length(rest) < %(most)s
    """


def add(ticket_id: int, *said: str | None) -> None:
    """Let what was said on a ticket be found (a note, a document's number)."""
    plain = terms.plain(*said)
    if not plain:
        return
    pieces = terms.vector(terms.pieces(plain))
    values = {"said": plain, "terms": pieces, "ticket": ticket_id, "most": MOST_SAID}
    fastsql.execute(_ADD, values)


@dataclass(frozen=True)
class Word:
    """One word of a query and the names it stands in.

    Attributes:
        said: as it was written, in one form.
        plain: as texts are stored; empty when it is punctuation only.
        keys: the lexemes of areas, items and categories with such a name.
    """

    said: str
    plain: str
    keys: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        """Whether it is a ticket's number."""
        return _NUMBER.fullmatch(self.said) is not None


@dataclass(frozen=True)
class Wanted:
    """What a query asks for, ready for a statement."""

    words: tuple[Word, ...]

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on :class:`Ticket`: every word is found."""
        if not self.words:
            return true()
        searched = [word for word in self.words if word.plain and not word.is_number]
        conditions = [_literally(word) for word in self.words if word not in searched]
        if searched:
            conditions.append(
                exists(
                    select(1).where(
                        TicketSearch.ticket_id == Ticket.id, *map(_found, searched)
                    )
                )
            )
        return and_(*conditions)

    def rank(self) -> ColumnElement[int]:
        """Return how well a ticket matches.

        2: every word is in what the hazard is; 1: some only in what was said on the
        way, or in a name.
        """
        searched = [word for word in self.words if word.plain and not word.is_number]
        if not searched:
            return cast(literal(2), BigInteger)
        inside = exists(
            select(1).where(
                TicketSearch.ticket_id == Ticket.id,
                *(TicketSearch.head.contains(word.plain) for word in searched),
            )
        )
        return cast(case((inside, 2), else_=1), BigInteger)


def _literally(word: Word) -> ColumnElement[bool]:
    if word.is_number:
        return Ticket.number == word.said
    return or_(
        Ticket.description.contains(word.said, autoescape=True),
        Ticket.place_name.contains(word.said, autoescape=True),
    )


def _found(word: Word) -> ColumnElement[bool]:
    asked = f"({terms.asked(word.plain)})"
    standing = or_(
        TicketSearch.head.contains(word.plain), TicketSearch.rest.contains(word.plain)
    )
    if word.keys:
        keys = " | ".join(word.keys)
        asked = f"{asked} | {keys}"
        standing = or_(standing, _matches(keys))
    return and_(_matches(asked), standing)


def _matches(query: str) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = TicketSearch.terms.op("@@")(cast(query, TSQUERY))
    return matches


def wanted(query: str) -> Wanted:
    """Read a query: several words must all be found, "…" as it stands."""
    return Wanted(tuple(_words(query)))


def _words(query: str) -> list[Word]:
    said = terms.words(query)
    named = [word for word in said if len(word) >= SHORTEST_NAME]
    areas = areas_named([word.lower() for word in named]) if named else {}
    rules = newest_rules() if named else []
    return [
        Word(
            word,
            terms.plain(word),
            (*_uppermost(areas.get(word.lower(), ())), *_titled(word, rules)),
        )
        for word in said
    ]


def _uppermost(paths: Sequence[str]) -> list[str]:
    """Return the keys of areas, without those that lie in another of them."""
    above: list[str] = []
    for path in sorted(paths):
        if not above or not path.startswith(above[-1]):
            above.append(path)
    return [terms.key("area", path.split("/")[-2]) for path in above]


def _titled(word: str, rules: Sequence[Rules]) -> list[str]:
    """Return the keys of the items and categories whose title holds a word."""
    asked = terms.plain(word)
    if len(asked) < SHORTEST_NAME:
        return []
    keys = []
    for known in rules:
        titles = [("duty_item", i.number, i.name) for i in known.duty_items]
        titles += [("category", c.code, c.name) for c in known.categories]
        keys += [
            terms.key(kind, f"{known.catalogue}.{code}")
            for kind, code, title in titles
            if asked in terms.plain(title)
        ]
    return keys


# Characters shown before and after a match.
AROUND = 20


def snippet(text: str, word: Word) -> str | None:
    """Return the part of ``text`` in which a word stands, None where it does not.

    The text as it was written is searched character by character in its one form,
    whatever separates its runs.
    """
    if not word.plain:
        at = text.find(word.said)
        return None if at < 0 else _around(text, at, at + len(word.said))
    if word.plain not in terms.plain(text):
        return None
    letters = word.plain.replace(" ", "")
    folded, places = [], []
    for place, character in enumerate(text):
        for one in terms.plain(character):
            folded.append(one)
            places.append(place)
    at = "".join(folded).find(letters)
    if at < 0:  # letters that only together have one form
        return text[: 2 * AROUND]
    return _around(text, places[at], places[at + len(letters) - 1] + 1)


def _around(text: str, start: int, end: int) -> str:
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    before, after = "…" if first else "", "…" if last < len(text) else ""
    return before + text[first:last] + after


def highlights(
    wanted: Wanted, texts: Sequence[tuple[str, str | None]]
) -> list[dict[str, str]]:
    """Return where the words stand in the (field, text) pairs of one ticket.

    Of each field the first text that holds a word is shown.
    """
    found: dict[tuple[str, str], str] = {}
    for word in wanted.words:
        for field, text in texts:
            if text and (field, word.said) not in found:
                part = _shown(field, text, word)
                if part is not None:
                    found[(field, word.said)] = part
    return [
        {"field": field, "word": word, "snippet": part}
        for (field, word), part in found.items()
    ]


def _shown(field: str, text: str, word: Word) -> str | None:
    if field == "number":
        running = text.rpartition("-")[2]
        fits = text == word.said or (bool(word.plain) and word.plain in running)
        return text if fits else None
    return snippet(text, word)


def said_on(numbers: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the (field, text) of notes and documents of tickets, by number."""
    said: dict[str, list[tuple[str, str]]] = {number: [] for number in numbers}
    payload = AuditEvent.payload
    query = (
        select(
            AuditEvent.subject_id,
            payload["note"].as_string(),
            func.coalesce(
                payload["document"]["number"].as_string(),
                payload["document_no"].as_string(),
            ),
        )
        .where(AuditEvent.subject_type == SUBJECT, AuditEvent.subject_id.in_(numbers))
        .where(AuditEvent.type != "ticket.found")
        .order_by(AuditEvent.id)
    )
    for number, note, document in db.session.execute(query):
        said[number] += [("note", note)] if note else []
        said[number] += [("document", document)] if document else []
    return said


def texts_of(tickets: Sequence[Ticket]) -> dict[str, list[tuple[str, str | None]]]:
    """Return all that is searched of tickets as (field, text), by number."""
    said = said_on([ticket.number for ticket in tickets])
    codes = {code for t in tickets for code in t.area_path.split("/") if code}
    names = {code: area.name for code, area in by_codes(sorted(codes)).items()}
    texts: dict[str, list[tuple[str, str | None]]] = {}
    for ticket in tickets:
        rules = rules_of(ticket.ruleset_id)
        texts[ticket.number] = [
            ("number", ticket.number),
            ("description", ticket.description),
            ("place", ticket.place_name),
            ("responsible_party", (ticket.responsible_party or {}).get("name")),
            *(("area", names.get(code)) for code in ticket.area_path.split("/")),
            ("duty_item", rules.duty_item(ticket.duty_item).name),
            ("category", rules.category(ticket.category).name),
            *said[ticket.number],
        ]
    return texts
