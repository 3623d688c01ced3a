"""Frozen dataclasses to JSON-able documents and back, and the hash of a document.

A published checklist or rule set is stored as one JSON document that never
changes; its hash says whether a file on disk still means the same thing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Document = dict[str, Any]


def to_plain(value: Any) -> Any:
    """Turn dataclasses, tuples and mappings into dicts, lists and scalars."""
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: Any, value: Any) -> Any:
    """Build a value of the annotated type ``kind`` from its plain form.

    Understands dataclasses, ``tuple[X, ...]``, ``dict[str, X]``, ``X | None`` and
    scalars: all that the catalogue's types are made of. A field that has a default may
    be missing: a version published before the field existed stays readable.

    Raises:
        ValueError: the document has a field that the dataclass has not, or lacks one.
    """
    if is_dataclass(kind):
        return _record(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(from_plain(arguments[0], item) for item in value)
    if origin is dict:
        return {key: from_plain(arguments[1], item) for key, item in value.items()}
    if origin in (Union, UnionType):
        if value is None:
            return None
        (present,) = (a for a in arguments if a is not NoneType)
        return from_plain(present, value)
    return value


def content_hash(document: Document) -> str:
    """SHA-256 (hex) over the canonical JSON of a document: sorted keys, UTF-8."""
    text = json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _record(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    odd = (value.keys() - hints.keys()) | (_required(kind) - value.keys())
    if odd:
        listed = ", ".join(sorted(odd))
        raise ValueError(f"{kind.__name__}: missing or unknown fields: {listed}")
    return kind(**{name: from_plain(hints[name], v) for name, v in value.items()})


@cache
def _required(kind: Any) -> frozenset[str]:
    return frozenset(
        f.name
        for f in fields(kind)
        if f.default is MISSING and f.default_factory is MISSING
    )
