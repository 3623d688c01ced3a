"""For those who operate it: /healthz, /readyz, /metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.core.db import OutOfReach, db
from server.core.http.blueprint import Blueprint, Reply
from server.core.permissions import PUBLIC
from server.core.storage import Store

blueprint = Blueprint("operations", __name__)

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "patrol_requests_total",
    "Requests answered",
    ["method", "route", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "patrol_request_seconds",
    "Time to answer",
    ["route"],
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


@dataclass(frozen=True)
class Gauge:
    """A figure that is read when asked for: the same whichever process answers.

    ``read`` returns the values by label; one that fails leaves the figure out.
    """

    name: str
    about: str
    label: str
    read: Callable[[], Mapping[str, float]]


class _Gauges(Collector):
    """Reads the gauges of the running application."""

    def collect(self) -> Iterator[Metric]:
        for gauge in cast(Sequence[Gauge], current_app.extensions["gauges"]):
            family = GaugeMetricFamily(gauge.name, gauge.about, labels=[gauge.label])
            try:
                values = gauge.read()
            except (*OutOfReach, RedisError, DBAPIError) as error:
                current_app.logger.warning("no %s: %s", gauge.name, error)
                db.session.rollback()
                continue
            for label, value in values.items():
                family.add_metric([label], value)
            yield family


def count_requests(app: Flask) -> None:
    """Count and time every request of ``app`` by route."""

    def start() -> None:
        g.started = time.perf_counter()

    def finish(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(request.method, route, response.status_code).inc()
        SECONDS.labels(route).observe(time.perf_counter() - g.started)
        return response

    app.before_request(start)
    app.after_request(finish)


@blueprint.expose("GET", "/healthz", permission=PUBLIC, summary="The process lives")
def healthz() -> Reply:
    """Answer at all."""
    return Reply({"status": "ok"})


@blueprint.expose(
    "GET",
    "/readyz",
    permission=PUBLIC,
    summary="Database, Redis and photo store answer",
)
def readyz() -> Reply:
    """Ask everything the application stands on."""
    checks = {
        "database": _answers(_ask_database),
        "redis": _answers(_ask_redis),
        "photo_store": _answers(_ask_store),
    }
    ready = all(checks.values())
    said = {name: "ok" if up else "down" for name, up in checks.items()}
    status = "ok" if ready else "unavailable"
    return Reply({"status": status, **said}, 200 if ready else 503)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception as error:
        current_app.logger.warning("not ready: %s", error)
        db.session.rollback()
        return False
    return True


def _ask_database() -> None:
    db.session.execute(text("SELECT PostGIS_Version()"))


def _ask_redis() -> None:
    cast(Redis, current_app.extensions["redis_probe"]).ping()


def _ask_store() -> None:
    store = cast(Store, current_app.extensions["photo_store"])
    with store.receiving([b"ready"], 100):
        pass


@blueprint.expose(
    "GET",
    "/metrics",
    permission=PUBLIC,
    summary="Prometheus metrics",
    media_types=("text/plain",),
)
def metrics() -> Response:
    """Give out the counters of all web processes, and the gauges as they stand now."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    gauges = CollectorRegistry()
    gauges.register(_Gauges())
    text = generate_latest(registry) + generate_latest(gauges)
    return Response(text, mimetype=CONTENT_TYPE_LATEST)
