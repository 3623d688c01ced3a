"""What photos take and give over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Line, Moment
from server.core.text import Text
from server.photos.models import Photo
from server.photos.owners import Owner


class OwnerQuery(Schema):
    """Whose photos: exactly one kind of owner with its key.

    Loads to ``owner``, an :class:`Owner`.
    """

    finding = fields.UUID()
    ticket = Line(longest=100)
    incident = fields.UUID()
    order = Line(longest=100)
    duty = fields.UUID()

    @ma.post_load
    def _one_owner(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = [
            Owner(kind, str(data.pop(kind))) for kind in OWNER_KINDS if kind in data
        ]
        if len(given) != 1:
            listed = ", ".join(OWNER_KINDS)
            message = Text(
                f"须给出其中之一：{listed}", f"Name exactly one of: {listed}"
            )
            raise ma.ValidationError({"finding": [message]})
        return {**data, "owner": given[0]}


OWNER_KINDS = tuple(OwnerQuery._declared_fields)


class UploadQuery(OwnerQuery):
    """What the photo belongs to and what it shows."""

    stage = fields.String(
        load_default="before",
        validate=ma.validate.OneOf(["before", "after", "document"]),
    )


class PhotoOut(Schema):
    """A photo's metadata; position in EPSG:4326 as the file itself says it."""

    id = fields.UUID()
    owner = fields.Dict()
    finding = fields.UUID(allow_none=True)
    ticket = fields.String(allow_none=True)
    stage = fields.String()
    sha256 = fields.String()
    size = fields.Integer()
    media_type = fields.String()
    width = fields.Integer()
    height = fields.Integer()
    exif = fields.Dict()
    received_at = Moment()
    processed = fields.Boolean()
    phash = fields.String(allow_none=True)
    verdicts = fields.List(fields.String())


def photo_out(photo: Photo) -> dict[str, Any]:
    """Return the document of :class:`PhotoOut`."""
    exif = dict(photo.exif)
    if exif.get("position"):
        exif["position"] = {"type": "Point", "coordinates": exif["position"]}
    return {
        "id": photo.id,
        "owner": {"kind": photo.owner_kind, "key": photo.owner_key},
        "finding": _key_if(photo, "finding"),
        "ticket": _key_if(photo, "ticket"),
        "stage": photo.stage,
        "sha256": photo.sha256,
        "size": photo.size,
        "media_type": photo.media_type,
        "width": photo.width,
        "height": photo.height,
        "exif": exif,
        "received_at": photo.received_at,
        "processed": photo.processed_at is not None,
        "phash": photo.phash,
        "verdicts": photo.verdicts,
    }


def _key_if(photo: Photo, kind: str) -> str | None:
    return photo.owner_key if photo.owner_kind == kind else None


def receipt_out(photo: Photo) -> dict[str, Any]:
    """Return what an upload is acknowledged with; the same for a retry."""
    whole = photo_out(photo)
    return {k: v for k, v in whole.items() if k not in {"processed", "phash"}} | {
        "verdicts": []
    }
