"""How a finding says where it came from and how it was handled; days and moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories import workday as day

__all__ = ["ago", "complaint", "day", "on_spot", "refusal", "report", "until"]

Document = dict[str, Any]


def ago(**past: int) -> str:
    """Return the moment that long ago."""
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


def on_spot(note: str) -> Document:
    """Settled, or stopped, there and then (劝导, 制止, 立即整改)."""
    return {"kind": "on_spot", "note": note}


def until(due_on: str, note: str = "督促限期整改") -> Document:
    """The town gives a day (督促整改)."""
    return {"kind": "deadline", "due_on": due_on, "note": note}


def report(note: str) -> Document:
    """Reported up (上报)."""
    return {"kind": "report_up", "note": note}


def refusal(how: str, note: str) -> Document:
    """Reported up because correction was refused, with how that was shown
    (拒不整改)."""
    return {"kind": "report_up", "note": note, "refused": {"how": how, "note": note}}


def complaint(channel: str, note: str) -> Document:
    """The parts of a finding that came of a complaint which the town verified."""
    told = {
        "channel": channel,
        "received_at": ago(days=1),
        "note": note,
        "complainant": {"name": "张某", "phone": "13800000000"},
    }
    return {"source": "complaint", "complaint": told}
