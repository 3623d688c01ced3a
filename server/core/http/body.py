"""Reading a JSON body, with a refusal that says what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.core.errors import BadRequest, FieldError, Invalid, TooLarge
from server.core.errors import UnsupportedMedia as Unsupported
from server.core.text import Text

_NUL = re.compile(rb"\\u0000")


def read_body() -> bytes:
    """Return the body as it came, before anything is asked of the database.

    A phone on a slow line so holds no connection while it sends. The size is bounded
    by the configured limit (one MiB by default).

    Raises:
        TooLarge: over the limit (found by length, before reading).
        BadRequest: the connection broke off (``incomplete-body``).
    """
    try:
        raw = request.get_data(cache=False)
        if request.content_length is None and len(raw) >= (
            request.max_content_length or 0
        ):
            # Sent in chunks: the stream was cut at the limit without a word.
            raise RequestEntityTooLarge
        return raw
    except RequestEntityTooLarge as error:
        raise TooLarge() from error
    except (ClientDisconnected, OSError) as error:
        raise BadRequest(
            Text("请求内容不完整", "The body is incomplete"), slug="incomplete-body"
        ) from error


def parse_json(raw: bytes) -> Any:
    """Return the parsed body.

    Raises:
        UnsupportedMedia: the type is not JSON.
        BadRequest: no body (``empty-body``), or not JSON (``malformed-json``).
        Invalid: a string holds the character U+0000, which no database text takes.
    """
    if request.mimetype != "application/json":
        raise Unsupported(
            Text(
                f"请求内容应为 application/json，收到的是 {request.mimetype or '空'}",
                f"Expected application/json, got {request.mimetype or 'none'}",
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
    if _NUL.search(raw):
        _refuse_nul(parsed, "")
    return parsed


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
