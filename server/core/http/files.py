"""Sending a file as an answer: conditional, packed where it pays."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from typing import IO

from flask import Response, request, send_file

from server.core.http.etag import has_copy

# A file of up to this many bytes is held in memory, a longer one on the disk.
IN_MEMORY = 1 << 22


def sent(
    file: IO[bytes], media_type: str, etag: str, name: str | None, *, packs: bool
) -> Response:
    """Return the answer that sends ``file`` and closes it; 304 to who has it.

    ``name``: as what it is to be kept, None where it is to be shown. ``packs``: it is
    text, which gzip makes shorter.
    """
    if has_copy(etag):
        file.close()
        response = Response(status=304)
    else:
        packed = packs and request.accept_encodings["gzip"] > 0
        body = _gzipped(file) if packed else file
        length = body.seek(0, os.SEEK_END)
        body.seek(0)
        response = send_file(
            body, media_type, as_attachment=name is not None, download_name=name
        )
        response.content_length = length
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _gzipped(file: IO[bytes]) -> IO[bytes]:
    # Closed by the answer that sends it, as the plain one.
    packed: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    file.seek(0)
    with gzip.GzipFile("", "wb", 5, packed, mtime=0) as target:
        shutil.copyfileobj(file, target)
    file.close()
    return packed
