"""Reading the fields and figures of a report or an entry by the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from server.checklists.incidents import Figure, ReportField
from server.core.clock import check_time
from server.core.errors import FieldError, Invalid
from server.core.text import EMPTY, Text

LONGEST_TEXT = 2000
LARGEST = 1e13

MISSING = Text("缺少必填字段", "Missing data for required field.")
WHOLE = Text("应为不小于 0 的整数", "Must be a whole number from 0")
NUMBER = Text("应为不小于 0 的数", "Must be a number from 0")
UNKNOWN = Text("未知字段", "Unknown field.")


def check(
    fields: Sequence[ReportField],
    figures: Sequence[Figure],
    content: Mapping[str, Any],
) -> None:
    """Check ``occurred_at``, ``fields`` and ``figures`` of a report or an entry.

    Raises:
        Invalid: with every field that is missing, unknown or wrong.
    """
    errors = check_time("/occurred_at", content["occurred_at"])
    errors += wrong_fields(fields, content["fields"])
    errors += wrong_figures(figures, content["figures"])
    if errors:
        raise Invalid.of(errors)


def wrong_fields(
    fields: Sequence[ReportField], given: Mapping[str, Any]
) -> list[FieldError]:
    """Return what is wrong with ``given``: missing, unknown or unfit fields.

    Pointers are below ``/fields``.
    """
    known = {field.name: field for field in fields}
    errors = _unknown("/fields", given, known)
    for name, field in known.items():
        value = given.get(name)
        blank = isinstance(value, str) and not value.strip()
        if field.required and blank:
            message = Text(f"{field.title}{EMPTY.zh}", EMPTY.en)
            errors.append(FieldError(f"/fields/{name}", message))
        elif field.required and value is None:
            message = Text(f"缺少必填字段：{field.title}", MISSING.en)
            errors.append(FieldError(f"/fields/{name}", message))
        elif value is not None and not blank:
            unfit = _unfit(field, value)
            errors += [FieldError(f"/fields/{name}", unfit)] if unfit else []
    return errors


def wrong_figures(
    figures: Sequence[Figure], given: Mapping[str, Any]
) -> list[FieldError]:
    """Return what is wrong with the figures ``given``; pointers below ``/figures``."""
    known = {figure.code: figure for figure in figures}
    errors = _unknown("/figures", given, known)
    for name, figure in known.items():
        if name not in given:
            continue
        whole = isinstance(given[name], int)
        if not _is_number(given[name]) or (figure.type == "count" and not whole):
            wanted = WHOLE if figure.type == "count" else NUMBER
            message = Text(f"{figure.label}{wanted.zh}", wanted.en)
            errors.append(FieldError(f"/figures/{name}", message))
    return errors


def _unknown(
    pointer: str, given: Mapping[str, Any], known: Mapping[str, Any]
) -> list[FieldError]:
    return [
        FieldError(f"{pointer}/{_escaped(name)}", UNKNOWN)
        for name in given
        if name not in known
    ]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unfit(field: ReportField, value: Any) -> Text | None:
    if field.type == "text":
        fits = isinstance(value, str) and len(value) <= LONGEST_TEXT
        message = Text(
            f"应为不超过 {LONGEST_TEXT} 字的文字", f"Must be text up to {LONGEST_TEXT}"
        )
        return None if fits else message
    if field.type == "choice":
        words = [choice.code for choice in field.choices]
        listed = ", ".join(words)
        titled = "、".join(
            f"{choice.label}（{choice.code}）" for choice in field.choices
        )
        message = Text(f"应为其中之一：{titled}", f"Must be one of: {listed}.")
        return None if value in words else message
    if field.type == "confirm":
        message = Text(f"须确认：{field.title}", "Must be confirmed (true)")
        return None if value is True else message
    return None if _is_number(value) else NUMBER


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 <= value < LARGEST
