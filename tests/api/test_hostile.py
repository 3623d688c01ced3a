"""What no honest client sends: refused by name, and never a 500."""

from __future__ import annotations

import base64
import json
import socket
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update

from server.accounts.models import Device
from server.audit.models import AuditEvent
from server.core.db import db
from server.core.http.body import MOST_DEPTH
from server.core.permissions import Role
from server.core.queues import probe
from server.demo.seed import OTHER_TOWN, TOWN
from tests.factories import API, PASSWORD, Caller, Factory

JSON = {"content_type": "application/json"}


def put(caller: Caller, document: Any, **kw: Any) -> Any:
    return caller.put(f"/findings/{uuid4()}", json=document, **kw)


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"datum": [1]}, "datum"),
        ({"datum": {"a": 1}}, "datum"),
        ({"datum": []}, "datum"),
        ({"datum": {}}, "datum"),
        ({"datum": ""}, "datum"),
        ({"point": {"type": "Point", "coordinates": [109.8, 40.6]}}, "coordinates"),
        ({"geometry": {}}, "coordinates"),
        ({"coordinates": [109.8, 40.6, 1e300]}, "coordinates"),
    ],
)
def test_positions(make: Factory, change: dict[str, Any], pointer: str) -> None:
    answer = put(make.grid_worker(), make.finding(position=make.position() | change))
    assert pointers(answer) == [f"/position/{pointer}"]


def test_a_nested_point_is_read_strictly(make: Factory) -> None:
    worker = make.grid_worker()
    shape = {"type": "Point", "coordinates": make.point_in("150203102200")}
    assert put(worker, make.finding(position={"point": shape})).status_code == 201
    more = make.finding(position={"point": shape | {"bbox": [1, 2]}})
    assert pointers(put(worker, more)) == ["/position/point/bbox"]
    twice = make.finding(position={"point": shape, "geometry": shape})
    assert pointers(put(worker, twice)) == ["/position/geometry"]


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 900, 2000, 100_000])
@pytest.mark.parametrize("shape", ['{"a":%s}', "[%s]"])
def test_deep_nesting(make: Factory, depth: int, shape: str) -> None:
    opened, closed = shape.split("%s")
    raw = opened * depth + "1" + closed * depth
    worker = make.grid_worker()
    answer = worker.put(f"/findings/{uuid4()}", data=raw, **JSON)
    assert (answer.status_code, answer.json["type"]) == (400, "malformed-json")


def test_a_member_that_stands_twice(make: Factory) -> None:
    worker = make.grid_worker()
    good = json.dumps(make.finding())
    for raw in (
        '{"duty_item": "35",' + good[1:],
        '{"duty_\\u0069tem": "35",' + good[1:],
        good.replace('"accuracy_m"', '"datum": "gcj02", "accuracy_m"'),
    ):
        answer = worker.put(f"/findings/{uuid4()}", data=raw, **JSON)
        assert (answer.status_code, answer.json["type"]) == (400, "malformed-json")
        assert "duty_item" in answer.text or "datum" in answer.text
    long = good[:-1] + f', "more": {"9" * 5000}}}'
    assert worker.put(f"/findings/{uuid4()}", data=long, **JSON).status_code == 400


def test_other_encodings_are_unsupported(make: Factory) -> None:
    worker, raw = make.grid_worker(), json.dumps(make.finding())
    path = f"/findings/{uuid4()}"
    for kind in ("application/json; charset=gbk", "application/json;charset=latin1"):
        assert worker.put(path, data=raw, content_type=kind).status_code == 415
    zipped = {"Content-Encoding": "gzip"}
    assert worker.put(path, data=raw, headers=zipped, **JSON).status_code == 415
    photo = f"/photos/{uuid4()}?finding={uuid4()}"
    sent = {"data": b"x", "content_type": "image/jpeg", "headers": zipped}
    assert worker.put(photo, **sent).status_code == 415
    kind = 'application/json; charset="UTF-8"'
    assert worker.put(path, data=raw, content_type=kind).status_code == 201


def cursor(*keys: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


@pytest.mark.parametrize("key", [2**63, -(2**63) - 1, 2**80])
def test_cursors_no_database_holds(make: Factory, key: int) -> None:
    officer = make.town_officer()
    number = make.ticket(officer)
    for path in ("/tickets", "/incidents", "/orders", f"/tickets/{number}/events"):
        assert pointers(officer.get(f"{path}?cursor={cursor(key)}")) == ["/cursor"]
    for path, keys in (("/areas", ["\x00"]), ("/places", ["\x00", str(uuid4())])):
        assert pointers(officer.get(f"{path}?cursor={cursor(*keys)}")) == ["/cursor"]


def test_nul_in_a_path_is_nothing(make: Factory) -> None:
    officer = make.town_officer()
    for path in (
        "/tickets/%00", "/areas/a%00b", "/incidents/%00/entries", "/checklists/%00",
        "/findings/%00",
    ):  # fmt: skip
        answer = officer.get(path)
        assert (answer.status_code, answer.json["type"]) == (404, "not-found"), path
    assert officer.delete("/devices/%00").status_code == 404


def test_a_denied_path_with_nul_is_audited(make: Factory) -> None:
    supervisor = make.staff(Role.SUPERVISOR, TOWN)
    answer = supervisor.put(f"/incidents/a%00b/entries/{uuid4()}", json={})
    assert answer.status_code == 403
    paths = db.session.scalars(
        select(AuditEvent.subject_id).where(AuditEvent.type == "access.denied")
    )
    assert any("a%00b" in path for path in paths)


def test_numbers_in_paths(make: Factory) -> None:
    worker = make.grid_worker()
    for version in (2**31, "99999999999999999999"):
        assert worker.get(f"/checklists/35/versions/{version}").status_code == 404


def test_photos_twice_in_a_finding(make: Factory) -> None:
    photo = str(uuid4())
    answer = put(make.grid_worker(), make.finding(photos=[photo, photo]))
    assert pointers(answer) == ["/photos"]


@pytest.mark.parametrize("said", ["2026-W48-1", "20261124", "2026-11-24T00:00:00"])
def test_days_are_written_in_one_way(make: Factory, said: str) -> None:
    officer = make.town_officer()
    handling = {"kind": "deadline", "note": "限期", "due_on": said}
    assert pointers(put(officer, make.finding(handling=handling))) == [
        "/handling/due_on"
    ]
    duty = {"kind": "x", "subject": "x", "held_on": said}
    assert "/held_on" in pointers(officer.put(f"/duties/{uuid4()}", json=duty))
    for path in ("/incidents", "/duties", "/reports/rectification"):
        assert pointers(officer.get(f"{path}?from={said}")) == ["/from"]


def test_times_before_any_phone(make: Factory) -> None:
    worker = make.grid_worker()
    for at in ("1999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-02T00:00:00Z"):
        assert pointers(put(worker, make.finding(found_at=at))) == ["/found_at"]
    officer = make.town_officer()
    complaint = {
        "channel": "hotline",
        "received_at": "2099-01-02T00:00:00Z",
        "note": "电话",
    }
    document = make.finding(source="complaint", complaint=complaint)
    assert pointers(put(officer, document)) == ["/complaint/received_at"]


# --- forms ------------------------------------------------------------------------


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> dict[str, Any]:
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


def test_broken_forms(make: Factory) -> None:
    officer = make.town_officer()
    file = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
    field = b'Content-Disposition: form-data; name="f"\r\n\r\n1'
    for send in (
        lambda kw: officer.put(f"/photos/{uuid4()}?finding={uuid4()}", **kw),
        lambda kw: officer.post("/places/import", **kw),
    ):
        cut = send(form(file, end=b""))
        assert (cut.status_code, cut.json["type"]) == (400, "malformed-multipart")
        many = send(form(*[field] * 5000))
        assert (many.status_code, many.json["type"]) == (400, "too-many-fields")


def test_the_limit_is_named(make: Factory) -> None:
    answer = make.grid_worker().put(
        f"/findings/{uuid4()}", data=b" " * 1_100_000, **JSON
    )
    assert answer.status_code == 413
    assert "1048576" in answer.json["detail"]


# --- phones and sign-ins ------------------------------------------------------------


@pytest.mark.parametrize("id", ["a/b", "a b", "手机", "a\u202eb", "x" * 101, "a\n", ""])
def test_device_ids(app: Flask, make: Factory, id: str) -> None:
    worker = make.grid_worker()
    body = {"username": worker.username, "password": PASSWORD, "device": {"id": id}}
    answer = app.test_client().post(f"{API}/auth/login", json=body)
    if id == "a\n":  # trimmed like every line
        assert answer.status_code == 200
    else:
        assert pointers(answer) == ["/device/id"]


@pytest.mark.parametrize("id", ["a/b", "/a", "a//b", "a?b#c", "手机 1"])
def test_odd_device_ids_of_old_are_revoked(make: Factory, id: str) -> None:
    worker = make.staff(device=True)
    db.session.execute(update(Device).values(id=id))
    quoted = id.replace("?", "%3F").replace("#", "%23").replace(" ", "%20")
    assert worker.delete(f"/devices/{quoted}").status_code == 204
    assert worker.get("/devices").json["items"] == []


def test_a_spray_does_not_lock_out_an_enrolled_phone(app: Flask, make: Factory) -> None:
    worker = make.staff(device=True)
    client = app.test_client()

    def attempt(name: str, password: str, device: str | None = None) -> int:
        phone = {"device": {"id": device}} if device else {}
        body = {"username": name, "password": password, **phone}
        return client.post(f"{API}/auth/login", json=body).status_code

    strict = replace(make.settings, login_attempts_per_address=3)
    app.extensions["settings"], kept = strict, app.extensions["settings"]
    try:
        assert [attempt(f"nobody{n}", "x") for n in range(4)] == [401, 401, 401, 429]
        name, phone = worker.username, f"phone-{worker.username}"
        assert attempt(name, PASSWORD) == 429
        assert attempt(name, PASSWORD, "another") == 429
        assert attempt(name, PASSWORD, phone) == 200
        tries = [attempt(name, "wrong", phone) for _ in range(6)]
        assert tries == [401] * 5 + [429]
    finally:
        app.extensions["settings"] = kept


# --- a Redis that hangs -------------------------------------------------------------


def test_a_frozen_redis_is_told_in_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        frozen: Redis = probe(f"unix://{tmp_path / 's'}")
        monkeypatch.setitem(app.extensions, "redis_probe", frozen)
        begun = time.monotonic()
        ready = app.test_client().get("/readyz")
        assert (ready.status_code, ready.json["redis"]) == (503, "down")
        metrics = app.test_client().get("/metrics")
        assert metrics.status_code == 200
        assert "patrol_periodic_age_seconds{" not in metrics.text
        assert time.monotonic() - begun < 15


# --- places -------------------------------------------------------------------------


def test_a_place_stays_in_its_town(make: Factory) -> None:
    officer, id = make.town_officer(), uuid4()
    place = {"name": "某某餐馆", "kind": "35", "position": make.position()}
    made = officer.put(f"/places/{id}", json=place)
    away = place | {"position": make.position(OTHER_TOWN)}
    match = {"If-Match": made.headers["ETag"]}
    assert pointers(officer.put(f"/places/{id}", json=away, headers=match)) == [
        "/position"
    ]
    assert pointers(officer.put(f"/places/{uuid4()}", json=away)) == ["/position"]
    assert officer.get(f"/places/{id}").json["version"] == 1


@pytest.mark.parametrize("name", ["店\x1b[2J", "店\u202e铺", "店\n铺", "店\u2066铺"])
def test_names_that_steer(make: Factory, name: str) -> None:
    place = {"name": name, "kind": "35", "position": make.position()}
    answer = make.town_officer().put(f"/places/{uuid4()}", json=place)
    assert pointers(answer) == ["/name"]
