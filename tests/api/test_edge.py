"""What the edge does for every route: ETags, ids in paths, servers that are away."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid3, uuid4

import psycopg
import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.app import create_app
from server.core.permissions import Role
from tests.api.test_photos import upload
from tests.conftest import settings_for
from tests.factories import Caller, Factory, picture

# Version 7: 2026 in milliseconds, then random.
SEVEN = "019a0000-0000-7abc-8def-0123456789ab"


def reads(make: Factory, officer: Caller) -> list[str]:
    """Return a path of every kind of read that gives JSON, all for a town officer."""
    number = make.reported(officer)
    finding = make.sent(officer, make.finding())["id"]
    photo = upload(officer, f"finding={finding}", picture()).json["id"]
    lon, lat = make.point_in("150203102200")
    return [
        "/me",
        "/devices",
        "/places",
        "/areas",
        "/areas/150203102200",
        f"/areas/at?lon={lon}&lat={lat}",
        "/checklists",
        "/checklists/35",
        "/checklists/35/versions/1",
        "/tickets",
        f"/tickets/{number}",
        f"/tickets/{number}/events",
        f"/findings/{finding}",
        f"/photos?ticket={number}",
        f"/photos/{photo}",
        "/reports/rectification",
        "/reports/coverage",
        "/reports/duties",
        "/device/bundle",
        "/openapi.json",
    ]


def test_every_read_carries_an_etag_and_answers_304(make: Factory) -> None:
    officer = make.staff(Role.TOWN_OFFICER, "150203102")
    for path in reads(make, officer):
        first = officer.get(path)
        assert first.status_code == 200, (path, first.text)
        tag = first.headers["ETag"]
        again = officer.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), path
        assert again.headers["ETag"] == tag
        assert "Content-Type" not in again.headers
        other = officer.get(path, headers={"If-None-Match": '"else"'})
        assert other.status_code == 200, path


def test_another_answer_has_another_etag(make: Factory) -> None:
    officer = make.town_officer()
    before = officer.get("/tickets").headers["ETag"]
    number = make.reported(officer)
    changed = officer.get("/tickets", headers={"If-None-Match": before})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != before
    report = officer.get("/reports/rectification").headers["ETag"]
    make.reported(officer)
    headers = {"If-None-Match": report}
    assert officer.get("/reports/rectification", headers=headers).status_code == 200
    assert number in officer.get("/tickets").text


def test_a_map_has_an_etag_of_its_own(make: Factory) -> None:
    officer = make.town_officer()
    make.reported(officer)
    as_map = {"Accept": "application/geo+json"}
    tag = officer.get("/tickets", headers=as_map).headers["ETag"]
    assert tag != officer.get("/tickets").headers["ETag"]
    again = officer.get("/tickets", headers=as_map | {"If-None-Match": tag})
    assert again.status_code == 304


def test_a_tickets_etag_is_what_if_match_takes(make: Factory) -> None:
    officer = make.town_officer()
    number = make.ticket(officer)
    tag = officer.get(f"/tickets/{number}").headers["ETag"]
    assert tag.startswith(f'"{number}.1.')
    answer = officer.post(
        f"/tickets/{number}/actions/comment",
        json={"note": "已看过"},
        headers={"If-Match": tag},
    )
    assert answer.status_code == 200
    assert answer.headers["ETag"].startswith(f'"{number}.2.')


def test_refusals_and_writes_get_none(make: Factory) -> None:
    worker = make.grid_worker()
    assert "ETag" not in worker.get("/tickets/none").headers
    receipt = worker.put(f"/findings/{uuid4()}", json=make.finding())
    assert "ETag" not in receipt.headers


# --- ids in paths -----------------------------------------------------------------

WRONG_IDS = [
    "not-a-uuid",
    "123",
    "0" * 36,
    "00000000-0000-0000-0000-000000000000",
    "a6b5469a-e80f-11f1-88e0-02fc00000001",  # version 1
    str(uuid3(UUID(int=1), "x")),
    "7db709b73dcf4108b831d46ca0935055",  # without hyphens
    "0b8f6f8e-7a38-4b63-1c33-1f6a8a0c4d11",  # not of the variant
]


@pytest.mark.parametrize("id", WRONG_IDS)
@pytest.mark.parametrize("kind", ["findings", "inspections", "places", "photos"])
def test_an_id_no_phone_makes_is_refused_by_name(
    make: Factory, kind: str, id: str
) -> None:
    answer = make.grid_worker().put(f"/{kind}/{id}", json={})
    assert (answer.status_code, answer.json["type"]) == (422, "invalid")
    [error] = answer.json["errors"]
    assert error["pointer"] == f"/{kind.removesuffix('s')}_id"
    assert id in error["message"]
    assert "UUID" in answer.json["detail"]


@pytest.mark.parametrize(
    "id", [SEVEN, SEVEN.upper(), "22609598-a633-4fad-abc0-3357c732355d"]
)
def test_versions_4_and_7_are_taken(make: Factory, id: str) -> None:
    answer = make.grid_worker().put(f"/findings/{id}", json=make.finding())
    assert (answer.status_code, answer.json["id"]) == (201, id.lower())


def test_a_malformed_id_is_read_as_nothing(make: Factory) -> None:
    worker = make.grid_worker()
    for path in ("/findings/x", "/photos/x", "/photos/x/original"):
        answer = worker.get(path)
        assert (answer.status_code, answer.json["type"]) == (404, "not-found")


def test_a_retry_is_acknowledged_in_the_same_bytes(make: Factory) -> None:
    worker = make.grid_worker()
    for path, send in (
        (f"/findings/{uuid4()}", {"json": make.refused()}),
        (f"/places/{uuid4()}", {"json": place(make)}),
        (
            f"/photos/{uuid4()}?finding={uuid4()}",
            {"data": picture(), "content_type": "image/jpeg"},
        ),
    ):
        first, again = worker.put(path, **send), worker.put(path, **send)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.data == again.data


def place(make: Factory) -> dict[str, Any]:
    return {"name": "某某餐馆", "kind": "35", "position": make.position()}


# --- servers that are away --------------------------------------------------------


def test_without_a_database_the_answer_is_503(tmp_path: Path) -> None:
    url = "postgresql+psycopg://postgres@/none?host=/nonexistent"
    client = create_app(settings_for(url, tmp_path)).test_client()
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json["type"]) == (503, "unavailable")
    assert answer.mimetype == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, psycopg.OperationalError("gone")),
        psycopg.OperationalError("server closed the connection"),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.InterfaceError("the connection is closed"),
        PoolTimeout("no connection free"),
        RedisConnectionError("refused"),
    ],
)
def test_whatever_is_out_of_reach_is_503(
    make: Factory, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    worker = make.grid_worker()

    def away(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("server.tickets.listing.page", away)
    answer = worker.get("/tickets")
    assert (answer.status_code, answer.json["type"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "gone" not in answer.text


def test_a_fault_of_ours_stays_500(
    make: Factory, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a fault")

    worker = make.grid_worker()
    monkeypatch.setattr("server.tickets.listing.page", broken)
    answer = worker.get("/tickets")
    assert (answer.status_code, answer.json["type"]) == (500, "internal-error")
    assert "Retry-After" not in answer.headers


def test_a_thumbnail_not_made_yet_says_when_to_ask_again(make: Factory) -> None:
    worker = make.grid_worker()
    photo = upload(worker, f"finding={uuid4()}", picture()).json["id"]
    answer = worker.get(f"/photos/{photo}/thumbnail")
    assert (answer.status_code, answer.json["type"]) == (404, "not-processed")
    assert answer.headers["Retry-After"] == "5"
