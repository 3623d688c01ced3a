"""What reports take and give over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Day, Line, Moment, Span
from server.reports import definitions
from server.reports.queries import Grouping
from server.reports.service import Group, Report
from server.tickets.filter_schemas import Words
from server.tickets.schemas import DepartmentOut
from server.tickets.vocabulary import Severity

# Bounds a report of months to some hundred rows and keeps the day after in range.
_DAYS = ma.validate.Range(date(1970, 1, 1), date(2099, 12, 31))


class PeriodQuery(Span):
    """The period of a report: its first and last day, both counted."""

    from_ = Day(data_key="from", validate=_DAYS)
    to = Day(validate=_DAYS)


class SelectionQuery(PeriodQuery):
    """Which tickets a report counts; several values are separated by commas."""

    area = Line()
    department = Line()
    duty_item = Line()
    severity = Words([s.value for s in Severity])
    place_kind = Line()


class RectificationQuery(SelectionQuery):
    """Period, grouping, filters, and the past day as of which is told."""

    as_of = Day()
    group_by = fields.String(
        load_default=Grouping.DEPARTMENT.value,
        validate=ma.validate.OneOf([g.value for g in Grouping]),
    )


class RectificationRow(Schema):
    """One group's figures; ``definitions`` of the report says what each means."""

    key = fields.String(allow_none=True)
    label = fields.String()
    department = fields.Nested(DepartmentOut)
    found = fields.Integer()
    rectified = fields.Integer()
    on_time = fields.Integer()
    with_due = fields.Integer()
    overdue = fields.Integer()
    open = fields.Integer()
    excluded = fields.Integer()
    rate = fields.Float(allow_none=True)
    on_time_rate = fields.Float(allow_none=True)
    median_days = fields.Float(allow_none=True)


class RectificationOut(Schema):
    """A rectification report (整改率)."""

    as_of = Moment()
    from_ = Day(data_key="from")
    to = Day()
    timezone = fields.String()
    group_by = fields.String()
    definitions = fields.Dict(keys=fields.String(), values=fields.String())
    rows = fields.List(fields.Nested(RectificationRow))
    total = fields.Nested(RectificationRow)


def rectification_out(report: Report, language: str) -> dict[str, Any]:
    """Return the document of :class:`RectificationOut` in ``language``."""
    return {
        "as_of": report.as_of,
        "from": report.first,
        "to": report.last,
        "timezone": report.zone.key,
        "group_by": report.group_by,
        "definitions": definitions.said(report.group_by, language),
        "rows": [_row(group, report.group_by, language) for group in report.rows],
        "total": _row(report.total, None, language),
    }


def _row(group: Group, grouping: Grouping | None, language: str) -> dict[str, Any]:
    figures = group.figures
    label = group.label.said(language)
    document: dict[str, Any] = {"key": group.key, "label": label}
    if grouping is Grouping.DEPARTMENT:
        document["department"] = {"code": group.key, "name": label}
    return document | {
        "found": figures.found,
        "rectified": figures.rectified,
        "on_time": figures.on_time,
        "with_due": figures.with_due,
        "overdue": figures.overdue,
        "open": figures.open,
        "excluded": figures.excluded,
        "rate": figures.rate,
        "on_time_rate": figures.on_time_rate,
        "median_days": figures.median_days,
    }
