"""Is it the same content again? A hash over what was sent; pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from server.core.position import Position


def content_hash(content: Any) -> str:
    """Return the SHA-256 over loaded content.

    Loaded, not raw: the same time in another offset, or another order of members, is
    the same content.
    """
    text = json.dumps(content, default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Position):
        return value.sent
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
