"""JSON of loaded content, and whether it is the same content again; pure."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from server.core.position import Position

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON with sorted keys; times in UTC, UUIDs as text."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def content_hash(content: Any) -> str:
    """Return the SHA-256 (hex) over loaded content.

    Loaded, not raw: the same time in another offset, or another order of members, is
    the same content.
    """
    return hashlib.sha256(dumps(content)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Position):
        return value.sent
    if isinstance(value, Decimal | datetime):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
