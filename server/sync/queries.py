"""Reading what a phone carries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, and_, case, cast, func, null, or_, select, text

from server.areas.models import Area, AreaBoundary
from server.checklists.models import Ruleset
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.places import policy as places
from server.places.models import Place
from server.sync import policy
from server.sync.cursor import PlaceSet
from server.tickets.models import Ticket

_RUNNING_SINCE = text(
    """
    SELECT min(xact_start)
      FROM pg_stat_activity
     WHERE datname = current_database()
       AND backend_type = 'client backend'
       AND pid <> pg_backend_pid()
    """
)


def settled_until(moment: datetime) -> datetime:
    """Return until when (UTC, at most ``moment``) all changes can be read by now.

    A change bears the time at which it was made and appears when its transaction
    commits. What is made in a transaction that still runs is younger than its start,
    so the oldest start among those running is the line. All processes of this
    program connect as one database role, else they would not see each other here.
    """
    oldest = db.session.scalar(_RUNNING_SINCE)
    return moment if oldest is None else min(moment, oldest)


def areas(
    duty: Sequence[str], codes: Collection[str], *, boundaries: bool
) -> list[Row[Any]]:
    """Return (Area, boundary id, GeoJSON text or None, generated), parents first.

    Args:
        duty: paths whose areas and everything below come, with their boundaries if
            ``boundaries`` (EPSG:4326, 7 decimals).
        codes: further areas, without boundaries.
    """
    below = inside_any(Area.path, duty)
    shape = case((below, func.ST_AsGeoJSON(AreaBoundary.geom, 7)), else_=null())
    query = (
        select(
            Area,
            AreaBoundary.id.label("boundary_id"),
            (shape if boundaries else null()).label("geojson"),
            AreaBoundary.generated,
        )
        .outerjoin(
            AreaBoundary,
            and_(AreaBoundary.area_code == Area.code, AreaBoundary.valid_to.is_(None)),
        )
        .where(or_(below, Area.code.in_(codes)))
        .order_by(Area.path)
    )
    return list(db.session.execute(query))


def versions_in(ruleset_id: int) -> dict[str, int]:
    """Return the checklist versions of an earlier edition; none if there is none."""
    query = select(Ruleset.checklists).where(Ruleset.id == ruleset_id)
    kept = db.session.scalar(query) or {}
    return {code: version for code, (version, _) in kept.items()}


def place_sets(actor: Actor, since: datetime) -> tuple[PlaceSet, PlaceSet]:
    """Return the places ``actor`` works with, and those registered after ``since``."""
    hashed = func.hashtextextended(cast(Place.id, Text), 0)
    registered = and_(Place.version == 1, Place.changed_at > since)
    digest = func.bit_xor(hashed)
    query = select(
        func.count(),
        func.coalesce(digest, 0),
        func.count().filter(registered),
        func.coalesce(digest.filter(registered), 0),
    ).where(places.visible(actor))
    size, all_ids, new_size, new_ids = db.session.execute(query).one()
    return PlaceSet(size, all_ids), PlaceSet(new_size, new_ids)


class TicketMark(NamedTuple):
    """A ticket that changed; ``waits`` tells whether it waits for the caller."""

    id: int
    number: str
    version: int
    changed_at: datetime
    waits: bool


def ticket_marks(actor: Actor, since: datetime) -> list[TicketMark]:
    """Return what changed after ``since`` and waits, or has stopped waiting since."""
    waiting = policy.waiting(actor)
    query = (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.version,
            Ticket.changed_at,
            waiting.label("waits"),
        )
        .where(
            Ticket.changed_at > since,
            or_(waiting, policy.stopped_waiting(actor, since)),
        )
        .order_by(Ticket.id)
    )
    return [TicketMark(*row) for row in db.session.execute(query)]


def waiting_tickets(actor: Actor, ids: Collection[int] | None = None) -> list[Row[Any]]:
    """Return (Ticket, lon, lat) of what waits for ``actor``, of ``ids`` if given."""
    lon = func.ST_X(Ticket.geom).label("lon")
    lat = func.ST_Y(Ticket.geom).label("lat")
    query = select(Ticket, lon, lat).where(policy.waiting(actor)).order_by(Ticket.id)
    if ids is not None:
        query = query.where(Ticket.id.in_(ids))
    return list(db.session.execute(query))
