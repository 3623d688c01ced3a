"""Answers: JSON, compression, problem documents."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask, Response, g, request
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

from server.core.db import OutOfReach
from server.core.errors import Problem, Unauthenticated, Unavailable
from server.core.http.app import language
from server.core.text import DEFAULT, Text

logger = logging.getLogger(__name__)

# Below this a compressed body is not smaller by more than its header.
_WORTH_COMPRESSING = 1400

_HTTP_PROBLEMS = {
    400: ("bad-request", Text("请求无法读取", "The request cannot be read")),
    404: ("not-found", Text("没有找到", "Not found")),
    405: ("method-not-allowed", Text("不支持此方法", "Method not allowed")),
    408: ("timeout", Text("请求超时", "The request took too long")),
    413: ("too-large", Text("请求内容过大", "The body is too large")),
    415: ("unsupported-media-type", Text("不支持的内容类型", "Unsupported type")),
}


def dumps(data: Any, *, ordered: bool = False, language: str = DEFAULT) -> bytes:
    """Return ``data`` as UTF-8 JSON; dates as RFC 3339, UUIDs as text.

    ``ordered``: members by name, else as they come. Of a :class:`Text` what it says in
    ``language``.
    """

    def said(value: Any) -> str:
        if isinstance(value, Text):
            return value.said(language)
        raise TypeError(f"no JSON for {type(value).__name__}")

    option = orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS
    if ordered:
        option |= orjson.OPT_SORT_KEYS
    return orjson.dumps(data, default=said, option=option)


def json_response(
    body: bytes,
    status: int = 200,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build a JSON answer of ``body``; 204 and 304 carry none."""
    shown = b"" if status in {204, 304} else body
    response = compressed(shown, "application/json", status)
    if etag:
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "private, no-cache"
    response.headers.update(headers or {})
    return response


def compressed(body: bytes, media_type: str, status: int = 200) -> Response:
    """Build an answer, gzipped where the caller takes it and it is worth it."""
    response = Response(status=status, mimetype=media_type)
    if len(body) > _WORTH_COMPRESSING and request.accept_encodings["gzip"] > 0:
        body = gzip.compress(body, compresslevel=5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response


def problem_document(problem: Problem, language: str) -> dict[str, Any]:
    """Return the RFC 9457 document of ``problem`` in ``language``."""
    document: dict[str, Any] = {
        "type": problem.slug,
        "title": problem.title.said(language),
        "status": problem.status,
        "detail": problem.detail.said(language),
    }
    if problem.errors:
        document["errors"] = [
            {"pointer": pointer, "message": message.said(language)}
            for pointer, message in problem.errors
        ]
    return document | problem.extra


def install_problem_handlers(app: Flask) -> None:
    """Answer every failure of ``app`` as ``application/problem+json``."""
    app.register_error_handler(Problem, _told)
    app.register_error_handler(HTTPException, _of_http)
    for kind in (*OutOfReach, RedisConnectionError, RedisTimeoutError):
        app.register_error_handler(kind, _out_of_reach)
    app.register_error_handler(Exception, _unexpected)


def _told(problem: Problem) -> Response:
    chosen = language()
    document = problem_document(problem, chosen)
    response = compressed(dumps(document), "application/problem+json", problem.status)
    response.headers["Content-Language"] = chosen
    if isinstance(problem, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        # A redirect; werkzeug types it as its own Response, Flask's is made of it.
        return error.get_response()  # type: ignore[return-value]
    problem = Problem()
    problem.status = status
    problem.slug, problem.title = _HTTP_PROBLEMS.get(
        status, ("http-error", Text("请求失败", error.name or "Error"))
    )
    problem.detail = problem.title
    response = _told(problem)
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            response.headers[name] = value
    return response


def _out_of_reach(error: Exception) -> Response:
    # The first line alone: the others are the statement with its values.
    why = str(error).partition("\n")[0]
    logger.warning("%s %s: out of reach: %s", request.method, request.path, why)
    return _told(Unavailable())


def _unexpected(error: Exception) -> Response:
    logger.exception("%s %s failed", request.method, request.path, exc_info=error)
    g.failed = True
    return _told(Problem())
