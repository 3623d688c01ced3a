"""Photos over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, send_file

from server.core.db import release_connection
from server.core.http import Blueprint, Page, Reply, etag_of, fresh
from server.core.http.app import settings
from server.core.http.upload import picture_chunks
from server.core.permissions import Actor
from server.core.storage import Store
from server.photos import policy, queries, schemas, service
from server.tickets.service import view

blueprint = Blueprint("photos", __name__)


def _store() -> Store:
    return cast(Store, current_app.extensions["photo_store"])


@blueprint.expose(
    "PUT",
    "/photos/<uuid:photo_id>",
    permission=policy.UPLOAD,
    summary="One photo in one go: image/* body or multipart field file",
    query=schemas.UploadQuery,
    answers={200: schemas.PhotoOut, 201: schemas.PhotoOut},
    raw=True,
    media_types=("image/jpeg", "image/png", "image/webp", "multipart/form-data"),
)
def put(actor: Actor, photo_id: UUID, query: dict[str, Any]) -> Reply:
    """Take in one photo."""
    owner = service.Owner(query["finding"], query["ticket"], query["stage"])
    service.check_owner(actor, owner)
    # A slow phone must not hold a database connection while it sends.
    release_connection()
    limit = settings().max_photo_bytes
    with _store().receiving(picture_chunks(limit), limit) as received:
        photo, first = service.take_in(actor, photo_id, owner, received, _store())
    return Reply(schemas.receipt_out(photo), 201 if first else 200)


@blueprint.expose(
    "GET",
    "/photos",
    permission=policy.READ,
    summary="The photos of a ticket and of its finding",
    query=schemas.TicketPhotosQuery,
    answers={200: [schemas.PhotoOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List the photos of a ticket."""
    view(actor, query["ticket"])
    photos = queries.of_ticket(query["ticket"])
    return Reply(Page([schemas.photo_out(photo) for photo in photos], None))


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>",
    permission=policy.READ,
    summary="Metadata and verdicts of a photo",
    answers={200: schemas.PhotoOut},
)
def show(actor: Actor, photo_id: UUID) -> Reply:
    """Show a photo's metadata."""
    photo = service.visible(actor, photo_id)
    etag = etag_of(photo.id, photo.sha256, photo.processed_at)
    return Reply(None, 304, etag) if fresh(etag) else _whole(photo, etag)


def _whole(photo: Any, etag: str) -> Reply:
    return Reply(schemas.photo_out(photo), etag=etag)


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>/thumbnail",
    permission=policy.READ,
    summary="320 px JPEG without metadata",
)
def thumbnail(actor: Actor, photo_id: UUID) -> Response:
    """Give out the thumbnail."""
    return _file(service.derivative(actor, photo_id, "thumbnail", _store()))


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>/web",
    permission=policy.READ,
    summary="1600 px JPEG without metadata",
)
def web(actor: Actor, photo_id: UUID) -> Response:
    """Give out the web picture."""
    return _file(service.derivative(actor, photo_id, "web", _store()))


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>/original",
    permission=policy.READ_ORIGINAL,
    summary="The original, for those allowed; the read is logged",
)
def original(actor: Actor, photo_id: UUID) -> Response:
    """Give out the original."""
    photo, path = service.original(actor, photo_id, _store())
    return _file(path, photo.media_type)


def _file(path: Path, media_type: str = "image/jpeg") -> Response:
    response = send_file(path, mimetype=media_type, conditional=True, etag=True)
    response.headers["Cache-Control"] = "private, no-cache"
    # Whatever the bytes are, a browser must take them as a picture only.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
