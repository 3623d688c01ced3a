"""``audit verify`` also compares findings and tickets with the trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from server.core.db import db
from server.patrols.consistency import faults as finding_faults
from server.tickets.consistency import faults as ticket_faults
from tests.factories import Factory


@pytest.fixture
def number(make: Factory) -> str:
    """A ticket that has gone some way, beside others."""
    worker, fire = make.grid_worker(), make.handler()
    make.ticket(worker)
    number = make.reported(worker, control={"measure": "临时封闭", "note": "x"})
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="整改")
    fire.done(number, "reinspect", result="failed", note="未改")
    fire.done(number, "comment", note="约谈")
    officer = make.town_officer()
    twin = make.ticket(worker)
    officer.done(twin, "merge", into=number, note="重复")
    settled = make.ticket(worker)
    worker.done(settled, "settle", note="清了", photos=[worker.photo(settled)])
    return number


def execute(sql: str, **values: Any) -> None:
    """Run one statement; events and findings are unlocked first."""
    for table in ("audit_events", "findings"):
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.session.execute(text(sql), values)


def finding_of(number: str) -> str:
    """Return the id of the finding that opened a ticket."""
    query = text("SELECT finding_id::text FROM tickets WHERE number = :number")
    return str(db.session.execute(query, {"number": number}).scalar_one())


def test_everything_agrees(number: str) -> None:
    assert ticket_faults() == []
    assert finding_faults() == []


def test_a_state_changed_beside_the_machine(number: str) -> None:
    execute("UPDATE tickets SET state = 'closed' WHERE number = :n", n=number)
    said, row = ticket_faults()
    assert said == f"ticket {number} is 'closed', its last event says 'ordered'"
    assert row.startswith(f"ticket {number} is not as event ")


def test_a_last_step_that_was_taken_out(number: str) -> None:
    execute("DELETE FROM outbox")
    execute(
        "DELETE FROM audit_events WHERE subject_id = :n AND type IN"
        " ('ticket.commented', 'ticket.recheck_failed')",
        n=number,
    )
    said, row = ticket_faults()
    assert said == f"ticket {number} is 'ordered', its last event says 'dept_recheck'"
    assert row.startswith(f"ticket {number} is not as event ")


def test_a_ticket_without_any_event(number: str) -> None:
    execute("DELETE FROM outbox")
    execute("DELETE FROM audit_events WHERE subject_id = :n", n=number)
    assert ticket_faults() == [
        f"ticket {number} is 'ordered', its last event says 'None'",
        f"ticket {number} has not the one opening event of its finding",
        f"ticket {number}: no event tells of it",
    ]
    finding = finding_of(number)
    assert finding_faults() == [f"finding {finding} has no opened ticket"]


def test_an_opening_event_of_another_finding(number: str) -> None:
    execute(
        "UPDATE audit_events SET payload = jsonb_set(payload::jsonb, '{finding}',"
        " '\"00000000-0000-4000-8000-000000000000\"')::json"
        " WHERE subject_id = :n AND type = 'ticket.found'",
        n=number,
    )
    assert ticket_faults() == [
        f"ticket {number} has not the one opening event of its finding"
    ]


def test_a_ticket_that_vanished(number: str) -> None:
    finding = finding_of(number)
    for table in ("ticket_departments", "ticket_controls", "ticket_stages"):
        execute(
            f"DELETE FROM {table} WHERE ticket_id ="
            " (SELECT id FROM tickets WHERE number = :n)",
            n=number,
        )
    execute("DELETE FROM tickets WHERE number = :n", n=number)
    (said,) = ticket_faults()
    assert said.startswith(f"ticket {number} is gone, event ")
    assert finding_faults() == [f"finding {finding} has no opened ticket"]


def test_a_finding_that_vanished(number: str) -> None:
    finding = finding_of(number)
    execute("DELETE FROM findings WHERE id = :id", id=finding)
    (said,) = finding_faults()
    assert said.startswith(f"finding {finding} is gone, event ")
    assert ticket_faults() == []


def test_a_finding_nobody_sent(number: str) -> None:
    execute(
        "DELETE FROM audit_events WHERE type = 'finding.recorded' AND subject_id = :id",
        id=finding_of(number),
    )
    (said,) = finding_faults()
    assert said == f"finding {finding_of(number)}: no event tells of it"


def test_the_number_of_faults_told_is_bounded(number: str) -> None:
    execute("UPDATE tickets SET severity = 'major'")
    assert len(ticket_faults()) == 4
    assert len(ticket_faults(most=2)) == 2
