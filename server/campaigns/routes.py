"""Campaigns over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from server.campaigns import policy, queries, schemas, service
from server.campaigns.models import Campaign
from server.core.clock import local_date, now
from server.core.http import Blueprint, Reply, after_of, fresh, page_of
from server.core.http.app import settings
from server.core.permissions import Actor
from server.places.routes import etag_with_version, version_named
from server.places.schemas import PlaceSeenOut, seen_out
from server.places.service import rules_for

blueprint = Blueprint("campaigns", __name__)


@blueprint.expose(
    "GET",
    "/campaigns",
    permission=policy.READ,
    summary="Campaigns in the caller's areas, the latest first",
    query=schemas.CampaignQuery,
    answers={200: [schemas.CampaignOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List campaigns."""
    after, limit = after_of(query, date.fromisoformat, UUID), query["limit"]
    found = queries.listed(actor, query.get("on"), after, limit + 1)
    return Reply(
        page_of(
            found,
            limit,
            lambda campaign: (campaign.starts_on, campaign.id),
            lambda shown: [schemas.campaign_out(campaign) for campaign in shown],
        )
    )


@blueprint.expose(
    "GET",
    "/campaigns/<uuid:campaign_id>",
    permission=policy.READ,
    summary="One campaign with its progress over the places the caller sees",
    answers={200: schemas.CampaignDetailOut},
)
def show(actor: Actor, campaign_id: UUID) -> Reply:
    """Show one campaign."""
    document = _detail(actor, service.view(actor, campaign_id))
    etag = etag_with_version(document)
    return Reply(None, 304, etag) if fresh(etag) else Reply(document, etag=etag)


def _detail(actor: Actor, campaign: Campaign) -> dict[str, Any]:
    rules, zone = rules_for(actor), settings().timezone
    counts = queries.progress(actor, campaign, rules, zone)
    progress = schemas.progress_out(*counts)
    return schemas.campaign_out(campaign) | {"progress": progress}


@blueprint.expose(
    "GET",
    "/campaigns/<uuid:campaign_id>/places",
    permission=policy.READ,
    summary="Places of a campaign, visited in it or not yet",
    query=schemas.CampaignPlacesQuery,
    answers={200: [PlaceSeenOut]},
)
def places(actor: Actor, campaign_id: UUID, query: dict[str, Any]) -> Reply:
    """List the places of a campaign."""
    campaign = service.view(actor, campaign_id)
    rules, zone, limit = rules_for(actor), settings().timezone, query["limit"]
    after = after_of(query, str, UUID)
    found = queries.places(
        actor,
        campaign,
        rules,
        zone,
        visited=query["visited"],
        after=after,
        limit=limit + 1,
    )
    today = local_date(now(), zone)
    return Reply(
        page_of(
            found,
            limit,
            lambda row: (row[0].name, row[0].id),
            lambda shown: [seen_out(row, rules, zone, today) for row in shown],
        )
    )


@blueprint.expose(
    "PUT",
    "/campaigns/<uuid:campaign_id>",
    permission=policy.WRITE,
    summary="Set up a campaign; changing it needs If-Match",
    match="change",
    body=schemas.CampaignIn,
    answers={200: schemas.CampaignDetailOut, 201: schemas.CampaignDetailOut},
)
def put(actor: Actor, campaign_id: UUID, body: dict[str, Any]) -> Reply:
    """Set up or change a campaign."""
    version = version_named(campaign_id)
    campaign, made = service.save(actor, campaign_id, body, version)
    document = _detail(actor, campaign)
    return Reply(document, 201 if made else 200, etag_with_version(document))
