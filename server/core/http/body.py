"""Reading a JSON body, with a refusal that says what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.core.errors import BadRequest, FieldError, Invalid
from server.core.errors import UnsupportedMedia as Unsupported
from server.core.storage import over_limit
from server.core.text import Text

# No document of ours is nested a tenth as deep.
MOST_DEPTH = 60

_NUL = re.compile(rb"\\u0000")


def read_body() -> bytes:
    """Return the body as it came.

    Nobody waits here: ``front`` has received it. The size is bounded by the configured
    limit (one MiB by default).

    Raises:
        TooLarge: over the limit (found by length, before reading).
        UnsupportedMedia: compressed.
        BadRequest: the connection broke off (``incomplete-body``).
    """
    try:
        require_plain()
        raw = request.get_data(cache=False)
        if request.content_length is None and len(raw) >= (
            request.max_content_length or 0
        ):
            # Sent in chunks: the stream was cut at the limit without a word.
            raise RequestEntityTooLarge
        return raw
    except RequestEntityTooLarge as error:
        raise over_limit(request.max_content_length or 0) from error
    except (ClientDisconnected, OSError) as error:
        raise BadRequest(
            Text("请求内容不完整", "The body is incomplete"), slug="incomplete-body"
        ) from error


def parse_json(raw: bytes) -> Any:
    """Return the parsed body.

    Raises:
        UnsupportedMedia: the type is not JSON.
        BadRequest: no body (``empty-body``), or not JSON (``malformed-json``), nested
            too deep, or with a member that stands twice.
        Invalid: a string holds the character U+0000, which no database text takes.
    """
    if request.mimetype != "application/json":
        raise Unsupported(
            Text(
                f"请求内容应为 application/json，收到的是 {request.mimetype or '空'}",
                f"Expected application/json, got {request.mimetype or 'none'}",
            )
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Unsupported(
            Text(
                f"JSON 只能用 UTF-8，收到的是 {charset}",
                f"JSON is UTF-8, not {charset}",
            )
        )
    if not raw.strip():
        raise BadRequest(Text("请求内容为空", "The body is empty"), slug="empty-body")
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(
            Text(
                f"不是有效的 JSON：第 {error.lineno} 行第 {error.colno} 列",
                f"Not valid JSON at {where}: {error.msg}",
            ),
            slug="malformed-json",
        ) from error
    _refuse_depth(raw, parsed)
    _refuse_doubles(raw)
    if _NUL.search(raw):
        _refuse_nul(parsed, "")
    return parsed


def require_plain() -> None:
    """Refuse a body that is compressed: nothing here unpacks one.

    Raises:
        UnsupportedMedia: it has a ``Content-Encoding`` other than ``identity``.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Unsupported(
            Text(
                f"不支持 Content-Encoding {encoding}，请不要压缩",
                f"Content-Encoding {encoding} is not supported: send it as it is",
            )
        )


def _refuse_depth(raw: bytes, parsed: Any) -> None:
    """Refuse what is nested too deep for whatever walks through it later."""
    if raw.count(b"[") + raw.count(b"{") <= MOST_DEPTH:
        return
    level = [parsed]
    for _ in range(MOST_DEPTH + 1):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise _malformed(
        f"嵌套超过 {MOST_DEPTH} 层", f"Nested deeper than {MOST_DEPTH} levels"
    )


def _refuse_doubles(raw: bytes) -> None:
    """Refuse a member that stands twice: which of the two is meant, nobody knows."""
    # It is the names that count: numbers are left unread.
    json.loads(raw, object_pairs_hook=_once, parse_int=str, parse_float=str)


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        shown = repr(name[:60])
        raise _malformed(f"字段 {shown} 重复", f"The member {shown} stands twice")


def _malformed(zh: str, en: str) -> BadRequest:
    return BadRequest(Text(zh, en), slug="malformed-json")


def _refuse_nul(value: Any, pointer: str) -> None:
    if isinstance(value, str) and "\x00" in value:
        message = Text("不能含有空字符 U+0000", "Must not hold the character U+0000")
        raise Invalid(message, errors=[FieldError(pointer, message)])
    if isinstance(value, dict):
        for key, child in value.items():
            _refuse_nul(key, pointer)
            _refuse_nul(child, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _refuse_nul(child, f"{pointer}/{index}")
