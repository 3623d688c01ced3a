"""Pages for a person, and the files they are made with."""

from __future__ import annotations

from pathlib import Path

from flask import Response

from server.core.clock import now
from server.core.http import Blueprint
from server.core.http.app import VERSION, settings
from server.core.http.operations import readyz
from server.core.http.pages import STATIC, asset, page
from server.core.permissions import PUBLIC
from server.documents.queries import by_code
from server.documents.schemas import verified_out
from server.web import service

blueprint = Blueprint("web", __name__, template_folder="templates")

_FILES = Path(__file__).parent / "static"
_PROJECT = Path(__file__).parents[2]


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
        version=VERSION,
        live=live,
        summary=service.summary(config.timezone, moment) if database_up else None,
        rate_days=service.RATE_DAYS,
        moment=moment,
        zone=config.timezone,
        accounts_file=_shown(config.accounts_file) if config.demo else None,
    )


def _shown(path: Path | None) -> str | None:
    """Return ``path`` as seen from the project; of one elsewhere only the name.

    The page is open to anyone, whom the machine's directories do not concern.
    """
    if path is None:
        return None
    inside = path.is_relative_to(_PROJECT)
    return str(path.relative_to(_PROJECT)) if inside else path.name


@blueprint.expose(
    "GET",
    "/v/<code>",
    permission=PUBLIC,
    summary="Where a document's QR code leads: is it a real one, and does it stand?",
    media_types=("text/html",),
)
def verify(code: str) -> Response:
    """Tell whoever holds a document whether it is real; 404 for an unknown code."""
    seen = by_code(code)
    found = None if seen is None else verified_out(seen)
    response = page("verify.html", found=found)
    response.status_code = 404 if found is None else 200
    return response


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
