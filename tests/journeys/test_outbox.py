"""Redis goes away, comes back, comes back empty: no owed job is lost or done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, g
from redis import ConnectionError as RedisDown
from redis import Redis
from rq import Queue
from rq.exceptions import InvalidJobOperation
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, text, update

from server import wiring
from server.audit import dispatcher
from server.audit.dispatcher import MAX_ATTEMPTS, PATIENCE, dispatch_once, run_delivery
from server.audit.models import AuditEvent, Delivery
from server.audit.service import record
from server.cli import processes
from server.cli.processes import InProcessWorker
from server.core import queues
from server.core.clock import now
from server.core.db import db, unit_of_work
from tests.factories import Caller, Factory, picture


@pytest.fixture
def no_redis(committed_app: Flask) -> Iterator[Redis]:
    """A Redis that is not there; the application has no other."""
    client = queues.connect("unix:///nonexistent/redis.sock")
    names = ("redis", "redis_probe")
    before = {name: committed_app.extensions[name] for name in names}
    committed_app.extensions.update(dict.fromkeys(names, client))
    yield client
    committed_app.extensions.update(before)
    client.close()


@pytest.fixture
def worker(committed_app: Flask) -> Iterator[Caller]:
    """A grid worker on a database of its own, the outbox empty."""
    with committed_app.app_context():
        yield Factory(committed_app).grid_worker()


def send_photo(worker: Caller) -> str:
    """Send a photo and return its id."""
    answer = worker.put(
        f"/photos/{uuid4()}?finding={uuid4()}&stage=before",
        data=picture(),
        headers={"Content-Type": "image/jpeg"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def hand_over(redis: Redis) -> int:
    """Do one round of the dispatcher."""
    return dispatch_once(
        lambda owed: queues.enqueue_deliveries(redis, wiring.DELIVER, owed)
    )


def work_off(redis: Redis) -> int:
    """Do what is queued, as a worker would; return how many jobs there were."""
    done = 0
    while found := Queue.dequeue_any(
        [queues.queue(redis, queues.EVENTS)],
        None,
        connection=redis,
        serializer=JSONSerializer,
    ):
        found[0].perform()
        # A delivery handed over twice has two places in the queue and one record.
        with suppress(InvalidJobOperation):
            found[0].delete()
        done += 1
    return done


def outbox() -> list[tuple[int, datetime]]:
    """Return (attempts, due_at) of every owed delivery."""
    db.session.rollback()
    query = select(Delivery.attempts, Delivery.due_at).order_by(Delivery.id)
    return [(row.attempts, row.due_at) for row in db.session.execute(query)]


def waiting() -> Delivery:
    """Return the one owed delivery as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Delivery)).one()


def make_due() -> None:
    """Let the time pass after which owed deliveries are handed over again."""
    with unit_of_work():
        db.session.execute(update(Delivery).values(due_at=now() - timedelta(seconds=1)))


def test_redis_is_down_while_phones_send(
    committed_app: Flask, worker: Caller, no_redis: Redis, redis: Redis
) -> None:
    assert committed_app.test_client().get("/readyz").json["redis"] == "down"
    photo = send_photo(worker)
    assert worker.get(f"/photos/{photo}/thumbnail").status_code == 404
    (owed,) = outbox()
    with pytest.raises(RedisDown):
        hand_over(no_redis)
    assert outbox() == [owed]

    before = now()
    assert hand_over(redis) == 1
    ((attempts, due_at),) = outbox()
    assert attempts == 0
    assert before + PATIENCE <= due_at <= now() + PATIENCE
    assert hand_over(redis) == 0, "not due again yet"

    assert work_off(redis) == 1
    assert outbox() == []
    thumbnail = worker.get(f"/photos/{photo}/thumbnail")
    assert (thumbnail.status_code, thumbnail.mimetype) == (200, "image/jpeg")


def test_redis_comes_back_empty(worker: Caller, redis: Redis) -> None:
    photo = send_photo(worker)
    assert hand_over(redis) == 1
    redis.flushdb()
    assert work_off(redis) == 0
    assert hand_over(redis) == 0
    make_due()
    assert hand_over(redis) == 1
    assert work_off(redis) == 1
    assert outbox() == []
    assert worker.get(f"/photos/{photo}/thumbnail").status_code == 200


def test_the_dispatcher_dies_after_the_hand_over(
    worker: Caller, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is handed over twice and done once."""
    runs: list[int] = []
    make = wiring.JOBS["make_derivatives"]
    monkeypatch.setitem(
        wiring.JOBS,
        "make_derivatives",
        lambda event: (runs.append(event["id"]), make(event)),
    )
    send_photo(worker)

    def die(owed: Sequence[tuple[int, int]]) -> None:
        queues.enqueue_deliveries(redis, wiring.DELIVER, owed)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispatch_once(die)
    assert hand_over(redis) == 1, "due at once"
    delivery = waiting().id
    work_off(redis)
    wiring.deliver(delivery)  # a job that was still under way somewhere
    assert len(runs) == 1
    assert outbox() == []


def test_what_is_queued_twice_is_one_job(worker: Caller, redis: Redis) -> None:
    send_photo(worker)
    hand_over(redis)
    make_due()
    hand_over(redis)
    ids = set(queues.queue(redis, queues.EVENTS).job_ids)
    assert ids == {f"delivery-{waiting().id}-0"}


def test_two_dispatchers_share_the_work(
    committed_app: Flask, worker: Caller, redis: Redis
) -> None:
    with unit_of_work():
        for index in range(10):
            record("photo.received", None, ("photo", uuid4()), {"index": index})
    handed: list[list[int]] = [[], []]
    start = Barrier(2)

    def dispatcher_of(index: int) -> int:
        def enqueue(owed: Sequence[tuple[int, int]]) -> None:
            handed[index] += [delivery for delivery, _ in owed]

        start.wait(timeout=30)
        with committed_app.app_context():
            return sum(dispatch_once(enqueue) for _ in range(3))

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(dispatcher_of, range(2)))
    assert sum(counts) == 10
    assert len({*handed[0], *handed[1]}) == 10


def test_a_failing_job_is_noted_and_tried_again_later(
    worker: Caller, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(event: dict[str, Any]) -> None:
        record("photo.half_done", None, ("photo", event["subject_id"]))
        raise OSError("disk full")

    working = wiring.JOBS["make_derivatives"]
    monkeypatch.setitem(wiring.JOBS, "make_derivatives", fail)
    photo = send_photo(worker)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert hand_over(redis) == 1
        (job_id,) = queues.queue(redis, queues.EVENTS).job_ids
        assert job_id.endswith(f"-{attempt - 1}")
        before = now()
        with pytest.raises(OSError, match="disk full"):
            work_off(redis)
        delivery = waiting()
        assert (delivery.attempts, delivery.last_error) == (
            attempt,
            "OSError: disk full",
        )
        pause = timedelta(seconds=2**attempt)
        assert before + pause <= delivery.due_at <= now() + pause
        make_due()
    assert hand_over(redis) == 0, "it waits for a person now"
    assert len(outbox()) == 1
    half_done = select(func.count()).where(AuditEvent.type == "photo.half_done")
    assert db.session.scalar(half_done) == 0, "a failed job leaves nothing"

    monkeypatch.setitem(wiring.JOBS, "make_derivatives", working)
    with unit_of_work():
        db.session.execute(update(Delivery).values(attempts=0))
    assert hand_over(redis) == 1
    work_off(redis)
    assert outbox() == []
    assert worker.get(f"/photos/{photo}/thumbnail").status_code == 200


def until_blocked() -> None:
    """Wait until somebody waits for a row that this session holds."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(300):
        if db.session.scalar(query):
            return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_a_job_under_way_elsewhere_is_not_done_again(
    committed_app: Flask, worker: Caller
) -> None:
    send_photo(worker)
    delivery = waiting().id
    db.session.rollback()
    done: list[str] = []

    def again() -> None:
        with committed_app.app_context():
            run_delivery(delivery, lambda job, _: done.append(f"{job} twice"))

    def meanwhile(job: str, _: dict[str, Any]) -> None:
        started.append(pool.submit(again))
        until_blocked()
        done.append(job)

    started: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        run_delivery(delivery, meanwhile)
        started[0].result(30)
    assert done == ["make_derivatives"]
    assert outbox() == []


def test_a_job_taken_before_the_hand_over_is_committed(
    committed_app: Flask, worker: Caller
) -> None:
    send_photo(worker)
    done: list[str] = []

    def take(delivery: int) -> None:
        with committed_app.app_context():
            run_delivery(delivery, lambda job, _: done.append(job))

    def enqueue(owed: Sequence[tuple[int, int]]) -> None:
        started.extend(pool.submit(take, delivery) for delivery, _ in owed)
        until_blocked()

    started: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        assert dispatch_once(enqueue) == 1
        started[0].result(30)
    assert done == ["make_derivatives"]
    assert outbox() == []


def test_a_long_queue_gets_no_more(
    worker: Caller, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MOST_WAITING", 2)
    for _ in range(2):
        assert queues.has_room(redis)
        send_photo(worker)
        hand_over(redis)
    assert not queues.has_room(redis)
    work_off(redis)
    assert queues.has_room(redis)


def test_each_job_of_the_worker_has_a_context_of_its_own(
    committed_app: Flask,
    worker: Caller,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    def job(_: dict[str, Any]) -> None:
        seen.append("mark" in g)
        g.mark = True

    monkeypatch.setitem(wiring.JOBS, "make_derivatives", job)
    for _ in range(3):
        send_photo(worker)
    hand_over(redis)
    in_process(committed_app, redis).work(burst=True, logging_level="WARNING")
    assert seen == [False] * 3
    assert outbox() == []


def test_a_job_that_cannot_be_interrupted_ends_the_worker(
    committed_app: Flask,
    worker: Caller,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[str] = []
    monkeypatch.setattr(processes, "GRACE", 0.1 - queues.TIMEOUT)
    monkeypatch.setattr(processes, "_give_up", ended.append)
    monkeypatch.setitem(wiring.JOBS, "make_derivatives", lambda _: time.sleep(1))
    send_photo(worker)
    hand_over(redis)
    (job_id,) = queues.queue(redis, queues.EVENTS).job_ids
    in_process(committed_app, redis).work(burst=True, logging_level="WARNING")
    assert ended == [job_id]


def in_process(app: Flask, redis: Redis) -> InProcessWorker:
    """Return the worker as the installation runs it."""
    watched = [queues.queue(redis, name) for name in queues.QUEUES]
    made = InProcessWorker(watched, connection=redis, serializer=JSONSerializer)
    made.app = app
    return made


def test_batches(worker: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "BATCH", 3)
    with unit_of_work():
        for _ in range(7):
            record("photo.received", None, ("photo", uuid4()))
    handed: list[int] = []
    counts = [
        dispatch_once(lambda owed: handed.extend(d for d, _ in owed)) for _ in range(4)
    ]
    assert counts == [3, 3, 1, 0]
    assert handed == sorted(set(handed))
