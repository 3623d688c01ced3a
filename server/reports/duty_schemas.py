"""What the duty report takes and gives over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from server.checklists.duties import TOWNSHIP
from server.core.http import Schema
from server.core.http.schema import Day, Moment, Span
from server.core.http.schema import Line as LineField
from server.duties.schemas import DAYS
from server.reports import duty_definitions
from server.reports.duties import DutyReport, Line
from server.tickets.schemas import DepartmentOut


class DutyReportQuery(Span):
    """Period (by default this year so far), area and duty item."""

    from_ = Day(data_key="from", validate=DAYS)
    to = Day(validate=DAYS)
    area = LineField(longest=60)
    item = LineField(longest=10)


class DutyReportRow(Schema):
    """One kind of duty in one item; ``definitions`` says what each figure means."""

    item = fields.String()
    kind = fields.String()
    title = fields.String()
    form = fields.String()
    township = fields.Boolean()
    departments = fields.List(fields.Nested(DepartmentOut))
    clauses = fields.List(fields.String())
    rhythm = fields.String(allow_none=True)
    rhythm_origin = fields.String(allow_none=True)
    count = fields.Integer()
    incomplete = fields.Integer()
    last_on = Day(allow_none=True)
    participants = fields.Integer(allow_none=True)
    missing = fields.Boolean()
    due = fields.Integer()
    periods_missing = fields.List(fields.String())
    rate = fields.Float(allow_none=True)


class DutyReportTotal(Schema):
    """How many of the rows have a record."""

    kinds = fields.Integer()
    recorded = fields.Integer()
    rate = fields.Float(allow_none=True)


class DutyReportOut(Schema):
    """A duty report (履职情况)."""

    as_of = Moment()
    from_ = Day(data_key="from")
    to = Day()
    timezone = fields.String()
    definitions = fields.Dict(keys=fields.String(), values=fields.String())
    rows = fields.List(fields.Nested(DutyReportRow))
    total = fields.Nested(DutyReportTotal)


def duties_out(report: DutyReport, language: str) -> dict[str, Any]:
    """Return the document of :class:`DutyReportOut` in ``language``."""
    return {
        "as_of": report.as_of,
        "from": report.first,
        "to": report.last,
        "timezone": report.zone.key,
        "definitions": duty_definitions.said(language),
        "rows": [_row(line) for line in report.lines],
        "total": {
            "kinds": len(report.lines),
            "recorded": report.recorded,
            "rate": report.rate,
        },
    }


def _row(line: Line) -> dict[str, Any]:
    return {
        "item": line.item,
        "kind": line.kind.code,
        "title": line.kind.title,
        "form": line.kind.form_name,
        "township": TOWNSHIP in line.kind.parties,
        "departments": [{"code": c, "name": n} for c, n in line.departments],
        "clauses": list(line.kind.clauses_of(line.item)),
        "rhythm": line.kind.rhythm,
        "rhythm_origin": line.kind.origin,
        "count": line.count,
        "incomplete": line.incomplete,
        "last_on": line.last_on,
        "participants": line.participants,
        "missing": line.count == 0,
        "due": len(line.due),
        "periods_missing": line.periods_missing,
        "rate": line.rate,
    }
