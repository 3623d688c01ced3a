"""What request code may ask of the running application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from server.config import Settings


def settings() -> Settings:
    """Return the settings the application was made with."""
    return cast(Settings, current_app.extensions["settings"])
