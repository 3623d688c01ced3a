"""What a ticket's timeline tells, as the answer shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.photos.models import Photo
from server.tickets import course, rounds
from server.tickets.schemas import Names, department_out
from server.tickets.service import View


def told_out(
    seen: View, uploaded: Mapping[UUID, Photo], zone: ZoneInfo
) -> dict[str, Any]:
    """Return the members of :class:`schemas.TicketOut` that no column holds.

    ``uploaded`` are the photos that have arrived; ``zone`` says which local day each
    event was.
    """
    events = seen.events
    names = {d.code: d.name for d in seen.rules.departments}
    stages = {str(id): photo.stage for id, photo in uploaded.items()}
    told = rounds.rounds_of(events, stages, zone)
    case = seen.situation
    return {
        "five": course.five(events),
        "rounds": [_round_out(one, names) for one in told],
        "appraisal": course.appraisal(events, seen.ticket.appraisal),
        "escalation": _sent_out(course.escalation(events), names),
        "transfer": _sent_out(course.transfer(events), names),
        "expected": course.expected(events, case.process, case.state),
    }


def _round_out(one: rounds.Round, names: Names) -> dict[str, Any]:
    penalties = [
        {**penalty, "department": department_out(penalty["department"], names)}
        for penalty in one.penalties
    ]
    return {**asdict(one), "penalties": penalties}


def _sent_out(sent: dict[str, Any] | None, names: Names) -> dict[str, Any] | None:
    if sent is None:
        return None
    return {**sent, "department": department_out(sent["department"], names)}
