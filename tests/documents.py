"""Papers for tests: tickets that have come so far that one is issued."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.core.db import db
from server.documents.models import Document
from tests.factories import Caller, Factory

DUE = "2099-01-02"


def verified(make: Factory, worker: Caller, fire: Caller, **changes: Any) -> str:
    """Return a ticket that the fire brigade may order on."""
    number = make.reported(worker, **changes)
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    return number


def ordered(make: Factory, worker: Caller, fire: Caller) -> tuple[str, dict[str, Any]]:
    """Return a ticket and the paper of its order."""
    number = verified(make, worker, fire)
    done = fire.done(number, "order", due_on=DUE, note="立即清理安全出口")
    return number, done["documents"][-1]


def stored(document_id: str) -> Document:
    """Return an issued document's row."""
    return db.session.get_one(Document, UUID(document_id))
