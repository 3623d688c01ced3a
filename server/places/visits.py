"""When a place is to be visited next; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.checklists.places import PlaceRules
from server.core.clock import local_date
from server.places.models import Place

# Origin of a rhythm that stands in the register itself.
OWN = "register"


@dataclass(frozen=True)
class Visits:
    """How often a place is visited, when it was, and when it is due.

    ``next_due`` is a local day: the day of the last visit, or of the registration
    where there was none, plus ``every_days``. ``overdue`` from the day after. Both
    are None where the catalogue has no such kind and so no rhythm.
    """

    every_days: int | None
    origin: str | None
    last_visited_at: datetime | None
    next_due: date | None
    overdue: bool | None


def visits_of(place: Place, rules: PlaceRules, zone: ZoneInfo, today: date) -> Visits:
    """Return the visits of ``place`` as of the local day ``today``."""
    every, origin = place.visit_every_days, OWN
    kind = rules.kind(place.kind)
    if every is None and kind is not None:
        rhythm = kind.rhythm(place.risk_level)
        every, origin = rhythm.days, rhythm.origin
    if every is None:
        return Visits(None, None, place.last_visited_at, None, None)
    since = place.last_visited_at or place.registered_at
    due = local_date(since, zone) + timedelta(days=every)
    return Visits(every, origin, place.last_visited_at, due, due < today)
