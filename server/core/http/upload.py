"""Reading a picture's body as a stream: raw, or one multipart field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.core.errors import BadRequest, Invalid
from server.core.errors import UnsupportedMedia as Unsupported
from server.core.storage import over_limit
from server.core.text import Text

CHUNK = 256 * 1024
# Boundaries and headers of a multipart body.
ENVELOPE = 64 * 1024
FIELD = "file"


def picture_chunks(limit: int) -> Iterator[bytes]:
    """Yield the body of a picture of at most about ``limit`` bytes.

    The whole is never held in memory; the exact limit is the reader's to enforce.

    Raises:
        UnsupportedMedia: neither ``image/*`` nor a multipart form.
        TooLarge: the announced length is over the limit.
        BadRequest: the connection broke off (``incomplete-body``).
        Invalid: the form has no field ``file``.
    """
    request.max_content_length = limit + ENVELOPE
    try:
        stream = _stream()
        while chunk := stream.read(CHUNK):
            yield chunk
    except RequestEntityTooLarge as error:
        raise over_limit(limit) from error
    except (ClientDisconnected, OSError) as error:
        raise BadRequest(
            Text("请求内容不完整", "The body is incomplete"), slug="incomplete-body"
        ) from error


def _stream() -> IO[bytes]:
    if request.mimetype.startswith("image/"):
        return request.stream
    if request.mimetype != "multipart/form-data":
        raise Unsupported(
            Text(
                "请以 image/* 或 multipart 字段 file 上传",
                "Send image/* or the multipart field 'file'",
            )
        )
    part = request.files.get(FIELD)
    if part is None:
        raise Invalid.at(f"/{FIELD}", Text("缺少文件字段 file", "No field 'file'"))
    return part.stream
