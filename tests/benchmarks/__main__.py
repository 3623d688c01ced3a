"""Measures, as ratios within one run: ``make bench``.

Starts servers of its own (durable, as in use), the web server, and client processes on
the same cores. Absolute figures mean little elsewhere; the ratios do.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import urllib3
from flask import Flask
from psycopg.types.json import Jsonb
from sqlalchemy import text

from server.app import create_app
from server.areas.queries import deepest_at
from server.checklists.loader import bundled_root, load
from server.config import Settings
from server.core import migrate
from server.core.db import db, unit_of_work
from server.core.embedded import EmbeddedPostgres, EmbeddedRedis
from server.demo.seed import load_areas, load_catalogues
from server.tickets.routing import Case, decide
from tests.benchmarks import bench_rectification
from tests.benchmarks.phones import (
    Figures,
    Wire,
    drive,
    finding_of,
    photo_of,
    prepared,
    send_finding,
    summed,
)
from tests.factories import COMMUNITY, Factory

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CLIENTS = (1, 8, 32)


def say(line: str = "") -> None:
    """Print at once."""
    print(line, flush=True)


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation(directory: Path) -> Iterator[tuple[Flask, dict[str, str]]]:
    """Give an application on servers of its own, with areas and catalogue."""
    with (
        EmbeddedPostgres(directory / "postgres") as postgres,
        EmbeddedRedis(directory / "redis") as redis,
    ):
        env = {
            "PATROL_DATABASE_URL": postgres.url(),
            "PATROL_REDIS_URL": redis.url(),
            "PATROL_SECRET_KEY": "benchmark" * 8,
            "PATROL_PHOTO_DIR": str(directory / "photos"),
            "PATROL_LOGIN_ATTEMPTS_PER_ADDRESS": "100000",
        }
        app = create_app(Settings.from_env(env))
        with app.app_context():
            migrate.upgrade(db.engine)
            with unit_of_work():
                load_areas()
                load_catalogues()
            yield app, env
            db.session.remove()
            db.engine.dispose()


@contextmanager
def web(env: dict[str, str]) -> Iterator[int]:
    """Serve in processes of their own and give the port."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("patrol")),
        "web",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib3.request(
                    "GET", f"http://127.0.0.1:{port}/healthz", retries=False
                )
                break
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def bare(url: str, directory: Path, clients: int, photo: bytes | None) -> Figures:
    """Insert the finding's row and commit, and write the photo's bytes to disk.

    The least any server has to do for the same promise, through the same driver.
    """
    from tests.benchmarks.phones import MARK

    document = finding_of([109.6, 40.7])
    latencies: list[float] = []
    until = time.perf_counter() + SECONDS

    def client() -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            while (begun := time.perf_counter()) < until:
                if photo is not None:
                    path = directory / uuid4().hex
                    unique = photo.replace(MARK, os.urandom(16).hex().encode(), 1)
                    with path.open("wb") as file:
                        file.write(unique)
                        file.flush()
                        os.fsync(file.fileno())
                connection.execute(
                    "INSERT INTO bare VALUES (%s, now(),"
                    " ST_SetSRID(ST_MakePoint(109.6, 40.7), 4326), %s)",
                    (uuid4(), Jsonb(document)),
                )
                connection.commit()
                latencies.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return summed(latencies, SECONDS)


def measure_intake(app: Flask, env: dict[str, str], directory: Path) -> None:
    """Findings with and without a photo, against the bare minimum."""
    make = Factory(app)
    token, position = make.grid_worker().token, make.point_in(COMMUNITY)
    db.session.execute(
        text(
            "CREATE TABLE bare (id uuid PRIMARY KEY, at timestamptz, geom geometry,"
            " document jsonb); CREATE INDEX ON bare USING gist (geom)"
        )
    )
    db.session.execute(text("COMMIT"))
    db.session.remove()
    finding, photo = prepared(position), photo_of()
    scratch = directory / "scratch"
    scratch.mkdir()
    say(f"intake, photo of {len(photo) // 1000} KB; clients on the same cores")
    with web(env) as port:
        drive(port, token, send_finding(finding, photo), 4, 2)
        for clients in CLIENTS:
            for name, sent in (("with photo", photo), ("without", None)):
                ours = drive(port, token, send_finding(finding, sent), clients, SECONDS)
                least = bare(env["PATROL_DATABASE_URL"], scratch, clients, sent)
                share = ours.per_second / least.per_second
                say(f"  {clients:2} clients {name:11} {ours}")
                say(f"     bare minimum       {least}   ratio {share:.2f}")
        measure_304(port, token)


def measure_304(port: int, token: str) -> None:
    """Checklist 304s against the server's empty handler."""
    wire = Wire(port, token)
    say("checklist 304 against an empty handler, 8 clients")
    answer = urllib3.request(
        "GET",
        f"http://127.0.0.1:{port}/api/v1/checklists/35",
        headers={"Authorization": f"Bearer {token}"},
    )
    condition = f"If-None-Match: {answer.headers['ETag']}\r\n"

    def unchanged(wire: Wire) -> None:
        status = wire.send("GET", "/api/v1/checklists/35", extra=condition)
        assert status == 304, status

    def empty(wire: Wire) -> None:
        wire.send("GET", "/healthz")

    nothing = drive(port, token, empty, 8, SECONDS)
    same = drive(port, token, unchanged, 8, SECONDS)
    say(f"  304 {same}   empty {nothing}   {same.per_second / nothing.per_second:.2f}")
    wire.socket.close()


def per_second(action: Callable[[], object], seconds: float = 2.0) -> float:
    """Return how often ``action`` runs in a second, median of five stretches."""
    rates = []
    for _ in range(5):
        count, begun = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds / 5:
            action()
            count += 1
        rates.append(count / elapsed)
    return statistics.median(rates)


def measure_routing() -> None:
    """Routing decisions per second, pure."""
    rules = load(bundled_root() / "buerhantu").rules
    cases = [
        Case("35", "F1", frozenset({"refused"})),
        Case("35", "G1", frozenset({"professional"})),
        Case("40", "F10", frozenset({"refused", "flying_wire"})),
        Case("28", "B2"),
        Case("43", "F2"),
    ]
    rate = per_second(lambda: [decide(rules, case) for case in cases]) * len(cases)
    say(f"routing: {rate:,.0f} decisions/s")


def measure_lookup() -> None:
    """Point look-up over 10,000 grids, against an empty round trip."""
    db.session.execute(
        text(
            """
            INSERT INTO areas (code, scheme, name, level, parent_code, path, changed_at)
            SELECT 'bench-' || n, 'bench', 'n', 'grid', '150203',
                   '150200/150203/bench-' || n || '/', now()
              FROM generate_series(0, 9999) n;
            INSERT INTO area_boundaries (area_code, geom, generated, valid_from)
            SELECT 'bench-' || n, ST_Multi(ST_MakeEnvelope(
                       100 + (n % 100) * 0.01, 30 + (n / 100) * 0.01,
                       100.01 + (n % 100) * 0.01, 30.01 + (n / 100) * 0.01, 4326)),
                   true, now()
              FROM generate_series(0, 9999) n;
            ANALYZE area_boundaries;
            """
        )
    )
    points = iter(range(10**9))

    def look() -> None:
        n = next(points) % 10000
        lon, lat = 100.005 + (n % 100) * 0.01, 30.005 + (n // 100) * 0.01
        found = deepest_at(lon, lat, datetime.now(UTC))
        assert found.code == f"bench-{n}"

    connection = db.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    rate = per_second(look)
    trip = per_second(lambda: connection.execute("SELECT 1").fetchone())
    say(
        f"point in 10,000 grids: {rate:,.0f}/s, empty round trip {trip:,.0f}/s,"
        f" {rate / trip:.2f}"
    )
    db.session.rollback()


def main() -> None:
    """Measure everything and print it."""
    measure_routing()
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as name:
        directory = Path(name)
        with installation(directory) as (app, env):
            measure_lookup()
            measure_intake(app, env, directory)
            say("rectification over 100,000 tickets")
            bench_rectification.seed()
            for line in bench_rectification.measure():
                say(f"  {line}")


if __name__ == "__main__":
    main()
