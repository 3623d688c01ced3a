"""The audit trail: what is recorded, and that no change of it stays unseen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.app import audit_key
from server.audit import chain
from server.audit.models import AuditEvent, AuditHead, Delivery
from server.audit.service import record
from server.audit.verify import Verdict, verify
from server.core.db import commit, db, unit_of_work
from server.wiring import SUBSCRIPTIONS
from tests.factories import Factory


@pytest.fixture
def key(app: Flask) -> bytes:
    """The key of this installation's chain."""
    return audit_key(app.extensions["settings"])


@pytest.fixture
def trail(make: Factory) -> list[int]:
    """Ids of a few events at the end of the trail, oldest first."""
    worker = make.grid_worker()
    start = last_id()
    number = make.reported(worker)
    make.handler().done(number, "accept", note="收到")
    return list(range(start + 1, last_id() + 1))


def last_id() -> int:
    """Return the id at the chain's head."""
    return db.session.scalars(select(AuditHead.last_id)).one()


def execute(sql: str, **values: Any) -> None:
    """Run one statement in the session's transaction."""
    db.session.execute(text(sql), values)


def with_power(sql: str, **values: Any) -> None:
    """Do what only someone with the database's highest rights can."""
    execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
    execute("ALTER TABLE outbox DISABLE TRIGGER ALL")
    execute("DELETE FROM outbox")
    execute(sql, **values)


def found(verdict: Verdict) -> list[tuple[int, str]]:
    """Return the faults as plain pairs."""
    return [(fault.event_id, fault.what) for fault in verdict.faults]


MISMATCH = "content does not match its hash"


def test_the_chain_holds(key: bytes, trail: list[int]) -> None:
    verdict = verify(key)
    assert verdict.faults == []
    assert verdict.events == trail[-1] == last_id()
    assert verdict.head == db.session.scalars(select(AuditHead.last_hash)).one()


def test_ids_have_no_gaps(trail: list[int]) -> None:
    ids = list(db.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)))
    assert ids == list(range(1, trail[-1] + 1))


CHANGES = {
    "payload": "payload = replace(payload::text, '收到', '收悉')::json",
    "a blank in the payload": "payload = (payload::text || ' ')::json",
    "time": "at = at + interval '1 microsecond'",
    "actor": "actor_name = '别人'",
    "actor's id": "actor_id = gen_random_uuid()",
    "no actor": "actor_id = NULL",
    "type": "type = 'ticket.commented'",
    "kind of subject": "subject_type = 'place'",
    "subject": "subject_id = subject_id || '0'",
    "field borders": "subject_type = subject_type || 'x', subject_id = 'y'",
    "hash": "hash = repeat('a', 64)",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_event_is_refused_and_found(
    key: bytes, trail: list[int], what: str
) -> None:
    accepted = trail[-1]
    sql = f"UPDATE audit_events SET {CHANGES[what]} WHERE id = :id"
    _refused(sql, id=accepted)
    with_power(sql, id=accepted)
    faults = found(verify(key))
    assert faults[0] == (accepted, MISMATCH)
    if what == "hash":
        assert faults[1][0] == 0, "the head names the true hash"
    db.session.rollback()
    assert verify(key).faults == []


def _refused(sql: str, **values: Any) -> None:
    """Demand that the trigger refuses a statement."""
    with pytest.raises(DBAPIError, match="audit_events rows are never changed"):
        execute(sql, **values)
    db.session.rollback()


def test_a_changed_event_in_the_middle_is_found_there_alone(
    key: bytes, trail: list[int]
) -> None:
    with_power("UPDATE audit_events SET actor_name = 'x' WHERE id = :id", id=trail[1])
    assert found(verify(key)) == [(trail[1], MISMATCH)]


def test_a_deleted_event_is_refused_and_found(key: bytes, trail: list[int]) -> None:
    sql = "DELETE FROM audit_events WHERE id = :id"
    _refused(sql, id=trail[1])
    with_power(sql, id=trail[1])
    assert found(verify(key)) == [
        (trail[2], f"event {trail[1]} is missing"),
        (trail[2], MISMATCH),
    ]


def test_a_deleted_event_with_the_numbers_closed_up_is_found(
    key: bytes, trail: list[int]
) -> None:
    with_power("DELETE FROM audit_events WHERE id = :id", id=trail[1])
    for moved in trail[2:]:
        execute("UPDATE audit_events SET id = id - 1 WHERE id = :id", id=moved)
    execute("UPDATE audit_head SET last_id = last_id - 1")
    assert (trail[1], MISMATCH) in found(verify(key))


def test_a_deleted_tail_is_refused_and_found(key: bytes, trail: list[int]) -> None:
    sql = "DELETE FROM audit_events WHERE id >= :id"
    _refused(sql, id=trail[-2])
    with_power(sql, id=trail[-2])
    assert found(verify(key)) == [
        (0, f"head is at event {trail[-1]}, chain ends at {trail[-3]}")
    ]


def test_a_tail_cut_off_with_its_head_is_found_by_an_earlier_head(
    key: bytes, trail: list[int]
) -> None:
    kept = verify(key).head
    with_power("DELETE FROM audit_events WHERE id = :id", id=trail[-1])
    execute(
        "UPDATE audit_head SET last_id = :id, last_hash ="
        " (SELECT hash FROM audit_events WHERE id = :id)",
        id=trail[-2],
    )
    assert verify(key).faults == []
    assert found(verify(key, earlier_head=kept)) == [
        (0, f"the earlier head {kept} is gone")
    ]


def test_an_earlier_head_is_found_again(key: bytes, trail: list[int]) -> None:
    middle = db.session.scalars(
        select(AuditEvent.hash).where(AuditEvent.id == trail[1])
    ).one()
    assert verify(key, earlier_head=middle).faults == []
    assert verify(key, earlier_head=chain.GENESIS).faults == []


def test_everything_deleted_is_refused_and_found(key: bytes, trail: list[int]) -> None:
    _refused("DELETE FROM audit_events")
    with pytest.raises(DBAPIError, match=r"never changed|foreign key"):
        execute("TRUNCATE audit_events CASCADE")
    db.session.rollback()
    with_power("DELETE FROM audit_events")
    verdict = verify(key)
    assert (verdict.events, verdict.head) == (0, chain.GENESIS)
    assert found(verdict) == [(0, f"head is at event {trail[-1]}, chain ends at 0")]


INSERT = (
    "INSERT INTO audit_events SELECT :new, at, type, actor_id, actor_name,"
    " subject_type, subject_id, payload, hash FROM audit_events WHERE id = :id"
)


@pytest.mark.parametrize("at_the_end", [True, False])
def test_an_inserted_event_is_found(
    key: bytes, trail: list[int], at_the_end: bool
) -> None:
    """Appending is what the table is for; without the key it does not fit."""
    new = trail[-1] + 1 if at_the_end else 0
    execute(INSERT, new=new, id=trail[-1])
    faults = found(verify(key))
    assert (new, MISMATCH) in faults
    if at_the_end:
        assert faults[-1] == (
            0,
            f"head is at event {trail[-1]}, chain ends at {new}",
        )


def test_swapped_events_are_found(key: bytes, trail: list[int]) -> None:
    one, two = trail[0], trail[1]
    sql = "UPDATE audit_events SET id = :to WHERE id = :id"
    _refused(sql, id=one, to=-1)
    with_power(sql, id=one, to=-1)
    execute(sql, id=two, to=one)
    execute(sql, id=-1, to=two)
    assert found(verify(key))[:2] == [(one, MISMATCH), (two, MISMATCH)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_head SET last_hash = repeat('0', 64)",
        "UPDATE audit_head SET last_id = last_id - 1",
        "DELETE FROM audit_head",
    ],
)
def test_a_changed_head_is_found(key: bytes, trail: list[int], sql: str) -> None:
    execute(sql)
    (fault,) = verify(key).faults
    assert fault.event_id == 0


@pytest.mark.usefixtures("app")
def test_there_is_one_head() -> None:
    with pytest.raises(DBAPIError, match="ck_audit_head_single"):
        execute("INSERT INTO audit_head VALUES (2, 0, '')")


def test_a_chain_made_anew_without_the_key_is_found(
    key: bytes, trail: list[int]
) -> None:
    """Whoever can write everything but does not have the key cannot hide it."""
    forged = b"another key"
    with_power(
        "UPDATE audit_events SET actor_name = '别人' WHERE id = :id", id=trail[0]
    )
    columns = (
        "id, at, type, actor_id, actor_name, subject_type, subject_id,"
        " payload::text AS payload"
    )
    rows = db.session.execute(
        text(f"SELECT {columns} FROM audit_events WHERE id >= :id ORDER BY id"),
        {"id": trail[0]},
    ).mappings()
    previous = db.session.scalars(
        select(AuditEvent.hash).where(AuditEvent.id == trail[0] - 1)
    ).one()
    for row in list(rows):
        previous = chain.link(forged, previous, **row)
        execute(
            "UPDATE audit_events SET hash = :hash WHERE id = :id",
            hash=previous,
            id=row["id"],
        )
    execute("UPDATE audit_head SET last_hash = :hash", hash=previous)
    assert [id for id, _ in found(verify(key))] == trail


def test_another_key_fails_from_the_first_event_on(trail: list[int]) -> None:
    faults = found(verify(b"another key", most=5))
    assert faults == [(id, MISMATCH) for id in range(1, 6)]


def test_the_number_of_faults_told_is_bounded(trail: list[int]) -> None:
    verdict = verify(b"another key", most=3)
    assert (len(verdict.faults), verdict.events) == (3, 3)


# --- recording --------------------------------------------------------------------


def owed(type: str) -> list[str]:
    """Return the jobs owed for events of this type since the last one."""
    query = (
        select(Delivery.job)
        .join(AuditEvent, AuditEvent.id == Delivery.event_id)
        .where(AuditEvent.type == type)
        .order_by(Delivery.id)
    )
    return list(db.session.scalars(query))


@pytest.mark.usefixtures("app")
def test_only_subscribed_events_owe_jobs() -> None:
    execute("DELETE FROM outbox")
    for type in ("photo.received", "ticket.reported", "nobody.listens"):
        record(type, None, ("photo", uuid4()))
    commit()
    assert owed("photo.received") == list(SUBSCRIPTIONS["photo.received"])
    assert owed("nobody.listens") == list(SUBSCRIPTIONS.get("nobody.listens", ()))
    delivery = db.session.scalars(select(Delivery)).first()
    assert delivery is not None
    event = db.session.get_one(AuditEvent, delivery.event_id)
    assert (delivery.attempts, delivery.due_at) == (0, event.at)


@pytest.mark.usefixtures("app")
def test_what_is_rolled_back_was_never_recorded(key: bytes) -> None:
    before = last_id()
    record("ticket.reported", None, ("ticket", "x"))
    db.session.rollback()
    commit()
    assert last_id() == before
    with pytest.raises(ZeroDivisionError):
        _record_and_fail()
    record("ticket.commented", None, ("ticket", "y"))
    commit()
    assert last_id() == before + 1
    assert db.session.get_one(AuditEvent, before + 1).subject_id == "y"
    assert verify(key).faults == []


def _record_and_fail() -> None:
    with unit_of_work():
        record("ticket.reported", None, ("ticket", "x"))
        raise ZeroDivisionError


def test_a_refused_request_leaves_no_event(make: Factory) -> None:
    worker = make.grid_worker()
    before = last_id()
    answer = worker.put(f"/findings/{uuid4()}", json=make.finding(category="X9"))
    assert answer.status_code == 422
    assert last_id() == before


def test_a_denial_leaves_one_event_and_nothing_else(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.reported(worker)
    before = last_id()
    assert worker.act(number, "accept").status_code == 403
    assert last_id() == before + 1
    event = db.session.get_one(AuditEvent, before + 1)
    assert (event.type, event.payload) == (
        "access.denied",
        {"permission": "ticket.act", "why": "forbidden"},
    )
    assert event.actor_name == f"测试{worker.username}"


@pytest.mark.usefixtures("app")
def test_several_events_of_one_commit_are_chained_in_order(key: bytes) -> None:
    before = last_id()
    for index in range(5):
        record("ticket.commented", None, ("ticket", f"n{index}"), {"index": index})
    commit()
    query = select(AuditEvent).where(AuditEvent.id > before).order_by(AuditEvent.id)
    events = list(db.session.scalars(query))
    assert [event.subject_id for event in events] == [f"n{i}" for i in range(5)]
    assert {event.actor_name for event in events} == {"system"}
    assert len({event.hash for event in events}) == 5
    assert verify(key).faults == []


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"b": 1, "a": {"d": [1, 2.5, None, True], "c": "x"}},
        {"text": '引号"、反斜杠\\、换行\n、emoji 🧯、U+2028\u2028'},
        {"number": 10**15, "small": 1e-9},
    ],
)
def test_what_was_hashed_is_what_is_kept(key: bytes, payload: dict[str, Any]) -> None:
    record("ticket.commented", None, ("ticket", "x"), payload)
    commit()
    event = db.session.get_one(AuditEvent, last_id())
    assert event.payload == payload
    assert verify(key).faults == []


def test_fields_cannot_be_shifted_into_each_other() -> None:
    def link(subject_type: str, subject_id: str) -> str:
        return chain.link(
            b"key",
            chain.GENESIS,
            id=1,
            at=datetime(2026, 3, 1, tzinfo=UTC),
            type="x",
            actor_id=None,
            actor_name="",
            subject_type=subject_type,
            subject_id=subject_id,
            payload="{}",
        )

    assert link("ab", "c") != link("a", "bc")


def test_the_order_of_a_payload_does_not_matter() -> None:
    assert chain.canonical({"a": 1, "b": 2}) == chain.canonical({"b": 2, "a": 1})
