"""Reports over HTTP."""

from __future__ import annotations

from typing import Any

from flask import request

from server.core.clock import now
from server.core.http import Blueprint, Reply
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.text import pick_language
from server.reports import coverage_schemas, policy, schemas, service
from server.reports.coverage import coverage as coverage_of

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
