"""The clause account as text, Markdown and JSON; pure.

Chinese throughout: it is read by people of the town and the district.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from server.checklists.clauses import LABELS, OUTSIDE, Clause, Home, Listing, missing

NOWHERE = "未落实"
PARTY = {"township": "镇", "support": "履职保障"}


def text(clauses: Iterable[Clause]) -> Iterator[str]:
    """One line a clause: its reference, then its homes."""
    for clause in clauses:
        yield f"{clause.reference}  {_homes(clause, '；')}"


def document(listing: Listing, clauses: list[Clause]) -> dict[str, Any]:
    """The JSON-able form."""
    return {
        "catalogue": listing.rules.catalogue,
        "title": listing.title,
        "count": len(clauses),
        "missing": [clause.reference for clause in missing(clauses)],
        "clauses": [
            {
                "clause": clause.reference,
                "duty_item": clause.item.number,
                "homes": [
                    {"kind": home.kind, "key": home.key, "words": home.words}
                    for home in clause.homes
                ],
            }
            for clause in clauses
        ],
    }


def markdown(listing: Listing, clauses: list[Clause]) -> Iterator[str]:
    """The lines of ``docs/clauses.md``: a section an item, a row a clause."""
    homeless = len(missing(clauses))
    outside = sum(1 for c in clauses if any(h.kind == OUTSIDE for h in c.homes))
    yield f"# 条款归宿：{listing.title}"
    yield ""
    yield "<!-- Written by `patrol clauses --write`: change the catalogue. -->"
    yield ""
    yield (
        f"共 {len(clauses)} 条：{len(clauses) - outside - homeless} 条在系统内，"
        f"{outside} 条在系统之外，{homeless} 条{NOWHERE}。"
        "条款以“事项.主体.序号”引用，原文见清单。"
    )
    for item, of_item in groupby(clauses, lambda clause: clause.item):
        yield ""
        yield f"## {item.number} {item.name}"
        yield ""
        yield "| 条款 | 归宿 |"
        yield "|---|---|"
        for clause in of_item:
            yield f"| {_short(clause.reference)} | {_homes(clause, '；<br>')} |"


def _short(reference: str) -> str:
    """``30.township.3`` as it reads within its item's section: ``镇 3``."""
    _, party, *numbers = reference.split(".")
    return f"{PARTY.get(party, party)} {'.'.join(numbers)}".rstrip()


def _homes(clause: Clause, between: str) -> str:
    if not clause.homes:
        return NOWHERE
    kinds: dict[str, list[Home]] = {}
    for home in clause.homes:
        kinds.setdefault(home.kind, []).append(home)
    return between.join(
        f"{LABELS[kind]}：{'、'.join(_words(home) for home in of_kind)}"
        for kind, of_kind in kinds.items()
    )


def _words(home: Home) -> str:
    """A checkpoint by its id, as there are many; all else also by its words."""
    if home.kind == "checkpoint" or not home.words:
        return home.key
    return f"{home.words}（{home.key}）" if home.key else home.words
