"""A position as the contract has it: a GeoJSON Point with accuracy and datum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.geo import Datum, InvalidPoint, parse_point, to_wgs84
from server.core.text import Text


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

    The point may also stand under ``point`` or ``geometry`` beside the other members.
    """

    _known = frozenset(
        {"type", "coordinates", "accuracy_m", "datum", "point", "geometry"}
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Position:
        if not isinstance(value, dict):
            _refuse("", Text("应为 GeoJSON Point", "Must be a GeoJSON Point"))
        for name in value.keys() - self._known:
            _refuse(name, Text("未知字段", "Unknown field."))
        nested = value.get("point") or value.get("geometry")
        shape = nested or {k: value[k] for k in ("type", "coordinates") if k in value}
        try:
            lon, lat = parse_point(shape)
        except InvalidPoint as error:
            _refuse(error.pointer.strip("/"), error.message)
        datum = value.get("datum") or Datum.WGS84.value
        if datum not in {d.value for d in Datum}:
            known = ", ".join(d.value for d in Datum)
            _refuse("datum", Text(f"未知坐标系；可用：{known}", f"Known are: {known}"))
        accuracy = value.get("accuracy_m")
        if accuracy is not None and not _is_distance(accuracy):
            _refuse(
                "accuracy_m", Text("应为不小于 0 的米数", "Must be metres, not below 0")
            )
        lon, lat = to_wgs84(lon, lat, datum)
        sent = {k: v for k, v in value.items() if v is not None}
        return Position(round(lon, 7), round(lat, 7), accuracy, sent)


def _is_distance(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < 1e7


def _refuse(pointer: str, message: Text) -> None:
    nested: Any = [message]
    for step in reversed([part for part in pointer.split("/") if part]):
        nested = {step: nested}
    raise ma.ValidationError(nested)
