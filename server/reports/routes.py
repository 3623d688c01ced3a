"""Reports over HTTP."""

from __future__ import annotations

import tempfile
from datetime import UTC
from typing import IO, Any

from flask import Response, request

from server.core.clock import now
from server.core.http import Blueprint, Reply, etag_of
from server.core.http.app import settings
from server.core.http.files import IN_MEMORY, sent
from server.core.http.render import dumps
from server.core.permissions import Actor
from server.core.text import pick_language
from server.reports import (
    coverage_schemas,
    duty_schemas,
    ledger_schemas,
    policy,
    recurrence_schemas,
    schemas,
    service,
)
from server.reports.coverage import coverage as coverage_of
from server.reports.duties import duties as duty_report
from server.reports.ledger import ledger as ledger_report
from server.reports.recurrence import recurrence as recurrence_report

blueprint = Blueprint("reports", __name__)


@blueprint.expose(
    "GET",
    "/reports/rectification",
    permission=policy.READ,
    summary="Rectification (整改率) of what was found in a period, each figure defined",
    query=schemas.RectificationQuery,
    answers={200: schemas.RectificationOut},
)
def rectification(actor: Actor, query: dict[str, Any]) -> Reply:
    """Report how much of what was found is rectified."""
    language = pick_language(request.headers.get("Accept-Language"))
    report = service.rectification(actor, query, settings().timezone, now())
    document = schemas.rectification_out(report, language)
    return _reply("rectification", document, language)


def _reply(name: str, document: dict[str, Any], language: str) -> Reply:
    # Without the moment of asking, which differs even when no figure does.
    figures = {key: said for key, said in document.items() if key != "as_of"}
    etag = etag_of(name, dumps(figures))
    return Reply(document, etag=etag, headers={"Content-Language": language})


@blueprint.expose(
    "GET",
    "/reports/duties",
    permission=policy.READ,
    summary="What was done of each duty of the list in a period, and what was not",
    query=duty_schemas.DutyReportQuery,
    answers={200: duty_schemas.DutyReportOut},
)
def duties(actor: Actor, query: dict[str, Any]) -> Reply:
    """Report the duties recorded and those missing."""
    language = pick_language(request.headers.get("Accept-Language"))
    report = duty_report(actor, query, settings().timezone, now())
    document = duty_schemas.duties_out(report, language)
    return _reply("duties", document, language)


@blueprint.expose(
    "GET",
    "/reports/coverage",
    permission=policy.READ,
    summary="Coverage (检查覆盖率): registered places inspected, each figure defined",
    query=coverage_schemas.CoverageQuery,
    answers={200: coverage_schemas.CoverageOut},
)
def coverage(actor: Actor, query: dict[str, Any]) -> Reply:
    """Report how many of the registered places were inspected."""
    language = pick_language(request.headers.get("Accept-Language"))
    report = coverage_of(actor, query, settings().timezone, now())
    document = coverage_schemas.coverage_out(report, language)
    return _reply("coverage", document, language)


@blueprint.expose(
    "GET",
    "/reports/recurrence",
    permission=policy.READ,
    summary="Recurrence (隐患反复): found again within 12 months, each figure defined",
    query=recurrence_schemas.RecurrenceQuery,
    answers={200: recurrence_schemas.RecurrenceOut},
)
def recurrence(actor: Actor, query: dict[str, Any]) -> Reply:
    """Report what was found again after it was put right."""
    language = pick_language(request.headers.get("Accept-Language"))
    report = recurrence_report(actor, query, settings().timezone, now())
    document = recurrence_schemas.recurrence_out(report, language)
    return _reply("recurrence", document, language)


@blueprint.expose(
    "GET",
    "/reports/ledger",
    permission=policy.LEDGER,
    summary="The ledger (台账) as it stood at the end of a period; also CSV and XLSX",
    query=ledger_schemas.LedgerQuery,
    answers={200: ledger_schemas.LedgerOut},
    files=ledger_schemas.FILES,
    who="town officers, supervisors and administrators, over their areas; the staff of"
    " the department it is addressed to",
)
def ledger(actor: Actor, query: dict[str, Any]) -> Response:
    """Give out a ledger; the same bytes whenever a period that is over is asked for."""
    report = ledger_report(actor, query, settings().timezone, now())
    # Closed by the answer that sends it.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    form = query["format"]
    try:
        url = settings().public_url
        digest = ledger_schemas.write(report, report.rows(), form, file, url)
        response = sent(
            file,
            ledger_schemas.MEDIA_TYPES[form],
            etag_of(digest) if form != ledger_schemas.JSON else f"W/{etag_of(digest)}",
            ledger_schemas.file_name(report, form),
            packs=form in ledger_schemas.TEXTS,
        )
    except BaseException:
        file.close()
        raise
    response.headers["Content-Language"] = "zh-CN"
    response.headers["Ledger-As-Of"] = report.until.astimezone(UTC).isoformat()
    response.headers["Ledger-Provisional"] = str(report.provisional).lower()
    return response
