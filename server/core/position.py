"""A position as the contract has it: a GeoJSON Point with accuracy and datum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import marshmallow as ma
from marshmallow import fields

from server.core.geo import DATUMS, Datum, InvalidPoint, parse_point, to_wgs84
from server.core.text import Text

_SHAPE = {"type", "coordinates"}
_NESTED = ("point", "geometry")
# Metres above or below the sea beyond which no height on land or in the air lies.
MOST_HEIGHT = 20_000


@dataclass(frozen=True)
class Position:
    """A position in EPSG:4326 with what was sent beside it.

    ``sent`` is the document as it came; ``accuracy_m`` is metres or None.
    """

    lon: float
    lat: float
    accuracy_m: float | None
    sent: dict[str, Any]

    @property
    def ewkt(self) -> str:
        """The point as EWKT, EPSG:4326."""
        return f"SRID=4326;POINT({self.lon!r} {self.lat!r})"

    @property
    def point(self) -> dict[str, Any]:
        """The point as GeoJSON, EPSG:4326."""
        return {"type": "Point", "coordinates": [self.lon, self.lat]}


class PositionField(fields.Field[Position]):
    """Loads a position: ``{type: Point, coordinates, accuracy_m?, datum?}``.

    The point may also stand under ``point`` or ``geometry`` beside the other members,
    not in two places at once.
    """

    _known = frozenset(
        {"type", "coordinates", "accuracy_m", "datum", "point", "geometry"}
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Position:
        if not isinstance(value, dict):
            _refuse("", Text("应为 GeoJSON Point", "Must be a GeoJSON Point"))
        for name in value.keys() - self._known:
            _refuse(name, Text("未知字段", "Unknown field."))
        lon, lat = _point(value)
        datum = value.get("datum")
        if datum is None:
            datum = Datum.WGS84.value
        if not isinstance(datum, str) or datum not in DATUMS:
            known = ", ".join(DATUMS)
            _refuse("datum", Text(f"未知坐标系；可用：{known}", f"Known are: {known}"))
        accuracy = value.get("accuracy_m")
        if accuracy is not None and not _is_distance(accuracy):
            _refuse(
                "accuracy_m", Text("应为不小于 0 的米数", "Must be metres, not below 0")
            )
        lon, lat = to_wgs84(lon, lat, datum)
        sent = {k: v for k, v in value.items() if v is not None}
        return Position(round(lon, 7), round(lat, 7), accuracy, sent)


def _point(value: dict[str, Any]) -> tuple[float, float]:
    """Return longitude and latitude, from wherever in the document they stand."""
    own = {name: value[name] for name in _SHAPE if value.get(name) is not None}
    nested = [name for name in _NESTED if value.get(name) is not None]
    where = nested[0] if nested else ""
    if nested and (own.keys() - {"type"} or len(nested) > 1):
        twice = "coordinates" if "coordinates" in own else nested[-1]
        _refuse(twice, Text("坐标给了两次", "The point is given twice"))
    if nested and own.get("type", "Feature") not in ("Feature", "Point"):
        _refuse("type", Text("应为 Point", "Must be Point"))
    shape = value[where] if where else own
    for name in shape.keys() - _SHAPE if isinstance(shape, dict) else ():
        _refuse(f"{where}/{name}", Text("未知字段", "Unknown field."))
    try:
        lon, lat = parse_point(shape)
    except InvalidPoint as error:
        _refuse(f"{where}{error.pointer}", error.message)
    for height in shape["coordinates"][2:]:
        if not -MOST_HEIGHT <= height <= MOST_HEIGHT:
            _refuse(
                f"{where}/coordinates",
                Text("高程不是有效的米数", "The height is no height in metres"),
            )
    return lon, lat


def _is_distance(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < 1e7


def _refuse(pointer: str, message: Text) -> NoReturn:
    nested: Any = [message]
    for step in reversed([part for part in pointer.split("/") if part]):
        nested = {step: nested}
    raise ma.ValidationError(nested)
