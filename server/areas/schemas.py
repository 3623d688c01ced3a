"""What areas take and give over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.areas.levels import LEVELS
from server.areas.models import Area
from server.core.geo import Datum
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Line


class AreaQuery(Schema):
    """Filters of the area list."""

    parent = Line()
    level = fields.String(validate=ma.validate.OneOf(LEVELS))
    q = Line()
    limit = fields.Integer(load_default=200, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class PointQuery(Schema):
    """A point in one of the known datums, degrees."""

    lon = fields.Float(required=True, validate=ma.validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=ma.validate.Range(-90, 90))
    datum = fields.String(
        load_default="wgs84", validate=ma.validate.OneOf([d.value for d in Datum])
    )


class AreaOut(Schema):
    """An area; ``scheme`` names whose code it is."""

    code = fields.String()
    scheme = fields.String()
    name = fields.String()
    level = fields.String()
    parent = fields.String(allow_none=True)


class AreaDetailOut(AreaOut):
    """An area with its boundary (GeoJSON MultiPolygon, EPSG:4326)."""

    boundary = fields.Dict(allow_none=True)
    generated = fields.Boolean(allow_none=True)
    chain = fields.List(fields.Nested(AreaOut))


class AtOut(Schema):
    """Where a point lies: the chain from the deepest area up to the city."""

    position = fields.Dict()
    chain = fields.List(fields.Nested(AreaOut))


def area_out(area: Area) -> dict[str, Any]:
    """Return the document of :class:`AreaOut`."""
    return {
        "code": area.code,
        "scheme": area.scheme,
        "name": area.name,
        "level": area.level,
        "parent": area.parent_code,
    }
