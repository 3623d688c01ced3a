"""How things are written on paper: days, sizes of lists, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from server.documents.shape import SHAPE


def chinese_day(day: str | None) -> str:
    """ "2026-11-24" as 2026年11月24日; without a day a blank to be written in."""
    if not day:
        return "    年  月  日"
    on = date.fromisoformat(day[:10])
    return f"{on.year}年{on.month}月{on.day}日"


class Blank(dict[str, Any]):
    """A thing that is not there: false in a condition, its fields print as nothing."""

    def __bool__(self) -> bool:
        """Nothing is there."""
        return False


def printed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A complete ``content`` for a Word file: nothing prints as nothing, not "None"."""
    return {name: _plain(SHAPE[name], value) for name, value in content.items()}


def _plain(shape: Any, value: Any) -> Any:
    if isinstance(shape, list):
        return [_plain(shape[0], member) for member in value]
    if not isinstance(shape, dict):
        return "" if value is None else value
    fields = value or {}
    made = {name: _plain(part, fields.get(name)) for name, part in shape.items()}
    return Blank(made) if value is None else made


FILTERS: dict[str, Callable[..., Any]] = {"day": chinese_day}
