"""The shape of a document's content: one for all kinds.

What a kind does not need is None or an empty list. Days are ISO local days
("2026-11-24"), moments RFC 3339. :func:`complete` is what templates are given: every
field is there, and none that is not listed here, so a template that names another is
found out when it is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KINDS = {
    "inspection_record": "检查记录",
    "town_notice": "整改通知书",
    "order": "责令改正通知书",
    "extension": "延期审批表",
    "recheck": "复查意见书",
    "transfer_letter": "移送函",
    "feedback": "整改结果反馈单",
    "withdrawal": "撤回决定",
}

# A field is None (one value), a dict (one thing, or None), or a list: [None] of
# words, [dict] of things.
Shape = dict[str, Any]

SHAPE: Shape = {
    "kind": None,
    "title": None,
    "number": None,
    "issuer": {"name": None, "code": None},
    "issued_on": None,
    "issued_by": None,
    "addressee": {"name": None},
    "ticket": None,
    "duty_item": {"number": None, "title": None},
    "area": None,
    "place": {"name": None, "address": None, "kind": None},
    "party": {"name": None, "kind": None},
    "found_on": None,
    "inspectors": [None],
    "companions": [None],
    "started_at": None,
    "finished_at": None,
    "hazards": [{"no": None, "category": None, "description": None, "severity": None}],
    "requirement": None,
    "due_on": None,
    "basis": [{"clause": None, "text": None}],
    "five": {"responsibility": None, "measures": None, "funds": None, "plan": None},
    "result": None,
    "result_text": None,
    "rechecked_on": None,
    "round": None,
    "orders": [{"title": None, "number": None, "issued_on": None, "due_on": None}],
    "penalties": [
        {
            "kind": None,
            "amount": None,
            "number": None,
            "decided_on": None,
            "department": None,
        }
    ],
    "extension": {
        "asked_by": None,
        "asked_on": None,
        "reason": None,
        "from": None,
        "to": None,
        "decided_by": None,
        "decision": None,
        "safeguards": None,
    },
    "attachments": [None],
    "reason": None,
    "note": None,
    "checkpoints": [{"id": None, "question": None, "answer": None, "note": None}],
    "withdraws": {"title": None, "number": None, "issued_on": None},
    "signature": {"refused": None, "note": None},
    "verify": {"code": None, "url": None},
}

# These are printed on every paper, so a template need not ask whether they are there.
_ALWAYS = ("issuer", "addressee", "duty_item")


# What no paper can show: control characters, halves of a pair, marks that turn the
# direction of writing so that a line reads otherwise than it was written.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
    "\u202a-\u202e\u2066-\u2069]"
)


def complete(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` with every field of :data:`SHAPE` and nothing besides."""
    whole = fit(SHAPE, content)
    for name in _ALWAYS:
        whole[name] = whole[name] or fit(SHAPE[name], {})
    return whole


def fit(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` with every field of ``shape`` and nothing besides, texts cleaned."""
    return {name: _field(part, value.get(name)) for name, part in shape.items()}


def _field(shape: Any, value: Any) -> Any:
    if isinstance(shape, list):
        inner = shape[0]
        return [
            fit(inner, v) if isinstance(inner, dict) else clean(v) for v in value or []
        ]
    if isinstance(shape, dict):
        return None if value is None else fit(shape, value)
    return clean(value)


def clean(value: Any) -> Any:
    """A text without what cannot be printed; line breaks as line feeds."""
    if not isinstance(value, str):
        return value
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def unknown(path: tuple[str, ...]) -> str | None:
    """The first name of a dotted ``path`` that :data:`SHAPE` does not have.

    Below a list (whose members are named in a loop) and below a value nothing is
    asked: what follows there is a function of the template's language.
    """
    shape: Any = SHAPE
    for name in path:
        if not isinstance(shape, dict):
            return None
        if name not in shape:
            return name
        shape = shape[name]
    return None
