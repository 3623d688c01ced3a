"""Does the chain still say what was written? The check behind ``audit verify``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import text

from server.audit import chain
from server.core.db import db


class Fault(NamedTuple):
    """One place where the trail does not hold; ``event_id`` 0 is the head."""

    event_id: int
    what: str


class Verdict(NamedTuple):
    """Result of a check: how many events, the head's hash, the faults found."""

    events: int
    head: str
    faults: list[Fault]


# Events and head in one statement, that is, of one moment: the trail of a running
# system grows while it is walked. There is a row even when there is no event.
_ROWS = text(
    "SELECT e.id, e.at, e.type, e.actor_id, e.actor_name, e.subject_type,"
    " e.subject_id, e.payload::text AS payload, e.hash, h.last_id, h.last_hash"
    " FROM (SELECT 1) AS one"
    " LEFT JOIN audit_events e ON true LEFT JOIN audit_head h ON h.id = 1"
    " ORDER BY e.id"
)


def verify(key: bytes, *, earlier_head: str | None = None, most: int = 100) -> Verdict:
    """Walk the whole chain and compare it with its head.

    Finds a changed, removed, inserted or reordered event anywhere, and a cut end.
    With the head's hash of an earlier check kept elsewhere it also proves that the
    trail was not set back to an older state.
    """
    faults: list[Fault] = []
    previous, expected, count = chain.GENESIS, 1, 0
    passed = earlier_head in {None, chain.GENESIS}
    head: tuple[int | None, str | None] = (None, None)
    for row in _stream():
        head = row.pop("last_id"), row.pop("last_hash")
        if row["id"] is None:
            break
        count += 1
        if row["id"] != expected:
            faults.append(Fault(row["id"], f"event {expected} is missing"))
        fields = {name: row[name] for name in row if name != "hash"}
        if chain.link(key, previous, **fields) != row["hash"]:
            faults.append(Fault(row["id"], "content does not match its hash"))
        previous, expected = row["hash"], row["id"] + 1
        passed = passed or previous == earlier_head
        if len(faults) >= most:
            return Verdict(count, previous, faults)
    faults += _head_faults(head, (expected - 1, previous))
    if not passed:
        faults.append(Fault(0, f"the earlier head {earlier_head} is gone"))
    return Verdict(count, previous, faults)


def _stream() -> Iterator[dict[str, Any]]:
    streaming = {"stream_results": True, "yield_per": 2000}
    with db.session.execute(_ROWS, execution_options=streaming) as rows:
        for row in rows.mappings():
            yield dict(row)


def _head_faults(
    head: tuple[int | None, str | None], end: tuple[int, str]
) -> list[Fault]:
    if head == (None, None):
        return [Fault(0, "the head is missing")]
    if head != end:
        return [Fault(0, f"head is at event {head[0]}, chain ends at {end[0]}")]
    return []
