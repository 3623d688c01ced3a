"""From the event to the bot, the webhook and the mailbox, through real servers."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from redis import ConnectionError as RedisDown
from redis import Redis
from rq import Queue
from rq.exceptions import InvalidJobOperation
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, update

from server import wiring
from server.audit.dispatcher import dispatch_once
from server.audit.models import AuditEvent
from server.audit.service import record
from server.config import MailServer, Settings
from server.core import queues
from server.core.clock import now
from server.core.db import db, unit_of_work
from server.core.permissions import Role
from server.notifications import deliveries
from server.notifications.deliveries import MAX_ATTEMPTS, PER_MINUTE
from server.notifications.jobs import deliver_due, notify
from server.notifications.models import (
    Notification,
    NotificationBackoff,
    NotificationDelivery,
    NotificationSend,
)
from server.notifications.senders import Unsent
from tests.factories import Caller, Factory
from tests.notices import inbox, staff_id, tell
from tests.servers import Mailbox, Receiver, Request, http_server, smtp_server

SECRET = "0123456789abcdef"


class World:
    """An application with a chief of the fire brigade who has targets."""

    def __init__(self, app: Flask, receiver: Receiver, mailbox: Mailbox) -> None:
        self.app, self.receiver, self.mailbox = app, receiver, mailbox
        self.settings: Settings = replace(
            app.extensions["settings"],
            webhook_allow_http=True,
            webhook_allow_nets=(ipaddress.ip_network("127.0.0.0/8"),),
            wecom_base=receiver.url,
            dingtalk_base=receiver.url,
            mail_server=MailServer("127.0.0.1", mailbox.port, "none"),
            mail_from="patrol@example.com",
            mail_batch_seconds=0,
        )
        app.extensions["settings"] = self.settings
        self.make = Factory(app)
        self.chief = self.make.handler(role=Role.LEAD)
        self.worker = self.make.grid_worker()

    def target(self, kind: str = "webhook", **changes: Any) -> str:
        """Set up a target and return its id."""
        path = {
            "webhook": "/hook",
            "wecom": "/cgi-bin/webhook/send?key=1",
            "dingtalk": "/robot/send?access_token=1",
        }[kind]
        document = {
            "kind": kind,
            "name": kind,
            "department": "kq-fire",
            "url": self.receiver.url + path,
            "secret": None if kind == "wecom" else SECRET,
        }
        answer = self.chief.post("/notification-targets", json=document | changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])

    def report(self) -> str:
        """Report a hazard to the fire brigade and write what is owed for it."""
        number = self.make.reported(self.worker)
        tell()
        return number

    def deliver(self) -> int:
        """Do one run of the sender, as the periodic job does."""
        return deliver_due(self.settings)


@pytest.fixture
def world(committed_app: Flask) -> Iterator[World]:
    """Everything, on a database of its own."""
    with (
        http_server() as receiver,
        smtp_server() as mailbox,
        committed_app.app_context(),
    ):
        yield World(committed_app, receiver, mailbox)


def rows() -> list[NotificationDelivery]:
    """Return all deliveries as they are now."""
    db.session.rollback()
    db.session.expire_all()
    query = select(NotificationDelivery).order_by(NotificationDelivery.id)
    return list(db.session.scalars(query))


def states() -> dict[str, int]:
    """Count deliveries by state."""
    return dict(Counter(row.state for row in rows()))


def let_time_pass() -> None:
    """End back-offs, leases and the bots' minute."""
    past = now() - timedelta(minutes=2)
    with unit_of_work():
        db.session.execute(update(NotificationBackoff).values(until=past))
        db.session.execute(update(NotificationSend).values(at=past))


def owe(world: World, target_id: str, count: int, title: str = "【新任务】x") -> None:
    """Owe a target many messages."""
    message = {
        "event": "ticket.reported",
        "kind": "work",
        "title": title,
        "subject": {"type": "ticket", "number": "1"},
        "place": "某村某某餐馆" * 5,
        "category": "疏散通道、安全出口",
        "department": "区消防救援大队",
        "due_on": "2026-12-01",
        "at": now().isoformat(),
    }
    with unit_of_work():
        deliveries.add(
            [
                deliveries.row_for(
                    f"target:{target_id}",
                    now(),
                    target_id=target_id,
                    kind="work",
                    urgent=False,
                    message=message,
                )
                for _ in range(count)
            ]
        )


def signed(request: Request, secret: str = SECRET) -> bool:
    """Check the signature of a webhook as its receiver would."""
    parts = dict(
        p.split("=", 1) for p in request.headers["X-Patrol-Signature"].split(",")
    )
    message = parts["t"].encode() + b"." + request.body
    wanted = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(parts["v1"], wanted)


def test_a_webhook_gets_it_signed(world: World) -> None:
    world.target()
    number = world.report()
    assert world.deliver() == 1
    (request,) = world.receiver.got
    assert signed(request)
    assert not signed(request, "another secret 16")
    said = request.json
    assert said["subject"] == {"type": "ticket", "number": number}
    assert request.headers["X-Patrol-Event"] == said["event"] == "ticket.reported"
    assert request.headers["X-Patrol-Delivery"] == str(said["delivery"])
    assert "测试" not in request.body.decode(), "no name of a person"
    assert world.deliver() == 0
    assert states() == {"sent": 1}


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_a_webhook_that_does_not_take_it(world: World, status: int) -> None:
    world.target()
    world.receiver.answer = lambda _: (status, {"Location": world.receiver.url}, b"{}")
    world.report()
    assert world.deliver() == 0
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error == f"HTTP {status}"
    assert len(world.receiver.got) == 1


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_a_bot_that_answers_200_with_an_error(world: World, kind: str) -> None:
    target = world.target(kind)
    world.receiver.answer = lambda _: (
        200,
        {},
        b'{"errcode":93000,"errmsg":"invalid webhook url"}',
    )
    world.report()
    assert world.deliver() == 0
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error == "errcode 93000: invalid webhook url"
    seen = world.chief.get(f"/notification-targets/{target}/deliveries").json
    assert "93000" in seen["items"][0]["last_error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"errcode":"0"}', b"{}"])
def test_a_bot_that_says_nothing_we_know(world: World, body: bytes) -> None:
    world.target("wecom")
    world.receiver.answer = lambda _: (200, {}, body)
    world.report()
    assert world.deliver() == 0
    assert states() == {"waiting": 1}


def test_too_quickly_is_no_failure(world: World) -> None:
    world.target("wecom")
    world.receiver.answer = lambda _: (200, {}, b'{"errcode":45009,"errmsg":"freq"}')
    world.report()
    world.deliver()
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 0)
    until = db.session.scalars(select(NotificationBackoff.until)).one()
    assert until > now() + timedelta(seconds=50)


def test_dingtalk_is_signed(world: World) -> None:
    world.target("dingtalk")
    world.report()
    assert world.deliver() == 1
    (request,) = world.receiver.got
    query = parse_qs(urlsplit(request.path).query)
    assert query["access_token"] == ["1"]
    assert abs(int(query["timestamp"][0]) / 1000 - now().timestamp()) < 60
    assert query["sign"][0]
    assert request.json["msgtype"] == "markdown"
    assert request.json["markdown"]["title"].startswith("【")


def test_bots_get_many_in_one_within_size_and_minute(world: World) -> None:
    target = world.target("wecom")
    owe(world, target, 500)
    first = world.deliver()
    assert first == PER_MINUTE == len(world.receiver.got)
    for request in world.receiver.got:
        content = request.json["markdown"]["content"]
        assert len(content.encode()) <= 4096
        assert content.count("编号：N") > 5
        assert "�" not in content
    assert world.deliver() == 0, "not before the minute has passed"
    for _ in range(5):
        let_time_pass()
        world.deliver()
    assert states() == {"sent": 500}
    ids = [
        word.removeprefix("编号：N")
        for request in world.receiver.got
        for word in request.json["markdown"]["content"].split()
        if word.startswith("编号：N")
    ]
    assert len(ids) == len(set(ids)) == 500


def test_two_targets_of_one_bot_share_its_minute(world: World) -> None:
    for target in (world.target("wecom"), world.target("wecom")):
        owe(world, target, 300)
    world.deliver()
    assert len(world.receiver.got) == PER_MINUTE


def test_a_message_that_is_too_long_is_cut_between_characters(world: World) -> None:
    owe(world, world.target("wecom"), 1, title="很长" * 3000)
    assert world.deliver() == 1
    content = world.receiver.got[0].json["markdown"]["content"]
    assert 4000 < len(content.encode()) <= 4096


def test_a_failing_recipient_does_not_hold_up_others(world: World) -> None:
    bad = world.target(url=world.receiver.url + "/bad")
    good = world.target()
    for target in (bad, good):
        owe(world, target, 30)
    world.receiver.answer = lambda request: (
        (500 if request.path == "/bad" else 200),
        {},
        b"",
    )
    assert world.deliver() == 30
    tried = [request.path for request in world.receiver.got].count("/bad")
    assert tried == 1, "after a failure the rest waits"
    assert world.deliver() == 0
    assert states() == {"sent": 30, "waiting": 30}


def test_pauses_grow_to_an_hour() -> None:
    for failures in range(1, 40):
        longest = min(2.0**failures, 3600)
        pause = deliveries.pause(failures).total_seconds()
        assert 0.75 * longest <= pause <= longest


def test_dead_letters_are_seen_and_sent_again(world: World) -> None:
    world.target()
    world.receiver.answer = lambda _: (500, {}, b"")
    number = world.report()
    for _ in range(MAX_ATTEMPTS):
        let_time_pass()
        world.deliver()
    (row,) = rows()
    assert (row.state, row.attempts) == ("dead", MAX_ATTEMPTS)
    let_time_pass()
    world.deliver()
    assert len(world.receiver.got) == MAX_ATTEMPTS
    told = world.app.test_client().get("/metrics").text
    assert 'patrol_notification_deliveries{state="dead"} 1.0' in told
    (dead,) = world.chief.get("/notifications/dead").json["items"]
    assert dead["last_error"] == "HTTP 500"
    assert number in dead["title"]
    path = f"/notifications/dead/{dead['id']}/resend"
    other = world.make.handler("kq-agri", Role.LEAD)
    assert other.get("/notifications/dead").json["items"] == []
    assert other.post(path).status_code == 404
    assert len(world.make.administrator().get("/notifications/dead").json["items"]) == 1
    world.receiver.answer = lambda _: (204, {}, b"")
    assert world.chief.post(path).status_code == 202
    assert world.chief.post(path).status_code == 404
    assert world.deliver() == 1
    assert states() == {"sent": 1}


def test_a_test_message(world: World) -> None:
    target = world.target("wecom")
    path = f"/notification-targets/{target}"
    world.receiver.answer = lambda _: (200, {}, b'{"errcode":93000,"errmsg":"no"}')
    assert world.chief.post(f"{path}/test").status_code == 202
    assert world.chief.post(f"{path}/test").status_code == 409
    world.deliver()
    seen = world.chief.get(f"{path}/deliveries").json["items"][0]
    assert (seen["state"], seen["last_error"]) == ("waiting", "errcode 93000: no")
    world.receiver.answer = lambda _: (200, {}, b'{"errcode":0}')
    let_time_pass()
    world.deliver()
    assert world.chief.get(f"{path}/deliveries").json["items"][0]["state"] == "sent"
    assert "通知已接通" in world.receiver.got[-1].json["markdown"]["content"]


def test_only_the_kinds_a_target_asks_for(world: World) -> None:
    world.target(kinds=["control"])
    number = world.report()
    assert rows() == []
    world.chief.done(number, "impose_control", measure="临时封闭", note="x")
    tell()
    assert [row.kind for row in rows()] == ["control"]
    assert rows()[0].urgent


def with_mail(world: World, **changes: Any) -> Caller:
    """Return a town officer who gets mail."""
    officer = world.make.town_officer()
    body = {"email": "officer@example.com"} | changes
    assert officer.put("/me/notifications", json=body).status_code == 200
    return officer


def test_mail_comes_and_several_come_as_one(world: World) -> None:
    with_mail(world)
    numbers = [world.report() for _ in range(3)]
    for number in numbers:
        world.chief.done(number, "return", note="退")
    tell()
    assert world.deliver() == 1
    ((address, mail),) = world.mailbox.got
    assert address == "officer@example.com"
    assert mail.count("\nSubject:") + mail.startswith("Subject:") == 1
    assert "patrol@example.com" in mail
    assert states() == {"sent": 3}


def test_mail_waits_for_the_end_of_the_quiet_hours(world: World) -> None:
    local = now().astimezone(world.settings.timezone)
    hours = {
        "from": f"{local - timedelta(hours=2):%H:%M}",
        "to": f"{local + timedelta(hours=2):%H:%M}",
    }
    officer = with_mail(world, quiet_hours=hours)
    number = world.report()
    world.chief.done(number, "return", note="退")
    tell()
    assert states() == {"held": 1}
    assert world.deliver() == 0
    assert inbox(officer)[0]["kind"] == "returned", "the inbox is filled all the same"
    urgent = world.report()
    world.chief.done(urgent, "impose_control", measure="临时封闭", note="x")
    tell()
    assert world.deliver() == 1
    assert len(world.mailbox.got) == 1
    assert states() == {"held": 1, "sent": 1}
    body = {"email": "officer@example.com"}
    assert officer.put("/me/notifications", json=body).status_code == 200
    assert world.deliver() == 1
    assert states() == {"sent": 2}


def test_kinds_kept_in_the_inbox(world: World) -> None:
    officer = with_mail(world, channels={"returned": []})
    number = world.report()
    world.chief.done(number, "return", note="退")
    tell()
    assert rows() == []
    assert len(inbox(officer)) == 1


def test_a_mail_server_that_is_away_is_nobodys_fault(world: World) -> None:
    with_mail(world)
    number = world.report()
    world.chief.done(number, "return", note="退")
    tell()
    away = replace(world.settings, mail_server=MailServer("127.0.0.1", 1, "none"))
    assert deliver_due(away) == 0
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 0)
    assert "cannot be reached" in str(row.last_error)
    assert world.deliver() == 0, "the server is left alone for a while"
    let_time_pass()
    assert world.deliver() == 1


def test_mail_is_not_sent_in_the_clear_where_tls_is_demanded(world: World) -> None:
    with_mail(world)
    number = world.report()
    world.chief.done(number, "return", note="退")
    tell()
    let_time_pass()
    server = MailServer("127.0.0.1", world.mailbox.port, "starttls", "me", "word")
    assert deliver_due(replace(world.settings, mail_server=server)) == 0
    assert world.mailbox.got == []
    assert states() == {"waiting": 1}


def test_a_refused_mailbox_and_others(world: World) -> None:
    with_mail(world)
    fine = world.make.town_officer()
    fine.put("/me/notifications", json={"email": "fine@example.com"})
    world.mailbox.refused.add("officer@example.com")
    number = world.report()
    world.chief.done(number, "return", note="退")
    tell()
    assert world.deliver() == 1
    assert [address for address, _ in world.mailbox.got] == ["fine@example.com"]
    assert states() == {"sent": 1, "waiting": 1}


def event_of(number: str, type: str) -> dict[str, Any]:
    """Return an event as the dispatcher gives it to jobs."""
    row = db.session.scalars(
        select(AuditEvent).where(
            AuditEvent.subject_id == number, AuditEvent.type == type
        )
    ).one()
    names = ("id", "at", "type", "actor_id", "actor_name", "subject_type")
    found = {name: getattr(row, name) for name in names}
    return found | {"subject_id": number, "payload": row.payload}


def test_the_same_event_again_and_at_once_adds_nothing(world: World) -> None:
    world.target()
    world.target("wecom")
    number = world.make.reported(world.worker)
    event = event_of(number, "ticket.reported")
    db.session.rollback()
    start = threading.Barrier(4)

    def again() -> None:
        start.wait(30)
        with world.app.app_context(), unit_of_work():
            notify(event, world.settings)

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(again) for _ in range(4)]:
            future.result(60)
    count = select(func.count()).select_from(Notification)
    once = db.session.scalar(count)
    assert once is not None
    assert once >= 1
    assert states() == {"waiting": 2}
    world.make.handler()  # someone new is no reason to tell it again
    with unit_of_work():
        notify(event, world.settings)
    tell()
    assert db.session.scalar(count) == once
    assert states() == {"waiting": 2}


def test_two_senders_share_the_work(world: World) -> None:
    for name in ("a", "b", "c"):
        owe(world, world.target(url=f"{world.receiver.url}/{name}"), 20)
    start = threading.Barrier(2)

    def run() -> int:
        start.wait(30)
        with world.app.app_context():
            return deliver_due(world.settings)

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: run(), range(2))) == 60
    ids = [request.headers["X-Patrol-Delivery"] for request in world.receiver.got]
    assert len(ids) == len(set(ids)) == 60
    assert states() == {"sent": 60}


def test_a_sender_that_dies_loses_nothing(world: World) -> None:
    owe(world, world.target(), 3)
    with unit_of_work():
        (claimed,) = deliveries.claim(world.settings)
    assert world.deliver() == 0, "leased"
    with unit_of_work():
        past = now() - timedelta(seconds=1)
        db.session.execute(update(NotificationDelivery).values(leased_until=past))
    assert world.deliver() == 3
    with unit_of_work():  # the first one was slow, not dead: it marks nothing
        deliveries.mark_failed(claimed, claimed.parcels[0], Unsent("late"))
    assert states() == {"sent": 3}


# --- Redis ------------------------------------------------------------------------


def hand_over(redis: Redis) -> None:
    """Do rounds of the dispatcher, as cron does, until nothing is due."""
    while dispatch_once(
        lambda owed: queues.enqueue_deliveries(redis, wiring.DELIVER, owed)
    ):
        pass


def work_off(redis: Redis) -> None:
    """Do what is queued, as a worker would."""
    while found := Queue.dequeue_any(
        [queues.queue(redis, name) for name in queues.QUEUES],
        None,
        connection=redis,
        serializer=JSONSerializer,
    ):
        found[0].perform()
        with suppress(InvalidJobOperation):
            found[0].delete()


def test_redis_is_away_under_load_and_comes_back_empty(
    world: World, redis: Redis
) -> None:
    """Every message is there once Redis is back, each person's and each target's."""
    world.target()
    with_mail(world)
    gone = queues.connect("unix:///nonexistent/redis.sock")
    numbers = []
    for _ in range(12):
        number = world.make.reported(world.worker)
        world.chief.done(number, "return", note="退")
        numbers.append(number)
        with pytest.raises(RedisDown):
            hand_over(gone)
    gone.close()
    assert rows() == []
    assert inbox(world.worker) == []

    hand_over(redis)
    redis.flushdb()  # it comes back, takes all, and loses it
    work_off(redis)
    assert rows() == []
    with unit_of_work():
        db.session.execute(
            update(wiring.dispatcher.Delivery).values(
                due_at=now() - timedelta(seconds=1)
            )
        )
    hand_over(redis)
    work_off(redis)
    queues.enqueue_periodic(redis, wiring.RUN_PERIODIC, "deliver_notifications", 1)
    world.app.extensions["redis"] = redis
    work_off(redis)

    returned = [m["subject"]["number"] for m in inbox(world.worker, "?kind=returned")]
    assert sorted(returned) == sorted(numbers)
    told = Counter(
        (request.json["event"], request.json["subject"]["number"])
        for request in world.receiver.got
    )
    wanted = {
        (event, number)
        for event in ("ticket.reported", "ticket.returned")
        for number in numbers
    }
    assert set(told) == wanted
    assert set(told.values()) == {1}
    mailed = "".join(mail for _, mail in world.mailbox.got)
    assert len(world.mailbox.got) == 1
    assert mailed
    assert set(states()) == {"sent"}


def test_due_moment_of_the_levels(world: World) -> None:
    """Level 2 of overdue does not wait for morning."""
    local = now().astimezone(world.settings.timezone)
    office = world.make.safety_office()
    hours = {
        "from": f"{local - timedelta(hours=2):%H:%M}",
        "to": f"{local + timedelta(hours=2):%H:%M}",
    }
    body = {"email": "office@example.com", "quiet_hours": hours}
    assert office.put("/me/notifications", json=body).status_code == 200
    number = world.report()
    with unit_of_work():
        payload = {"level": 2, "due_on": "2026-11-01"}
        record("ticket.overdue", None, ("ticket", number), payload)
    tell()
    query = select(NotificationDelivery).where(
        NotificationDelivery.staff_id == staff_id(office),
        NotificationDelivery.kind == "overdue",
    )
    row = db.session.scalars(query).one()
    assert row.state == "waiting"
    assert row.due_at <= datetime.now(row.due_at.tzinfo)
