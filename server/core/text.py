"""Messages in the two languages the contract offers: zh-CN (default) and en."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT = "zh-CN"


class Text(NamedTuple):
    """One message in both languages."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        """Return the message in ``language`` (``zh-CN`` or ``en``)."""
        return self.en if language == "en" else self.zh


# A text that is required, and empty or only blanks.
EMPTY = Text("不能为空", "Must not be empty")


def pick_language(accept_language: str | None) -> str:
    """Choose ``en`` or ``zh-CN`` from an ``Accept-Language`` header.

    The first of the two languages in order of preference wins; anything else,
    and no header at all, gives ``zh-CN``.
    """
    best, best_weight = DEFAULT, 0.0
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        primary = tag.split("-")[0].lower()
        if primary in {"zh", "en"} and weight > best_weight:
            best, best_weight = ("en" if primary == "en" else DEFAULT), weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
