"""Reading a picture's body as a stream: raw, or one multipart field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import IO, Any

from flask import request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, default_stream_factory

from server.core.errors import BadRequest, Invalid
from server.core.errors import UnsupportedMedia as Unsupported
from server.core.http.body import require_plain
from server.core.storage import over_limit
from server.core.text import Text

CHUNK = 256 * 1024
# Boundaries and headers of a multipart body.
ENVELOPE = 64 * 1024
FIELD = "file"
MOST_FIELDS = 50


def picture_chunks(limit: int) -> Iterator[bytes]:
    """Yield the body of a picture of at most about ``limit`` bytes.

    The whole is never held in memory; the exact limit is the reader's to enforce.

    Raises:
        UnsupportedMedia: neither ``image/*`` nor a multipart form.
        TooLarge: the announced length is over the limit.
        BadRequest: the connection broke off (``incomplete-body``), or the form did.
        Invalid: the form has no field ``file``.
    """
    request.max_content_length = limit + ENVELOPE
    require_plain()
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
    return form_file()


def form_file() -> IO[bytes]:
    """Return what a multipart form holds as its file.

    Raises:
        BadRequest: it breaks off before its end, or has too many fields.
        Invalid: it has no file called ``file``.
    """
    stream, opened = request.stream, ExitStack()

    def file_stream(*args: Any, **kw: Any) -> IO[bytes]:
        return opened.enter_context(closing(default_stream_factory(*args, **kw)))

    parser = FormDataParser(
        file_stream,
        max_form_memory_size=ENVELOPE,
        max_form_parts=MOST_FIELDS,
        silent=False,
    )
    try:
        _, _, files = parser.parse(
            stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except ValueError as error:
        opened.close()
        message = Text(
            "multipart 表单不完整：没有结束分隔符",
            "The multipart form is incomplete: it has no closing boundary",
        )
        raise BadRequest(message, slug="malformed-multipart") from error
    except RequestEntityTooLarge as error:
        opened.close()
        if stream.tell() > (request.max_content_length or 0):
            raise
        message = Text(
            f"表单字段过多：最多 {MOST_FIELDS} 个，只需要 {FIELD}",
            f"Too many form fields: at most {MOST_FIELDS}, only {FIELD!r} is needed",
        )
        raise BadRequest(message, slug="too-many-fields") from error
    # Closed with the request.
    request.files = ImmutableMultiDict(files)
    part = files.get(FIELD)
    if part is None:
        raise Invalid.at(f"/{FIELD}", Text("缺少文件字段 file", "No field 'file'"))
    return part.stream
