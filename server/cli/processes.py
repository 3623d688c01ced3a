"""The programs an installation consists of: web, worker, cron."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import click
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy
from sqlalchemy.exc import OperationalError

from server import wiring
from server.audit.dispatcher import dispatch_once
from server.cli import address
from server.cli.settings import application, current
from server.core import queues
from server.core.db import db

logger = logging.getLogger(__name__)

WEB_WORKERS = 2
WEB_THREADS = 128
# Open connections of one web process; more wait until one is closed.
CONNECTIONS = 4096
# Seconds that a job may go on beyond its time before its process is ended.
GRACE = 30.0
# Seconds between two looks into the outbox when it was empty.
IDLE = 0.5
# Seconds to wait when the database or Redis does not answer.
TROUBLE = 3.0


@click.command()
@click.option("--host", envvar="PATROL_HOST", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    envvar="PORT",
    default=address.DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(1, 65535),
)
@click.option(
    "--workers",
    envvar="PATROL_WEB_WORKERS",
    default=WEB_WORKERS,
    show_default=True,
    type=int,
)
@click.option(
    "--threads",
    envvar="PATROL_WEB_THREADS",
    default=WEB_THREADS,
    show_default=True,
    type=int,
    help="Per worker: how many requests are worked on at once.",
)
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Serve HTTP (granian)."""
    current()  # a wrong setting is told here, not in every worker
    address.check_free(host, port)
    prepare_metrics(Path(tempfile.gettempdir()) / f"patrol-metrics-{os.getpid()}")
    os.environ["PATROL_WEB_THREADS"] = str(threads)
    command = web_command(host, port, workers)
    # No shell: the command is a list of ours, and takes this process over.
    os.execv(command[0], command)  # noqa: S606


def web_command(host: str, port: int, workers: int) -> list[str]:
    """Return the command that serves HTTP in ``workers`` processes."""
    options = {
        "--interface": "rsgi",
        "--host": host,
        "--port": port,
        "--workers": workers,
        "--backlog": CONNECTIONS,
        "--backpressure": CONNECTIONS,
        "--workers-kill-timeout": 10,
        "--log-level": "info",
    }
    words = [str(part) for pair in options.items() for part in pair]
    flags = ["--no-ws", "--respawn-failed-workers"]
    return [sys.executable, "-m", "granian", *words, *flags, "server.rsgi:app"]


def web_workers() -> int:
    """Return the number of web processes as the environment says, else the default."""
    return int(os.environ.get("PATROL_WEB_WORKERS") or WEB_WORKERS)


def prepare_metrics(directory: Path) -> None:
    """Empty the directory in which the web processes add up their metrics."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


class InProcessWorker(SimpleWorker):
    """Works on jobs in its own process, where what was loaded for one serves the next.

    A process for each job would begin with nothing each time: reading the rules costs
    several times what the job does. A job beyond its time is interrupted by RQ; in a
    library that cannot be, the process is ended, and its keeper starts another.
    """

    app: Flask

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do one job in an application context of its own."""
        allowed = float(job.timeout or queues.TIMEOUT) + GRACE
        overdue = threading.Timer(allowed, _give_up, [job.id])
        overdue.daemon = True
        overdue.start()
        try:
            with self.app.app_context():
                super().execute_job(job, queue)
        finally:
            overdue.cancel()


def _give_up(job: str) -> None:
    logger.error("job %s cannot be interrupted: the worker ends", job)
    os._exit(1)


@click.command()
def worker() -> None:
    """Work on jobs (RQ, in this process)."""
    # Phones wait for their acknowledgement, nobody waits for a thumbnail.
    os.nice(10)
    with application() as app:
        redis = app.extensions["redis"]
        watched = [queues.queue(redis, name) for name in queues.QUEUES]
        ours = InProcessWorker(watched, connection=redis, serializer=JSONSerializer)
        ours.app = app
        # RQ tells three lines a job at its usual level; what fails it tells at this.
        # In turn: a long backlog of events must not hold up what the clock does.
        ours.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)


@click.command()
def cron() -> None:
    """Hand owed jobs from the outbox to the queue, and start the periodic ones.

    Run one of these; a second one does no harm, jobs are idempotent.
    """
    with application() as app:
        redis = app.extensions["redis"]
        started: dict[str, int] = {}
        while True:
            try:
                queues.note_alive(redis, "cron")
                _start_periodic(redis, started)
                handed = queues.has_room(redis) and dispatch_once(
                    partial(_enqueue, redis)
                )
                pause = 0.0 if handed else IDLE
            except (RedisError, OperationalError) as error:
                # Nothing is lost: what was not handed over is still in the outbox.
                logger.warning("waiting for the servers: %s", error)
                pause = TROUBLE
            finally:
                db.session.remove()
            time.sleep(pause)


def _enqueue(redis: Redis, deliveries: queues.Deliveries) -> None:
    queues.enqueue_deliveries(redis, wiring.DELIVER, deliveries)


def _start_periodic(redis: Redis, started: dict[str, int]) -> None:
    """Enqueue each periodic job once in its stretch of time.

    RQ's own scheduler writes its jobs with pickle, which our workers do not read.
    """
    for name, periodic in wiring.PERIODIC.items():
        slot = int(time.time()) // periodic.every
        if started.get(name) != slot:
            queues.enqueue_periodic(redis, wiring.RUN_PERIODIC, name, slot)
            started[name] = slot
