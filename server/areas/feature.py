"""One feature of an area file: its properties and its geometry.

The rules a property keeps stand here; what needs all features together, and the
description of the format, are in ``areas.geojson``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPolygon

from server.areas.levels import LEVELS, Level
from server.core.geo import (
    DATUMS,
    Datum,
    InvalidBoundary,
    as_datum,
    parse_boundary,
    to_wgs84,
)
from server.core.text import Text

DEFAULT_SCHEME = "nbs-2023"
OWN_SCHEME = "hazard-patrol"
MAX_NAME = 100


class Fault(NamedTuple):
    """One fault: the feature's place in the file (None: the file as a whole), a
    JSON Pointer (RFC 6901) from the file's root, and what is wrong."""

    feature: int | None
    pointer: str
    message: Text


@dataclass(frozen=True)
class AreaFeature:
    """One area of a file.

    ``boundary`` is in WGS 84, whatever ``datum`` its vertices came in.
    """

    code: str
    scheme: str
    name: str
    level: Level
    parent: str | None
    boundary: MultiPolygon | None
    generated: bool
    datum: Datum
    position_in_file: int


class Link(NamedTuple):
    """What a feature says of its place in the tree, kept even if its boundary or
    name is wrong, so that all faults of a file come out at once."""

    position: int
    code: str
    level: Level | None
    parent: str | None


_TEXT = Text("应为文本（加引号）", "must be text (in quotes)")
_ANY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SCHEME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_NBS_SCHEME = re.compile(r"nbs-[0-9]{4}")
# 统计用区划代码 of 国家统计局: 2 province, 2 city, 2 district, 3 town, 3 community.
_NBS_CODES = {
    Level.CITY: r"[0-9]{4}00",
    Level.DISTRICT: r"[0-9]{6}",
    Level.TOWN: r"[0-9]{9}",
    Level.COMMUNITY: r"[0-9]{12}",
}


class FeatureReader:
    """Reads one feature; ``faults`` then holds what is wrong with it, ``link`` what
    is known of its place in the tree."""

    def __init__(self, position: int, feature: object) -> None:
        self.position = position
        self.faults: list[Fault] = []
        self.link: Link | None = None
        self.feature: Mapping[str, Any] = {}
        self.properties: Mapping[str, Any] = {}
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            self._fault("", Text("应为 GeoJSON Feature", "must be a GeoJSON Feature"))
            return
        self.feature = feature
        if isinstance(feature.get("properties"), dict):
            self.properties = feature["properties"]
        else:
            self._fault("/properties", Text("应为对象", "must be an object"))

    def area(self) -> AreaFeature | None:
        """Return the area, or None when a property or the geometry is wrong."""
        if self.faults:
            return None
        code, name = self._code(), self._name()
        level, parent, scheme = self._level(), self._parent(), self._scheme()
        datum, generated = self._datum(), self._generated()
        boundary = self._boundary(datum)
        if code:
            self.link = Link(self.position, code, level, parent)
        if code and level and scheme:
            self._check_code(code, level, scheme, parent)
        # The names are None only with a fault; spelled out for the type checker.
        if self.faults or not (code and name and level and scheme and datum):
            return None
        return AreaFeature(
            code=code,
            scheme=scheme,
            name=name,
            level=level,
            parent=parent,
            boundary=boundary,
            generated=generated,
            datum=datum,
            position_in_file=self.position,
        )

    def _fault(self, pointer: str, message: Text) -> None:
        root = f"/features/{self.position}"
        self.faults.append(Fault(self.position, root + pointer, message))

    def _wrong(self, name: str, message: Text) -> None:
        self._fault(f"/properties/{name}", message)

    def _required(self, name: str) -> str | None:
        value = self.properties.get(name)
        if value is None:
            self._wrong(name, Text("缺少此属性", "is missing"))
        elif not isinstance(value, str):
            self._wrong(name, _TEXT)
        else:
            return value
        return None

    def _code(self) -> str | None:
        code = self._required("code")
        if code is None or _ANY_CODE.fullmatch(code):
            return code
        self._wrong(
            "code",
            Text(
                "代码应为 1–40 个字母、数字、点、横线或下划线，以字母或数字开头",
                "a code has 1 to 40 letters, digits, dots, hyphens or underscores "
                "and starts with a letter or digit",
            ),
        )
        return None

    def _name(self) -> str | None:
        name = self._required("name")
        if name is None:
            return None
        if name == name.strip() and name.isprintable() and 0 < len(name) <= MAX_NAME:
            return name
        self._wrong(
            "name",
            Text(
                f"名称应为 1–{MAX_NAME} 个字符，首尾无空格",
                f"a name has 1 to {MAX_NAME} characters, no space at its ends",
            ),
        )
        return None

    def _level(self) -> Level | None:
        level = self._required("level")
        if level is None:
            return None
        if level in LEVELS:
            return Level(level)
        known = ", ".join(LEVELS)
        self._wrong(
            "level",
            Text(
                f"未知层级 {level!r:.40}，可用：{known}",
                f"unknown level {level!r:.40}, known are {known}",
            ),
        )
        return None

    def _parent(self) -> str | None:
        if "parent" not in self.properties:
            self._wrong(
                "parent",
                Text("缺少此属性（无上级写 null）", "is missing (null for none)"),
            )
            return None
        parent = self.properties["parent"]
        if parent is None or isinstance(parent, str):
            return parent
        self._wrong("parent", _TEXT)
        return None

    def _scheme(self) -> str | None:
        scheme = self.properties.get("scheme", DEFAULT_SCHEME)
        if isinstance(scheme, str) and _SCHEME.fullmatch(scheme):
            return scheme
        self._wrong(
            "scheme",
            Text(
                "编码体系应为 1–32 个小写字母、数字、点或横线",
                "a scheme has 1 to 32 lower-case letters, digits, dots or hyphens",
            ),
        )
        return None

    def _datum(self) -> Datum | None:
        datum = self.properties.get("datum", Datum.WGS84)
        if isinstance(datum, str) and datum in DATUMS:
            return as_datum(datum)
        known = ", ".join(DATUMS)
        self._wrong(
            "datum",
            Text(
                f"未知的坐标系 {datum!r:.40}，可用：{known}",
                f"unknown datum {datum!r:.40}, known are {known}",
            ),
        )
        return None

    def _generated(self) -> bool:
        generated = self.properties.get("generated", False)
        if isinstance(generated, bool):
            return generated
        self._wrong("generated", Text("应为 true 或 false", "must be true or false"))
        return False

    def _boundary(self, datum: Datum | None) -> MultiPolygon | None:
        if "geometry" not in self.feature:
            self._fault(
                "/geometry",
                Text("缺少 geometry（无边界写 null）", "is missing (null for none)"),
            )
            return None
        if self.feature["geometry"] is None:
            return None
        try:
            boundary = parse_boundary(self.feature["geometry"])
        except InvalidBoundary as error:
            self._fault(f"/geometry{error.pointer}", error.message)
            return None
        return self._in_wgs84(boundary, datum) if datum else None

    def _in_wgs84(self, boundary: MultiPolygon, datum: Datum) -> MultiPolygon | None:
        if datum in {Datum.WGS84, Datum.CGCS2000}:
            return boundary

        vertices: list[list[float]] = shapely.get_coordinates(boundary).tolist()
        converted: MultiPolygon = shapely.set_coordinates(
            boundary, [to_wgs84(lon, lat, datum) for lon, lat in vertices]
        )
        # The shift bends lines by centimetres, enough to cross where rings all but
        # touch; such a boundary has to be sent in WGS 84.
        if converted.is_valid:
            return converted
        self._fault(
            "/geometry",
            Text(
                "转换到 WGS 84 后边界自相交", "crosses itself once converted to WGS 84"
            ),
        )
        return None

    def _check_code(
        self, code: str, level: Level, scheme: str, parent: str | None
    ) -> None:
        if scheme == OWN_SCHEME:
            expected = Text(
                "网格代码应为上级代码加 -01 至 -999",
                "a grid's code is its parent's code with -01 to -999 behind",
            )
            good = level is Level.GRID and re.fullmatch(
                re.escape(parent or "") + "-[0-9]{2,3}", code
            )
        elif _NBS_SCHEME.fullmatch(scheme):
            expected = Text(
                "国家统计局代码：市、区县 6 位，乡镇街道 9 位，村社区 12 位，网格没有",
                "statistical codes have 6 digits for city and district, 9 for a town, "
                "12 for a community; there are none for grids",
            )
            good = level in _NBS_CODES and re.fullmatch(_NBS_CODES[level], code)
        else:
            return
        if not good:
            self._wrong("code", expected)
