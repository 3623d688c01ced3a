"""What messages say, how they are packed, signed and made safe; and quiet hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, time
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import ConfigError, Settings
from server.core.text import Text
from server.notifications import messages, quiet, vault
from server.notifications.kinds import KINDS, RULES
from server.notifications.messages import GAP, Facts
from server.notifications.recipients import _FIND
from server.notifications.senders import (
    Parcel,
    Unsent,
    compose,
    dingtalk_signature,
    webhook_signature,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


def facts(**changes: Any) -> Facts:
    """Return the facts of a returned ticket."""
    said: dict[str, Any] = {
        "kind": "returned",
        "what": Text("被部门退回", "returned by the department"),
        "type": "ticket",
        "number": "150203-20261124-000001",
        "place": "某村 张三面馆 13912345678",
        "category": "疏散通道、安全出口",
        "department": "区消防救援大队",
        "due_on": "2026-12-01",
        "at": NOON,
        "actor": "李四",
        "note": "业主电话 139 1234 5678",
    }
    return Facts(**(said | changes))


def test_every_rule_is_of_a_kind_and_finds_someone() -> None:
    for type, rule in RULES.items():
        assert rule.kind in KINDS, type
        assert rule.who, type
        assert set(rule.who) <= set(_FIND), type


def test_people_read_it_in_their_language() -> None:
    said = messages.for_people(facts())
    assert said["zh-CN"]["title"] == "【退回】150203-20261124-000001 被部门退回"
    assert "期限：2026-12-01" in said["zh-CN"]["body"]
    assert "经办：李四" in said["zh-CN"]["body"]
    assert said["en"]["title"].startswith("[Returned] 150203-20261124-000001")
    assert "Due: 2026-12-01" in said["en"]["body"]


def test_groups_get_nothing_that_someone_wrote() -> None:
    told = str(messages.for_groups(facts(), "ticket.returned"))
    assert "150203-20261124-000001" in told
    assert "李四" not in told
    assert "业主" not in told
    assert "13912345678" not in told


def test_markdown_of_a_bot_is_no_link_and_no_call_to_all() -> None:
    public = messages.for_groups(
        facts(place="[点我](https://evil.example) <@all> *x*"), "ticket.returned"
    )
    text = messages.as_markdown(7, public)
    assert "](" not in text
    assert "<@" not in text
    assert "https://" not in text
    assert text.endswith("编号：N7")


@given(st.lists(st.text(max_size=60), min_size=1, max_size=30), st.integers(40, 400))
def test_packing_stays_below_the_limit(pieces: list[str], limit: int) -> None:
    taken = messages.packed(pieces, limit)
    assert 1 <= taken <= len(pieces)
    text = GAP.join(pieces[:taken])
    assert taken == 1 or len(text.encode()) <= limit
    if taken < len(pieces):
        assert len(GAP.join(pieces[: taken + 1]).encode()) > limit


@given(st.text(max_size=500), st.integers(3, 300))
def test_cutting_keeps_characters_whole(said: str, limit: int) -> None:
    cut = messages.cut(said, limit)
    assert len(cut.encode()) <= limit
    assert cut == said or said.startswith(cut.removesuffix("…"))


def test_signature_of_dingtalk() -> None:
    secret = "SECabcdef0123456789"
    query = parse_qs(dingtalk_signature(secret, NOON).lstrip("&"))
    (stamp,), (sign,) = query["timestamp"], query["sign"]
    assert int(stamp) == int(NOON.timestamp() * 1000)
    wanted = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    assert base64.b64decode(sign) == wanted.digest()


def test_signature_of_a_webhook() -> None:
    said = webhook_signature("k" * 16, NOON, b'{"a":1}')
    stamp = int(NOON.timestamp())
    signed = f"{stamp}.".encode() + b'{"a":1}'
    wanted = hmac.new(b"k" * 16, signed, hashlib.sha256).hexdigest()
    assert said == f"t={stamp},v1={wanted}"


def mail(title: str, address: str = "a@example.com") -> Any:
    """Return a mail as its reader's program sees it."""
    parcel = Parcel((1,), ({"title": title, "body": "正文", "language": "zh-CN"},))
    made = compose("patrol@example.com", address, parcel)
    return message_from_bytes(made.as_bytes(), policy=default)


@pytest.mark.parametrize(
    "evil",
    ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\u2028Bcc: a@b.c", "\r"],
)
def test_no_header_is_injected(evil: str) -> None:
    seen = mail(evil)
    assert seen["Bcc"] is None
    assert "\n" not in seen["Subject"]
    assert seen.get_content().startswith(evil.split("\r")[0].split("\n")[0])


@pytest.mark.parametrize("evil", ["a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", "a", "<a@b>"])
def test_no_second_recipient(evil: str) -> None:
    with pytest.raises(Unsent):
        mail("x", evil)


def test_several_messages_are_one_mail_with_a_steady_id() -> None:
    said = {"title": "【退回】1", "body": "正文", "language": "zh-CN"}
    parcel = Parcel((1, 2), (said, said))
    made = compose("patrol@example.com", "a@example.com", parcel)
    again = compose("patrol@example.com", "a@example.com", parcel)
    assert "等 2 条通知" in str(made["Subject"])
    assert made["Message-ID"] == again["Message-ID"]
    assert {"N1", "N2"} <= set(made.get_content().split())


@pytest.mark.parametrize(
    ("clock", "start", "end", "until"),
    [
        ((23, 0), (22, 0), (7, 0), (25, 7, 0)),
        ((22, 0), (22, 0), (7, 0), (25, 7, 0)),
        ((6, 59), (22, 0), (7, 0), (24, 7, 0)),
        ((7, 0), (22, 0), (7, 0), None),
        ((21, 59), (22, 0), (7, 0), None),
        ((0, 0), (22, 0), (7, 0), (24, 7, 0)),
        ((13, 0), (12, 0), (14, 0), (24, 14, 0)),
        ((14, 0), (12, 0), (14, 0), None),
        ((11, 59), (12, 0), (14, 0), None),
    ],
)
def test_quiet_hours(
    clock: tuple[int, int],
    start: tuple[int, int],
    end: tuple[int, int],
    until: tuple[int, int, int] | None,
) -> None:
    moment = datetime(2026, 11, 24, *clock, tzinfo=ZONE).astimezone(UTC)
    found = quiet.ends(moment, time(*start), time(*end), ZONE)
    wanted = until and datetime(2026, 11, *until, tzinfo=ZONE)
    assert found == wanted


def test_no_quiet_hours() -> None:
    assert quiet.ends(NOON, None, None, ZONE) is None
    assert quiet.ends(NOON, time(12), time(12), ZONE) is None


def test_what_is_stored_tells_nothing() -> None:
    stored = vault.lock("k" * 32, "https://example.com/secret")
    assert "secret" not in stored
    assert vault.unlock("k" * 32, stored) == "https://example.com/secret"
    with pytest.raises(vault.Sealed):
        vault.unlock("l" * 32, stored)
    assert vault.lock("k" * 32, "x") != vault.lock("k" * 32, "x")
    assert vault.fingerprint("k", "x") == vault.fingerprint("k", "x")


ENV = {
    "PATROL_DATABASE_URL": "postgresql+psycopg://x",
    "PATROL_REDIS_URL": "redis://x",
    "PATROL_SECRET_KEY": "s" * 32,
    "PATROL_PHOTO_DIR": "/tmp",  # noqa: S108
}


def test_mail_server_by_url() -> None:
    settings = Settings.from_env(
        ENV
        | {
            "PATROL_SMTP_URL": "smtp+starttls://me%40x:p%3Aw@mail.example.com",
            "PATROL_MAIL_FROM": "patrol@example.com",
            "PATROL_WEBHOOK_ALLOW_NETS": "10.1.0.0/16, fd00::/8",
        }
    )
    server = settings.mail_server
    assert server is not None
    assert (server.host, server.port, server.security) == (
        "mail.example.com",
        587,
        "starttls",
    )
    assert (server.user, server.password) == ("me@x", "p:w")
    assert "p:w" not in repr(settings)
    assert len(settings.webhook_allow_nets) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATROL_SMTP_URL", "mail.example.com"),
        ("PATROL_SMTP_URL", "smtp://me:word@mail.example.com"),
        ("PATROL_SMTP_URL", "smtps://mail.example.com:x"),
        ("PATROL_MAIL_FROM", "Patrol <a@b.c>"),
        ("PATROL_WEBHOOK_ALLOW_NETS", "10.0.0.1/8"),
        ("PATROL_WECOM_BASE", "qyapi.weixin.qq.com"),
        ("PATROL_WEBHOOK_ALLOW_HTTP", "perhaps"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="PATROL_"):
        Settings.from_env(ENV | {"PATROL_MAIL_FROM": "a@b.c"} | {name: value})
