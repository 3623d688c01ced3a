"""The hash chain over events; pure.

Each event's hash covers its fields and the hash before it, keyed (HMAC-SHA256) with
the installation's secret: whoever can write to the database but does not have the
secret cannot make a changed chain fit again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from server.core.content import dumps

GENESIS = "0" * 64


def canonical(payload: dict[str, Any]) -> str:
    """Return the JSON text of ``payload`` that is stored and hashed."""
    return dumps(payload).decode()


def link(
    key: bytes,
    previous: str,
    *,
    id: int,
    at: datetime,
    type: str,
    actor_id: UUID | None,
    actor_name: str,
    subject_type: str,
    subject_id: str,
    payload: str,
) -> str:
    """Return the hash of one event after ``previous`` (hex); ``at`` is aware."""
    fields = [
        previous,
        str(id),
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        type,
        str(actor_id or ""),
        actor_name,
        subject_type,
        subject_id,
        payload,
    ]
    # JSON keeps the fields apart: no two different lists give the same bytes.
    message = json.dumps(fields, ensure_ascii=False).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
