"""Queues: stock RQ, JSON, on whatever Redis the settings name."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

EVENTS = "events"  # jobs owed for events
PERIODIC = "periodic"
QUEUES = (EVENTS, PERIODIC)

Deliveries = Sequence[tuple[int, int]]  # (delivery id, attempt)

_RAN = "patrol:ran"
# With so many jobs before it a delivery waits in the outbox, where it is handed over
# once; a longer queue would hold again what was handed over again meanwhile.
MOST_WAITING = 200
# A delivery that cannot be processed in this time (seconds) is stuck.
TIMEOUT = 120


def connect(url: str) -> Redis:
    """Return a client that fails within seconds when Redis is not there."""
    return Redis.from_url(url, socket_connect_timeout=3, socket_timeout=30)


def probe(url: str) -> Redis:
    """Return a client for those who ask how Redis is: it waits a second, once."""
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1, retry=once)


def queue(redis: Redis, name: str) -> Queue:
    """Return a queue; arguments travel as JSON, never as pickles."""
    return Queue(
        name, connection=redis, serializer=JSONSerializer, default_timeout=TIMEOUT
    )


def has_room(redis: Redis) -> bool:
    """Tell whether jobs owed for events are to be handed over now."""
    return queue(redis, EVENTS).count < MOST_WAITING


def note_alive(redis: Redis, program: str) -> None:
    """Leave a sign of life that is gone after a minute; health checks look for it."""
    redis.set(f"patrol:alive:{program}", 1, ex=60)


def note_ran(redis: Redis, name: str) -> None:
    """Note that a periodic job has succeeded now."""
    redis.hset(_RAN, name, str(time.time()))


def ran_ago(redis: Redis) -> dict[str, float]:
    """Return how many seconds ago each periodic job succeeded last.

    One that has not since Redis was last emptied is missing.
    """
    noted = cast(dict[bytes, bytes], redis.hgetall(_RAN))
    moment = time.time()
    return {name.decode(): moment - float(at) for name, at in noted.items()}


def enqueue_periodic(redis: Redis, target: str, name: str, slot: int) -> None:
    """Enqueue ``target(name)`` for one stretch of time.

    The job id names the stretch, so that a second scheduler adds nothing while the
    first one's job waits.
    """
    queue(redis, PERIODIC).enqueue_call(
        target,
        args=(name,),
        job_id=f"periodic-{name}-{slot}",
        timeout=TIMEOUT * 10,
        result_ttl=0,
        failure_ttl=3600,
    )


def enqueue_deliveries(redis: Redis, target: str, deliveries: Deliveries) -> None:
    """Enqueue ``target(delivery id)`` for each (delivery id, attempt).

    The job id names both, so handing the same attempt over twice is one job.
    """
    events = queue(redis, EVENTS)
    events.enqueue_many(
        [
            Queue.prepare_data(
                target,
                args=(delivery,),
                job_id=f"delivery-{delivery}-{attempt}",
                timeout=TIMEOUT,
                result_ttl=0,
                failure_ttl=3600,
            )
            for delivery, attempt in deliveries
        ]
    )
