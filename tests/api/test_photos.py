"""PUT /photos: taken once, in any order, refused when it is no whole picture."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest

from server.core.permissions import Role
from tests.factories import Caller, Factory, picture

JPEG = {"content_type": "image/jpeg"}
SOME = "5b0f4a57-5a4b-4a6e-9d0e-000000000001"


def upload(caller: Caller, owner: str, data: bytes, id: object = None, **kw: object):  # type: ignore[no-untyped-def]
    return caller.put(f"/photos/{id or uuid4()}?{owner}", data=data, **(JPEG | kw))


def test_photo_after_its_finding(make: Factory) -> None:
    worker, finding = make.grid_worker(), uuid4()
    worker.put(f"/findings/{finding}", json=make.finding())
    answer = upload(worker, f"finding={finding}&stage=before", picture())
    assert answer.status_code == 201
    assert answer.json["width"], answer.json["height"] == (640, 480)
    assert worker.get(f"/photos/{answer.json['id']}").json["stage"] == "before"


def test_photo_before_its_finding(make: Factory) -> None:
    worker, officer, finding = make.grid_worker(), make.town_officer(), uuid4()
    photo = upload(worker, f"finding={finding}", picture()).json["id"]
    assert officer.get(f"/photos/{photo}").status_code == 404
    worker.put(f"/findings/{finding}", json=make.finding(photos=[photo]))
    assert officer.get(f"/photos/{photo}").status_code == 200


def test_the_same_photo_again(make: Factory) -> None:
    worker, id, data = make.grid_worker(), uuid4(), picture()
    finding = uuid4()
    first = upload(worker, f"finding={finding}", data, id)
    again = upload(worker, f"finding={finding}", data, id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


@pytest.mark.parametrize("change", ["content", "finding", "stage", "sender"])
def test_another_photo_under_the_same_id(make: Factory, change: str) -> None:
    worker, id, data, finding = make.grid_worker(), uuid4(), picture(), uuid4()
    upload(worker, f"finding={finding}", data, id)
    if change == "sender":
        worker = make.grid_worker()
    if change == "content":
        data = picture()
    if change == "finding":
        finding = uuid4()
    stage = "after" if change == "stage" else "before"
    answer = upload(worker, f"finding={finding}&stage={stage}", data, id)
    assert answer.status_code == 409
    assert answer.json["type"] == "content-differs"


def test_multipart(make: Factory) -> None:
    worker = make.grid_worker()
    answer = worker.put(
        f"/photos/{uuid4()}?finding={uuid4()}",
        data={"file": (io.BytesIO(picture("PNG", (64, 48))), "a.jpg")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 201
    assert answer.json["media_type"] == "image/png"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_kinds_by_content(make: Factory, kind: str) -> None:
    answer = upload(make.grid_worker(), f"finding={uuid4()}", picture(kind))
    assert answer.json["media_type"] == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("data", "status", "slug"),
    [
        (b"", 422, "image-empty"),
        (b"no picture at all", 415, "not-an-image"),
        (b"GIF89a" + b"\0" * 50, 415, "image-unsupported"),
        (picture("JPEG", (64, 48))[:900], 422, "image-truncated"),
    ],
    ids=["empty", "text", "gif", "cut"],
)
def test_no_whole_picture(make: Factory, data: bytes, status: int, slug: str) -> None:
    worker, id = make.grid_worker(), uuid4()
    answer = upload(worker, f"finding={uuid4()}", data, id)
    assert (answer.status_code, answer.json["type"]) == (status, slug)
    assert worker.get(f"/photos/{id}").status_code == 404


def test_over_the_limit(make: Factory) -> None:
    answer = upload(make.grid_worker(), f"finding={uuid4()}", b"\xff" * (21 << 20))
    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_neither_image_nor_form(make: Factory) -> None:
    worker = make.grid_worker()
    answer = worker.put(f"/photos/{uuid4()}?finding={uuid4()}", json={"a": 1})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/finding"),
        (f"finding={SOME}&ticket=x", "/finding"),
        ("finding=no-uuid", "/finding"),
        (f"finding={SOME}&stage=during", "/stage"),
        (f"finding={SOME}&colour=red", "/colour"),
    ],
)
def test_wrong_query(make: Factory, query: str, pointer: str) -> None:
    answer = upload(make.grid_worker(), query, picture())
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_other_towns_ticket(make: Factory) -> None:
    worker, stranger = make.grid_worker(), make.other_town_officer()
    number = make.ticket(worker)
    assert upload(stranger, f"ticket={number}", picture()).status_code == 404
    assert upload(worker, f"ticket={number}", picture()).status_code == 201
    assert stranger.get(f"/photos?ticket={number}").status_code == 404
    assert len(worker.get(f"/photos?ticket={number}").json["items"]) == 1


def test_original_is_for_few_and_logged(make: Factory) -> None:
    worker, colleague = make.grid_worker(), make.grid_worker()
    officer, police = make.town_officer(), make.handler("kq-police")
    data, id = picture(), uuid4()
    number = make.reported(worker)
    upload(worker, f"ticket={number}", data, id)
    assert worker.get(f"/photos/{id}/original").data == data
    assert officer.get(f"/photos/{id}/original").status_code == 200
    assert colleague.get(f"/photos/{id}/original").status_code == 403
    assert police.get(f"/photos/{id}").status_code == 200
    assert police.get(f"/photos/{id}/original").status_code == 403


def test_supervisors_do_not_upload(make: Factory) -> None:
    supervisor = make.staff(Role.SUPERVISOR, "150203")
    assert upload(supervisor, f"finding={uuid4()}", picture()).status_code == 403


def test_derivative_is_not_there_before_the_job(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    upload(worker, f"finding={uuid4()}", picture(), id)
    answer = worker.get(f"/photos/{id}/thumbnail")
    assert (answer.status_code, answer.json["type"]) == (404, "not-processed")
