"""Reading campaigns and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, tuple_

from server.campaigns import policy
from server.campaigns.models import Campaign
from server.checklists.places import PlaceRules
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.patrols.models import Inspection
from server.patrols.queries import at_night
from server.places import policy as place_policy
from server.places.models import Place
from server.places.queries import inspected_under
from server.tickets.queries import day_start


def by_id(campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
    """Return a campaign; ``lock``: to change it."""
    return db.session.get(
        Campaign, campaign_id, populate_existing=lock, with_for_update=lock or None
    )


def listed(
    actor: Actor, on: date | None, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Campaign]:
    """Return visible campaigns, the latest start first; ``on``: running that day."""
    query = select(Campaign).where(policy.visible(actor))
    if on is not None:
        query = query.where(Campaign.starts_on <= on, Campaign.ends_on >= on)
    if after is not None:
        query = query.where(tuple_(Campaign.starts_on, Campaign.id) < tuple_(*after))
    order = (Campaign.starts_on.desc(), Campaign.id.desc())
    return db.session.scalars(query.order_by(*order).limit(limit)).all()


def targets(campaign: Campaign, rules: PlaceRules) -> ColumnElement[bool]:
    """Return the condition that a place is one of a campaign's."""
    if campaign.kinds:
        of_kind: ColumnElement[bool] = Place.kind.in_(campaign.kinds)
    else:
        of_kind = or_(*(inspected_under(item, rules) for item in campaign.items))
    return and_(of_kind, inside_any(Place.area_path, campaign.area_paths))


def counts(
    campaign: Campaign, rules: PlaceRules, zone: ZoneInfo
) -> ColumnElement[bool]:
    """Return the condition that an inspection, whenever it was, is one of these."""
    under = Inspection.checklist.in_(campaign.items)
    if campaign.night and rules.night is not None:
        return and_(under, at_night(rules.night, zone))
    return under


def _visited(
    campaign: Campaign, rules: PlaceRules, zone: ZoneInfo
) -> ColumnElement[bool]:
    return exists().where(
        Inspection.place_id == Place.id,
        Inspection.finished_at >= day_start(campaign.starts_on, zone),
        Inspection.finished_at < _end(campaign, zone),
        counts(campaign, rules, zone),
    )


def _end(campaign: Campaign, zone: ZoneInfo) -> datetime:
    return day_start(campaign.ends_on + timedelta(days=1), zone)


def _registered(campaign: Campaign, zone: ZoneInfo) -> ColumnElement[bool]:
    return Place.registered_at < _end(campaign, zone)


def progress(
    actor: Actor, campaign: Campaign, rules: PlaceRules, zone: ZoneInfo
) -> tuple[int, int]:
    """Return how many places of it ``actor`` sees, and how many were visited."""
    visited = func.count().filter(_visited(campaign, rules, zone))
    query = select(func.count(), visited).where(
        place_policy.visible(actor),
        targets(campaign, rules),
        _registered(campaign, zone),
    )
    places, done = db.session.execute(query).one()
    return places, done


def places(
    actor: Actor,
    campaign: Campaign,
    rules: PlaceRules,
    zone: ZoneInfo,
    *,
    visited: bool | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[Row[Any]]:
    """Return (Place, lon, lat) of its places by name, visited or not, one page."""
    lon, lat = func.ST_X(Place.geom), func.ST_Y(Place.geom)
    query = select(Place, lon.label("lon"), lat.label("lat")).where(
        place_policy.visible(actor),
        targets(campaign, rules),
        _registered(campaign, zone),
    )
    if visited is not None:
        been = _visited(campaign, rules, zone)
        query = query.where(been if visited else ~been)
    if after is not None:
        query = query.where(tuple_(Place.name, Place.id) > tuple_(*after))
    query = query.order_by(Place.name, Place.id).limit(limit)
    return list(db.session.execute(query))
