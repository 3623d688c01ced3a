"""Whether a place may be registered as its kind, and the words that say why not."""

from __future__ import annotations

from typing import Any

from server.checklists.places import Criterion, Judgement, PlaceKind, PlaceRules
from server.core.errors import FieldError, Invalid
from server.core.text import Text

# Attributes of a place as people call them.
ATTRIBUTES: dict[str, Text] = {
    "storeys": Text("层数", "storeys"),
    "workers": Text("职工人数", "workers"),
    "dormitory_beds": Text("集体宿舍人数", "people in the dormitory"),
    "span_m": Text("跨度（米）", "span in metres"),
    "large_span": Text("大跨度标记", "marked as large span"),
    "crowded": Text("人员密集", "crowded"),
    "illegal_extension": Text("违规改扩建", "extended against the rules"),
    "uses_gas": Text("使用燃气", "uses gas"),
    "gas_kind": Text("燃气种类", "kind of gas"),
    "floor_area_m2": Text("建筑面积（平方米）", "floor area in square metres"),
}


def check(rules: PlaceRules, content: dict[str, Any]) -> PlaceKind:
    """Return the kind of a place's loaded ``content``.

    Raises:
        Invalid: no such kind, the place is known to be outside its criteria, or a
            risk point lacks its risk or its keeper.
    """
    kind = rules.kind(content["kind"])
    if kind is None:
        listed = ", ".join(known.code for known in rules.kinds)
        message = Text(f"没有此场所类型；可用：{listed}", f"Must be one of: {listed}")
        raise Invalid.at("/kind", message)
    errors = [*_risk_faults(kind, content), *_outside(kind, content["attributes"])]
    if errors:
        raise Invalid.of(errors)
    return kind


def _risk_faults(kind: PlaceKind, content: dict[str, Any]) -> list[FieldError]:
    if not kind.risk_point:
        return []
    errors = []
    if not content["risk"]:
        text = Text(
            f"{kind.name}须写明风险（{kind.basis[0]}）",
            f"A risk point needs its risk ({kind.basis[0]})",
        )
        errors.append(FieldError("/risk", text))
    keeper = content["keeper"] or {}
    for name, word in (("name", "姓名"), ("phone", "电话")):
        if not keeper.get(name):
            text = Text(
                f"{kind.name}须有管护人{word}",
                f"A risk point needs its keeper's {name}",
            )
            errors.append(FieldError(f"/keeper/{name}", text))
    return errors


def _outside(kind: PlaceKind, attributes: dict[str, Any] | None) -> list[FieldError]:
    judged = kind.judge(attributes or {})
    if judged.state != "outside":
        return []
    why = [reason(one, attributes or {}) for one in judged.failed]
    clause = kind.basis[0]
    message = Text(
        f"不属于{kind.name}（{clause}）：{'；'.join(w.zh for w in why)}",
        f"Not of kind {kind.code} ({clause}): {'; '.join(w.en for w in why)}",
    )
    return [
        FieldError("/kind", message),
        *(
            FieldError(f"/attributes/{one.attribute}", text)
            for one, text in zip(judged.failed, why, strict=True)
        ),
    ]


def reason(criterion: Criterion, attributes: dict[str, Any]) -> Text:
    """Say why a criterion is not met."""
    name = ATTRIBUTES[criterion.attribute]
    value = attributes.get(criterion.attribute)
    if criterion.equals is not None:
        zh, en = (
            ("应为是", "must be yes") if criterion.equals else ("应为否", "must be no")
        )
        return Text(f"{name.zh}{zh}", f"{name.en} {en}")
    low, high = criterion.at_least, criterion.at_most
    bounds = [
        *([Text(f"应在 {low:g} 以上", f"at least {low:g}")] if low is not None else []),
        *(
            [Text(f"应在 {high:g} 以下", f"at most {high:g}")]
            if high is not None
            else []
        ),
    ]
    return Text(
        f"{name.zh}为 {value:g}，{'、'.join(b.zh for b in bounds)}（含本数）",
        f"{name.en}: {value:g}, not {' and '.join(b.en for b in bounds)} (inclusive)",
    )


def judged(
    rules: PlaceRules, kind: str, attributes: dict[str, Any]
) -> Judgement | None:
    """Return how a registered place stands to its kind; None for an unknown kind."""
    known = rules.kind(kind)
    return known.judge(attributes) if known else None
