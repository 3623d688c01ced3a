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
from server.photos import policy, schemas, service
from server.photos.owners import Kinds

blueprint = Blueprint("photos", __name__)


def _store() -> Store:
    return cast(Store, current_app.extensions["photo_store"])


def _kinds() -> Kinds:
    return cast(Kinds, current_app.extensions["photo_owners"])


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
    owner, stage = query["owner"], query["stage"]
    service.check_owner(actor, owner, _kinds())
    # A slow phone must not hold a database connection while it sends.
    release_connection()
    limit = settings().max_photo_bytes
    with _store().receiving(picture_chunks(limit), limit) as received:
        photo, first = service.take_in(
            actor, photo_id, owner, stage, received, _store()
        )
    return Reply(schemas.receipt_out(photo), 201 if first else 200)


@blueprint.expose(
    "GET",
    "/photos",
    permission=policy.READ,
    summary="The photos of a ticket with those of its finding, or of another owner",
    query=schemas.OwnerQuery,
    answers={200: [schemas.PhotoOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List the photos of one owner."""
    photos = service.together(actor, query["owner"], _kinds())
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
    photo = service.visible(actor, photo_id, _kinds())
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
    return _made(actor, photo_id, "thumbnail")


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>/web",
    permission=policy.READ,
    summary="1600 px JPEG without metadata",
)
def web(actor: Actor, photo_id: UUID) -> Response:
    """Give out the web picture."""
    return _made(actor, photo_id, "web")


@blueprint.expose(
    "GET",
    "/photos/<uuid:photo_id>/original",
    permission=policy.READ_ORIGINAL,
    summary="The original, for those allowed; the read is logged",
    who="its sender; a town officer of the ticket's area; handlers and leads of the"
    " lead department; the safety office (区安委办)",
)
def original(actor: Actor, photo_id: UUID) -> Response:
    """Give out the original."""
    photo, path = service.original(actor, photo_id, _store(), _kinds())
    return _file(path, photo.media_type)


def _made(actor: Actor, photo_id: UUID, name: str) -> Response:
    return _file(service.derivative(actor, photo_id, name, _store(), _kinds()))


def _file(path: Path, media_type: str = "image/jpeg") -> Response:
    response = send_file(path, mimetype=media_type, conditional=True, etag=True)
    response.headers["Cache-Control"] = "private, no-cache"
    # Whatever the bytes are, a browser must take them as a picture only.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
