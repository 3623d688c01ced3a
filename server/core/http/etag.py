"""Conditional requests: ETag, If-None-Match, If-Match."""

from __future__ import annotations

import hashlib

from flask import Response, request

from server.core.errors import PreconditionFailed, PreconditionRequired
from server.core.http.app import language
from server.core.text import DEFAULT

_QUOTE = '"'


def etag_of(*parts: object) -> str:
    """Return a strong ETag for what ``parts`` identify (ids, versions, hashes)."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
    return f'"{digest[:32]}"'


def in_language(etag: str) -> str:
    """Return the ETag of a JSON answer in the caller's language; as it is in zh-CN."""
    chosen = language()
    return etag if chosen == DEFAULT else f'{etag.removesuffix(_QUOTE)}.{chosen}"'


def fresh(etag: str) -> bool:
    """Tell whether the caller's copy (``If-None-Match``) is this answer, or any.

    ``etag`` is what the view gives as that of a :class:`Reply`.
    """
    return has_copy(in_language(etag))


def has_copy(etag: str) -> bool:
    """Tell whether ``If-None-Match`` names this very ETag, or any; of a file, say."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    return header.strip() == "*" or etag.removeprefix("W/") in _listed(header)


def conditional(response: Response) -> Response:
    """Give a JSON answer to a read an ETag, and nothing but 304 to who has it.

    An ETag that the view set stays as it is: ``If-Match`` asks for that very one.
    The others are weak, a hash of the content. Files see to it themselves.
    """
    reading = request.method in {"GET", "HEAD"} and response.status_code == 200
    if not reading or not response.is_json:
        return response
    if "ETag" not in response.headers:
        response.headers["ETag"] = "W/" + etag_of(
            hashlib.sha256(response.get_data()).hexdigest()
        )
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if has_copy(response.headers["ETag"]):
        response.status_code = 304
        response.set_data(b"")
    return response


def require_version(key: str, version: int) -> None:
    """Demand that ``If-Match`` names this version of a thing, whoever looks at it.

    For ETags of the form ``"<key>.<version>.<how this caller sees it>"``.

    Raises:
        PreconditionRequired, PreconditionFailed: as :func:`check_version`.
    """
    check_version(request.headers.get("If-Match"), key, version)


def check_version(header: str | None, key: str, version: int) -> None:
    """Demand that ``header``, in the form of ``If-Match``, names this version.

    Raises:
        PreconditionRequired: there is none, or ``*``: any version.
        PreconditionFailed: it names another version, or none that can be read.
    """
    tags = named_tags(header)
    if tags is None:
        raise PreconditionRequired()
    if not any(tag.startswith(f"{key}.{version}.") for tag in tags):
        raise PreconditionFailed()


def named_tags(header: str | None) -> list[str] | None:
    """Return what the tags of an ``If-Match`` say, without their quotes.

    None where there is none, and for ``*``, which would let a change pass over
    whatever others did meanwhile. A tag that a proxy made weak, as those that compress
    do, names the same version still.
    """
    if header is None or header.strip() == "*":
        return None
    return [tag.strip('"') for tag in _listed(header)]


def _listed(header: str) -> set[str]:
    return {part.strip().removeprefix("W/") for part in header.split(",")}
