"""Area files: GeoJSON (RFC 7946) in and out.

A file is a FeatureCollection; one feature is one area. Its properties:

========== ==========================================================================
code       text, unique in the file whatever its scheme, because ``parent`` names it
scheme     who made the code, ``nbs-2023`` (国家统计局, edition 2023) when absent
name       text
level      ``city``, ``district``, ``town``, ``community`` or ``grid``
parent     code of an area of a higher level, in the file or loaded before, or null
generated  true for a boundary that was computed, not surveyed; false when absent
datum      of the vertices, ``wgs84`` when absent; see ``core.geo``
========== ==========================================================================

Other properties are left alone, since map programs add their own. ``geometry`` is a
Polygon, a MultiPolygon, or null where no boundary is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from shapely.geometry import MultiPolygon, mapping

from server.areas.feature import AreaFeature, Fault, FeatureReader, Link
from server.areas.levels import Level
from server.core.geo import Datum
from server.core.text import Text

__all__ = [
    "AreaFeature",
    "AreaFileInvalid",
    "Fault",
    "read_features",
    "to_collection",
    "to_feature",
]


class AreaFileInvalid(ValueError):
    """The file is refused as a whole; ``faults`` lists everything found in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "; ".join(f"{fault.pointer or '/'}: {fault.message.en}" for fault in faults)
        )


def read_features(data: bytes) -> list[AreaFeature]:
    """Return the areas of an area file, in the file's order.

    That a parent which is not in the file exists and is of a higher level is for
    the caller to check.

    Raises:
        AreaFileInvalid: with every fault of the file.
    """
    document = _document(data)
    faults = list(_crs_faults(document))
    features: list[AreaFeature] = []
    links: list[Link] = []
    for position, feature in enumerate(document["features"]):
        reader = FeatureReader(position, feature)
        area = reader.area()
        faults += reader.faults
        if area:
            features.append(area)
        if reader.link:
            links.append(reader.link)
    faults += [*_duplicates(links), *_order_faults(links), *_cycles(links)]
    if faults:
        raise AreaFileInvalid(sorted(faults, key=_place))
    return features


def _place(fault: Fault) -> int:
    return -1 if fault.feature is None else fault.feature


# --- The document -----------------------------------------------------------


def _document(data: bytes) -> dict[str, Any]:
    try:
        # Windows programs put a byte order mark in front.
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise _whole(
            "",
            Text(f"不是 UTF-8 编码的 JSON：{error}", f"not JSON in UTF-8: {error}"),
        ) from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise _whole(
            "/type",
            Text(
                "应为 GeoJSON FeatureCollection", "must be a GeoJSON FeatureCollection"
            ),
        )
    if not isinstance(document.get("features"), list):
        raise _whole("/features", Text("应为数组", "must be an array"))
    return document


def _whole(pointer: str, message: Text) -> AreaFileInvalid:
    return AreaFileInvalid([Fault(None, pointer, message)])


def _crs_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Refuse projected coordinates by what the file says about itself.

    RFC 7946 dropped ``crs``, yet common programs still write it.
    """
    crs = document.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not re.search(r":(CRS84|4326|4490)$", str(name)):
        yield Fault(
            None,
            "/crs",
            Text(
                f"坐标参考系 {name!r:.80} 不可用，请导出为经纬度 (EPSG:4326)",
                f"reference system {name!r:.80} is not accepted, export longitude "
                "and latitude (EPSG:4326)",
            ),
        )


# --- All features together --------------------------------------------------


def _duplicates(links: Iterable[Link]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for link in links:
        earlier = first.setdefault(link.code, link.position)
        if earlier != link.position:
            yield _link_fault(
                link,
                "code",
                Text(
                    f"代码 {link.code} 重复，已用于第 {earlier} 个要素（从 0 起）",
                    f"code {link.code} is already that of feature {earlier}",
                ),
            )


def _order_faults(links: Sequence[Link]) -> Iterator[Fault]:
    by_code = {link.code: link for link in links}
    for link in links:
        if link.level is Level.CITY and link.parent is not None:
            yield _link_fault(
                link, "parent", Text("市没有上级区域", "a city has no parent")
            )
            continue
        parent = by_code.get(link.parent or "")
        if not (parent and parent.level and link.level):
            continue
        if not parent.level.is_above(link.level):
            yield _link_fault(
                link,
                "parent",
                Text(
                    f"上级 {parent.code} 的层级 {parent.level} 不高于 {link.level}",
                    f"parent {parent.code} is a {parent.level}, which is not above a "
                    f"{link.level}",
                ),
            )


def _cycles(links: Sequence[Link]) -> Iterator[Fault]:
    """Name every ring of parents once, at the first of its areas in the file."""
    by_code = {link.code: link for link in links}
    done: set[str] = set()
    for start in links:
        path: list[str] = []
        link: Link | None = start
        while link and link.code not in done:
            done.add(link.code)
            path.append(link.code)
            link = by_code.get(link.parent or "")
        if link and link.code in path:
            ring = [*path[path.index(link.code) :], link.code]
            yield _link_fault(
                link,
                "parent",
                Text(
                    f"上级关系成环：{' → '.join(ring)}",
                    f"parents go round in a circle: {' -> '.join(ring)}",
                ),
            )


def _link_fault(link: Link, name: str, message: Text) -> Fault:
    pointer = f"/features/{link.position}/properties/{name}"
    return Fault(link.position, pointer, message)


# --- Writing ----------------------------------------------------------------


def to_feature(
    *,
    code: str,
    scheme: str,
    name: str,
    level: str,
    parent: str | None,
    boundary: MultiPolygon | None,
    generated: bool = False,
) -> dict[str, Any]:
    """Return one area as a GeoJSON Feature that ``read_features`` reads back.

    ``boundary`` is WGS 84; not a digit of it is lost. A single part is written as a
    Polygon, which more programs understand.
    """
    geometry = None
    if boundary is not None:
        parts = boundary.geoms
        geometry = mapping(parts[0] if len(parts) == 1 else boundary)
    return {
        "type": "Feature",
        "id": code,
        "properties": {
            "code": code,
            "scheme": scheme,
            "name": name,
            "level": str(level),
            "parent": parent,
            "generated": generated,
            "datum": str(Datum.WGS84),
        },
        "geometry": geometry,
    }


def to_collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a FeatureCollection of ``to_feature``'s features."""
    return {"type": "FeatureCollection", "features": list(features)}
