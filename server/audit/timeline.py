"""The timeline of one thing, read from its events; append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import select

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT, after_of, page_of
from server.core.http.schema import Line, Moment


class EventQuery(Schema):
    """Paging of a timeline."""

    limit = fields.Integer(load_default=200, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class EventOut(Schema):
    """One entry of a timeline."""

    id = fields.Integer()
    at = Moment()
    type = fields.String()
    actor = fields.String()
    transition = fields.String(allow_none=True)
    action = fields.String(allow_none=True)
    from_ = fields.String(data_key="from", allow_none=True)
    to = fields.String(allow_none=True)
    note = fields.String()
    attachments = fields.List(fields.String())
    details = fields.Dict()
    hash = fields.String()


def page(subject: str, key: str, query: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a thing's events, oldest first, as :class:`EventOut`."""
    after = after_of(query, int) or 0
    events = (
        select(AuditEvent)
        .where(
            AuditEvent.subject_type == subject,
            AuditEvent.subject_id == key,
            AuditEvent.id > after,
        )
        .order_by(AuditEvent.id)
        .limit(query["limit"] + 1)
    )
    rows = list(db.session.scalars(events))
    return page_of(rows, query["limit"], lambda event: (event.id,), _documents)


def actions(subject: str, key: str) -> list[str]:
    """Return the actions of a thing's events, oldest first."""
    action = AuditEvent.payload["action"].as_string()
    query = (
        select(action)
        .where(
            AuditEvent.subject_type == subject,
            AuditEvent.subject_id == key,
            action.is_not(None),
        )
        .order_by(AuditEvent.id)
    )
    return list(db.session.scalars(query))


def _documents(events: Sequence[AuditEvent]) -> list[dict[str, Any]]:
    return [_event_out(event) for event in events]


def _event_out(event: AuditEvent) -> dict[str, Any]:
    payload = dict(event.payload)
    # For ``audit verify`` alone.
    payload.pop("rows", None)
    known = {
        name: payload.pop(name, None) for name in ("transition", "action", "from", "to")
    }
    return {
        "id": event.id,
        "at": event.at,
        "type": event.type,
        "actor": event.actor_name,
        **known,
        "note": payload.pop("note", ""),
        "attachments": payload.pop("attachments", []),
        "details": payload,
        "hash": event.hash,
    }
