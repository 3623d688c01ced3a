"""What submitted ledgers take and give over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import Row

from server.checklists.service import rules_of
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Day, Line, Moment
from server.core.text import Text
from server.reports.ledger_schemas import CSV, JSON, XLSX, LedgerAreaOut
from server.submissions.due import LABELS, Due
from server.submissions.models import LedgerReceipt, LedgerSubmission
from server.tickets.schemas import DepartmentOut

DAYS = ma.validate.Range(date(2000, 1, 1), date(2099, 12, 31))


class SubmissionIn(Schema):
    """Which ledger is handed over; ``id`` is the client's, so that a retry makes no
    second one; ``replaces`` and ``reason`` make it a correction (更正报送)."""

    id = fields.UUID(load_default=None, allow_none=True)
    addressee = Line(required=True)
    period = Line(required=True, longest=30)
    ledger = Line(load_default=None, allow_none=True, longest=10)
    area = Line(load_default=None, allow_none=True, longest=60)
    note = Line(load_default=None, allow_none=True, longest=2000)
    replaces = fields.UUID(load_default=None, allow_none=True)
    reason = Line(load_default=None, allow_none=True, longest=2000)

    @ma.validates_schema
    def _both(self, data: dict[str, Any], **_: Any) -> None:
        if (data["replaces"] is None) == (data["reason"] is None):
            return
        name = "reason" if data["reason"] is None else "replaces"
        text = Text(
            "更正报送须同时填写 replaces 和 reason",
            "A correction gives both replaces and reason",
        )
        raise ma.ValidationError({name: [text]})


class ReceiptIn(Schema):
    """What the addressee says on confirming (签收)."""

    note = Line(load_default=None, allow_none=True, longest=2000)


class RejectIn(Schema):
    """Why it is sent back (退回)."""

    reason = Line(required=True, longest=2000)


class SubmissionQuery(Schema):
    """Filters; ``addressee`` is a department (code, name, alias) or a ledger's id."""

    addressee = Line()
    period = Line(longest=30)
    area = Line(longest=60)
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line(longest=200)


class FileQuery(Schema):
    """In which form."""

    format = fields.String(
        load_default=XLSX, validate=ma.validate.OneOf([JSON, CSV, XLSX])
    )


class DueQuery(Schema):
    """``from`` and ``to``: days on which the periods end, both included."""

    from_ = Day(data_key="from", load_default=None, validate=DAYS)
    to = Day(load_default=None, validate=DAYS)
    area = Line(longest=60)


class KindOut(Schema):
    """A ledger of the duty list."""

    id = fields.String()
    title = fields.String()


class FileOut(Schema):
    """One form of a submission; the bytes never change."""

    format = fields.String()
    name = fields.String()
    sha256 = fields.String()
    size = fields.Integer()


class ReceiptOut(Schema):
    """What the addressee answered: ``received`` or ``rejected``."""

    outcome = fields.String()
    note = fields.String(allow_none=True)
    by = fields.String()
    at = Moment()


class SubmissionOut(Schema):
    """A submission: whose ledger of which period, from whom, and what was answered."""

    id = fields.UUID()
    area = fields.Nested(LedgerAreaOut)
    ledger = fields.Nested(KindOut)
    addressee = fields.Nested(DepartmentOut)
    period = fields.String()
    from_ = Day(data_key="from")
    to = Day()
    edition = fields.Integer()
    replaces = fields.UUID(allow_none=True)
    replaced_by = fields.UUID(allow_none=True)
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    as_of = Moment()
    provisional = fields.Boolean()
    count = fields.Integer()
    open = fields.Integer()
    without_update = fields.Integer()
    submitted_by = fields.String()
    submitted_at = Moment()
    files = fields.List(fields.Nested(FileOut))
    receipt = fields.Nested(ReceiptOut, allow_none=True)


class DueOut(Schema):
    """A ledger that a town owes for a period."""

    area = fields.Nested(LedgerAreaOut)
    ledger = fields.Nested(KindOut)
    addressee = fields.Nested(DepartmentOut)
    rhythm = fields.List(fields.String())
    period = fields.String()
    from_ = Day(data_key="from")
    to = Day()
    due_on = Day()
    origin = fields.String(allow_none=True)
    state = fields.String()
    label = fields.String()
    late = fields.Boolean()
    without_update = fields.Integer()
    first_submitted_at = Moment(allow_none=True)
    submission = fields.UUID(allow_none=True)
    submitted_at = Moment(allow_none=True)
    submitted_by = fields.String(allow_none=True)
    receipt = fields.Nested(ReceiptOut, allow_none=True)


class DueListOut(Schema):
    """What is due, by the end of the period."""

    from_ = Day(data_key="from")
    to = Day()
    as_of = Moment()
    items = fields.List(fields.Nested(DueOut))


def _receipt(found: LedgerReceipt | None, by: str | None) -> dict[str, Any] | None:
    if found is None:
        return None
    said = {"outcome": found.outcome, "note": found.note}
    return said | {"by": by, "at": found.answered_at}


def submission_out(
    shown: Row[Any], files: Mapping[UUID, Sequence[Row[Any]]]
) -> dict[str, Any]:
    """Return the document of a row of ``queries.shown``."""
    row: LedgerSubmission = shown.LedgerSubmission
    kinds = {kind.id: kind.title for kind in rules_of(row.ruleset_id).ledgers}
    copied = ("id", "period", "edition", "replaces", "reason", "note", "as_of")
    return {name: getattr(row, name) for name in copied} | {
        "area": {"code": row.area_code, "name": shown.area_name},
        "ledger": {"id": row.ledger, "title": kinds[row.ledger]},
        "addressee": {"code": row.addressee, "name": shown.addressee_name},
        "from": row.period_from,
        "to": row.period_to,
        "replaced_by": shown.replaced_by,
        "provisional": row.provisional,
        "count": row.rows,
        "open": row.open_rows,
        "without_update": row.stale_rows,
        "submitted_by": shown.sender,
        "submitted_at": row.submitted_at,
        "files": [
            {"format": f.format, "name": f.name, "sha256": f.sha256, "size": f.size}
            for f in files[row.id]
        ],
        "receipt": _receipt(shown.LedgerReceipt, shown.answered_by),
    }


def due_out(one: Due) -> dict[str, Any]:
    """Return the document of what a town owes."""
    first, latest = one.first, one.latest
    return {
        "area": {"code": one.town.code, "name": one.town.name},
        "ledger": {"id": one.kept.id, "title": one.kept.title},
        "addressee": {"code": one.addressee.code, "name": one.addressee.name},
        "rhythm": list(one.kept.rhythm),
        "period": one.period.said,
        "from": one.period.first,
        "to": one.period.last,
        "due_on": one.due_on,
        "origin": one.kept.origin,
        "state": one.state,
        "label": LABELS[one.state],
        "late": one.late,
        "without_update": one.stale,
        "first_submitted_at": first and first.LedgerSubmission.submitted_at,
        "submission": latest and latest.LedgerSubmission.id,
        "submitted_at": latest and latest.LedgerSubmission.submitted_at,
        "submitted_by": latest and latest.sender,
        "receipt": latest and _receipt(latest.LedgerReceipt, latest.answered_by),
    }
