"""What places take and give over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Line, Moment
from server.core.position import PositionField
from server.core.text import Text
from server.places.models import Place


class PartyIn(Schema):
    """The responsible party (责任主体)."""

    name = Line(required=True)
    phone = Line(load_default=None, allow_none=True, longest=50)
    kind = Line(required=True, longest=50)


class PlaceIn(Schema):
    """A place to inspect; ``kind`` is its duty item's number."""

    name = Line(required=True)
    kind = Line(required=True, longest=10)
    address = Line(load_default="", empty=True, longest=300)
    position = PositionField(required=True)
    responsible_party = fields.Nested(PartyIn, load_default=None, allow_none=True)


class LonLat(fields.Field[tuple[float, float]]):
    """``lon,lat`` in degrees, EPSG:4326."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float]:
        try:
            lon, lat = (float(part) for part in value.split(","))
            if not (-180 <= lon <= 180 and -90 <= lat <= 90):
                raise ValueError
        except ValueError as error:
            message = Text(
                "应为“经度,纬度”（度），如 109.84,40.65",
                "Must be lon,lat in degrees, such as 109.84,40.65.",
            )
            raise ma.ValidationError([message]) from error
        return lon, lat


DEFAULT_RADIUS_M = 500.0


class PlaceQuery(Schema):
    """Filters of the place list; ``radius_m`` belongs to ``near``."""

    area = Line()
    kind = Line()
    q = Line()
    near = LonLat()
    radius_m = fields.Float(
        validate=ma.validate.Range(0, 50_000), metadata={"default": DEFAULT_RADIUS_M}
    )
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()

    @ma.post_load
    def _around(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "radius_m" in data and "near" not in data:
            message = Text(
                "radius_m 须与 near 一起给出", "radius_m needs near beside it"
            )
            raise ma.ValidationError({"radius_m": [message]})
        return {"radius_m": DEFAULT_RADIUS_M, **data}


class PlaceOut(Schema):
    """A place."""

    id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    address = fields.String()
    area = fields.String()
    position = fields.Dict()
    responsible_party = fields.Dict(allow_none=True)
    version = fields.Integer()
    changed_at = Moment()


def place_out(place: Place, lon: float, lat: float) -> dict[str, Any]:
    """Return the document of :class:`PlaceOut`."""
    return {
        "id": place.id,
        "name": place.name,
        "kind": place.kind,
        "address": place.address,
        "area": place.area_code,
        "position": {
            "type": "Point",
            "coordinates": [lon, lat],
            "accuracy_m": place.position.get("accuracy_m"),
            "datum": "wgs84",
            "sent": place.position,
        },
        "responsible_party": place.responsible_party,
        "version": place.version,
        "changed_at": place.changed_at,
    }
