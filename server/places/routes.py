"""Places over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from server.areas import queries as areas
from server.core.errors import Invalid
from server.core.http import Blueprint, Page, Reply, cursor_of, read_cursor
from server.core.http.paging import not_a_cursor
from server.core.permissions import Actor
from server.core.text import Text
from server.places import policy, queries, schemas, service

blueprint = Blueprint("places", __name__)


@blueprint.expose(
    "GET",
    "/places",
    permission=policy.READ,
    summary="Places of the caller's town, by area, kind, name or nearness",
    query=schemas.PlaceQuery,
    answers={200: [schemas.PlaceOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List places."""
    filters = dict(query)
    if query.get("area"):
        area = areas.by_code(query["area"])
        if area is None:
            raise Invalid.at("/area", Text("没有此区域", "No such area"))
        filters["area"] = area.path
    if query.get("cursor"):
        filters["after"] = _after(query["cursor"])
    rows = queries.search(actor, filters)
    following = None
    if len(rows) > query["limit"]:
        last = rows[query["limit"] - 1][0]
        following = cursor_of(last.name, str(last.id))
    items = [schemas.place_out(*tuple(row)) for row in rows[: query["limit"]]]
    return Reply(Page(items, following))


def _after(cursor: str) -> tuple[str, UUID]:
    name, place_id = read_cursor(cursor, str, str)
    try:
        return name, UUID(place_id)
    except ValueError as error:
        raise not_a_cursor() from error


@blueprint.expose(
    "PUT",
    "/places/<uuid:place_id>",
    permission=policy.WRITE,
    summary="Register a place; changing it needs If-Match",
    match="change",
    body=schemas.PlaceIn,
    answers={200: schemas.PlaceOut, 201: schemas.PlaceOut},
)
def put(actor: Actor, place_id: UUID, body: dict[str, Any]) -> Reply:
    """Register or change a place."""
    place, made = service.save(actor, place_id, body, _version_named(place_id))
    row = queries.by_id(place_id)
    assert row is not None
    document = schemas.place_out(*tuple(row))
    return Reply(document, 201 if made else 200, _etag(place_id, place))


def _etag(place_id: UUID, place: Any) -> str:
    return f'"{place_id}.{place.version}"'


def _version_named(place_id: UUID) -> int | None:
    """Return the version in ``If-Match``; -1 for one that is no version of it."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    id, _, version = header.strip().removeprefix("W/").strip('"').rpartition(".")
    return int(version) if id == str(place_id) and version.isdecimal() else -1
