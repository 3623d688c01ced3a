"""Rectification over many tickets, as a ratio to a bare count of the same rows.

``python -m tests.benchmarks.bench_rectification [TICKETS]`` measures on a PostgreSQL
of its own; with an application at hand call :func:`seed` and :func:`measure`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select, text

from server.accounts.service import authenticate, create_staff, sign_in
from server.app import create_app
from server.areas.models import Area
from server.checklists import queries as checklists
from server.checklists.service import rules_of
from server.config import Settings
from server.core import migrate
from server.core.db import db, unit_of_work
from server.core.embedded import EmbeddedPostgres
from server.core.permissions import Actor, Role
from server.demo.seed import DISTRICT, load_areas, load_catalogues
from server.reports.queries import Grouping
from server.reports.service import Report, rectification
from server.tickets import routing
from server.tickets.queries import day_start

TICKETS = 100_000
DAYS = 365
CATALOGUE = "buerhantu"
PASSWORD = "benchmark benchmark benchmark"

# Everything follows from the row's number, so that every run sees the same rows: one
# in 25 is not so, one in 50 merged, two in five reported, two in three rectified.
_SEED = text(
    """
    INSERT INTO tickets (
        id, number, finding_id, finder_id, catalogue, ruleset_id, state, duty_item,
        category, severity, description, facts, place_kind, geom, area_code,
        area_path, decision, town_department, lead_department, substantiated, control,
        failed_rechecks, due_on, deadlines, source, photos, merged_into, found_at,
        opened_at, rectified_at, changed_at, version)
    SELECT nextval('ticket_numbers'), 'bench-' || i, gen_random_uuid(), :finder,
           :catalogue, :ruleset,
           CASE WHEN i % 25 = 0 THEN 'not_substantiated'
                WHEN i % 50 = 1 THEN 'closed_town'
                WHEN i % 3 = 0 AND i % 5 < 2 THEN 'ordered'
                WHEN i % 3 = 0 THEN 'rectifying'
                WHEN i % 5 < 2 THEN 'closed' ELSE 'closed_town' END,
           (ARRAY['30', '35', '39', '40', '42', '43', '44'])[1 + i % 7],
           'F1', (ARRAY['general', 'serious', 'major'])[1 + i % 11 % 3],
           '后门堆放纸箱，安全出口被堵', '{}',
           CASE WHEN i % 4 > 0 THEN (30 + i % 9)::text END,
           ST_SetSRID(ST_MakePoint(109.7, 40.7), 4326),
           (CAST(:codes AS text[]))[1 + i * 7 % :areas],
           (CAST(:paths AS text[]))[1 + i * 7 % :areas],
           CAST(:decision AS jsonb), 'town-buerhantu',
           CASE WHEN i % 5 < 2
                THEN (ARRAY['kq-fire', 'kq-housing', 'kq-emergency'])[1 + i % 3] END,
           CASE WHEN i % 25 = 0 THEN false WHEN i % 5 < 2 THEN true END,
           'none', 0, CAST(found AS date) + i % 10, '[]', 'patrol', '{}',
           CASE WHEN i % 50 = 1 THEN 'bench-2' END, found, found,
           CASE WHEN i % 3 > 0 AND i % 25 > 0 AND i % 50 <> 1
                THEN found + make_interval(mins => i * 37 % 20000) END,
           found, 1
      FROM generate_series(1, :tickets) AS i,
           LATERAL (SELECT CAST(:until AS timestamptz)
                           - make_interval(mins => i * 101 % :minutes)) AS f(found)
    """
)

_SEED_DEPARTMENTS = text(
    """
    INSERT INTO ticket_departments (ticket_id, department_code, part)
    SELECT id, lead_department, 'lead' FROM tickets
     WHERE lead_department IS NOT NULL AND number LIKE 'bench-%'
     UNION ALL
    SELECT id, 'kq-police', 'co' FROM tickets
     WHERE lead_department IS NOT NULL AND number LIKE 'bench-%'
    """
)


@dataclass(frozen=True)
class Measured:
    """One report: milliseconds (median), and how many bare counts that is."""

    name: str
    milliseconds: float
    ratio: float

    def __str__(self) -> str:
        return f"{self.name:28} {self.milliseconds:8.1f} ms  {self.ratio:5.1f} ×"


def seed(n: int = TICKETS) -> None:
    """Put ``n`` tickets of the past year into the application's database.

    Needs an application context, the catalogue and the demonstration district. The
    rows are as wide as real ones (a whole routing decision in each).
    """
    ruleset = checklists.latest_ruleset(CATALOGUE)
    assert ruleset is not None
    case = routing.Case("35", "F1", frozenset({"refused"}), reported=True)
    decision = routing.decide(rules_of(ruleset.id), case).to_document()
    where = select(Area.code, Area.path).where(Area.level == "grid")
    grids = db.session.execute(where.order_by(Area.code)).all()
    role = (Role.GRID_WORKER, grids[0].code)
    with unit_of_work():
        finder = create_staff(f"bench-{uuid4()}", "网格员", PASSWORD, [role])
        values = {
            "tickets": n,
            "finder": finder.id,
            "catalogue": CATALOGUE,
            "ruleset": ruleset.id,
            "decision": json.dumps(decision),
            "codes": [code for code, _ in grids],
            "paths": [path for _, path in grids],
            "areas": len(grids),
            "until": datetime.now(UTC),
            "minutes": DAYS * 24 * 60,
        }
        db.session.execute(_SEED, values)
        db.session.execute(_SEED_DEPARTMENTS)
    with db.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        # What autovacuum does within minutes; without it the first runs do it.
        alone.execute(text("VACUUM ANALYZE tickets, ticket_departments"))


def measure(runs: int = 9) -> list[Measured]:
    """Measure every grouping, for who sees all and for a department.

    A run takes each report and the bare count once, so that a slower moment of the
    machine meets all alike; the count goes over the same rows through the same
    driver. Needs an application context.
    """
    zone: ZoneInfo = current_app.extensions["settings"].timezone
    moment = datetime.now(UTC)
    period = {"from": (moment - timedelta(days=DAYS)).date(), "to": moment.date()}
    admin = _actor(Role.ADMINISTRATOR, None)
    handler = _actor(Role.HANDLER, "kq-fire")

    def asked(actor: Actor, group_by: Grouping) -> Callable[[], Report]:
        wanted: dict[str, Any] = {**period, "group_by": group_by}
        return lambda: rectification(actor, wanted, zone, moment)

    first = day_start(period["from"], zone)
    tasks: dict[str, Callable[[], Any]] = {"bare count": lambda: _bare_count(first)}
    for group_by in Grouping:
        tasks[f"by {group_by}"] = asked(admin, group_by)
    tasks["by department, one's own"] = asked(handler, Grouping.DEPARTMENT)
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for run in range(runs + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if run > 0:  # the first one warms up
                took[name].append(time.perf_counter() - start)
    bare = median(took["bare count"])
    return [
        Measured(name, median(times) * 1000, median(times) / bare)
        for name, times in took.items()
    ]


def _bare_count(first: datetime) -> Any:
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        query = "SELECT count(*) FROM tickets WHERE found_at >= %s"
        cursor.execute(query, [first])
        return cursor.fetchone()
    finally:
        connection.close()


def _actor(role: Role, department: str | None) -> Actor:
    settings: Settings = current_app.extensions["settings"]
    name = f"bench-{uuid4()}"
    with unit_of_work():
        create_staff(name, name, PASSWORD, [(role, DISTRICT)], department)
        token = sign_in(name, PASSWORD, None, "127.0.0.1", settings).token
    return authenticate(token, settings)


def main() -> None:
    """Measure on a server of our own and print what came out."""
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres")
        settings = Settings(
            database_url=postgres.start(),
            redis_url="redis://127.0.0.1:1/0",  # never asked
            secret_key="benchmark" * 4,
            photo_dir=Path(directory) / "photos",
        )
        try:
            app = create_app(settings)
            with app.app_context():
                migrate.upgrade(db.engine)
                with unit_of_work():
                    load_areas()
                    load_catalogues()
                seed(tickets)
                print(f"rectification over {tickets} tickets")
                print(*measure(), sep="\n")
                db.session.remove()
                db.engine.dispose()
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
