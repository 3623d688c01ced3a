"""Periodic jobs reach a worker and run, through a real queue."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from server import wiring
from server.accounts.models import SignInFailure
from server.cli.processes import _start_periodic
from server.core import queues
from server.core.clock import now
from server.core.db import db, unit_of_work


def test_periodic_jobs_run_once_in_their_stretch_of_time(committed_app: Flask) -> None:
    with committed_app.app_context():
        redis: Redis = committed_app.extensions["redis"]
        redis.flushdb()
        with unit_of_work():
            long_ago = now() - timedelta(days=1)
            for at in (long_ago, now()):
                db.session.add(SignInFailure(username="x", address="y", at=at))
        started: dict[str, int] = {}
        _start_periodic(redis, started)
        _start_periodic(redis, started)
        queue = queues.queue(redis, queues.PERIODIC)
        assert len(queue.job_ids) == len(wiring.PERIODIC)
        worker = SimpleWorker([queue], connection=redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")
        assert queue.failed_job_registry.count == 0
        assert queue.job_ids == []
        assert db.session.scalar(select(func.count(SignInFailure.id))) == 1
        told = committed_app.test_client().get("/metrics").text
        for name in wiring.PERIODIC:
            found = re.search(f'patrol_periodic_age_seconds{{job="{name}"}} (.*)', told)
            assert found is not None
            assert 0 <= float(found[1]) < 60
