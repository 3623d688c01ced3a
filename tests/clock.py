"""The server's clock, set by a test."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

ZONE = ZoneInfo("Asia/Shanghai")
_MODULES = (
    *(f"tickets.{name}" for name in ("service", "opening", "routes", "reminders")),
    "reports.routes",
    "sync.service",
)


class Clock:
    """The clock of what works and counts tickets: ten in the morning of a local day."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.moment = datetime.now(UTC)
        for module in _MODULES:
            patch.setattr(f"server.{module}.now", lambda: self.moment)

    def set(self, day: str, at: time = time(10)) -> None:
        """Make it that day, at a local time."""
        local = datetime.combine(date.fromisoformat(day), at, ZONE)
        self.moment = local.astimezone(UTC)
