"""UUIDs in paths: those that phones make for what they create.

Without this a malformed id fits no route, and the phone would learn from a bare 404
nothing of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask, request
from werkzeug.routing import BaseConverter, IntegerConverter, Map, PathConverter

from server.core.errors import FieldError, Invalid, NotFound
from server.core.text import Text

_SHAPE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Random, or time and random: what two phones never make alike (RFC 9562).
_VERSIONS = {4, 7}


class Malformed(str):
    """What stands in a path where a UUID should."""


class IdConverter(BaseConverter):
    """``<uuid:name>``: a UUID in its usual form, else :class:`Malformed`."""

    def to_python(self, value: str) -> UUID | Malformed:
        """Read a path segment."""
        return UUID(value) if _SHAPE.fullmatch(value) else Malformed(value)


class NumberConverter(IntegerConverter):
    """``<int:name>``: a number that a column of the database can hold."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


class RestConverter(PathConverter):
    """``<rest:name>``: all that follows, whatever it is."""

    regex = ".+"
    part_isolating = False


def install_ids(app: Flask) -> None:
    """Read ``<uuid:…>`` and so on in the rules of ``app`` this way; before any is
    added."""
    app.url_map.converters |= {
        "uuid": IdConverter,
        "int": NumberConverter,
        "rest": RestConverter,
    }
    app.url_map.merge_slashes = False


def checked_ids(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the path's values when its UUIDs will do.

    Raises:
        Invalid: a PUT, which creates, names an id that is no UUID of version 4 or 7.
        NotFound: another call names something that is no UUID, or something holds
            U+0000, which no text of the database does: so nothing has it.
    """
    if any("\x00" in value for value in values.values() if isinstance(value, str)):
        raise NotFound()
    creating = request.method == "PUT"
    wrong = [
        name
        for name, value in values.items()
        if isinstance(value, Malformed)
        or (creating and isinstance(value, UUID) and value.version not in _VERSIONS)
    ]
    if wrong and not creating:
        raise NotFound()
    if wrong:
        errors = [FieldError(f"/{name}", _expected(values[name])) for name in wrong]
        raise Invalid(errors[0].message, errors=errors)
    return dict(values)


def _expected(value: object) -> Text:
    return Text(
        f"路径中的编号 {value} 不对：应为手机生成的 UUID（第 4 或第 7 版），"
        "如 0b8f6f8e-7a38-4b63-9c33-1f6a8a0c4d11",
        f"The id in the path, {value}, must be a UUID (version 4 or 7) made by the"
        " phone, such as 0b8f6f8e-7a38-4b63-9c33-1f6a8a0c4d11",
    )
