"""Areas over HTTP."""

from __future__ import annotations

from typing import Any

import orjson

from server.areas import policy, queries, schemas, service
from server.core.geo import to_wgs84
from server.core.http import Blueprint, Reply, after_of, etag_of, fresh, page_of
from server.core.permissions import Actor

blueprint = Blueprint("areas", __name__)


@blueprint.expose(
    "GET",
    "/areas",
    permission=policy.READ,
    summary="The area tree of the caller's city, in order, page by page",
    query=schemas.AreaQuery,
    answers={200: [schemas.AreaOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List areas."""
    after, limit = after_of(query, str), query["limit"]
    rows = queries.listed(
        service.city_roots(actor),
        parent=query.get("parent"),
        level=query.get("level"),
        q=query.get("q"),
        after=after,
        limit=limit + 1,
    )
    page = page_of(
        rows,
        limit,
        lambda area: (area.path,),
        lambda shown: [schemas.area_out(area) for area in shown],
    )
    etag = etag_of("areas", orjson.dumps(page))
    return Reply(None, 304, etag) if fresh(etag) else Reply(page, etag=etag)


@blueprint.expose(
    "GET",
    "/areas/at",
    permission=policy.READ,
    summary="The chain grid > community > town > district > city at a point",
    query=schemas.PointQuery,
    answers={200: schemas.AtOut},
)
def at(actor: Actor, query: dict[str, Any]) -> Reply:
    """Look a point up; outside every area the chain is empty."""
    lon, lat = to_wgs84(query["lon"], query["lat"], query["datum"])
    return Reply(
        {
            "position": {"type": "Point", "coordinates": [lon, lat]},
            "chain": [schemas.area_out(area) for area in service.locate(lon, lat)],
        }
    )


@blueprint.expose(
    "GET",
    "/areas/<code>",
    permission=policy.READ,
    summary="One area with its boundary as GeoJSON",
    answers={200: schemas.AreaDetailOut},
)
def show(actor: Actor, code: str) -> Reply:
    """Show one area."""
    area = service.visible(actor, code)
    boundary = queries.boundary_of(code)
    etag = etag_of("area", code, area.changed_at, boundary.id if boundary else 0)
    if fresh(etag):
        return Reply(None, 304, etag)
    codes = area.path.rstrip("/").split("/")
    chain = queries.by_codes(codes)
    document = schemas.area_out(area) | {
        "boundary": orjson.loads(boundary.geojson) if boundary else None,
        "generated": boundary.generated if boundary else None,
        "chain": [schemas.area_out(chain[c]) for c in reversed(codes)],
    }
    return Reply(document, etag=etag)
