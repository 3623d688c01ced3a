"""What notifications take and give over HTTP."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Dict, Line, Moment, once
from server.core.text import Text
from server.notifications.kinds import GROUP_KINDS, KINDS
from server.notifications.messages import LANGUAGES
from server.notifications.models import (
    Notification,
    NotificationDelivery,
    NotificationPreference,
    NotificationTarget,
)
from server.notifications.service import MAIL

_MAILBOX = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class MailAddress(fields.String):
    """One plain mail address, without a name and without line ends."""

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        said = str(super()._deserialize(value, *args, **kw))
        local = said.partition("@")[0]
        if len(said) > 254 or len(local) > 64 or not _MAILBOX.fullmatch(said):
            message = Text("不是有效的电子邮箱地址", "Not a mail address.")
            raise ma.ValidationError([message])
        return said


class Clock(fields.String):
    """A local time of day as ``22:30``."""

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> Any:
        said = str(super()._deserialize(value, *args, **kw))
        if not _CLOCK.fullmatch(said):
            message = Text("时间应如 22:30", "A time such as 22:30.")
            raise ma.ValidationError([message])
        return time.fromisoformat(said)


class InboxQuery(Schema):
    """Filters of the inbox; ``unread`` false: only what was read."""

    unread = fields.Boolean(load_default=None)
    kind = fields.String(validate=ma.validate.OneOf(list(KINDS)))
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class PageQuery(Schema):
    """Paging of a list."""

    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class SubjectOut(Schema):
    """What a message is about: a ticket, an incident or an order."""

    type = fields.String()
    number = fields.String()


class NotificationOut(Schema):
    """A message in the caller's language of choice."""

    id = fields.Integer()
    at = Moment()
    kind = fields.String()
    kind_label = fields.String()
    urgent = fields.Boolean()
    title = fields.String()
    text = fields.String()
    subject = fields.Nested(SubjectOut)
    read_at = Moment(allow_none=True)


class UnreadOut(Schema):
    """How many messages are unread."""

    unread = fields.Integer()


class ReadAllIn(Schema):
    """Up to which message, by id, all are read: the newest that was shown."""

    up_to = fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(0, 2**63 - 1)
    )


class ReadAllOut(Schema):
    """How many became read."""

    read = fields.Integer()


class QuietIn(Schema):
    """Local times between which mail waits; over midnight when ``to`` is earlier."""

    from_ = Clock(required=True, data_key="from", attribute="from")
    to = Clock(required=True)

    @ma.validates_schema
    def _some_time(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("from") == data.get("to"):
            message = Text("起止时间相同", "Begins and ends at the same time.")
            raise ma.ValidationError([message], "to")


class ChoicesIn(Schema):
    """A person's choices, all of them.

    ``channels``: by kind of message where it goes besides the inbox; a kind that is
    left out goes by mail, ``[]`` keeps it in the inbox.
    """

    email = MailAddress(load_default=None, allow_none=True)
    channels = Dict(
        keys=fields.String(validate=ma.validate.OneOf(list(KINDS))),
        values=fields.List(
            fields.String(validate=ma.validate.OneOf([MAIL])), validate=once
        ),
        load_default=dict,
    )
    quiet_hours = fields.Nested(QuietIn, load_default=None, allow_none=True)
    language = fields.String(
        load_default="zh-CN", validate=ma.validate.OneOf(list(LANGUAGES))
    )


class KindOut(Schema):
    """A kind of message a person may choose about."""

    code = fields.String()
    label = fields.String()


class QuietOut(Schema):
    """Quiet hours, local times."""

    from_ = fields.String(data_key="from", attribute="from")
    to = fields.String()


class ChoicesOut(Schema):
    """A person's choices, and the kinds there are."""

    email = fields.String(allow_none=True)
    channels = fields.Dict()
    quiet_hours = fields.Nested(QuietOut, allow_none=True)
    language = fields.String()
    kinds = fields.List(fields.Nested(KindOut))


def _target_kinds() -> dict[str, Any]:
    word = fields.String(validate=ma.validate.OneOf(list(GROUP_KINDS)))
    return {"cls_or_instance": word, "validate": once}


class TargetIn(Schema):
    """A group bot or webhook, of a department or of an area.

    ``secret``: the webhook's key for signatures (at least 16 characters), or that of
    a DingTalk bot set up with 加签. ``kinds``: all that are not personal when empty.
    """

    kind = fields.String(
        required=True, validate=ma.validate.OneOf(["wecom", "dingtalk", "webhook"])
    )
    name = Line(required=True, longest=100)
    department = Line(load_default=None, allow_none=True)
    area = Line(load_default=None, allow_none=True)
    url = Line(required=True, longest=2000)
    secret = fields.String(
        load_default=None, allow_none=True, validate=ma.validate.Length(16, 200)
    )
    kinds = fields.List(**_target_kinds(), load_default=list)
    active = fields.Boolean(load_default=True)


class TargetChangeIn(Schema):
    """What of a target changes; its kind and owner stay."""

    name = Line(longest=100)
    url = Line(longest=2000)
    secret = fields.String(allow_none=True, validate=ma.validate.Length(16, 200))
    kinds = fields.List(**_target_kinds())
    active = fields.Boolean()


class TargetOut(Schema):
    """A target; of URL and secret the last four characters alone."""

    id = fields.UUID()
    kind = fields.String()
    name = fields.String()
    department = fields.String(allow_none=True)
    area = fields.String(allow_none=True)
    url_tail = fields.String()
    secret_tail = fields.String(allow_none=True)
    kinds = fields.List(fields.String())
    active = fields.Boolean()
    changed_at = Moment()


class DeliveryOut(Schema):
    """A message owed to a recipient, and what became of it."""

    id = fields.Integer()
    channel = fields.String()
    target = fields.UUID(allow_none=True)
    staff = fields.UUID(allow_none=True)
    kind = fields.String()
    title = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    due_at = Moment()
    created_at = Moment()
    sent_at = Moment(allow_none=True)
    last_error = fields.String(allow_none=True)


def notification_out(row: Notification, language: str) -> dict[str, Any]:
    """Return the document of :class:`NotificationOut`."""
    said = row.said[language]
    return {
        "id": row.id,
        "at": row.at,
        "kind": row.kind,
        "kind_label": KINDS[row.kind].said(language),
        "urgent": row.urgent,
        "title": said["title"],
        "text": said["body"],
        "subject": {"type": row.subject_type, "number": row.subject_id},
        "read_at": row.read_at,
    }


def choices_out(choice: NotificationPreference) -> dict[str, Any]:
    """Return the document of :class:`ChoicesOut`."""
    hours = None
    if choice.quiet_from is not None and choice.quiet_to is not None:
        hours = {
            "from": choice.quiet_from.isoformat("minutes"),
            "to": choice.quiet_to.isoformat("minutes"),
        }
    return {
        "email": choice.email,
        "channels": choice.channels,
        "quiet_hours": hours,
        "language": choice.language,
        "kinds": [
            {"code": code, "label": label.said(choice.language)}
            for code, label in KINDS.items()
        ],
    }


def target_out(target: NotificationTarget) -> dict[str, Any]:
    """Return the document of :class:`TargetOut`."""
    return {
        "id": target.id,
        "kind": target.kind,
        "name": target.name,
        "department": target.department_code,
        "area": target.area_code,
        "url_tail": target.url_tail,
        "secret_tail": target.secret_tail,
        "kinds": target.kinds,
        "active": target.active,
        "changed_at": target.changed_at,
    }


def delivery_out(row: NotificationDelivery) -> dict[str, Any]:
    """Return the document of :class:`DeliveryOut`."""
    return {
        "id": row.id,
        "channel": row.channel,
        "target": row.target_id,
        "staff": row.staff_id,
        "kind": row.kind,
        "title": row.message["title"],
        "state": row.state,
        "attempts": row.attempts,
        "due_at": row.due_at,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "last_error": row.last_error,
    }
