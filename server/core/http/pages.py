"""Pages for a person: HTML and its files, under a policy that lets nothing else in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, render_template, send_from_directory

from server.core.http.render import compressed

# Where the application serves the style sheet and icon of all pages.
STATIC = "/static/"
# Own style sheets and pictures only; no script, no frame, no form, no other host.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SAFETY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page(template: str, **values: Any) -> Response:
    """Render ``template`` as an HTML page that is fetched anew every time."""
    response = compressed(render_template(template, **values).encode(), "text/html")
    response.headers.update(SAFETY)
    response.headers["Cache-Control"] = "no-cache"
    return response


def asset(directory: Path, name: str) -> Response:
    """Give out a file of ``directory`` (style sheet, icon); 304 to a current copy.

    Raises:
        werkzeug.exceptions.NotFound: no such file in there.
    """
    response = send_from_directory(directory, name, conditional=True, etag=True)
    response.headers.update(SAFETY)
    return response
