"""What photos take and give over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Line, Moment
from server.core.text import Text
from server.photos.models import Photo


class UploadQuery(Schema):
    """What the photo belongs to: exactly one of finding and ticket."""

    finding = fields.UUID(load_default=None)
    ticket = Line(load_default=None, longest=100)
    stage = fields.String(
        load_default="before",
        validate=ma.validate.OneOf(["before", "after", "document"]),
    )

    @ma.validates_schema
    def _one_owner(self, data: dict[str, Any], **_: Any) -> None:
        if (data["finding"] is None) == (data["ticket"] is None):
            message = Text(
                "须给出 finding 或 ticket 之一", "Name a finding or a ticket"
            )
            raise ma.ValidationError({"finding": [message]})


class TicketPhotosQuery(Schema):
    """Whose photos to list."""

    ticket = Line(required=True, longest=100)


class PhotoOut(Schema):
    """A photo's metadata; position in EPSG:4326 as the file itself says it."""

    id = fields.UUID()
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
        "finding": photo.finding_id,
        "ticket": photo.ticket_number,
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


def receipt_out(photo: Photo) -> dict[str, Any]:
    """Return what an upload is acknowledged with; the same for a retry."""
    whole = photo_out(photo)
    return {k: v for k, v in whole.items() if k not in {"processed", "phash"}} | {
        "verdicts": []
    }
