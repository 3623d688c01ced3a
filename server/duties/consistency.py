"""Have duty records and withdrawals their events, and the events them? Part of
``audit verify``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, cast, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.duties.models import DutyRecord, DutyWithdrawal
from server.duties.service import SUBJECT


def faults(most: int = 100) -> list[str]:
    """Return the records and withdrawals without their event, and the other way
    round the events whose record or withdrawal is gone; at most ``most`` of each.

    A record's event holds the hash of what was sent: another content is a fault too.
    """
    content = AuditEvent.payload["content"].as_string() == DutyRecord.content_hash
    kinds = (
        ("duty record", DutyRecord.id, "duty.recorded", content),
        ("withdrawal of duty record", DutyWithdrawal.record_id, "duty.withdrawn", None),
    )
    return [
        said
        for name, key, event, same in kinds
        for said in (
            *_alone(name, key, event, same, most),
            *_gone(name, key, event, most),
        )
    ]


def _alone(
    name: str, key: Any, event: str, same: ColumnElement[bool] | None, most: int
) -> list[str]:
    noted = select(AuditEvent.id).where(
        AuditEvent.type == event,
        AuditEvent.subject_type == SUBJECT,
        AuditEvent.subject_id == cast(key, String),
    )
    if same is not None:
        noted = noted.where(same)
    query = select(key).where(~noted.exists()).order_by(key).limit(most)
    return [f"{name} {id} has no event" for id in db.session.scalars(query)]


def _gone(name: str, key: Any, event: str, most: int) -> list[str]:
    there = select(key).where(cast(key, String) == AuditEvent.subject_id)
    query = (
        select(AuditEvent.subject_id)
        .where(AuditEvent.type == event, ~there.exists())
        .order_by(AuditEvent.id)
        .limit(most)
    )
    return [f"{name} {id} is gone" for id in db.session.scalars(query)]
