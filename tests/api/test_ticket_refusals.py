"""What a ticket refuses: stale copies, wrong states, wrong people, other towns."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN
from server.tickets import workflow
from tests.factories import Caller, Factory

NOWHERE = "150203-20260101-999999"


def post(
    caller: Caller, number: str, action: str, match: str | None, **fields: Any
) -> TestResponse:
    """Do an action with this If-Match, or none."""
    headers = {"If-Match": match} if match is not None else {}
    path = f"/tickets/{number}/actions/{action}"
    return caller.post(path, json=fields, headers=headers)


def test_if_match_is_required(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = post(fire, number, "accept", None)
    assert (answer.status_code, answer.json["type"]) == (428, "precondition-required")
    assert answer.mimetype == "application/problem+json"
    assert fire.ticket(number)["state"] == "reported"


@pytest.mark.parametrize("match", ["*", " * "])
def test_any_version_is_no_version(make: Factory, match: str) -> None:
    """``*`` would let a change pass over what others did meanwhile."""
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = post(fire, number, "accept", match)
    assert (answer.status_code, answer.json["type"]) == (428, "precondition-required")
    assert answer.json["detail"] == "请在 If-Match 中填写所见版本的 ETag（不能为 *）"
    bulk = fire.post(
        "/tickets/bulk",
        json={"action": "accept", "items": [{"number": number, "etag": match}]},
    )
    assert bulk.json["results"][0]["status"] == 428
    assert fire.ticket(number)["version"] == 1


def test_a_stale_copy_is_refused(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    old = fire.ticket(number)["etag"]
    fire.done(number, "comment", note="先看一下")
    answer = post(fire, number, "accept", old)
    assert (answer.status_code, answer.json["type"]) == (412, "precondition-failed")
    assert post(fire, number, "accept", fire.ticket(number)["etag"]).status_code == 200


@pytest.mark.parametrize(
    "match",
    ["", ",", '"', "W/", '"other"', '"*"', '*, "x"', '"150203-20260101-000001.1.x"',
     "\xff\xfe", '"' + "9" * 5000 + '"'],
)  # fmt: skip
def test_what_is_no_copy_of_it(make: Factory, match: str) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    assert post(fire, number, "accept", match).status_code == 412


def test_a_longer_version_is_not_this_version(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    assert post(fire, number, "accept", f'"{number}.11.20260101"').status_code == 412


@pytest.mark.parametrize("shape", ["{0}", '"x", {0}', 'W/"x",{0}', "W/{0}"])
def test_other_ways_to_write_the_same_copy(make: Factory, shape: str) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    match = shape.format(fire.ticket(number)["etag"])
    assert post(fire, number, "accept", match).status_code == 200


def test_the_answer_carries_the_next_etag(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = fire.act(number, "accept")
    seen = fire.get(f"/tickets/{number}")
    assert answer.headers["ETag"] == seen.headers["ETag"]
    assert answer.json == seen.json
    again = fire.get(
        f"/tickets/{number}", headers={"If-None-Match": seen.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_one_persons_copy_is_not_anothers(make: Factory) -> None:
    """The actions differ, so a machine two people share must not mix the copies."""
    worker, fire = make.grid_worker(), make.handler()
    number = make.reported(worker)
    etag = worker.ticket(number)["etag"]
    answer = fire.get(f"/tickets/{number}", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    # For a change only the version counts.
    assert post(fire, number, "accept", etag).status_code == 200


def test_not_allowed_in_this_state_says_what_is(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = fire.act(number, "feed_back", note="x")
    assert (answer.status_code, answer.json["type"]) == (409, "not-allowed-in-state")
    assert answer.json["detail"] == "工单处于“已上报”状态，不能进行“反馈”"
    assert answer.json["state"] == "reported"
    assert sorted(answer.json["allowed"]) == [
        "accept",
        "assign",
        "comment",
        "impose_control",
        "return",
    ]
    english = fire.post(
        f"/tickets/{number}/actions/feed_back",
        json={"note": "x"},
        headers={"If-Match": fire.ticket(number)["etag"], "Accept-Language": "en"},
    )
    assert english.json["detail"] == ("'feed_back' is not possible in state 'reported'")


def test_a_guard_says_why(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    fire.done(number, "accept")
    answer = fire.act(number, "order", due_on="2099-01-02", note="x")
    assert answer.status_code == 409
    assert answer.json["detail"] == "尚未核查属实"
    assert "verify" in answer.json["allowed"]


@pytest.mark.parametrize(
    ("role", "department"),
    [
        (Role.GRID_WORKER, None),
        (Role.SUPERVISOR, None),
        (Role.ADMINISTRATOR, None),
        (Role.SAFETY_OFFICE, "kq-emergency"),
        (Role.HANDLER, "kq-police"),
        (Role.LEAD, "kq-police"),
    ],
)
def test_only_the_lead_department_accepts(
    make: Factory, role: Role, department: str | None
) -> None:
    number = make.reported(make.grid_worker())
    someone = make.staff(role, DISTRICT, department)
    assert someone.get(f"/tickets/{number}").status_code == 200
    answer = someone.act(number, "accept")
    assert (answer.status_code, answer.json["type"]) == (403, "forbidden")


def _denials(path: str) -> list[str]:
    """Return why access to ``path`` was denied so far, as the audit has it."""
    query = (
        select(AuditEvent.payload)
        .where(AuditEvent.type == "access.denied", AuditEvent.subject_id == path)
        .order_by(AuditEvent.id)
    )
    return [str(payload["why"]) for payload in db.session.scalars(query)]


def test_a_denial_is_on_record(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.reported(worker)
    worker.act(number, "accept")
    path = f"/api/v1/tickets/{number}/actions/accept"
    assert _denials(path) == ["forbidden"]
    make.other_town_officer().get(f"/tickets/{number}")
    assert _denials(f"/api/v1/tickets/{number}") == ["not-found"]


def _strangers(make: Factory) -> dict[str, Caller]:
    return {
        "other town": make.other_town_officer(),
        "other community": make.grid_worker(OTHER_TOWN),
        "other department": make.handler("kq-housing"),
        "coordinating department": make.handler("kq-emergency"),
        "no department": make.staff(Role.HANDLER, DISTRICT),
    }


def test_to_strangers_it_does_not_exist(make: Factory) -> None:
    """Every endpoint answers exactly as for a number that was never given out."""
    number = make.reported(make.grid_worker())
    for who, stranger in _strangers(make).items():
        assert _answers(stranger, number) == _answers(stranger, NOWHERE), who
        assert stranger.get("/tickets").json["items"] == [], who


def _answers(caller: Caller, number: str) -> list[tuple[int, Any]]:
    """Return the answers of every endpoint of one ticket, all 404."""
    answers = [
        caller.get(f"/tickets/{number}"),
        caller.get(f"/tickets/{number}/events"),
    ]
    for action in [*workflow.ACTIONS, "explode"]:
        answers.append(post(caller, number, action, '"x"', note="x"))
        answers.append(post(caller, number, action, None))
    assert {answer.status_code for answer in answers} == {404}
    return [(answer.status_code, answer.json) for answer in answers]


def test_a_towns_own_ticket_is_not_the_departments(make: Factory) -> None:
    number = make.ticket(make.grid_worker())
    assert make.handler().get(f"/tickets/{number}").status_code == 404


def test_no_such_action(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = fire.act(number, "explode")
    assert answer.status_code == 404
    assert answer.json["detail"] == "没有操作 explode"


def test_not_signed_in(make: Factory) -> None:
    number = make.reported(make.grid_worker())
    nobody = Caller(make.app.test_client(), "nobody", "no-such-token")
    for path in (f"/tickets/{number}", f"/tickets/{number}/events", "/tickets"):
        assert nobody.get(path).status_code == 401
    assert post(nobody, number, "accept", '"x"').status_code == 401


@pytest.mark.parametrize(
    ("body", "type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"note=x", "application/x-www-form-urlencoded", 415),
        (b'{"note": "a\\u0000b"}', "application/json", 422),
    ],
)
def test_bodies_that_cannot_be_read(
    make: Factory, body: bytes, type: str, status: int
) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    answer = fire.post(
        f"/tickets/{number}/actions/accept",
        data=body,
        content_type=type,
        headers={"If-Match": fire.ticket(number)["etag"]},
    )
    assert answer.status_code == status
    assert fire.ticket(number)["version"] == 1


def test_wrong_fields_change_nothing(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    fire.done(number, "accept")
    before = fire.get(f"/tickets/{number}/events").json
    answer = fire.act(number, "verify", result="perhaps", colour="red")
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json["errors"]} == {
        "/result",
        "/note",
        "/colour",
    }
    assert fire.get(f"/tickets/{number}/events").json == before
    assert fire.ticket(number)["version"] == 2


def test_reading_changes_nothing(make: Factory) -> None:
    fire, number = make.handler(), make.reported(make.grid_worker())
    first = fire.get(f"/tickets/{number}")
    fire.get(f"/tickets/{number}/events")
    fire.get("/tickets")
    assert fire.get(f"/tickets/{number}").json == first.json
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert fire.open(method, f"/tickets/{number}").status_code == 405


def test_the_timeline_is_paged_in_order(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    for index in range(5):
        worker.done(number, "comment", note=f"第{index}次")
    whole = worker.get(f"/tickets/{number}/events").json["items"]
    read, cursor = [], ""
    while True:
        page = worker.get(f"/tickets/{number}/events?limit=2&cursor={cursor}").json
        read += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert read == whole
    assert [e["note"] for e in whole[2:]] == [f"第{index}次" for index in range(5)]
    assert {e["actor"] for e in whole} == {f"测试{worker.username}"}
    assert all(len(e["hash"]) == 64 for e in whole)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=xyz", "colour=red"])
def test_wrong_paging_of_the_timeline(make: Factory, query: str) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    answer = worker.get(f"/tickets/{number}/events?{query}")
    assert answer.status_code == 422


def test_settling_with_a_photo_id_that_is_none(make: Factory) -> None:
    worker = make.grid_worker()
    number = make.ticket(worker)
    answer = worker.act(number, "settle", note="x", photos=["one.jpg", str(uuid4())])
    assert [e["pointer"] for e in answer.json["errors"]] == ["/photos"]
