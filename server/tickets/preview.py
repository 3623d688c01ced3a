"""From what a person says of a hazard to the case that is routed."""

from __future__ import annotations

from typing import Any

from server.checklists.catalogue import Checkpoint, Rules
from server.checklists.service import Edition, checklist_of
from server.core.errors import FieldError, Invalid
from server.core.text import Text
from server.tickets import routing
from server.tickets.fields import unknown_facts


def checked_words(
    edition: Edition, item: str, category: str, facts: list[str]
) -> list[FieldError]:
    """Return what is wrong with an item, a category and facts; empty when nothing."""
    return wrong_words(edition.rules, item, category, facts)


def wrong_words(
    rules: Rules, item: str, category: str, facts: list[str]
) -> list[FieldError]:
    """Return which of the words ``rules`` do not know."""
    errors = []
    patrolled = {process.item for process in rules.processes}
    if item not in patrolled:
        listed = ", ".join(sorted(patrolled, key=int))
        errors.append(
            FieldError(
                "/duty_item",
                Text(
                    f"第{item}项不是检查事项；可用：{listed}",
                    f"Item {item} is not patrolled; known are: {listed}",
                ),
            )
        )
    if category not in {known.code for known in rules.categories}:
        listed = ", ".join(known.code for known in rules.categories)
        text = Text(
            f"未知类别 {category}；可用：{listed}",
            f"Unknown category {category}; known are: {listed}",
        )
        errors.append(FieldError("/category", text))
    known_facts = {fact.code for fact in rules.facts}
    errors += [
        FieldError(f"/facts/{index}", unknown_facts([fact], known_facts))
        for index, fact in enumerate(facts)
        if fact not in known_facts
    ]
    return errors


def checkpoint_of(edition: Edition, item: str, checkpoint: str) -> Checkpoint:
    """Return a checkpoint of the item's checklist in ``edition``.

    Raises:
        Invalid: the item has no checklist or the checklist no such checkpoint.
    """
    version = edition.versions.get(item)
    try:
        if version is None:
            raise KeyError(item)
        return checklist_of(edition.catalogue, item, version).checkpoint(checkpoint)
    except KeyError as error:
        raise Invalid.at(
            "/checkpoint",
            Text(
                f"清单 {item} 没有检查点 {checkpoint}",
                f"Checklist {item} has no checkpoint {checkpoint}",
            ),
        ) from error


def check_category(rules: Rules, checkpoint: Checkpoint, category: str) -> None:
    """Refuse a category of another group than the checkpoint's.

    Within its group the inspector may know better (F1 or F2); a gas cylinder that
    calls itself 消防 would go to the wrong department.

    Raises:
        Invalid: naming the checkpoint's category.
    """
    own, given = rules.category(checkpoint.category), rules.category(category)
    if own.group != given.group:
        text = Text(
            f"检查点 {checkpoint.id} 属{own.group}（{own.code} {own.name}），"
            f"不是{given.group}（{given.code}）",
            f"Checkpoint {checkpoint.id} is of category {own.code}, not {given.code}",
        )
        raise Invalid.at("/category", text)


def facts_with(checkpoint: Checkpoint | None, facts: list[str]) -> frozenset[str]:
    """Return ``facts`` with those the checkpoint itself states."""
    stated = set(facts)
    if checkpoint is not None:
        stated |= set(checkpoint.facts)
        if checkpoint.professional:
            stated.add("professional")
        if checkpoint.control:
            stated.add(routing.COLLAPSE_RISK)
    return frozenset(stated)


def decide(edition: Edition, asked: dict[str, Any], area_path: str) -> routing.Decision:
    """Route what ``POST /routing/preview`` describes, as if found in an area.

    Raises:
        Invalid: an unknown item, category, fact or checkpoint.
    """
    item, category, facts = asked["duty_item"], asked["category"], asked["facts"]
    errors = checked_words(edition, item, category, facts)
    if errors:
        raise Invalid.of(errors)
    checkpoint = None
    if asked.get("checkpoint"):
        checkpoint = checkpoint_of(edition, item, asked["checkpoint"])
        check_category(edition.rules, checkpoint, category)
    case = routing.Case(
        item, category, facts_with(checkpoint, facts), asked["reported"], area_path
    )
    return routing.decide(edition.rules, case)
