"""Pages for a person, and the files they are made with."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from flask import Response

from server.core.clock import now
from server.core.http import Blueprint
from server.core.http.app import settings
from server.core.http.operations import readyz
from server.core.http.pages import STATIC, asset, page
from server.core.permissions import PUBLIC
from server.web import service

blueprint = Blueprint("web", __name__, template_folder="templates")

_FILES = Path(__file__).parent / "static"


@blueprint.expose(
    "GET",
    "/",
    permission=PUBLIC,
    summary="Start page in Chinese: what runs here, its health, the last day's counts",
    media_types=("text/html",),
)
def start() -> Response:
    """Show what runs here; works whatever is down."""
    config = settings()
    live = readyz().data
    moment = now()
    database_up = live["database"] == "ok"
    return page(
        "start.html",
        version=version("hazard-patrol"),
        live=live,
        summary=service.summary(config.timezone, moment) if database_up else None,
        rate_days=service.RATE_DAYS,
        moment=moment,
        zone=config.timezone,
        accounts_file=config.accounts_file if config.demo else None,
    )


@blueprint.expose(
    "GET",
    f"{STATIC}<path:name>",
    permission=PUBLIC,
    summary="Style sheet and icon of the pages",
    media_types=("text/css", "image/svg+xml"),
)
def file(name: str) -> Response:
    """Give out a file of the pages."""
    return asset(_FILES, name)
