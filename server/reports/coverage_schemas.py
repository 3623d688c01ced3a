"""What the coverage report takes and gives over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Day, Line, Moment
from server.reports import coverage_definitions as definitions
from server.reports.coverage import Coverage, Report
from server.reports.coverage_queries import Grouping
from server.reports.schemas import PeriodQuery


class CoverageQuery(PeriodQuery):
    """Period, grouping and filters; several kinds are separated by commas."""

    group_by = fields.String(
        load_default=Grouping.AREA.value,
        validate=ma.validate.OneOf([g.value for g in Grouping]),
    )
    area = Line()
    kind = Line()
    duty_item = Line()
    campaign = fields.UUID()


class CoverageRow(Schema):
    """One group's figures; ``definitions`` of the report says what each means."""

    key = fields.String(allow_none=True)
    label = fields.String()
    registered = fields.Integer()
    inspected = fields.Integer()
    share = fields.Float(allow_none=True)
    never = fields.Integer()
    overdue = fields.Integer()
    inspections = fields.Integer()
    night = fields.Integer()


class CoverageOut(Schema):
    """A coverage report (检查覆盖率)."""

    as_of = Moment()
    from_ = Day(data_key="from")
    to = Day()
    timezone = fields.String()
    group_by = fields.String()
    definitions = fields.Dict(keys=fields.String(), values=fields.String())
    rows = fields.List(fields.Nested(CoverageRow))
    total = fields.Nested(CoverageRow)


def coverage_out(report: Report, language: str) -> dict[str, Any]:
    """Return the document of :class:`CoverageOut` in ``language``."""
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


def _row(row: Coverage, language: str) -> dict[str, Any]:
    names = ("registered", "inspected", "share", "never", "overdue", "inspections")
    return {
        "key": row.key,
        "label": row.label.said(language),
        **{name: getattr(row, name) for name in names},
        "night": row.night,
    }
