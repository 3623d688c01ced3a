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


_ROWS = text(
    "SELECT id, at, type, actor_id, actor_name, subject_type, subject_id,"
    " payload::text AS payload, hash FROM audit_events ORDER BY id"
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
    for row in _stream():
        count += 1
        if row["id"] != expected:
            faults.append(Fault(row["id"], f"event {expected} is missing"))
        fields = {name: row[name] for name in row if name != "hash"}
        if chain.link(key, previous, **fields) != row["hash"]:
            faults.append(Fault(row["id"], "content does not match its hash"))
        previous, expected = row["hash"], row["id"] + 1
        passed = passed or previous == earlier_head
        if len(faults) >= most:
            break
    else:
        faults += _head_faults(previous, expected - 1)
        if not passed:
            faults.append(Fault(0, f"the earlier head {earlier_head} is gone"))
    return Verdict(count, previous, faults)


def _stream() -> Iterator[dict[str, Any]]:
    connection = db.session.connection(
        execution_options={"stream_results": True, "yield_per": 2000}
    )
    for row in connection.execute(_ROWS).mappings():
        yield dict(row)


def _head_faults(last_hash: str, last_id: int) -> list[Fault]:
    row = db.session.execute(
        text("SELECT last_id, last_hash FROM audit_head WHERE id = 1")
    ).one_or_none()
    if row is None:
        return [Fault(0, "the head is missing")]
    if (row.last_id, row.last_hash) != (last_id, last_hash):
        return [Fault(0, f"head is at event {row.last_id}, chain ends at {last_id}")]
    return []
