"""Cursor paging: a list is read page by page without skips or repeats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from server.core.errors import Invalid
from server.core.text import Text

MAX_LIMIT = 500
T = TypeVar("T")


def Page(items: Sequence[Any], following: str | None) -> dict[str, Any]:  # noqa: N802
    """Return the contract's page document."""
    return {"items": list(items), "next": following}


def cursor_of(*keys: Any) -> str:
    """Return an opaque cursor for the sort keys of the last item of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(list(keys))).rstrip(b"=").decode()


def page_of(
    rows: Sequence[T],
    limit: int,
    keys: Callable[[T], tuple[Any, ...]],
    documents: Callable[[Sequence[T]], Sequence[Any]],
) -> dict[str, Any]:
    """Return a page of ``rows``, of which one more than ``limit`` was asked for.

    ``keys`` are the sort keys of a row, from which the next page goes on;
    ``documents`` gives those of the rows that are shown.
    """
    shown = rows[:limit]
    following = cursor_of(*keys(shown[-1])) if len(rows) > limit else None
    return Page(documents(shown), following)


def after_of(query: dict[str, Any], *parse: Callable[[Any], Any]) -> Any:
    """Return the keys in a query's ``cursor``: one, or a tuple; None without cursor.

    Each key is an int (``int``, or ``int4`` where the column takes no more), or a text
    that ``parse`` reads (a date, a UUID).

    Raises:
        Invalid: the cursor was not made for such a list.
    """
    if not query.get("cursor"):
        return None
    kinds = [int if kind in (int, int4) else str for kind in parse]
    keys = read_cursor(query["cursor"], *kinds)
    try:
        parsed = [read(key) for read, key in zip(parse, keys, strict=True)]
    except ValueError as error:
        raise not_a_cursor() from error
    return parsed[0] if len(parsed) == 1 else tuple(parsed)


def int4(key: int) -> int:
    """Return a key that is compared with a column of four bytes.

    Raises:
        ValueError: no such column holds it.
    """
    if not -(2**31) <= key < 2**31:
        raise ValueError(key)
    return key


def _is_storable(key: Any) -> bool:
    """Tell whether a value of the database can be the key at all."""
    if isinstance(key, str):
        return "\x00" not in key
    return not isinstance(key, int) or -(2**63) <= key < 2**63


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
        and all(_is_storable(key) for key in keys)
    )
    if not matching:
        raise not_a_cursor()
    assert isinstance(keys, list)
    return keys
