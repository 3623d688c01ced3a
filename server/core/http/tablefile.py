"""Reading a whole file of some megabytes: the body itself, or one multipart field."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.core.errors import BadRequest, TooLarge
from server.core.http.body import require_plain
from server.core.http.upload import ENVELOPE, form_file
from server.core.text import Text


def read_file(limit: int) -> bytes:
    """Return the file sent, at most ``limit`` bytes, told by length or as it comes.

    Raises:
        TooLarge: it is over the limit.
        BadRequest: the connection broke off (``incomplete-body``).
        Invalid: a multipart form without the field ``file``.
    """
    request.max_content_length = limit + ENVELOPE
    require_plain()
    try:
        if request.mimetype == "multipart/form-data":
            data = form_file().read(limit + 1)
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
