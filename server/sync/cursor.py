"""The cursor of a bundle: what a phone was given, in the phone's own keeping; pure.

No table remembers phones. The cursor says from when on changes are wanted and what
they are changes *to*: for whom and which areas (a hash), which rules, which set of
places (count and digest). Whoever forges one deceives only themselves: it selects
among the rows they may have anyway.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

# Counts the shapes of the cursor; one of another shape gets a full bundle.
FORMAT = 1
# Two proxies out of three refuse a request line of more than 8 KiB.
MAX_LENGTH = 4000
_MAX_SEEN = 200


class PlaceSet(NamedTuple):
    """A set of places: how many, and the XOR over a 64-bit hash of their ids."""

    size: int
    digest: int

    def without(self, other: PlaceSet) -> PlaceSet:
        """Return the set without ``other``, which is a part of it."""
        return PlaceSet(self.size - other.size, self.digest ^ other.digest)


@dataclass(frozen=True)
class Cursor:
    """What a phone was given.

    Attributes:
        at: everything that changed before (UTC) was seen; later changes may not be.
        scope: hash of the person, their roles, their catalogue and their areas.
        ruleset: id of the rules, 0 without a catalogue.
        places: the places that were visible.
        seen: fingerprints of what changed just before ``at`` and was given.
    """

    at: datetime
    scope: str
    ruleset: int
    places: PlaceSet
    seen: frozenset[str]


def fingerprint(key: object, version: int) -> str:
    """Return 48 bits for one version of one thing, as 8 characters."""
    digest = hashlib.sha256(f"{key}:{version}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def some_of(fingerprints: Iterable[str]) -> frozenset[str]:
    """Return as many fingerprints as a cursor has room for.

    Whatever is left out is only sent once more.
    """
    return frozenset(sorted(set(fingerprints))[:_MAX_SEEN])


def encode(cursor: Cursor) -> str:
    """Return the opaque text of ``cursor``, safe in a URL."""
    keys = [
        FORMAT,
        int(cursor.at.timestamp() * 1_000_000),
        cursor.scope,
        cursor.ruleset,
        *cursor.places,
        "".join(sorted(cursor.seen)),
    ]
    return base64.urlsafe_b64encode(orjson.dumps(keys)).rstrip(b"=").decode()


def decode(text: str) -> Cursor | None:
    """Read :func:`encode` back; None for a cursor of another format.

    Raises:
        ValueError: it is no cursor.
    """
    keys = _keys(text)
    if not isinstance(keys, list) or not keys or type(keys[0]) is not int:
        raise ValueError("not a cursor")
    if keys[0] != FORMAT:
        return None
    if [type(key) for key in keys] != [int, int, str, int, int, int, str]:
        raise ValueError("not a cursor")
    _, at, scope, ruleset, size, digest, seen = keys
    if not 0 <= ruleset < 2**31:
        raise ValueError("not an id")
    try:
        moment = datetime.fromtimestamp(at / 1_000_000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a moment") from error
    pieces = frozenset(seen[i : i + 8] for i in range(0, len(seen), 8))
    return Cursor(moment, scope, ruleset, PlaceSet(size, digest), pieces)


def _keys(text: str) -> Any:
    padded = text.encode() + b"=" * (-len(text) % 4)
    return orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
