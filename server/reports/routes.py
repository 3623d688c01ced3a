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
from server.reports import policy, schemas, service

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
