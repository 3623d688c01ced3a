"""A ticket is closed on pictures that were uploaded for it, and tells of them all."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask

from server.core.db import commit
from server.photos.service import process
from tests.factories import Caller, Factory, picture

JPEG = {"content_type": "image/jpeg"}


def uploaded(caller: Caller, owner: str, stage: str) -> str:
    id = str(uuid4())
    path = f"/photos/{id}?{owner}&stage={stage}"
    answer = caller.put(path, data=picture(size=(32, 24)), **JPEG)
    assert answer.status_code == 201, answer.text
    return id


def pointers(answer) -> list[str]:  # type: ignore[no-untyped-def]
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.parametrize("kind", ["nowhere", "other ticket", "other finding"])
def test_settling_on_a_photo_of_something_else(make: Factory, kind: str) -> None:
    worker = make.grid_worker()
    number, other = make.ticket(worker), make.ticket(worker)
    photo = {
        "nowhere": lambda: str(uuid4()),
        "other ticket": lambda: uploaded(worker, f"ticket={other}", "after"),
        "other finding": lambda: uploaded(worker, f"finding={uuid4()}", "after"),
    }[kind]()
    good = worker.photo(number)
    answer = worker.act(number, "settle", note="清了", photos=[good, photo])
    assert pointers(answer) == ["/photos/1"]
    assert photo in answer.json["detail"]
    assert f"ticket={number}" in answer.json["detail"]
    assert worker.ticket(number)["state"] == "on_spot"


def test_closing_needs_one_that_shows_it_gone(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    before = worker.photo(number, "before")
    answer = worker.act(number, "settle", note="清了", photos=[before])
    assert pointers(answer) == ["/photos"]
    assert "stage=after" in answer.json["detail"]
    after = worker.photo(number)
    settled = worker.done(number, "settle", note="清了", photos=[before, after])
    assert settled["state"] == "closed_town"


def test_the_finding_s_own_after_photo_counts(make: Factory) -> None:
    worker, finding = make.grid_worker(), uuid4()
    opened = worker.put(f"/findings/{finding}", json=make.finding()).json
    photo = uploaded(worker, f"finding={finding}", "after")
    number = opened["ticket"]["number"]
    assert worker.done(number, "settle", note="清了", photos=[photo])


def test_the_picture_from_before_shows_nothing_gone(make: Factory) -> None:
    """Neither under another id nor for another ticket."""
    worker = make.grid_worker()
    number, other = make.ticket(worker), make.ticket(worker)
    same = picture(size=(32, 24))
    sent = []
    for owner in (
        f"ticket={number}&stage=before",
        f"ticket={number}&stage=after",
        f"ticket={other}&stage=after",
    ):
        sent.append(str(uuid4()))
        answer = worker.put(f"/photos/{sent[-1]}?{owner}", data=same, **JPEG)
        assert answer.status_code == 201
    for ticket, photo in ((number, sent[1]), (other, sent[2])):
        answer = worker.act(ticket, "settle", note="清了", photos=[photo])
        assert pointers(answer) == ["/photos"]


def test_a_damaged_picture_shows_nothing(make: Factory, app: Flask) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    whole = picture("PNG", (64, 48))
    broken = whole[:200] + bytes(100) + whole[300:]
    id = str(uuid4())
    path = f"/photos/{id}?ticket={number}&stage=after"
    answer = worker.put(path, data=broken, content_type="image/png")
    if answer.status_code == 201:
        process(UUID(id), app.extensions["photo_store"])
        commit()
        assert worker.get(f"/photos/{id}").json["verdicts"] == ["image-damaged"]
        thumbnail = worker.get(f"/photos/{id}/thumbnail")
        assert (thumbnail.status_code, thumbnail.json["type"]) == (404, "image-damaged")
        assert "Retry-After" not in thumbnail.headers
        answer = worker.act(number, "settle", note="清了", photos=[id])
        assert pointers(answer) == ["/photos"]
    else:
        assert answer.status_code == 422


def test_what_a_stranger_sent_ahead_is_none_of_the_ticket_s(make: Factory) -> None:
    worker, stranger, finding = make.grid_worker(), make.other_town_officer(), uuid4()
    photo = uploaded(stranger, f"finding={finding}", "after")
    opened = worker.put(f"/findings/{finding}", json=make.finding()).json
    number = opened["ticket"]["number"]
    assert worker.ticket(number)["photos"] == []
    answer = worker.act(number, "settle", note="清了", photos=[photo])
    assert pointers(answer) == ["/photos/0"]


def test_a_picture_used_before_is_marked(make: Factory, app: Flask) -> None:
    worker = make.grid_worker()
    same, verdicts = picture(), []
    for _ in range(2):
        number, id = make.ticket(worker), uuid4()
        path = f"/photos/{id}?ticket={number}&stage=after"
        worker.put(path, data=same, **JPEG)
        process(id, app.extensions["photo_store"])
        commit()
        verdicts.append(worker.get(f"/photos/{id}").json["verdicts"])
    assert verdicts == [[], ["reused"]]


def test_both_re_inspections(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    passed = {"result": "passed", "note": "已改"}
    number = make.ticket(worker, handling={"kind": "deadline"})
    made_up = [str(uuid4())]
    assert pointers(worker.act(number, "reinspect", photos=made_up, **passed))
    number = make.reported(worker)
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="限期改正")
    assert pointers(fire.act(number, "reinspect", photos=made_up, **passed))
    before = [fire.photo(number, "before")]
    assert pointers(fire.act(number, "reinspect", photos=before, **passed))
    failed = fire.done(number, "reinspect", result="failed", note="未改", photos=before)
    assert failed["state"] == "ordered"
    after = [fire.photo(number)]
    assert fire.done(number, "reinspect", photos=after, **passed)


def test_a_ticket_lists_what_was_announced_and_what_came(make: Factory) -> None:
    worker, finding = make.grid_worker(), uuid4()
    announced = [str(uuid4()), str(uuid4())]
    worker.put(f"/findings/{finding}", json=make.finding(photos=announced))
    number = worker.get("/tickets").json["items"][0]["number"]
    first = worker.ticket(number)
    assert (first["photos"], first["photos_missing"]) == (announced, announced)
    worker.put(
        f"/photos/{announced[0]}?finding={finding}", data=picture(size=(32, 24)), **JPEG
    )
    late = worker.photo(number, "document")
    then = worker.ticket(number)
    assert then["photos"] == [*announced, late]
    assert then["photos_missing"] == [announced[1]]
    assert then["etag"] != first["etag"]
    assert then["version"] == first["version"]
    # An older copy of the same version may still act: a photo changes no ticket.
    answer = worker.post(
        f"/tickets/{number}/actions/comment",
        json={"note": "x"},
        headers={"If-Match": first["etag"]},
    )
    assert answer.status_code == 200


def test_photos_by_finding_and_by_ticket_are_the_same(make: Factory) -> None:
    worker, finding = make.grid_worker(), uuid4()
    opened = worker.put(f"/findings/{finding}", json=make.finding()).json
    number = opened["ticket"]["number"]
    both = [uploaded(worker, f"finding={finding}", "before"), worker.photo(number)]
    for owner in (f"finding={finding}", f"ticket={number}"):
        listed = worker.get(f"/photos?{owner}").json["items"]
        assert [photo["id"] for photo in listed] == both
    assert listed[0]["owner"] == {"kind": "finding", "key": str(finding)}
    assert worker.get(f"/photos?finding={uuid4()}").status_code == 404


def test_a_refusal_needs_its_evidence_and_the_field_says_so(make: Factory) -> None:
    worker = make.grid_worker()
    ticket = worker.ticket(make.ticket(worker))
    report = next(a for a in ticket["actions"] if a["action"] == "report_up")
    how = next(f for f in report["fields"] if f["name"] == "how")
    assert how["required_when"] == {"trigger": ["refused"]}
    answer = worker.act(ticket["number"], "report_up", trigger="refused", note="x")
    assert pointers(answer) == ["/how"]


@pytest.mark.parametrize(
    ("checkpoint", "category", "status"),
    [("35-17", "F1", 422), ("35-17", "G2", 201), ("35-17", "G1", 201)],
)
def test_a_category_of_another_group_than_the_checkpoint_s(
    make: Factory, checkpoint: str, category: str, status: int
) -> None:
    worker = make.grid_worker()
    hazard = make.finding(duty_item="35", checkpoint=checkpoint, category=category)
    answer = worker.put(f"/findings/{uuid4()}", json=hazard)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert pointers(answer) == ["/category"]
        assert "G1" in answer.json["detail"]
    asked = {"duty_item": "35", "checkpoint": checkpoint, "category": category}
    preview = worker.post("/routing/preview", json=asked)
    assert preview.status_code == (422 if status == 422 else 200)
