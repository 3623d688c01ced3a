"""Digests of rows: what is the same row, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from server.core.digests import Model, digest, told
from server.patrols.models import Finding
from server.photos.models import Photo
from server.tickets.models import TicketControl, TicketPenalty
from server.tickets.vocabulary import Source

ID = "00000000-0000-4000-8000-000000000000"
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "written", "read"),
    [
        (Finding, {"id": UUID(ID)}, {"id": ID}),
        (Finding, {"description": "x"}, {"description": "x", "place": None}),
        (Finding, {"source": Source.PATROL}, {"source": "patrol"}),
        (
            Finding,
            {"found_at": NOON.astimezone(timezone(timedelta(hours=8)))},
            {"found_at": NOON},
        ),
        (
            Finding,
            {"geom": "SRID=4326;POINT(109.80 40.1234567)"},
            {"geom": "SRID=4326;POINT(109.8 40.12345670000001)"},
        ),
        (Finding, {"position": {"a": 1, "b": ()}}, {"position": {"b": [], "a": 1}}),
        (Finding, {"position": {"a": 1e22}}, {"position": {"a": 10**22}}),
        (Finding, {"position": {"a": 1e16}}, {"position": {"a": 10**16}}),
        (Finding, {"position": [-0.0, 1.50]}, {"position": [0.0, 1.5]}),
        (TicketPenalty, {"amount": Decimal(5000)}, {"amount": Decimal("5000.00")}),
        (TicketPenalty, {"kind": "fine"}, {"kind": "fine", "id": 7}),
        (Photo, {"verdicts": []}, {"verdicts": ["damaged"], "phash": "0"}),
    ],
)
def test_the_same_row(
    model: Model, written: dict[str, Any], read: dict[str, Any]
) -> None:
    assert digest(model, [written]) == digest(model, [read])


@pytest.mark.parametrize(
    ("model", "one", "other"),
    [
        (Finding, {"description": "x"}, {"severity": "x"}),
        (Finding, {"found_at": NOON}, {"found_at": NOON + timedelta(microseconds=1)}),
        (Finding, {"geom": "POINT(1 2)"}, {"geom": "POINT(1 2.000001)"}),
        (Finding, {"geom": "POINT(1 2)"}, {"geom": "POINT EMPTY"}),
        (Finding, {"position": {"a": 1e-9}}, {"position": {"a": 2e-9}}),
        (Finding, {"photos": []}, {}),
        (TicketPenalty, {"amount": Decimal(5)}, {"amount": Decimal("5.01")}),
    ],
)
def test_another_row(model: Model, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest(model, [one]) != digest(model, [other])


def test_the_order_of_rows_does_not_count_their_number_and_table_do() -> None:
    a, b = {"note": "a"}, {"note": "b"}
    assert digest(TicketControl, [a, b]) == digest(TicketControl, [b, a])
    assert digest(TicketControl, [a, b]) != digest(TicketControl, [a])
    assert digest(TicketControl, [a, a]) != digest(TicketControl, [a])
    assert digest(TicketControl, [a]) != digest(TicketPenalty, [a])
    assert told([(TicketControl, [a])]) == {
        "ticket_controls": digest(TicketControl, [a])
    }
