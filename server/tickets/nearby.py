"""Other tickets of the same kind at the same spot: duplicates and recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased

from server.core.db import db
from server.core.permissions import Actor
from server.tickets import policy
from server.tickets.models import Ticket
from server.tickets.vocabulary import ENDED

# Two satellite fixes of one spot, in metres; merging allows more (``queries.NEAR_M``).
SAME_SPOT_M = 50
MOST_SIMILAR = 50
RECURS_WITHIN = "12 months"


def within(geom: Any, point: Any, metres: float) -> ColumnElement[bool]:
    """Return the condition that two points (EPSG:4326) lie ``metres`` apart at most.

    ``geom`` is a column, ``point`` a column or a value.

    The box first, by the GiST index (a degree is at least 40 km up to 68° north),
    then the true distance.
    """
    box = func.ST_Expand(point, metres / 40_000, type_=None)
    near: ColumnElement[bool] = func.ST_DWithin(
        func.geography(geom), func.geography(point), metres, type_=None
    )
    return and_(geom.op("&&")(box), near)


def similar(actor: Actor, ticket: Ticket) -> list[tuple[Ticket, float]]:
    """Return (ticket, distance in metres) of what may be the same hazard.

    Nearest first; visible to ``actor``, of the same category, not ended, at the same
    place or within :data:`SAME_SPOT_M`; at most :data:`MOST_SIMILAR`.
    """
    point = _point(ticket)
    metres = func.ST_Distance(func.geography(Ticket.geom), func.geography(point))
    query = (
        select(Ticket, metres.label("metres"))
        .where(_twins(actor, ticket))
        .order_by(metres, Ticket.id)
        .limit(MOST_SIMILAR)
    )
    return [(other, apart) for other, apart in db.session.execute(query)]


def count_similar(actor: Actor, ticket: Ticket) -> int:
    """Return how many :func:`similar` finds, at most :data:`MOST_SIMILAR`."""
    some = select(Ticket.id).where(_twins(actor, ticket)).limit(MOST_SIMILAR)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _twins(actor: Actor, ticket: Ticket) -> ColumnElement[bool]:
    spot = within(Ticket.geom, _point(ticket), SAME_SPOT_M)
    return and_(
        policy.visible(actor),
        Ticket.id != ticket.id,
        Ticket.category == ticket.category,
        Ticket.state.not_in([state.value for state in ENDED]),
        spot if ticket.place_id is None else or_(_at(ticket.place_id), spot),
    )


def _point(ticket: Ticket) -> Any:
    return literal(ticket.geom, Ticket.geom.type)


def _at(place: UUID) -> ColumnElement[bool]:
    return Ticket.place_id == place


def earlier(actor: Actor, ticket: Ticket) -> Sequence[Row[Any]]:
    """Return what recurs in a ticket: earlier hazards of its kind at its spot.

    Rows hold ``number``, ``found_at``, ``rectified_at``, ``department`` (code) and
    ``visible`` (whether ``actor`` may see it), newest first.
    """
    here = aliased(Ticket)
    department = func.coalesce(Ticket.lead_department, Ticket.town_department)
    columns: list[Any] = [
        Ticket.number,
        Ticket.found_at,
        Ticket.rectified_at,
        department.label("department"),
        policy.visible(actor).label("visible"),
    ]
    query = (
        select(*columns)
        .join(here, recurs(here, Ticket, ticket.place_id is not None))
        .where(here.id == ticket.id)
        .order_by(Ticket.found_at.desc(), Ticket.id.desc())
    )
    return db.session.execute(query).all()


def recurs(later: Any, before: Any, placed: bool) -> ColumnElement[bool]:
    """Return the condition that ``later`` is ``before`` once more.

    The same category, found within 12 months after it and after it was rectified:
    a hazard found while the earlier one was still there is a duplicate. At the same
    place where ``later`` names one (``placed``), else within :data:`SAME_SPOT_M`.
    """
    spot = (
        before.place_id == later.place_id
        if placed
        else within(before.geom, later.geom, SAME_SPOT_M)
    )
    return and_(
        spot,
        before.id != later.id,
        before.category == later.category,
        before.found_at < later.found_at,
        before.found_at >= later.found_at - text(f"interval '{RECURS_WITHIN}'"),
        before.rectified_at <= later.found_at,
        before.merged_into.is_(None),
    )
