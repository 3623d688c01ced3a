"""Which place is which: keys by which a file's row finds its place, names that are
alike, and codes that have no misprint; pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

_SPACE = re.compile(r"\s+")
# Forms of a firm say nothing of which firm it is.
_FORM = re.compile(r"(有限责任公司|股份有限公司|有限公司|公司|个体工商户)$")
_MARKS = re.compile(r"[^\w]+")
ALIKE = 0.6

# GB 32100-2015: no I, O, S, V, Z; a weight per place, modulo 31.
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
CREDIT_LENGTH = 18


# Marks that turn the direction of what follows them.
_TURNING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def steers(character: str) -> bool:
    """Tell whether a character is no part of a text but changes how it is shown."""
    return unicodedata.category(character) == "Cc" or character in _TURNING


def is_credit_code(code: str) -> bool:
    """Tell whether a 统一社会信用代码 is well formed, its check character included."""
    if len(code) != CREDIT_LENGTH or any(c not in _CREDIT for c in code):
        return False
    total = sum(_CREDIT.index(c) * w for c, w in zip(code[:-1], _WEIGHTS, strict=True))
    return _CREDIT[(31 - total % 31) % 31] == code[-1]


def plain_name(name: str) -> str:
    """Return a name in one width and case, without blanks."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", name)).lower()


def name_key(name: str, area_path: str, kind: str) -> str:
    """Return the key of a place that has no number: name, area and kind.

    The area is the community (or the wider area where there is none), not the grid:
    grids are redrawn, and a fix drifts over their borders.
    """
    area = area_path.rstrip("/").split("/")[:4][-1]
    return f"name:{plain_name(name)}|{area}|{kind}"


def natural_key(
    *,
    name: str,
    area_path: str,
    kind: str,
    credit_code: str | None,
    register_no: str | None,
) -> str:
    """Return the key by which a row of a file finds its place.

    The register number (登记编号) within its town when there is one; else the credit
    code within the town with the kind, because one firm may be registered as two
    kinds; else the name with community and kind.
    """
    if register_no:
        return f"no:{town_of(area_path)}|{register_no}"
    if credit_code:
        return f"credit:{town_of(area_path)}|{credit_code}|{kind}"
    return name_key(name, area_path, kind)


def town_of(area_path: str) -> str:
    """Return the path of the town (or of the wider area) an area path lies in."""
    return "/".join(area_path.split("/")[:3]).rstrip("/") + "/"


def alike(one: str, other: str) -> bool:
    """Tell whether two names may well be those of one place."""
    first, second = _core(one), _core(other)
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) == 1:
        return shorter == longer
    if shorter in longer:
        return True
    if 2 * len(shorter) / (len(shorter) + len(longer)) < ALIKE:
        return False
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= ALIKE


def _core(name: str) -> str:
    return _FORM.sub("", _MARKS.sub("", plain_name(name)))
