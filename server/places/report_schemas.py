"""What an import takes and gives over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from server.core.errors import FieldError, Invalid
from server.core.http import Schema
from server.core.http.schema import Line
from server.core.text import Text
from server.places.columns import CellFault
from server.places.report import Entry, Outcome, Report

# Errors in a problem; the report beside them has all.
MOST_ERRORS = 200


class ImportQuery(Schema):
    """How a file is imported; ``area``: code in which every row must lie."""

    area = Line(load_default=None)
    dry_run = fields.Boolean(load_default=False)
    skip_bad = fields.Boolean(load_default=False)


class CellFaultOut(Schema):
    """What is wrong with a cell; ``column`` is its letters, null for the whole row."""

    column = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    message = fields.String()


class HintOut(Schema):
    """A registered place (``id``) or a ``row`` of the file that may be the same."""

    id = fields.UUID()
    row = fields.Integer()
    name = fields.String()
    kind = fields.String()
    metres = fields.Float()
    why = fields.String()


class EntryOut(Schema):
    """One row: ``taken``, ``unchanged`` or ``refused``, and why.

    ``change`` says of a taken row whether the place is ``registered`` or ``changed``.
    """

    row = fields.Integer()
    result = fields.String()
    change = fields.String()
    place = fields.UUID()
    errors = fields.List(fields.Nested(CellFaultOut))
    similar = fields.List(fields.Nested(HintOut))


class ReportOut(Schema):
    """What an import did, or with ``written`` false would do."""

    sha256 = fields.String()
    encoding = fields.String(allow_none=True)
    dry_run = fields.Boolean()
    skip_bad = fields.Boolean()
    written = fields.Boolean()
    total = fields.Integer()
    taken = fields.Integer()
    registered = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()
    rows = fields.List(fields.Nested(EntryOut))


def report_out(report: Report, language: str) -> dict[str, Any]:
    """Return the document of :class:`ReportOut` in ``language``."""
    return {
        "sha256": report.sha256,
        "encoding": report.encoding,
        "dry_run": report.dry_run,
        "skip_bad": report.skip_bad,
        "written": report.written,
        "total": len(report.entries),
        "taken": report.count(Outcome.REGISTERED, Outcome.CHANGED),
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "rows": [_entry(entry, report.written, language) for entry in report.entries],
    }


def _entry(entry: Entry, written: bool, language: str) -> dict[str, Any]:
    taken = entry.outcome in (Outcome.REGISTERED, Outcome.CHANGED)
    document: dict[str, Any] = {
        "row": entry.number,
        "result": "taken" if taken else entry.outcome.value,
    }
    if taken:
        document["change"] = entry.outcome.value
    # A place that was not registered has no id that would mean anything.
    if entry.place is not None or (taken and written):
        document["place"] = entry.place_id
    if entry.faults:
        document["errors"] = [
            {
                "column": fault.column,
                "title": fault.title,
                "message": fault.message.said(language),
            }
            for fault in entry.faults
        ]
    if entry.hints:
        document["similar"] = entry.hints
    return document


def refusal(report: Report, document: dict[str, Any]) -> Invalid:
    """Return the problem of an import of which nothing was written."""
    count = len(report.refused)
    errors = [
        FieldError(
            f"/rows/{entry.number}/{fault.column or ''}".rstrip("/"), said(fault)
        )
        for entry in report.refused
        for fault in entry.faults
    ]
    message = Text(
        f"{count} 行被拒绝，整个文件未导入（skip_bad=true 可跳过）",
        f"{count} rows are refused, nothing was imported (skip_bad=true skips them)",
    )
    return Invalid(
        message,
        errors=errors[:MOST_ERRORS],
        slug="rows-refused",
        extra={"report": document},
    )


def said(fault: CellFault) -> Text:
    """Return what is wrong with a cell, its header named."""
    if fault.title is None:
        return fault.message
    return Text(
        f"{fault.title}：{fault.message.zh}", f"{fault.title}: {fault.message.en}"
    )
