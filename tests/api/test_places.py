"""PUT and GET /places."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Factory


def place(make: Factory, **changes: Any) -> dict[str, Any]:
    """Return a small restaurant."""
    document = {
        "name": "老张面馆",
        "kind": "35",
        "address": "某路 1 号",
        "position": make.position(),
        "responsible_party": {"name": "张某", "kind": "owner", "phone": "0472-0"},
    }
    return document | changes


def test_register_again_and_change(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    made = worker.put(f"/places/{id}", json=place(make))
    again = worker.put(f"/places/{id}", json=place(make))
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json == again.json
    other = place(make, name="老李面馆")
    assert worker.put(f"/places/{id}", json=other).status_code == 428
    for match, status in (
        ("*", 428),
        (f'"{id}.7"', 412),
        (f'"{id}.{"9" * 5000}"', 412),
        ("garbage", 412),
    ):
        headers = {"If-Match": match}
        refused = worker.put(f"/places/{id}", json=other, headers=headers)
        assert refused.status_code == status, match
    fresh = {"If-Match": again.headers["ETag"]}
    changed = worker.put(f"/places/{id}", json=other, headers=fresh)
    assert (changed.status_code, changed.json["version"]) == (200, 2)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"kind": "99"}, "/kind"),
        ({"position": {"type": "Point", "coordinates": [0, 0]}}, "/position"),
        ({"responsible_party": {"name": "x"}}, "/responsible_party/kind"),
        ({"storeys": 3}, "/storeys"),
    ],
)
def test_wrong_fields(make: Factory, change: Any, pointer: str) -> None:
    answer = make.grid_worker().put(f"/places/{uuid4()}", json=place(make, **change))
    assert answer.status_code == 422
    assert pointer in [e["pointer"] for e in answer.json["errors"]]


def test_another_towns_place(make: Factory) -> None:
    worker, stranger, id = make.grid_worker(), make.other_town_officer(), uuid4()
    worker.put(f"/places/{id}", json=place(make))
    assert stranger.put(f"/places/{id}", json=place(make)).status_code == 404
    assert stranger.get("/places").json["items"] == []


def test_search(make: Factory) -> None:
    worker = make.grid_worker()
    lon, lat = make.point_in("150203102200")
    for name, east in (("近处面馆", 0.0), ("远处商店", 0.02)):
        position = {"type": "Point", "coordinates": [lon + east, lat]}
        document = place(make, name=name, position=position)
        assert worker.put(f"/places/{uuid4()}", json=document).status_code == 201

    def names(query: str) -> list[str]:
        return [p["name"] for p in worker.get(f"/places?{query}").json["items"]]

    assert names(f"near={lon},{lat}&radius_m=300") == ["近处面馆"]
    assert names(f"near={lon},{lat}&radius_m=5000") == ["近处面馆", "远处商店"]
    assert names("q=商店") == ["远处商店"]
    assert names("kind=31") == []
    assert len(names("area=150203102")) == 2
    page = worker.get("/places?limit=1").json
    rest = worker.get(f"/places?limit=1&cursor={page['next']}").json
    assert [page["items"][0]["name"], rest["items"][0]["name"]] == names("")
    assert rest["next"] is None


def test_findings_name_a_place(make: Factory) -> None:
    worker, id = make.grid_worker(), str(uuid4())
    worker.put(f"/places/{id}", json=place(make))
    receipt = make.sent(worker, make.finding(place=id))
    seen = worker.ticket(receipt["ticket"]["number"])
    assert seen["place"] == {"id": id, "kind": "35", "name": "老张面馆"}
    described = make.sent(worker, make.finding(place={"name": "无证小作坊"}))
    assert worker.ticket(described["ticket"]["number"])["place"]["name"] == "无证小作坊"
