"""Who may set up and read campaigns: the policy on one page.

A campaign is seen from above and from below: the district sees its towns' campaigns,
a grid worker those of the town and of the district. What it counts are the places
that the person sees.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from server.campaigns.models import Campaign
from server.core.permissions import AREA_ROLES, Actor, Permission, Role
from server.places.policy import town_paths

ORGANISERS = frozenset({Role.TOWN_OFFICER, Role.SAFETY_OFFICE})
WRITE = Permission("campaign.write", ORGANISERS)
READ = Permission("campaign.read", AREA_ROLES)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Campaign`."""
    area = func.unnest(Campaign.area_paths).column_valued("area")
    touching = or_(
        false(),
        *(
            or_(func.starts_with(area, own), func.starts_with(own, area))
            for own in town_paths(actor)
        ),
    )
    return exists(select(1).where(touching).correlate(Campaign))


def sees(actor: Actor, campaign: Campaign) -> bool:
    """Tell what :func:`visible` tells, of a campaign at hand."""
    return any(
        area.startswith(own) or own.startswith(area)
        for area in campaign.area_paths
        for own in town_paths(actor)
    )


def organises(actor: Actor, paths: Sequence[str]) -> bool:
    """Tell whether all these areas are the actor's to set campaigns in."""
    return all(actor.covers(path, ORGANISERS) for path in paths)
