"""One head, models = migrations, up-down-up, and rows that cannot be changed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from geoalchemy2 import alembic_helpers
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from server.core import migrate
from server.core.db import Model, commit, db
from server.places.models import Place
from tests.factories import Factory

OPTIONS = {"include_object": alembic_helpers.include_object, "compare_type": True}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(migrate.SCRIPTS)).get_heads()) == 1


def test_models_and_migrations_agree(committed_app: Flask) -> None:
    with committed_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, Model.metadata) == []


def test_down_to_nothing_and_up_again(committed_app: Flask) -> None:
    with committed_app.app_context():
        before = set(inspect(db.engine).get_table_names())
        migrate.downgrade(db.engine, "base")
        left = set(inspect(db.engine).get_table_names())
        assert left == {"alembic_version", "spatial_ref_sys"}
        migrate.upgrade(db.engine)
        assert set(inspect(db.engine).get_table_names()) == before


FACTS = ["audit_events", "checklist_versions", "findings", "rulesets"]


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET id = id"])
def test_facts_are_never_changed(make: Factory, table: str, change: str) -> None:
    make.sent(make.grid_worker(), make.finding())
    assert db.session.scalar(text(f"SELECT count(*) FROM {table}"))
    with pytest.raises(IntegrityError, match="never changed"):
        db.session.execute(text(change.format(table)))


NOT_MADE_HERE = [
    "inspections",
    "incident_entries",
    "duty_records",
    "duty_withdrawals",
    "ledger_submissions",
    "ledger_files",
    "ledger_receipts",
    "document_templates",
    "document_files",
]


@pytest.mark.parametrize("table", [*FACTS, *NOT_MADE_HERE])
def test_facts_are_never_emptied(app: Flask, table: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        db.session.execute(text(f"TRUNCATE {table} CASCADE"))


def test_what_was_registered_before_the_register_grew(committed_app: Flask) -> None:
    """0007 fills keys, the day of registration and the last visit."""
    with committed_app.app_context():
        make = Factory(committed_app)
        worker, ids = make.grid_worker(), [str(uuid4()), str(uuid4())]
        document = {"name": "Ａ 面馆", "kind": "35", "position": make.position()}
        for id in ids:
            assert worker.put(f"/places/{id}", json=document).status_code == 201
        before = {p.id: (p.natural_key, p.name_key) for p in db.session.query(Place)}
        db.session.execute(text("UPDATE places SET created_by = NULL"))
        commit()
        db.session.remove()
        migrate.downgrade(db.engine, "0006")
        migrate.upgrade(db.engine)
        places = db.session.query(Place).all()
        assert {p.id: (p.natural_key, p.name_key) for p in places} == before
        for place in places:
            assert place.created_by is not None
            assert place.last_visited_at is None
            assert place.attributes == {}
            assert not place.imported
            age = place.changed_at - place.registered_at
            assert abs(age.total_seconds()) < 5
        db.session.remove()


def test_what_was_there_before_the_search_is_found(committed_app: Flask) -> None:
    """The rows that the migration fills are those that the changes have written."""
    with committed_app.app_context():
        make = Factory(committed_app)
        worker, fire = make.grid_worker(), make.handler()
        number = make.reported(
            worker,
            description="ＬＰＧ气瓶，安全出口被堵",
            place={"name": "老王烧烤", "kind": "restaurant"},
            control={"measure": "临时封闭", "note": "危险"},
        )
        fire.done(number, "accept", note="派员核实")
        fire.done(number, "comment", note="电话已联系 13800000000")
        make.ticket(worker)
        read = text("SELECT ticket_id, head, terms FROM ticket_search ORDER BY 1")
        rest = text("SELECT rest FROM ticket_search ORDER BY ticket_id")

        def rows() -> tuple[list[Any], list[list[str]]]:
            said = [sorted(row.rest.split()) for row in db.session.execute(rest)]
            return [tuple(row) for row in db.session.execute(read)], said

        before = rows()
        db.session.remove()
        migrate.downgrade(db.engine, "0007")
        migrate.upgrade(db.engine)
        assert rows() == before
        db.session.remove()
