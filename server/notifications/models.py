"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Notification(Model):
    """A message in someone's inbox; one per event and person.

    ``said`` is the message by language: ``{"zh-CN": {"title", "body"}, "en": …}``.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("event_id", "staff_id"),
        Index("ix_notifications_staff", "staff_id", "id"),
        Index(
            "ix_notifications_unread",
            "staff_id",
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[int] = mapped_column(
        ForeignKey("audit_events.id"), type_=BigInteger
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(Text)
    urgent: Mapped[bool]
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NotificationPreference(Model):
    """What a person chose; no row: the inbox alone, in Chinese.

    ``channels`` names for a kind of message where it goes besides the inbox; a kind
    that is not named goes by mail. Quiet hours are local times, possibly over
    midnight.
    """

    __tablename__ = "notification_preferences"
    __table_args__ = (CheckConstraint("language IN ('zh-CN', 'en')", name="language"),)

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    email: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    channels: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    changed_at: Mapped[datetime]


class NotificationTarget(Model):
    """A group bot or webhook of a department or of an area.

    Attributes:
        url, secret: encrypted (``vault``); never given back.
        url_tail, secret_tail: their last four characters, to tell targets apart.
        bot: fingerprint of the URL: two targets may name one bot, whose limit they
            share.
        kinds: kinds of messages it gets; empty: all that are not personal.
        removed_at: it was removed; ``url`` and ``secret`` are wiped.
    """

    __tablename__ = "notification_targets"
    __table_args__ = (
        CheckConstraint("kind IN ('wecom', 'dingtalk', 'webhook')", name="kind"),
        CheckConstraint(
            "(department_code IS NULL) <> (area_code IS NULL)", name="owner"
        ),
        Index("ix_notification_targets_department", "department_code"),
        Index("ix_notification_targets_area", "area_path"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    department_code: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    area_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    url_tail: Mapped[str] = mapped_column(Text)
    secret: Mapped[str | None] = mapped_column(Text)
    secret_tail: Mapped[str | None] = mapped_column(Text)
    bot: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class NotificationDelivery(Model):
    """A message owed to one recipient by one channel.

    ``recipient`` is ``mail:<staff id>`` or ``target:<target id>``: whose back-off
    holds. ``event_id`` is None for a test message.

    Attributes:
        state: ``waiting``; ``held`` (quiet hours, until ``due_at``); ``sent``;
            ``dead`` (given up, for a person to look at).
        leased_until: someone is sending it; after that moment it is free again.
        claim: who is, so that a sender that was too slow marks nothing.
    """

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        CheckConstraint("channel IN ('mail', 'target')", name="channel"),
        CheckConstraint("state IN ('waiting', 'held', 'sent', 'dead')", name="state"),
        UniqueConstraint("event_id", "recipient"),
        Index(
            "ix_notification_deliveries_owed",
            "recipient",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'held')"),
        ),
        Index(
            "ix_notification_deliveries_dead",
            "id",
            postgresql_where=text("state = 'dead'"),
        ),
        Index("ix_notification_deliveries_target", "target_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("audit_events.id"), type_=BigInteger
    )
    recipient: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    target_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notification_targets.id")
    )
    kind: Mapped[str] = mapped_column(Text)
    urgent: Mapped[bool]
    message: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    claim: Mapped[UUID | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class NotificationBackoff(Model):
    """A recipient that failed: nothing is tried before ``until``."""

    __tablename__ = "notification_backoffs"

    recipient: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int]
    until: Mapped[datetime]


class NotificationSend(Model):
    """A message handed to a bot, counted for its limit per minute."""

    __tablename__ = "notification_sends"
    __table_args__ = (Index("ix_notification_sends_bot", "bot", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bot: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
