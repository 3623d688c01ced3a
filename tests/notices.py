"""Working off what events owe, and looking into inboxes, in tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from server import wiring
from server.accounts.models import Staff
from server.audit.models import Delivery
from server.core.db import db
from tests.factories import Caller


def tell() -> None:
    """Do the owed jobs ``notify`` of all events so far."""
    db.session.rollback()
    owed = select(Delivery.id).where(Delivery.job == "notify").order_by(Delivery.id)
    for delivery_id in list(db.session.scalars(owed)):
        wiring.deliver(delivery_id)


def inbox(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    """Return someone's messages, newest first."""
    answer = caller.get(f"/inbox{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def kinds(caller: Caller) -> list[tuple[str, str]]:
    """Return (kind, number) of someone's messages, oldest first."""
    return [(m["kind"], m["subject"]["number"]) for m in reversed(inbox(caller))]


def staff_id(caller: Caller) -> UUID:
    """Return who someone is."""
    query = select(Staff.id).where(Staff.username == caller.username)
    return db.session.scalars(query).one()
