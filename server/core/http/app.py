"""What request code may ask of the running application."""

from __future__ import annotations

from importlib.metadata import version
from typing import cast

from flask import current_app, request

from server.config import Settings
from server.core.text import pick_language

# The package's own, said by the start page, the API's description and --version.
VERSION = version("hazard-patrol")


def settings() -> Settings:
    """Return the settings the application was made with."""
    return cast(Settings, current_app.extensions["settings"])


def language() -> str:
    """Return the language the caller asks for: ``zh-CN`` or ``en``."""
    return pick_language(request.headers.get("Accept-Language"))
