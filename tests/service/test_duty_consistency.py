"""``audit verify`` also compares duty records with the trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from server.core.db import db
from server.duties.consistency import faults
from tests.api.test_duties import drill, sent
from tests.factories import Factory


@pytest.fixture
def record(make: Factory) -> str:
    """A record that was withdrawn, beside one that was not."""
    worker = make.grid_worker()
    sent(worker, drill())
    id = sent(worker, drill())
    worker.post(f"/duties/{id}/withdraw", json={"reason": "填错"})
    return id


def execute(sql: str, **values: Any) -> None:
    """Run one statement; the tables are unlocked first."""
    for table in ("audit_events", "duty_records", "duty_withdrawals"):
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.session.execute(text(sql), values)


def test_everything_agrees(record: str) -> None:
    assert faults() == []


def test_a_record_of_other_content(record: str) -> None:
    execute("UPDATE duty_records SET content_hash = 'x' WHERE id = :id", id=record)
    assert faults()[0] == f"duty record {record}: no event tells of it"


def test_a_withdrawal_nobody_made_and_one_undone(record: str) -> None:
    execute("DELETE FROM duty_withdrawals WHERE record_id = :id", id=record)
    (said,) = faults()
    assert said.startswith(f"withdrawal of duty record {record} is gone, event ")
    execute("DELETE FROM audit_events WHERE type = 'duty.withdrawn'")
    execute(
        "INSERT INTO duty_withdrawals SELECT id, staff_id, 'x', now()"
        " FROM duty_records WHERE id = :id",
        id=record,
    )
    assert faults() == [f"withdrawal of duty record {record}: no event tells of it"]


def test_a_record_that_vanished(record: str) -> None:
    execute("DELETE FROM duty_withdrawals WHERE record_id = :id", id=record)
    execute("DELETE FROM duty_records WHERE id = :id", id=record)
    assert [said.partition(",")[0] for said in faults()] == [
        f"duty record {record} is gone",
        f"withdrawal of duty record {record} is gone",
    ]


def test_the_number_of_faults_told_is_bounded(record: str) -> None:
    execute("DELETE FROM audit_events WHERE type = 'duty.recorded'")
    assert len(faults()) == 2
    assert len(faults(most=1)) == 1
