"""What a message says: for a person, for a group, for a machine. Pure.

A group may hold anyone and a webhook may lead anywhere, so they get the number, the
place, the category, the department and the day, and nothing that anyone wrote.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from server.core.text import Text
from server.notifications.kinds import KINDS, TEST

LANGUAGES = ("zh-CN", "en")
_LONGEST_PLACE = 80
_LONGEST_NOTE = 300

# The day by which, where an event names one under this name.
_DUE = "due_on"


@dataclass(frozen=True)
class Facts:
    """What a message is made of.

    Attributes:
        what: what happened, as in ``kinds.RULES``.
        note: what the actor wrote; for people who may see the case only.
    """

    kind: str
    what: Text
    type: str
    number: str
    place: str
    category: str
    department: str
    due_on: str | None
    at: datetime
    actor: str
    note: str


def due_on(payload: Mapping[str, Any], fallback: date | None) -> str | None:
    """Return the day an event names, else that of the case, as ``2026-03-01``."""
    said = payload.get(_DUE)
    if isinstance(said, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", said):
        return said
    return fallback.isoformat() if fallback else None


def for_people(facts: Facts) -> dict[str, dict[str, str]]:
    """Return title and body by language."""
    return {
        language: {
            "title": _title(facts, language),
            "body": "\n".join(
                f"{name.said(language)}{'：' if language != 'en' else ': '}{value}"
                for name, value in _lines(facts)
                if value
            ),
        }
        for language in LANGUAGES
    }


def _title(facts: Facts, language: str) -> str:
    label = KINDS[facts.kind].said(language)
    if language == "en":
        return f"[{label}] {facts.number} {facts.what.en}"
    return f"【{label}】{facts.number} {facts.what.zh}"


def _lines(facts: Facts) -> Iterable[tuple[Text, str | None]]:
    yield Text("地点", "Place"), facts.place
    yield Text("事由", "About"), facts.category
    yield Text("部门", "Department"), facts.department
    yield Text("期限", "Due"), facts.due_on
    yield Text("经办", "By"), facts.actor
    yield Text("说明", "Note"), _shortened(facts.note, _LONGEST_NOTE)


def for_groups(facts: Facts, event: str) -> dict[str, Any]:
    """Return what groups and webhooks are told; the webhook's body but for its id."""
    return {
        "event": event,
        "kind": facts.kind,
        "title": _title(facts, "zh-CN"),
        "subject": {"type": facts.type, "number": facts.number},
        "place": without_numbers(_shortened(facts.place, _LONGEST_PLACE)),
        "category": facts.category,
        "department": facts.department,
        "due_on": facts.due_on,
        "at": facts.at.isoformat(),
    }


def for_test(at: datetime, name: str) -> dict[str, Any]:
    """Return the message by which the owner of a target tries it."""
    return {
        "event": TEST,
        "kind": TEST,
        "title": f"【测试】{_shortened(name, 60)} 通知已接通",
        "subject": None,
        "place": None,
        "category": None,
        "department": None,
        "due_on": None,
        "at": at.isoformat(),
    }


def without_numbers(said: str) -> str:
    """Return a text in which what may be a telephone or identity number is hidden."""
    return re.sub(r"\d(?:[ -]?\d){6,}[Xx]?", "…", said)


def _shortened(said: str, longest: int) -> str:
    words = " ".join(said.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


# --- as text of a group bot -------------------------------------------------------

# What a bot's markdown would read as a link, a mention or a format.
_PLAIN = str.maketrans("[]()<>*_`#@~|\\", "［］（）＜＞＊＿｀＃＠～｜＼")


def _safe(said: str) -> str:
    return said.translate(_PLAIN).replace("://", "：//")


def as_markdown(id: int, message: Mapping[str, Any]) -> str:
    """Return one message as markdown that both bots read; ``id`` tells doubles."""
    named = (
        ("地点", message["place"]),
        ("事由", message["category"]),
        ("部门", message["department"]),
        ("期限", message["due_on"]),
    )
    lines = [f"> {name}：{_safe(value)}" for name, value in named if value]
    return "\n".join([f"**{_safe(message['title'])}**", *lines, f"> 编号：N{id}"])


GAP = "\n\n"


def packed(pieces: Sequence[str], limit: int) -> int:
    """Return how many of ``pieces``, from the first, fit in ``limit`` bytes (UTF-8).

    At least one: a single one that is too long is to be cut (:func:`cut`).
    """
    size = 0
    for count, piece in enumerate(pieces):
        size += len(piece.encode()) + (len(GAP) if count else 0)
        if size > limit and count:
            return count
    return len(pieces)


def cut(said: str, limit: int) -> str:
    """Return ``said`` in at most ``limit`` bytes of UTF-8, no character cut apart."""
    raw = said.encode()
    if len(raw) <= limit:
        return said
    mark = "…"
    return raw[: limit - len(mark.encode())].decode(errors="ignore") + mark


# --- as mail ----------------------------------------------------------------------


def as_mail(messages: Sequence[tuple[int, Mapping[str, str]]]) -> tuple[str, str, str]:
    """Return subject, text and an id of one mail; several messages make a digest.

    ``messages`` are (delivery id, title and body). The id is the same for the same
    messages, so that a reader's program may drop a double.
    """
    ids = ",".join(str(id) for id, _ in messages)
    key = hashlib.sha256(ids.encode()).hexdigest()[:32]
    first = messages[0][1]
    subject = one_line(first["title"])
    if len(messages) > 1:
        mark = f"等 {len(messages)} 条通知"
        english = first.get("language") == "en"
        subject += f" (+{len(messages) - 1})" if english else f" {mark}"
    parts = [f"{m['title']}\n{m['body']}\nN{id}" for id, m in messages]
    return subject, "\n\n".join(parts) + "\n", key


def one_line(said: str) -> str:
    """Return a text that may stand in a header: no line ends, no control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]", " ", said).split())
