"""Who is told what; inboxes are their owners' alone; choices; setting up targets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from server.audit.models import AuditEvent
from server.audit.service import record
from server.core.db import db, unit_of_work
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.notifications import service
from server.notifications.models import NotificationTarget
from tests.api.test_incidents import reported
from tests.factories import Caller, Factory
from tests.notices import inbox, kinds, staff_id, tell
from tests.orders import Desk, done


def test_a_report_is_the_departments_and_goes_back_to_the_town(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    chief = make.handler(role=Role.LEAD)
    stranger, elsewhere = make.handler("kq-agri"), make.other_town_officer()
    number = make.reported(worker)
    tell()
    assert kinds(fire) == kinds(chief) == [("work", number)]
    fire.done(number, "return", note="不属于本部门")
    tell()
    assert ("returned", number) in kinds(officer)
    assert kinds(worker) == [("returned", number)]
    assert kinds(fire) == [("work", number)], "nobody is told of what they did"
    assert kinds(stranger) == kinds(elsewhere) == []
    (message,) = inbox(worker)
    assert message["title"] == f"【退回】{number} 被部门退回"
    assert "不属于本部门" in message["text"]
    assert message["subject"] == {"type": "ticket", "number": number}
    assert message["read_at"] is None


def test_the_course_of_a_ticket(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    number = make.reported(worker, control={"measure": "临时封闭", "note": "x"})
    office = make.safety_office()
    tell()
    assert ("control", number) in kinds(officer)
    assert ("control", number) in kinds(office)
    assert inbox(officer, "?kind=control")[0]["urgent"] is True
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on="2099-01-02", note="整改")
    tell()
    (ordered,) = inbox(worker, "?kind=progress")
    assert "2099-01-02" in ordered["text"]
    photo = fire.photo(number)
    fire.done(number, "reinspect", result="passed", note="已改", photos=[photo])
    fire.done(number, "feed_back", note="已整改")
    tell()
    assert [m["kind"] for m in inbox(worker)][:2] == ["feedback", "progress"]
    assert inbox(officer)[0]["title"].endswith("请销号")


def event(type: str, number: str, **payload: Any) -> None:
    """Record an event of a ticket that the clock or the desk writes."""
    with unit_of_work():
        record(type, None, ("ticket", number), payload)


def test_mentioned_assigned_due_and_overdue(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    colleague, chief = make.handler(), make.handler(role=Role.LEAD)
    stranger, office = make.handler("kq-agri"), make.safety_office()
    number = make.reported(worker)
    tell()
    named = [str(staff_id(who)) for who in (colleague, stranger)]
    event("ticket.commented", number, mentions=[*named, "nonsense"])
    event("ticket.assigned", number, assignee=named[0])
    tell()
    assert [m["kind"] for m in inbox(colleague)][:2] == ["assigned", "mention"]
    assert inbox(stranger) == [], "nobody hears of a ticket they may not see"

    event("ticket.due_soon", number, step="accept", due_on="2026-12-01", level=1)
    tell()
    assert inbox(colleague)[0]["kind"] == "due_soon"
    assert inbox(fire, "?kind=due_soon") == [], "the assignee alone is warned"
    event("ticket.overdue", number, step="accept", due_on="2026-12-01", level=1)
    tell()
    for who in (colleague, fire, chief):
        assert inbox(who)[0]["kind"] == "overdue"
        assert "2026-12-01" in inbox(who)[0]["text"]
    assert inbox(officer, "?kind=overdue") == []
    assert inbox(office, "?kind=overdue") == []
    event("ticket.overdue", number, step="accept", due_on="2026-12-01", level=2)
    tell()
    (late,) = inbox(office, "?kind=overdue")
    assert late["urgent"] is True


def test_what_the_town_owes_is_the_towns(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    number = make.ticket(worker)
    event("ticket.overdue", number, due_on="2026-12-01", level=1)
    tell()
    assert kinds(worker) == kinds(officer) == [("overdue", number)]
    assert kinds(fire) == []


def test_an_extension_is_asked_of_the_chief_and_answered_to_who_asked(
    make: Factory,
) -> None:
    worker, fire, chief = (
        make.grid_worker(),
        make.handler(),
        make.handler(role=Role.LEAD),
    )
    number = make.reported(worker)
    tell()
    with unit_of_work():
        actor = make.app.extensions["authenticate"](fire.token)
        record("ticket.extension_requested", actor, ("ticket", number), {"note": "x"})
    tell()
    assert inbox(chief)[0]["kind"] == "extension"
    assert inbox(fire, "?kind=extension") == []
    asked = {"asked_by": str(actor.staff_id)}
    event("ticket.extended", number, due_on="2027-01-05", extension=asked)
    tell()
    assert inbox(fire)[0]["title"].endswith("已延期")


def test_incidents_and_orders(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    command = make.handler("kq-emergency")
    number = reported(make, worker)
    tell()
    assert ("incident", number) in kinds(officer)
    assert inbox(command)[0]["urgent"] is True
    assert inbox(worker) == []
    desk = Desk(make, "52")
    order = desk.issue()
    tell()
    assert ("order", order) in kinds(desk.worker)
    assert ("order", order) in kinds(desk.officer)
    assert kinds(desk.issuer) == []
    done(desk.worker, order, "accept")
    tell()
    assert kinds(desk.issuer) == []


def test_an_inbox_is_its_owners_alone(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    for _ in range(3):
        number = make.reported(worker)
        tell()
        fire.done(number, "return", note="退")
    tell()
    assert officer.get("/inbox/unread").json == {"unread": 3}
    newest, _, oldest = inbox(officer)
    assert fire.post(f"/inbox/{newest['id']}/read").status_code == 404
    assert make.administrator().post(f"/inbox/{newest['id']}/read").status_code == 404
    assert officer.post("/inbox/999999999/read").status_code == 404
    read = officer.post(f"/inbox/{oldest['id']}/read")
    assert read.status_code == 200
    first = read.json["read_at"]
    assert first is not None
    assert officer.post(f"/inbox/{oldest['id']}/read").json["read_at"] == first
    assert len(inbox(officer, "?unread=true")) == 2
    assert [m["id"] for m in inbox(officer, "?unread=false")] == [oldest["id"]]
    assert inbox(officer, "?kind=work") == []
    assert officer.get("/inbox?kind=nonsense").status_code == 422
    page = officer.get("/inbox?limit=2").json
    assert [m["id"] for m in page["items"]] == [m["id"] for m in inbox(officer)[:2]]
    rest = officer.get(f"/inbox?limit=2&cursor={page['next']}").json
    assert [m["id"] for m in rest["items"]] == [oldest["id"]]
    done = officer.post("/inbox/read-all", json={"up_to": newest["id"] - 1})
    assert done.json["read"] >= 1
    assert officer.get("/inbox/unread").json["unread"] in {0, 1}
    assert fire.get("/inbox/unread").json == {"unread": 3}
    for body in ({}, {"up_to": "x"}, {"up_to": -1}, {"up_to": 2**63}):
        assert officer.post("/inbox/read-all", json=body).status_code == 422


def test_what_a_phone_shows(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = make.reported(worker)
    tell()
    fire.done(number, "return", note="退")
    tell()
    (row,) = service.inbox_of(staff_id(worker))
    assert row.subject_id == number
    assert service.inbox_of(staff_id(worker), row.at) == []
    before = row.at - timedelta(seconds=1)
    assert service.inbox_of(staff_id(worker), before) == [row]


CHOICES = {
    "email": "me@example.com",
    "channels": {"progress": []},
    "quiet_hours": {"from": "22:00", "to": "07:00"},
    "language": "en",
}


def test_choices(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    before = worker.get("/me/notifications").json
    assert (before["email"], before["language"]) == (None, "zh-CN")
    answer = worker.put("/me/notifications", json=CHOICES)
    assert answer.status_code == 200, answer.text
    seen = worker.get("/me/notifications").json
    assert {name: seen[name] for name in CHOICES} == CHOICES
    number = make.reported(worker)
    tell()
    fire.done(number, "return", note="退")
    tell()
    assert inbox(worker)[0]["title"].startswith("[Returned]")
    query = select(AuditEvent).where(AuditEvent.type == "account.notifications_chosen")
    (told,) = db.session.scalars(query)
    assert "me@example.com" not in str(told.payload)
    assert worker.put("/me/notifications", json={}).status_code == 200
    assert worker.get("/me/notifications").json["email"] is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "x"}, "/email"),
        ({"email": "a@b.c\r\nBcc: d@e.fg"}, "/email"),
        ({"email": "a@b.cd\n"}, "/email"),
        ({"email": "A <a@b.cd>"}, "/email"),
        ({"email": "a@b.cd,e@f.gh"}, "/email"),
        ({"quiet_hours": {"from": "22:00"}}, "/quiet_hours/to"),
        ({"quiet_hours": {"from": "22:00", "to": "22:00"}}, "/quiet_hours/to"),
        ({"quiet_hours": {"from": "24:00", "to": "07:00"}}, "/quiet_hours/from"),
        ({"language": "fr"}, "/language"),
        ({"channels": {"progress": ["pigeon"]}}, "/channels/progress/0"),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
def test_wrong_choices(make: Factory, change: dict[str, Any], pointer: str) -> None:
    answer = make.grid_worker().put("/me/notifications", json=CHOICES | change)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.fixture
def open_doors(app: Flask) -> Iterator[None]:
    """Let requests go to loopback, also without TLS."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(
        before,
        webhook_allow_http=True,
        webhook_allow_nets=(ipaddress.ip_network("127.0.0.0/8"),),
        wecom_base="http://127.0.0.1:8899",
        dingtalk_base="http://127.0.0.1:8899",
    )
    yield
    app.extensions["settings"] = before


HOOK = {
    "kind": "webhook",
    "name": "指挥大屏",
    "department": "kq-fire",
    "url": "http://127.0.0.1:8899/hook?token=abcd1234",
    "secret": "0123456789abcdef",
}
BOT = {
    "kind": "wecom",
    "name": "消防群",
    "department": "kq-fire",
    "url": "http://127.0.0.1:8899/cgi-bin/webhook/send?key=11112222",
}


def chief(make: Factory, department: str = "kq-fire") -> Caller:
    """Return a department's 负责人."""
    return make.handler(department, Role.LEAD)


def created(caller: Caller, **changes: Any) -> str:
    """Set up a target that must be taken and return its id."""
    answer = caller.post("/notification-targets", json=HOOK | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_what_is_stored_is_not_given_back(make: Factory, open_doors: None) -> None:
    owner = chief(make)
    id = created(owner)
    seen = owner.get(f"/notification-targets/{id}")
    assert (seen.json["url_tail"], seen.json["secret_tail"]) == ("1234", "cdef")
    listed = owner.get("/notification-targets")
    for answer in (seen, listed):
        assert "token=" not in answer.text
        assert "0123456789" not in answer.text
    row = db.session.scalars(select(NotificationTarget)).one()
    assert "abcd1234" not in row.url
    assert "0123456789" not in str(row.secret)
    told = db.session.scalars(
        select(AuditEvent).where(AuditEvent.type == "notification_target.created")
    ).one()
    assert "127.0.0.1" not in str(told.payload)


def test_whose_targets(make: Factory, open_doors: None) -> None:
    owner, other = chief(make), chief(make, "kq-agri")
    officer, administrator = make.town_officer(), make.administrator()
    id = created(owner)
    path = f"/notification-targets/{id}"
    assert make.handler().post("/notification-targets", json=HOOK).status_code == 403
    assert make.grid_worker().get("/notification-targets").status_code == 403
    assert other.post("/notification-targets", json=HOOK).status_code == 403
    assert other.get(path).status_code == 404
    assert other.patch(path, json={"name": "x"}).status_code == 404
    assert other.delete(path).status_code == 404
    assert other.post(f"{path}/test").status_code == 404
    assert officer.get(path).status_code == 404
    assert administrator.get(path).status_code == 200
    town = HOOK | {"department": None, "area": TOWN}
    assert owner.post("/notification-targets", json=town).status_code == 403
    answer = officer.post("/notification-targets", json=town)
    assert answer.status_code == 201
    assert (
        make.other_town_officer()
        .get(f"/notification-targets/{answer.json['id']}")
        .status_code
        == 404
    )
    for area in (OTHER_TOWN, DISTRICT):
        wide = town | {"area": area}
        assert officer.post("/notification-targets", json=wide).status_code == 403
    assert (
        owner.patch(path, json={"name": "新名", "active": False}).json["name"] == "新名"
    )
    assert owner.post(f"{path}/test").status_code == 409
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404
    assert owner.get("/notification-targets").json["items"] == []
    row = db.session.scalars(
        select(NotificationTarget).where(NotificationTarget.removed_at.is_not(None))
    ).one()
    assert (row.url, row.secret) == ("", None)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (HOOK | {"url": "https://127.0.0.1/x"}, "/url"),
        (HOOK | {"url": "https://169.254.169.254/"}, "/url"),
        (HOOK | {"url": "https://[::1]/"}, "/url"),
        (HOOK | {"url": "http://8.8.8.8/"}, "/url"),
        (HOOK | {"url": "https://u:p@8.8.8.8/"}, "/url"),
        (HOOK | {"url": "nonsense"}, "/url"),
        (HOOK | {"url": "https://8.8.8.8/", "secret": None}, "/secret"),
        (HOOK | {"url": "https://8.8.8.8/", "secret": "short"}, "/secret"),
        (HOOK | {"url": "https://8.8.8.8/", "department": "nobody"}, "/department"),
        (HOOK | {"url": "https://8.8.8.8/", "area": TOWN}, "/department"),
        (HOOK | {"url": "https://8.8.8.8/", "kinds": ["mention"]}, "/kinds/0"),
        (BOT | {"url": "https://8.8.8.8/cgi-bin/webhook/send?key=1"}, "/url"),
        (BOT | {"url": "https://qyapi.weixin.qq.com/other?key=1"}, "/url"),
        (BOT | {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?x=1"}, "/url"),
        (
            BOT | {"url": "https://qyapi.weixin.qq.com@8.8.8.8/cgi-bin/webhook/send"},
            "/url",
        ),
        (BOT | {"secret": "0123456789abcdef"}, "/secret"),
        (BOT | {"kind": "pigeon"}, "/kind"),
    ],
)
def test_wrong_targets(make: Factory, document: dict[str, Any], pointer: str) -> None:
    answer = chief(make).post("/notification-targets", json=document)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer
    assert db.session.scalars(select(NotificationTarget)).all() == []


def test_a_changed_url_is_guarded_too(make: Factory, open_doors: None) -> None:
    owner = chief(make)
    id = created(owner)
    answer = owner.patch(
        f"/notification-targets/{id}", json={"url": "http://10.0.0.1:8080/"}
    )
    assert answer.status_code == 422
    assert owner.get(f"/notification-targets/{id}").json["url_tail"] == "1234"


def test_nobody_resends_what_is_not_theirs(make: Factory) -> None:
    owner = chief(make)
    assert owner.get("/notifications/dead").json["items"] == []
    assert owner.post("/notifications/dead/1/resend").status_code == 404
    assert make.grid_worker().get("/notifications/dead").status_code == 403
    assert owner.get(f"/notification-targets/{uuid4()}").status_code == 404


def test_a_message_long_ago(make: Factory) -> None:
    """What was read a year ago is removed, what was not read is kept."""
    worker, fire = make.grid_worker(), make.handler()
    for _ in range(2):
        number = make.reported(worker)
        tell()
        fire.done(number, "return", note="退")
        tell()
    old, kept = service.inbox_of(staff_id(worker))
    old.read_at = datetime.now(UTC) - timedelta(days=400)
    db.session.flush()
    assert service.forget_old() == 1
    assert service.inbox_of(staff_id(worker)) == [kept]
