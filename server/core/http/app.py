"""What request code may ask of the running application."""

from __future__ import annotations

from importlib.metadata import version
from typing import cast

from flask import current_app

from server.config import Settings

# The package's own, said by the start page, the API's description and --version.
VERSION = version("hazard-patrol")


def settings() -> Settings:
    """Return the settings the application was made with."""
    return cast(Settings, current_app.extensions["settings"])
