"""What the clock does with tickets."""

from __future__ import annotations

from server.config import Settings
from server.tickets import reminders


def remind(settings: Settings) -> int:
    """Tell those concerned of days that are near or have passed; safe to run twice."""
    return reminders.remind(
        settings.timezone, settings.warn_working_days, settings.escalate_working_days
    )
