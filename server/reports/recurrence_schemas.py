"""What the recurrence report takes and gives over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Day, Moment
from server.reports import recurrence_definitions as definitions
from server.reports.recurrence import (
    Recurrence,
    RecurrenceGrouping,
    RecurrenceReport,
)
from server.reports.schemas import SelectionQuery


class RecurrenceQuery(SelectionQuery):
    """Period, grouping and filters; several values are separated by commas."""

    group_by = fields.String(
        load_default=RecurrenceGrouping.PLACE.value,
        validate=ma.validate.OneOf([g.value for g in RecurrenceGrouping]),
    )


class RecurrenceRow(Schema):
    """One group's figures; ``definitions`` of the report says what each means."""

    key = fields.String(allow_none=True)
    label = fields.String()
    found = fields.Integer()
    repeated = fields.Integer()
    rate = fields.Float(allow_none=True)


class RecurrenceOut(Schema):
    """A recurrence report (隐患反复)."""

    as_of = Moment()
    from_ = Day(data_key="from")
    to = Day()
    timezone = fields.String()
    group_by = fields.String()
    definitions = fields.Dict(keys=fields.String(), values=fields.String())
    rows = fields.List(fields.Nested(RecurrenceRow))
    total = fields.Nested(RecurrenceRow)


def recurrence_out(report: RecurrenceReport, language: str) -> dict[str, Any]:
    """Return the document of :class:`RecurrenceOut` in ``language``."""
    return {
        "as_of": report.as_of,
        "from": report.first,
        "to": report.last,
        "timezone": report.zone.key,
        "group_by": report.group_by,
        "definitions": definitions.said(report.group_by, language),
        "rows": [_row(row, language) for row in report.rows],
        "total": _row(report.total, language),
    }


def _row(row: Recurrence, language: str) -> dict[str, Any]:
    return {
        "key": row.key,
        "label": row.label.said(language),
        "found": row.found,
        "repeated": row.repeated,
        "rate": row.rate,
    }
