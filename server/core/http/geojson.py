"""Lists as maps: a FeatureCollection where the caller asks for GeoJSON (RFC 7946)."""

from __future__ import annotations

from typing import Any

from flask import request

from server.core.http.blueprint import Reply

GEOJSON = "application/geo+json"


def listed(page: dict[str, Any], key: str = "number") -> Reply:
    """Answer with a page, as a FeatureCollection if ``Accept`` asks for one.

    Each item has a ``position`` (a Point in EPSG:4326) and is known by its ``key``.
    """
    wanted = request.accept_mimetypes.best_match(["application/json", GEOJSON])
    if wanted != GEOJSON:
        return Reply(page)
    features = [
        {
            "type": "Feature",
            "id": item[key],
            "geometry": {
                "type": "Point",
                "coordinates": item["position"]["coordinates"],
            },
            "properties": {k: v for k, v in item.items() if k != "position"},
        }
        for item in page["items"]
    ]
    document = {"type": "FeatureCollection", "features": features, "next": page["next"]}
    return Reply(document, headers={"Content-Type": GEOJSON})
