"""What campaigns take and give over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.campaigns.models import Campaign
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Day, Line, Moment
from server.core.text import Text

_DAYS = ma.validate.Range(
    date(2000, 1, 1),
    date(2099, 12, 31),
)


def _words(least: int, longest: int = 30) -> fields.List[str]:
    return fields.List(
        Line(longest=longest),
        validate=[ma.validate.Length(min=least, max=100), _once],
        **({"required": True} if least else {"load_default": list}),
    )


def _once(words: list[str]) -> None:
    if len(set(words)) < len(words):
        raise ma.ValidationError([Text("有重复", "Something stands twice")])


class CampaignIn(Schema):
    """A campaign: each place of the kinds in the areas is to be visited once.

    ``items``: duty items under whose checklists a visit counts. ``kinds``: all that
    are inspected under the items when empty. ``night``: only night patrols count.
    """

    name = Line(required=True)
    items = _words(1)
    areas = _words(1)
    kinds = _words(0)
    starts_on = Day(required=True, validate=_DAYS)
    ends_on = Day(required=True, validate=_DAYS)
    night = fields.Boolean(load_default=False)
    note = Line(load_default=None, allow_none=True, longest=2000)


class CampaignQuery(Schema):
    """Filters of the list; ``on``: campaigns that run on that local day."""

    on = Day(validate=_DAYS)
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class CampaignPlacesQuery(Schema):
    """Which places of a campaign: ``visited`` true, false, or both."""

    visited = fields.Boolean(load_default=None)
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class ProgressOut(Schema):
    """How far it has come, over the places the caller sees; share null for 0 of 0."""

    places = fields.Integer()
    visited = fields.Integer()
    remaining = fields.Integer()
    share = fields.Float(allow_none=True)


class CampaignOut(Schema):
    """A campaign."""

    id = fields.UUID()
    name = fields.String()
    items = fields.List(fields.String())
    areas = fields.List(fields.String())
    kinds = fields.List(fields.String())
    starts_on = Day()
    ends_on = Day()
    night = fields.Boolean()
    note = fields.String(allow_none=True)
    version = fields.Integer()
    changed_at = Moment()


class CampaignDetailOut(CampaignOut):
    """A campaign with its progress."""

    progress = fields.Nested(ProgressOut)


def campaign_out(campaign: Campaign) -> dict[str, Any]:
    """Return the document of :class:`CampaignOut`."""
    return {
        "id": campaign.id,
        "name": campaign.name,
        "items": campaign.items,
        "areas": campaign.area_codes,
        "kinds": campaign.kinds,
        "starts_on": campaign.starts_on,
        "ends_on": campaign.ends_on,
        "night": campaign.night,
        "note": campaign.note,
        "version": campaign.version,
        "changed_at": campaign.changed_at,
    }


def progress_out(places: int, visited: int) -> dict[str, Any]:
    """Return the document of :class:`ProgressOut`."""
    return {
        "places": places,
        "visited": visited,
        "remaining": places - visited,
        "share": round(visited / places, 4) if places else None,
    }
