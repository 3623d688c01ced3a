"""Sending one message by mail, to a group bot, to a webhook. No database in here.

Each function returns when the other side has taken the message, and raises
:class:`Unsent` otherwise. Errors name no URL, secret or password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from server.config import MailServer, Settings
from server.core import outbound
from server.core.content import dumps
from server.core.outbound import Answer, Doors, NotAllowed, Unreachable
from server.core.text import Text
from server.notifications import messages

# Bytes of markdown that fit in one message: WeCom's limit is 4096; DingTalk's, about
# 20 000 for the whole body, leaves room for the rest of the document.
LIMITS: Mapping[str, int] = {"wecom": 4096, "dingtalk": 18_000}
BOTS = frozenset(LIMITS)
_PATHS = {"wecom": "/cgi-bin/webhook/send", "dingtalk": "/robot/send"}
_KEYS = {"wecom": "key", "dingtalk": "access_token"}
# "Sent too quickly": WeCom; DingTalk (which then shuts the bot up for ten minutes).
_TOO_QUICK = {45009: 60, 45033: 60, 130101: 600, 410100: 600, 660026: 600}
_MAIL_TIMEOUT_S = 15


class Unsent(Exception):
    """The message was not taken.

    Attributes:
        wait: seconds after which the bot listens again, when it said "too quickly";
            such a refusal is no failure of the message.
        server: the mail server does not answer: no recipient's own failure.
    """

    def __init__(self, why: str, *, wait: int = 0, server: bool = False) -> None:
        super().__init__(why)
        self.wait = wait
        self.server = server


@dataclass(frozen=True)
class Parcel:
    """One message as it goes out: the deliveries in it, by id, and their content."""

    ids: tuple[int, ...]
    messages: tuple[Mapping[str, Any], ...]


# --- where requests may go --------------------------------------------------------


def doors(settings: Settings, kind: str) -> Doors:
    """Return what the guard lets out for a kind of target."""
    base = _base(settings, kind)
    plain = base.startswith("http://") if base else settings.webhook_allow_http
    return Doors(plain, settings.webhook_allow_nets)


def _base(settings: Settings, kind: str) -> str | None:
    return {"wecom": settings.wecom_base, "dingtalk": settings.dingtalk_base}.get(kind)


def check_target(settings: Settings, kind: str, url: str) -> None:
    """Check the URL of a target, looking its name up.

    Raises:
        NotAllowed: the guard refuses it, or it is not a URL of that bot.
        Unreachable: its name resolves to nothing.
    """
    base = _base(settings, kind)
    if base is not None:
        _check_bot(kind, base, url)
    outbound.check(url, doors(settings, kind))


def _check_bot(kind: str, base: str, url: str) -> None:
    wanted = f"{base}{_PATHS[kind]}?{_KEYS[kind]}=…"
    if not url.startswith(f"{base}{_PATHS[kind]}?"):
        raise NotAllowed(Text(f"网址应如 {wanted}", f"Must be like {wanted}"))
    query = parse_qs(urlsplit(url).query)
    if len(query.get(_KEYS[kind], [])) != 1:
        raise NotAllowed(Text(f"网址应如 {wanted}", f"Must be like {wanted}"))


# --- bots and webhooks ------------------------------------------------------------


def send_to_target(
    settings: Settings, kind: str, url: str, secret: str | None, parcel: Parcel
) -> None:
    """Send ``parcel`` to a target of this kind.

    Raises:
        Unsent: it was not taken.
    """
    try:
        check_target(settings, kind, url)
        if kind == "webhook":
            _send_to_webhook(settings, url, secret or "", parcel)
        else:
            _send_to_bot(settings, kind, url, secret, parcel)
    except NotAllowed as error:
        raise Unsent(f"refused by the guard: {error}") from error
    except Unreachable as error:
        raise Unsent(str(error)) from error


def _send_to_bot(
    settings: Settings, kind: str, url: str, secret: str | None, parcel: Parcel
) -> None:
    text = messages.cut(messages.GAP.join(bot_pieces(kind, parcel)), LIMITS[kind])
    title = parcel.messages[0]["title"]
    document: dict[str, Any] = {"msgtype": "markdown"}
    if kind == "wecom":
        document["markdown"] = {"content": text}
    else:
        document["markdown"] = {"title": title, "text": text}
        if secret:
            url += dingtalk_signature(secret, datetime.now(UTC))
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = outbound.post(url, dumps(document), headers, doors(settings, kind))
    _require_taken(answer)


def bot_pieces(kind: str, parcel: Parcel) -> list[str]:
    """Return the messages of a parcel as markdown, one by one."""
    pairs = zip(parcel.ids, parcel.messages, strict=True)
    pieces = [messages.as_markdown(id, message) for id, message in pairs]
    if kind == "dingtalk":  # which runs lines together that no empty one parts
        return [piece.replace("\n", "\n\n") for piece in pieces]
    return pieces


def dingtalk_signature(secret: str, at: datetime) -> str:
    """Return the parameters that sign a request to a DingTalk bot."""
    timestamp = int(at.timestamp() * 1000)
    signed = f"{timestamp}\n{secret}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"&timestamp={timestamp}&sign={quote_plus(base64.b64encode(digest))}"


def _require_taken(answer: Answer) -> None:
    """Bots answer 200 to everything; ``errcode`` says whether they took it."""
    if answer.status != 200:
        raise Unsent(f"HTTP {answer.status}", wait=60 if answer.status == 429 else 0)
    said = answer.document()
    code = said.get("errcode")
    if code == 0 and type(code) is int:
        return
    if type(code) is not int:
        raise Unsent("HTTP 200 without an errcode")
    about = messages.one_line(str(said.get("errmsg", "")))[:200]
    raise Unsent(f"errcode {code}: {about}", wait=_TOO_QUICK.get(code, 0))


def _send_to_webhook(settings: Settings, url: str, secret: str, parcel: Parcel) -> None:
    (id,), (message,) = parcel.ids, parcel.messages
    body = dumps({"delivery": id, **message})
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "hazard-patrol",
        "X-Patrol-Delivery": str(id),
        "X-Patrol-Event": message["event"],
        "X-Patrol-Signature": webhook_signature(secret, datetime.now(UTC), body),
    }
    answer = outbound.post(url, body, headers, doors(settings, "webhook"))
    if not 200 <= answer.status < 300:
        raise Unsent(f"HTTP {answer.status}")


def webhook_signature(secret: str, at: datetime, body: bytes) -> str:
    """Return ``t=<unix seconds>,v1=<hex>``: HMAC-SHA256 of ``t``, a dot, the body."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={digest.hexdigest()}"


# --- mail -------------------------------------------------------------------------


def send_mail(settings: Settings, address: str, parcel: Parcel) -> None:
    """Hand one mail over to the mail server.

    Raises:
        Unsent: it was not taken.
    """
    server = settings.mail_server
    if server is None:
        raise Unsent("no mail server is set", server=True)
    mail = compose(settings.mail_from, address, parcel)
    try:
        with _connected(server) as smtp:
            smtp.send_message(mail, settings.mail_from, [address])
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()), (0, b""))
        raise Unsent(f"the mail server refuses the recipient ({code})") from error
    except smtplib.SMTPResponseException as error:
        why = f"the mail server answers {error.smtp_code}"
        raise Unsent(why, server=_is_of_the_server(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        why = f"the mail server cannot be reached ({type(error).__name__})"
        raise Unsent(why, server=True) from error


def _is_of_the_server(error: smtplib.SMTPResponseException) -> bool:
    return isinstance(
        error,
        smtplib.SMTPAuthenticationError
        | smtplib.SMTPConnectError
        | smtplib.SMTPHeloError
        | smtplib.SMTPSenderRefused,
    )


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(
            server.host, server.port, timeout=_MAIL_TIMEOUT_S, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=_MAIL_TIMEOUT_S)
    try:
        if server.security == "starttls":
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


def compose(sender: str, address: str, parcel: Parcel) -> EmailMessage:
    """Return the mail; whatever stands in the messages adds no header.

    Raises:
        Unsent: the address is none.
    """
    subject, text, key = messages.as_mail(
        list(zip(parcel.ids, parcel.messages, strict=True))
    )
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = Address(addr_spec=sender)
        mail["To"] = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise Unsent("not a mail address") from error
    mail["Subject"] = subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    # No answer machine is to answer (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail
