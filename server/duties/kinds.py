"""Which kinds of duty records are whose, and what a record of one must hold; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from server.checklists.catalogue import Rules
from server.checklists.duties import TOWNSHIP, DutyKind, Figure
from server.core.errors import FieldError
from server.core.text import Text

LONGEST_DAYS = 366
LARGEST = 10**9


def party_codes(rules: Rules, kind: DutyKind) -> frozenset[str]:
    """Return who may record a kind: codes of departments, or ``township``."""
    return frozenset(_code(rules, name) for name in kind.parties)


def _code(rules: Rules, name: str) -> str:
    return name if name == TOWNSHIP else rules.department(name).code


def clauses_of(rules: Rules, kind: DutyKind, item: str, party: str) -> list[str]:
    """Return the clauses of ``item`` that a record of ``party`` (a code) fulfils."""
    owed = rules.duty_item(item)
    return [
        clause
        for clause in kind.clauses_of(item)
        if party in {_code(rules, name) for name in owed.owing(clause)}
    ]


def items_for(rules: Rules, kind: DutyKind, party: str) -> list[str]:
    """Return the items for which ``party`` may record a kind."""
    return [item for item in kind.items if clauses_of(rules, kind, item, party)]


def wrong_items(named: Sequence[str], possible: Sequence[str]) -> list[FieldError]:
    """Return what is wrong with the items of a record; empty when nothing.

    They may be left out only where there is one possible item.
    """
    listed = ", ".join(possible)
    if not named and len(possible) > 1:
        text = Text(f"须写明事项编号：{listed}", f"Name the duty items: {listed}")
        return [FieldError("/items", text)]
    errors = []
    for index, item in enumerate(named):
        if item not in possible:
            text = Text(
                f"不是本类履职的事项；可用：{listed}",
                f"No item of this kind; known: {listed}",
            )
            errors.append(FieldError(f"/items/{index}", text))
        elif item in named[:index]:
            text = Text("事项重复", "Named twice")
            errors.append(FieldError(f"/items/{index}", text))
    return errors


def wrong_times(
    kind: DutyKind, first: date, last: date, month: date | None, today: date
) -> list[FieldError]:
    """Return what is wrong with the local days and the month of a record."""
    errors = []
    if (last - first).days > LONGEST_DAYS:
        text = Text("起止时间超过一年", "Longer than a year")
        errors.append(FieldError("/held_to", text))
    if first > today:
        text = Text("日期在今天之后", "After today")
        errors.append(FieldError("/held_on", text))
    if month is not None and "month" not in kind.requires:
        text = Text("本类履职不填月份", "This kind is not for a month")
        errors.append(FieldError("/month", text))
    elif month is not None and month > today:
        text = Text("月份在本月之后", "After this month")
        errors.append(FieldError("/month", text))
    return errors


def missing(kind: DutyKind, content: Mapping[str, Any]) -> list[FieldError]:
    """Return what the kind requires and the record does not give."""
    given = {
        "participants": content["participants"] is not None,
        "place": bool(content["place"] or content["position"]),
        "period": content["held_from"] is not None,
        "month": content["month"] is not None,
        "photos": bool(content["photos"]),
        "document": bool(content["attachments"]),
    }
    return [_REQUIRED[name] for name in kind.requires if not given[name]]


def _needs(pointer: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, Text(f"须填写{zh}", f"This kind needs {en}"))


_REQUIRED = {
    "participants": _needs("/participants", "参加人数", "the number of participants"),
    "place": _needs("/place", "地点或位置", "a place or a position"),
    "period": _needs("/held_from", "起止时间", "held_from and held_to"),
    "month": _needs("/month", "所属月份", "the month it is for"),
    "photos": _needs("/photos", "照片", "photos"),
    "document": _needs("/attachments", "文件照片", "a picture of the document"),
}


def wrong_figures(kind: DutyKind, given: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with the figures of a record; empty when nothing."""
    known = {figure.code: figure for figure in kind.figures}
    listed = ", ".join(known) or "none"
    titled = "、".join(f"{f.name}（{f.code}）" for f in kind.figures) or "无"
    errors = []
    for code, value in given.items():
        if code not in known:
            text = Text(f"没有此数据项；可用：{titled}", f"Known are: {listed}")
            step = code.replace("~", "~0").replace("/", "~1")
            errors.append(FieldError(f"/figures/{step}", text))
        elif not _fits(known[code], value):
            errors.append(FieldError(f"/figures/{code}", _expected(known[code])))
    for code, figure in known.items():
        if figure.required and code not in given:
            text = Text(
                f"须填写{figure.name}（{figure.unit}）", "This kind needs this figure"
            )
            errors.append(FieldError(f"/figures/{code}", text))
    return errors


def _fits(figure: Figure, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = figure.decimal or float(value).is_integer()
    return whole and 0 <= value <= LARGEST


def _expected(figure: Figure) -> Text:
    if figure.decimal:
        return Text("应为不小于 0 的数", "Must be a number, not below 0")
    return Text("应为不小于 0 的整数", "Must be a whole number, not below 0")


def needed(kind: DutyKind, content: Mapping[str, Any]) -> list[Any]:
    """Return the pictures without which the record does not count."""
    photos = content["photos"] if "photos" in kind.requires else []
    documents = content["attachments"] if "document" in kind.requires else []
    return [*photos, *documents]
