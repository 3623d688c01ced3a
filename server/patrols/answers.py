"""Is a checklist answered whole? Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from server.checklists.catalogue import Checklist
from server.core.errors import FieldError
from server.core.text import Text


def wrong_answers(
    checklist: Checklist, answers: list[dict[str, Any]], with_finding: Collection[str]
) -> list[FieldError]:
    """Return what is wrong with the answers of an inspection; empty when nothing.

    Every checkpoint is answered once, none is unknown, and every ``no`` has its
    finding; a ``no`` to an advisory checkpoint is advice and needs none.
    """
    checkpoints = {c.id: c for c in checklist.checkpoints}
    errors = []
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        id, pointer = answer["checkpoint"], f"/answers/{index}"
        if id not in checkpoints:
            text = Text(f"清单中没有检查点 {id}", f"No checkpoint {id} in this version")
            errors.append(FieldError(f"{pointer}/checkpoint", text))
        elif id in seen:
            text = Text(f"检查点 {id} 重复", f"Checkpoint {id} is answered twice")
            errors.append(FieldError(f"{pointer}/checkpoint", text))
        elif answer["answer"] == "no" and not (
            id in with_finding or checkpoints[id].advisory
        ):
            text = Text(
                f"检查点 {id} 答“否”，请先提交对应的隐患",
                f"Checkpoint {id} is answered no: send its finding first",
            )
            errors.append(FieldError(pointer, text))
        seen.add(id)
    missing = [id for id in checkpoints if id not in seen]
    if missing:
        listed = ", ".join(missing)
        text = Text(f"缺少检查点：{listed}", f"Missing checkpoints: {listed}")
        errors.append(FieldError("/answers", text))
    return errors


def incidents_due(
    checklist: Checklist, answers: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Return the checkpoints answered ``no`` that are incidents, with their kind.

    Each is to be reported by ``PUT /incidents`` (46.township.4, 47.township.5).
    """
    failed = {a["checkpoint"] for a in answers if a["answer"] == "no"}
    return [
        {"checkpoint": point.id, "kind": point.incident}
        for point in checklist.checkpoints
        if point.incident is not None and point.id in failed
    ]
