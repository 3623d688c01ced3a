"""The same content again under one id gets the first acknowledgement again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from server.core.db import db, violated
from server.core.errors import ContentDiffers
from server.core.text import Text
from server.incidents.models import Incident, IncidentEntry


@dataclass(frozen=True)
class Receipt:
    """The acknowledgement; ``first`` is False when the same content came again."""

    document: dict[str, Any]
    first: bool


def again(known: Incident | IncidentEntry, digest: str) -> Receipt:
    """Return the first acknowledgement if the same content came again.

    Raises:
        ContentDiffers: it is other content, or another sender's.
    """
    if known.content_hash != digest:
        raise ContentDiffers(
            Text("该编号已用于不同的内容", "This id was used for other content")
        )
    return Receipt(known.receipt, first=False)


# Which of a report's rows comes first is the database's choice.
_KEYS = {"pk_incidents", "pk_incident_departments", "pk_incident_entries"}


def after_race(
    error: Any,
    table: type[Incident] | type[IncidentEntry],
    id: UUID,
    digest: str,
) -> Receipt:
    """Answer the second of two requests with one id with what the first one got.

    It waited in the database until the first had committed, then broke the key.
    """
    if violated(error) not in _KEYS:
        raise error
    db.session.rollback()
    known: Any = db.session.get(table, id)
    if known is None:
        raise error
    return again(known, digest)


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` as JSON gives it back."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return plain
