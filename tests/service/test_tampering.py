"""``audit verify`` names every row that was changed beside the events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask import Flask
from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from server.cli.data import faults_beside
from server.core.db import Model, db
from server.documents.models import Document, DocumentFile
from server.duties.models import DutyRecord, DutyWithdrawal
from server.incidents.models import Incident, IncidentDepartment, IncidentEntry
from server.orders.models import Order
from server.patrols.models import Finding, Inspection
from server.photos.models import Photo
from server.submissions.models import LedgerFile, LedgerReceipt, LedgerSubmission
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketDepartment,
    TicketPenalty,
    TicketStage,
)
from tests.api.test_duties import drill, sent
from tests.api.test_findings import inspection
from tests.api.test_incident_courses import done as recorded
from tests.api.test_incidents import reported
from tests.api.test_inspections import all_yes
from tests.api.test_ledger_submissions import ended
from tests.conftest import rolled_back, undone
from tests.factories import Factory
from tests.orders import Desk, done


class World(NamedTuple):
    """What the rows of this test are called in a fault."""

    ticket: str
    incident: str
    order: str
    duty: str


@pytest.fixture(scope="module")
def shared_world(shared_app: Flask) -> Iterator[World]:
    """Make the world once for all tests of this module."""
    with rolled_back(shared_app):
        yield made(Factory(shared_app))


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """Return the world; what a test does to it is undone."""
    with undone():
        yield shared_world


@pytest.fixture
def make(shared_app: Flask, shared_world: World) -> Factory:
    """Return the factory, inside the world's transaction."""
    return Factory(shared_app)


def made(make: Factory) -> World:
    """Make one or more rows in every table that events tell of, each gone some way."""
    worker, fire, officer = make.grid_worker(), make.handler(), make.town_officer()
    number = make.reported(worker, control={"measure": "临时封闭", "note": "x"})
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="整改")
    fire.done(number, "penalise", kind="fine", amount="5000", note="罚")
    photo = fire.photo(number)
    passed = fire.done(
        number, "reinspect", result="passed", note="已改", photos=[photo]
    )
    fire.get(f"/documents/{passed['documents'][-1]['id']}/file")
    fire.done(number, "lift_control", note="解封")
    twin = make.ticket(worker)
    officer.done(twin, "merge", into=number, note="重复")
    settled = make.ticket(worker)
    worker.done(settled, "settle", note="清了", photos=[worker.photo(settled)])
    document = inspection(make, all_yes(worker), "35")
    assert worker.put(f"/inspections/{uuid4()}", json=document).status_code == 201
    incident = reported(make, worker)
    recorded(worker, incident, "update")
    recorded(make.handler("kq-emergency"), incident, "receive")
    desk = Desk(make, "74")
    order = desk.issue()
    done(desk.worker, order, "accept")
    duty = sent(worker, drill(position=make.position()))
    worker.post(f"/duties/{duty}/withdraw", json={"reason": "填错"})
    submission = officer.post("/reports/ledger/submissions", json=ended("D01")).json
    answered = f"/reports/ledger/submissions/{submission['id']}/receipt"
    assert make.safety_office().post(answered, json={}).status_code == 200
    return World(number, incident, order, duty)


def execute(sql: str, **values: Any) -> None:
    """Run one statement past all triggers and foreign keys."""
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(text(sql), values)


# What makes another value of a column of each type, also of an empty one.
OTHER = {
    Geometry: "ST_Translate(coalesce({0}, 'SRID=4326;POINT(1 1)'), 0.000001, 0)",
    JSONB: "jsonb_build_array({0})",
    DateTime: "coalesce({0}, now()) + interval '1 microsecond'",
    Date: "coalesce({0}, current_date) + 1",
    Boolean: "NOT coalesce({0}, false)",
    Uuid: "gen_random_uuid()",
    BigInteger: "coalesce({0}, 0) + 1000",
    Integer: "coalesce({0}, 0) + 1000",
    Numeric: "coalesce({0}, 0) + 0.01",
    Text: "coalesce({0}, '') || 'x'",
    LargeBinary: "{0} || '\\x00'::bytea",
}


def other(column: Any) -> str:
    """Return the SQL of another value of a column."""
    if isinstance(column.type, ARRAY):
        item = OTHER[type(column.type.item_type)].format("NULL")
        return f"array_append({column.name}, {item})"
    kind = next(kind for kind in OTHER if isinstance(column.type, kind))
    return OTHER[kind].format(column.name)


TABLES: list[tuple[type[Model], str]] = [
    (Ticket, "ticket "),
    (TicketDepartment, " (ticket_departments) is not as event "),
    (TicketControl, " (ticket_controls) is not as event "),
    (TicketPenalty, " (ticket_penalties) is not as event "),
    (TicketStage, " (ticket_stages) is not as event "),
    (Finding, "finding "),
    (Inspection, "inspection "),
    (Photo, "photo "),
    (Incident, "incident "),
    (IncidentDepartment, " (incident_departments) is not as event "),
    (IncidentEntry, "entry of incident "),
    (Order, "order "),
    (DutyRecord, "duty record "),
    (DutyWithdrawal, "withdrawal of duty record "),
    (LedgerSubmission, "ledger submission "),
    (LedgerFile, " (ledger_files) is not as event "),
    (LedgerReceipt, "receipt of ledger submission "),
    (Document, "document "),
    (DocumentFile, "file of document "),
]
# Made by the database or by processing, and told by no event.
UNTOLD = {
    (TicketControl, "id"),
    (TicketPenalty, "id"),
    (Photo, "processed_at"),
    (Photo, "phash"),
    (Photo, "verdicts"),
}


# Tables whose rows are no part of what the events tell, see docs/architecture.md;
# ticket_search is made from tickets and events, saved_filters are a person's own.
BESIDE = {
    # Held by their digests and by the numbers given out: test_document_consistency.
    "document_templates", "document_series",
    "areas", "area_boundaries", "audit_events", "audit_head", "campaigns",
    "checklist_versions", "departments", "devices", "outbox", "places", "role_grants",
    # Messages about events, made from them; what people chose; where messages go.
    "notifications", "notification_backoffs", "notification_deliveries",
    "notification_preferences", "notification_sends", "notification_targets",
    "rulesets", "sign_in_failures", "staff", "tokens",
    "saved_filters", "ticket_search",
    # That people were told of a day; the telling itself is an event.
    "ticket_reminders",
}  # fmt: skip


def test_every_table_is_thought_of() -> None:
    tables = {model.__tablename__ for model, _ in TABLES} | BESIDE
    assert tables == Model.metadata.tables.keys()


def drop_checks(table: str) -> None:
    """Let a table take any words."""
    names = db.session.scalars(
        text(
            "SELECT conname FROM pg_constraint WHERE conrelid = :t ::regclass"
            " AND contype = 'c'"
        ),
        {"t": table},
    ).all()
    for name in names:
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@pytest.mark.parametrize(
    ("model", "said"), TABLES, ids=[m.__tablename__ for m, _ in TABLES]
)
def test_every_column_of_every_table(
    world: World, model: type[Model], said: str
) -> None:
    table = model.__tablename__
    drop_checks(table)
    assert faults_beside() == []
    for column in model.__table__.columns:
        with db.session.begin_nested() as point:
            execute(
                f"UPDATE {table} SET {column.name} = {other(column)}"
                f" WHERE ctid = (SELECT min(ctid) FROM {table})"
            )
            found = faults_beside()
            point.rollback()
        told = (model, column.name) not in UNTOLD
        assert any(said in fault for fault in found) is told, (column.name, found)


@pytest.mark.parametrize(
    ("model", "said"), TABLES, ids=[m.__tablename__ for m, _ in TABLES]
)
def test_a_row_taken_out(world: World, model: type[Model], said: str) -> None:
    table = model.__tablename__
    execute(f"DELETE FROM {table} WHERE ctid = (SELECT min(ctid) FROM {table})")
    assert any(said in fault for fault in faults_beside())


@pytest.mark.parametrize(
    ("table", "values", "fault"),
    [
        ("tickets", "lead_department = 'kq-agri'", "ticket {0.ticket} is not as"),
        (
            "ticket_penalties",
            "amount = 50",
            "ticket {0.ticket} (ticket_penalties) is not as",
        ),
        ("incidents", "summary = ''", "incident {0.incident} is not as"),
        ("incident_entries", "note = ''", "entry of incident {0.incident}/1 is not as"),
        ("orders", "title = ''", "order {0.order} is not as"),
        ("duty_records", "subject = ''", "duty record {0.duty} is not as"),
    ],
)
def test_the_row_is_named(world: World, table: str, values: str, fault: str) -> None:
    execute(f"UPDATE {table} SET {values}")
    assert any(said.startswith(fault.format(world)) for said in faults_beside())


def test_a_part_put_in_beside(world: World) -> None:
    execute(
        "INSERT INTO ticket_penalties (ticket_id, department_code, kind, note,"
        " decided_by, decided_at) SELECT id, 'kq-fire', '罚款', '', finder_id, now()"
        " FROM tickets WHERE number <> :n LIMIT 1",
        n=world.ticket,
    )
    (said,) = faults_beside()
    assert "(ticket_penalties) is not as event" in said


def test_a_photo_put_in_beside(world: World) -> None:
    execute("CREATE TEMP TABLE copied AS SELECT * FROM photos LIMIT 1")
    execute("UPDATE copied SET id = gen_random_uuid()")
    execute("INSERT INTO photos SELECT * FROM copied")
    (said,) = faults_beside()
    assert said.startswith("photo ")
    assert said.endswith(": no event tells of it")


def test_processing_a_photo_is_no_tampering(world: World) -> None:
    execute("UPDATE photos SET processed_at = now(), phash = 'x', verdicts = '{a}'")
    assert faults_beside() == []


def forget_digests() -> None:
    """Make the events those of a version that wrote no digests."""
    execute("UPDATE audit_events SET payload = (payload::jsonb - 'rows')::json")


def test_rows_older_than_digests(world: World, make: Factory) -> None:
    forget_digests()
    assert faults_beside() == []
    execute("UPDATE tickets SET description = '改' WHERE number = :n", n=world.ticket)
    assert faults_beside() == []  # what no event told of cannot be found
    execute("DELETE FROM incident_entries")
    assert len(faults_beside()) == 2  # but that something is gone can


def test_an_old_row_is_told_of_from_its_next_event_on(
    world: World, make: Factory
) -> None:
    forget_digests()
    make.handler().done(world.ticket, "comment", note="约谈")
    assert faults_beside() == []
    execute("UPDATE ticket_controls SET lift_note = ''")
    (said,) = faults_beside()
    assert said.startswith(f"ticket {world.ticket} (ticket_controls) is not as event")


def test_numbers_that_the_database_spells_otherwise(
    world: World, make: Factory
) -> None:
    worker = make.grid_worker()
    document = inspection(make, all_yes(worker), "35") | {
        "signature": {"n": [1e22, -0.0, 1.50, 1e-9, 2**60, 5.0]}
    }
    document["position"]["accuracy_m"] = -0.0
    answer = worker.put(f"/inspections/{uuid4()}", json=document)
    assert answer.status_code == 201, answer.text
    assert faults_beside() == []
    penalty = make.reported(worker)
    fire = make.handler()
    fire.done(penalty, "accept")
    fire.done(penalty, "verify", result="substantiated", note="属实")
    fire.done(penalty, "penalise", kind="fine", amount="5000.10", note="罚")
    assert faults_beside() == []


def test_a_timeline_shows_no_digests(world: World, make: Factory) -> None:
    officer = make.town_officer()
    for path in (f"/tickets/{world.ticket}/events", f"/orders/{world.order}/events"):
        events = officer.get(path).json["items"]
        assert all("rows" not in event["details"] for event in events)
