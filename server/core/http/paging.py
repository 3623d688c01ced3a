"""Cursor paging: a list is read page by page without skips or repeats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from server.core.errors import Invalid
from server.core.text import Text

MAX_LIMIT = 500


def Page(items: Sequence[Any], following: str | None) -> dict[str, Any]:  # noqa: N802
    """Return the contract's page document."""
    return {"items": list(items), "next": following}


def cursor_of(*keys: Any) -> str:
    """Return an opaque cursor for the sort keys of the last item of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(list(keys))).rstrip(b"=").decode()


def not_a_cursor() -> Invalid:
    """Return the refusal of a cursor that does not fit."""
    return Invalid.at("/cursor", Text("游标无效", "Not a cursor of this list"))


def read_cursor(cursor: str, *kinds: type) -> list[Any]:
    """Return the keys in ``cursor``, checked against their ``kinds``.

    Raises:
        Invalid: the cursor was not made by :func:`cursor_of` for such a list.
    """
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        keys = orjson.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error):
        keys = None
    matching = (
        isinstance(keys, list)
        and len(keys) == len(kinds)
        and all(type(key) is kind for key, kind in zip(keys, kinds, strict=True))
    )
    if not matching:
        raise not_a_cursor()
    assert isinstance(keys, list)
    return keys
