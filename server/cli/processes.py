"""The programs an installation consists of: web, worker, cron."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import click
from flask import Flask
from rq import Worker
from rq.cron import CronScheduler
from rq.serializers import JSONSerializer

from server import wiring
from server.audit.dispatcher import dispatch_once
from server.cli.settings import application, current
from server.core import queues

logger = logging.getLogger(__name__)

# Seconds between two looks into the outbox when it was empty.
IDLE = 0.5
# Seconds to wait when the database or Redis does not answer.
TROUBLE = 3.0


@click.command()
@click.option("--host", envvar="PATROL_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=int)
@click.option(
    "--workers", envvar="PATROL_WEB_WORKERS", default=2, show_default=True, type=int
)
@click.option(
    "--threads",
    envvar="PATROL_WEB_THREADS",
    default=32,
    show_default=True,
    type=int,
    help="Per worker; a phone on a slow line holds one for as long as it sends.",
)
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Serve HTTP (granian)."""
    current()  # a wrong setting is told here, not in every worker
    metrics = Path(tempfile.gettempdir()) / f"patrol-metrics-{os.getpid()}"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    arguments = {
        "--interface": "wsgi",
        "--host": host,
        "--port": port,
        "--workers": workers,
        "--blocking-threads": threads,
        "--workers-kill-timeout": 10,
        "--log-level": "info",
    }
    flags = ["--no-ws", "--respawn-failed-workers"]
    options = [str(part) for pair in arguments.items() for part in pair]
    command = [sys.executable, "-m", "granian", *options, *flags, "server.wsgi:app"]
    os.execv(sys.executable, command)  # noqa: S606


@click.command()
def worker() -> None:
    """Work on jobs (RQ, one process for each job)."""
    # Phones wait for their acknowledgement, nobody waits for a thumbnail.
    os.nice(10)
    with application() as app:
        redis = app.extensions["redis"]
        watched = [queues.queue(redis, name) for name in queues.QUEUES]
        Worker(watched, connection=redis, serializer=JSONSerializer).work()


@click.command()
def cron() -> None:
    """Hand owed jobs from the outbox to the queue, and start the periodic ones.

    Run one of these; a second one does no harm, jobs are idempotent.
    """
    with application() as app:
        stop = threading.Event()
        loop = threading.Thread(
            target=_dispatch_forever, args=(app, stop), name="dispatcher", daemon=True
        )
        loop.start()
        scheduler = CronScheduler(app.extensions["redis"], logging_level="WARNING")
        for name, periodic in wiring.PERIODIC.items():
            scheduler.register(
                wiring.run_periodic,
                queues.PERIODIC,
                args=(name,),
                interval=periodic.every,
                result_ttl=0,
            )
        try:
            scheduler.start()  # type: ignore[no-untyped-call]
        finally:
            stop.set()
            loop.join(timeout=5)


def _dispatch_forever(app: Flask, stop: threading.Event) -> None:
    redis = app.extensions["redis"]

    def enqueue(deliveries: queues.Deliveries) -> None:
        queues.enqueue_deliveries(redis, wiring.DELIVER, deliveries)

    while not stop.is_set():
        try:
            with app.app_context():
                handed = dispatch_once(enqueue)
            pause = 0.0 if handed else IDLE
        except Exception as error:
            # Nothing is lost: what was not handed over is still in the outbox.
            logger.warning("dispatcher waits: %s", error)
            pause = TROUBLE
        stop.wait(pause)
