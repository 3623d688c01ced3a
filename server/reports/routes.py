"""Reports over HTTP."""

from __future__ import annotations

from typing import Any

from flask import request

from server.core.clock import now
from server.core.http import Blueprint, Reply, etag_of
from server.core.http.app import settings
from server.core.http.render import dumps
from server.core.permissions import Actor
from server.core.text import pick_language
from server.reports import coverage_schemas, duty_schemas, policy, schemas, service
from server.reports.coverage import coverage as coverage_of
from server.reports.duties import duties as duty_report

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
    # Without the moment of asking, which differs even when no figure does.
    figures = {name: said for name, said in document.items() if name != "as_of"}
    etag = etag_of("rectification", dumps(figures))
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
    return Reply(document, headers={"Content-Language": language})


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
    return Reply(document, headers={"Content-Language": language})
