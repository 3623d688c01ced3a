"""Reading a whole file of some megabytes: the body itself, or one multipart field."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.core.errors import BadRequest, Invalid, TooLarge
from server.core.text import Text

# Boundaries and headers of a multipart body.
ENVELOPE = 64 * 1024
FIELD = "file"


def read_file(limit: int) -> bytes:
    """Return the file sent, at most ``limit`` bytes, told by length or as it comes.

    Raises:
        TooLarge: it is over the limit.
        BadRequest: the connection broke off (``incomplete-body``).
        Invalid: a multipart form without the field ``file``.
    """
    request.max_content_length = limit + ENVELOPE
    try:
        if request.mimetype == "multipart/form-data":
            part = request.files.get(FIELD)
            if part is None:
                message = Text("缺少文件字段 file", "No field 'file'")
                raise Invalid.at(f"/{FIELD}", message)
            data = part.stream.read(limit + 1)
        else:
            data = request.stream.read(limit + 1)
    except RequestEntityTooLarge as error:
        raise _too_large(limit) from error
    except (ClientDisconnected, OSError) as error:
        raise BadRequest(
            Text("请求内容不完整", "The body is incomplete"), slug="incomplete-body"
        ) from error
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _too_large(limit: int) -> TooLarge:
    size = limit // (1024 * 1024)
    return TooLarge(Text(f"文件超过 {size} MB", f"The file is over {size} MB"))
