"""How an entry moves an incident; pure.

The table is the catalogue's: an entry has states it moves from and one it moves to.
Facts are always recorded, even after the end, because a phone may have been offline;
they move the incident only from where they can. Judgements (得到控制, 办结, 误报 …) are
possible only there.
"""

from __future__ import annotations

from collections.abc import Collection

from server.checklists.incidents import EntryKind, IncidentKind
from server.core.text import Text
from server.incidents.vocabulary import STATE_LABELS, State


class Refused(Exception):
    """An entry that may not be recorded now; ``missing`` must stand before it."""

    def __init__(self, why: Text, missing: Collection[str] = ()) -> None:
        super().__init__(why.en)
        self.why = why
        self.missing = list(missing)


def move(
    kind: IncidentKind, state: State, entry: EntryKind, course: Collection[str]
) -> State | None:
    """Return the state to which ``entry`` takes an incident, None when it stays.

    ``course`` are the codes of the entries recorded so far.

    Raises:
        Refused: a judgement that this state does not allow, or that lacks an entry
            which must stand before it.
    """
    if state not in entry.sources:
        if entry.decides:
            raise Refused(
                Text(
                    f"事件处于“{STATE_LABELS[state]}”状态，不能记录“{entry.title}”",
                    f"{entry.code} is not possible in state {state}",
                )
            )
        return None
    missing = [code for code in entry.requires if code not in course]
    if missing:
        titles = "、".join(kind.entry(code).title for code in missing)
        listed = ", ".join(missing)
        raise Refused(
            Text(f"须先记录：{titles}", f"To be recorded before: {listed}"), missing
        )
    assert entry.target is not None
    return State(entry.target)


def open_entries(
    kind: IncidentKind, state: State, parties: frozenset[str], course: Collection[str]
) -> list[EntryKind]:
    """Return the entries that one of ``parties`` may record now."""
    return [
        entry
        for entry in kind.entries
        if entry.open_to(parties) and _possible(kind, state, entry, course)
    ]


def _possible(
    kind: IncidentKind, state: State, entry: EntryKind, course: Collection[str]
) -> bool:
    try:
        move(kind, state, entry, course)
    except Refused:
        return False
    return True
