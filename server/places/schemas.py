"""What places take and give over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
from marshmallow import fields

from server.checklists.places import RISK_LEVELS, PlaceKind, PlaceRules
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Line, Moment
from server.core.position import PositionField
from server.core.text import Text
from server.places.criteria import ATTRIBUTES, judged
from server.places.models import Place
from server.places.naming import is_credit_code, steers
from server.places.visits import visits_of

GAS_KINDS = {"bottled": "瓶装", "piped": "管道"}


class Name(Line):
    """A name: a line without characters that steer a terminal or turn the text."""

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        name = super()._deserialize(value, *args, **kw)
        if any(steers(character) for character in name):
            message = Text(
                "含有控制字符或改变文字方向的字符",
                "Holds a control character, or one that turns the text",
            )
            raise ma.ValidationError([message])
        return name


class PartyIn(Schema):
    """The responsible party (责任主体)."""

    name = Name(required=True)
    phone = Line(load_default=None, allow_none=True, longest=50)
    kind = Line(required=True, longest=50)


class PersonIn(Schema):
    """A person to call: contact (联系人) or keeper of a risk point (管护人)."""

    name = Name(required=True, longest=50)
    phone = Line(load_default=None, allow_none=True, longest=50)


def _count(most: int, least: int = 0) -> fields.Integer:
    return fields.Integer(strict=True, validate=ma.validate.Range(least, most))


class AttributesIn(Schema):
    """What decides to which kind a place belongs; each may be unknown (absent)."""

    storeys = _count(200, 1)
    workers = _count(1_000_000)
    dormitory_beds = _count(100_000)
    span_m = fields.Float(validate=ma.validate.Range(0, 2000))
    large_span = fields.Boolean()
    crowded = fields.Boolean()
    illegal_extension = fields.Boolean()
    uses_gas = fields.Boolean()
    gas_kind = fields.String(validate=ma.validate.OneOf(list(GAS_KINDS)))
    floor_area_m2 = fields.Float(validate=ma.validate.Range(0, 10_000_000))


class CreditCode(Line):
    """A 统一社会信用代码 (GB 32100): 18 characters, the last one checks the rest."""

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        code = super()._deserialize(value, *args, **kw).upper()
        if not is_credit_code(code):
            message = Text(
                "不是有效的统一社会信用代码（18 位，含校验位）",
                "Not a valid credit code (18 characters with a check character)",
            )
            raise ma.ValidationError([message])
        return code


class PlaceIn(Schema):
    """A place to inspect; ``kind`` is the code of a place kind of the catalogue."""

    name = Name(required=True)
    kind = Line(required=True, longest=30)
    address = Line(load_default="", empty=True, longest=300)
    position = PositionField(required=True)
    responsible_party = fields.Nested(PartyIn, load_default=None, allow_none=True)
    attributes = fields.Nested(AttributesIn, load_default=None, allow_none=True)
    contact = fields.Nested(PersonIn, load_default=None, allow_none=True)
    risk = Line(load_default=None, allow_none=True, longest=2000)
    keeper = fields.Nested(PersonIn, load_default=None, allow_none=True)
    credit_code = CreditCode(load_default=None, allow_none=True)
    register_no = Line(load_default=None, allow_none=True, longest=60)
    risk_level = fields.String(
        load_default=None, allow_none=True, validate=ma.validate.OneOf(RISK_LEVELS)
    )
    visit_every_days = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=ma.validate.Range(1, 3660),
    )
    note = Line(load_default=None, allow_none=True, longest=2000)


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
    """Filters of the place list; ``due``: a visit is due today or overdue.

    ``radius_m`` belongs to ``near``.
    """

    area = Line()
    kind = Line()
    duty_item = Line()
    q = Line()
    risk_points = fields.Boolean()
    risk_level = fields.String(validate=ma.validate.OneOf(RISK_LEVELS))
    due = fields.Boolean()
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
    """A place as it is registered."""

    id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    address = fields.String()
    area = fields.String()
    position = fields.Dict()
    responsible_party = fields.Dict(allow_none=True)
    attributes = fields.Nested(AttributesIn)
    contact = fields.Dict(allow_none=True)
    risk = fields.String(allow_none=True)
    keeper = fields.Dict(allow_none=True)
    credit_code = fields.String(allow_none=True)
    register_no = fields.String(allow_none=True)
    risk_level = fields.String(allow_none=True)
    visit_every_days = fields.Integer(allow_none=True)
    note = fields.String(allow_none=True)
    version = fields.Integer()
    registered_at = Moment()
    changed_at = Moment()


class CriteriaOut(Schema):
    """How a place stands to its kind: ``inside``, ``outside`` or ``unknown``.

    ``missing`` would tell, ``open`` have no local threshold, ``priority`` make it one
    to be inspected first.
    """

    state = fields.String()
    missing = fields.List(fields.String())
    open = fields.List(fields.String())
    priority = fields.List(fields.String())


class VisitsOut(Schema):
    """How often a place is visited and when the next visit is due (local day)."""

    every_days = fields.Integer(allow_none=True)
    origin = fields.String(allow_none=True)
    last_visited_at = Moment(allow_none=True)
    next_due = fields.Date(allow_none=True)
    overdue = fields.Boolean(allow_none=True)


class PlaceSeenOut(PlaceOut):
    """A place with what follows from the catalogue and from its inspections."""

    kind_name = fields.String(allow_none=True)
    duty_items = fields.List(fields.String())
    risk_point = fields.Boolean()
    criteria = fields.Nested(CriteriaOut, allow_none=True)
    visits = fields.Nested(VisitsOut)


class SimilarOut(Schema):
    """A place that may be the same; ``why``: ``credit_code``, ``near_and_alike``."""

    id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    metres = fields.Float()
    why = fields.String()


class KindOut(Schema):
    """A kind of place (场所类型) with its criteria; bounds include the number."""

    code = fields.String()
    name = fields.String()
    items = fields.List(fields.String())
    risk_point = fields.Boolean()
    needs_all = fields.Boolean()
    criteria = fields.List(fields.Dict())
    priority = fields.List(fields.Dict())
    visits = fields.Dict()
    basis = fields.List(fields.String())
    source = fields.String()


class KindsOut(Schema):
    """The kinds in force and what the attributes are called."""

    kinds = fields.List(fields.Nested(KindOut))
    attributes = fields.Dict(keys=fields.String(), values=fields.String())


def kinds_out(rules: PlaceRules, language: str) -> dict[str, Any]:
    """Return the document of :class:`KindsOut`."""
    return {
        "kinds": [asdict(kind) for kind in rules.kinds],
        "attributes": {name: text.said(language) for name, text in ATTRIBUTES.items()},
    }


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
        "attributes": place.attributes,
        "contact": place.contact,
        "risk": place.risk,
        "keeper": place.keeper,
        "credit_code": place.credit_code,
        "register_no": place.register_no,
        "risk_level": place.risk_level,
        "visit_every_days": place.visit_every_days,
        "note": place.note,
        "version": place.version,
        "registered_at": place.registered_at,
        "changed_at": place.changed_at,
    }


def seen_out(
    row: Iterable[Any], rules: PlaceRules, zone: ZoneInfo, today: date
) -> dict[str, Any]:
    """Return the document of :class:`PlaceSeenOut` for (Place, lon, lat)."""
    place, lon, lat = row
    kind = rules.kind(place.kind)
    judgement = judged(rules, place.kind, place.attributes)
    return place_out(place, lon, lat) | {
        "kind_name": kind.name if kind else None,
        "duty_items": _items(place, kind, rules),
        "risk_point": bool(kind and kind.risk_point),
        "criteria": judgement
        and {
            "state": judgement.state,
            "missing": judgement.missing,
            "open": judgement.open,
            "priority": judgement.priority,
        },
        "visits": asdict(visits_of(place, rules, zone, today)),
    }


def _items(place: Place, kind: PlaceKind | None, rules: PlaceRules) -> list[str]:
    own = list(kind.items) if kind else []
    more = [also.item for also in rules.also if place.attributes.get(also.attribute)]
    return list(dict.fromkeys(own + more))
