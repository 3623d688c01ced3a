"""Places over HTTP."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request

from server.areas.service import path_of
from server.core.clock import local_date, now
from server.core.db import release_connection
from server.core.http import (
    Blueprint,
    Page,
    Reply,
    after_of,
    etag_of,
    fresh,
    geojson,
    named_tags,
    page_of,
)
from server.core.http.app import settings
from server.core.http.tablefile import read_file
from server.core.permissions import Actor
from server.core.text import pick_language
from server.places import (
    importing,
    policy,
    queries,
    report_schemas,
    schemas,
    service,
    sheet,
    template,
)

blueprint = Blueprint("places", __name__)

_VERSION = re.compile("[0-9]{1,9}")


@blueprint.expose(
    "GET",
    "/places",
    permission=policy.READ,
    summary="Places of the caller's town, by area, kind, name, nearness or visits due;"
    " Accept: application/geo+json for a map",
    query=schemas.PlaceQuery,
    answers={200: [schemas.PlaceSeenOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List places."""
    filters = dict(query)
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    filters.pop("cursor", None)
    filters["after"] = after_of(query, str, UUID)
    zone = settings().timezone
    if filters.pop("due", False):
        filters["due_by"] = local_date(now(), zone)
    rules = service.rules_for(actor)
    rows = queries.search(actor, queries.Wanted(**filters, zone=zone), rules)
    page = page_of(
        rows,
        query["limit"],
        lambda row: (row[0].name, row[0].id),
        lambda shown: [_seen(actor, row, rules) for row in shown],
    )
    return geojson.listed(page, "id")


def _seen(actor: Actor, row: Any, rules: Any = None) -> dict[str, Any]:
    zone = settings().timezone
    known = rules or service.rules_for(actor)
    return schemas.seen_out(row, known, zone, local_date(now(), zone))


@blueprint.expose(
    "GET",
    "/places/kinds",
    permission=policy.READ,
    summary="The kinds of places (场所类型) with their criteria and visits",
    answers={200: schemas.KindsOut},
)
def kinds(actor: Actor) -> Reply:
    """Say which kinds there are."""
    language = pick_language(request.headers.get("Accept-Language"))
    document = schemas.kinds_out(service.rules_for(actor), language)
    etag = etag_of("kinds", orjson.dumps(document))
    return Reply(None, 304, etag) if fresh(etag) else Reply(document, etag=etag)


@blueprint.expose(
    "GET",
    "/places/import-template.xlsx",
    permission=policy.READ,
    summary="The workbook to fill in for an import",
    media_types=(template.MEDIA_TYPE,),
)
def import_template(actor: Actor) -> Response:
    """Give out the workbook with the headers, words and kinds."""
    book = template.template(service.rules_for(actor))
    disposition = "attachment; filename=places.xlsx"
    return Response(
        book,
        mimetype=template.MEDIA_TYPE,
        headers={"Content-Disposition": disposition},
    )


@blueprint.expose(
    "POST",
    "/places/import",
    permission=policy.IMPORT,
    summary="Import a register (CSV or XLSX), all of it or nothing",
    query=report_schemas.ImportQuery,
    answers={200: report_schemas.ReportOut},
    raw=True,
    media_types=("text/csv", template.MEDIA_TYPE, "multipart/form-data"),
)
def import_file(actor: Actor, query: dict[str, Any]) -> Reply:
    """Import a file; 422 with the report where a row is refused."""
    # A slow line must not hold a database connection while it sends.
    release_connection()
    data = read_file(sheet.MAX_FILE_BYTES)
    report = importing.import_places(data, importing.Order(actor, **query))
    language = pick_language(request.headers.get("Accept-Language"))
    document = report_schemas.report_out(report, language)
    if not report.stands and not report.dry_run:
        raise report_schemas.refusal(report, document)
    return Reply(document, headers={"Content-Language": language})


@blueprint.expose(
    "GET",
    "/places/<uuid:place_id>",
    permission=policy.READ,
    summary="One place, with its criteria and visits",
    answers={200: schemas.PlaceSeenOut},
)
def show(actor: Actor, place_id: UUID) -> Reply:
    """Show one place."""
    document = _seen(actor, service.view(actor, place_id))
    etag = etag_with_version(document)
    return Reply(None, 304, etag) if fresh(etag) else Reply(document, etag=etag)


@blueprint.expose(
    "GET",
    "/places/<uuid:place_id>/similar",
    permission=policy.READ,
    summary="Places of the same town that may be the same one",
    answers={200: [schemas.SimilarOut]},
)
def similar(actor: Actor, place_id: UUID) -> Reply:
    """List places near by with a name that is alike, or with the same credit code."""
    return Reply(Page(service.similar(actor, place_id), None))


@blueprint.expose(
    "PUT",
    "/places/<uuid:place_id>",
    permission=policy.WRITE,
    summary="Register a place; changing it needs If-Match",
    match="change",
    body=schemas.PlaceIn,
    answers={200: schemas.PlaceSeenOut, 201: schemas.PlaceSeenOut},
)
def put(actor: Actor, place_id: UUID, body: dict[str, Any]) -> Reply:
    """Register or change a place."""
    _, made = service.save(actor, place_id, body, version_named(place_id))
    row = queries.by_id(place_id)
    document = _seen(actor, row)
    return Reply(document, 201 if made else 200, etag_with_version(document))


def etag_with_version(document: dict[str, Any]) -> str:
    """Return the ETag of a document with an ``id`` and a ``version``.

    The version is what ``If-Match`` names; the rest turns with what is derived, such
    as visits and the day.
    """
    seen = etag_of(orjson.dumps(document))[1:13]
    return f'"{document["id"]}.{document["version"]}.{seen}"'


def version_named(id: UUID) -> int | None:
    """Return the version of ``id`` in ``If-Match``; -1 for one that is none of it.

    None where the header is missing or ``*``; what is new needs none.
    """
    tags = named_tags(request.headers.get("If-Match"))
    if tags is None:
        return None
    for tag in tags:
        named, _, rest = tag.partition(".")
        version = rest.partition(".")[0]
        if named == str(id) and _VERSION.fullmatch(version):
            return int(version)
    return -1
