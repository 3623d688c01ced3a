"""A routing decision told to a person, and why each other row did not apply.

Pure; ``patrol routing explain`` prints it. In Chinese: it is read by those who change
the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.checklists.catalogue import CoRow, LeadRow, Rules, TownRow
from server.core.errors import Invalid
from server.tickets import routing
from server.tickets.preview import wrong_words

Row = LeadRow | CoRow | TownRow

SOURCES = {
    "text": "清单原文",
    "derived": "由两条合并得出",
    "design": "清单未写，由本系统补充",
    "local": "本地设定",
}


@dataclass(frozen=True)
class Question:
    """What is asked: the words of a finding, and the path of the area it is in."""

    item: str
    category: str
    facts: tuple[str, ...]
    reported: bool
    area_path: str


def explain(rules: Rules, asked: Question) -> list[str]:
    """Return the decision and, for each other row, why it did not apply.

    Raises:
        Invalid: an item, category or fact the rules do not know.
    """
    errors = wrong_words(rules, asked.item, asked.category, list(asked.facts))
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    case = routing.Case(
        asked.item,
        asked.category,
        frozenset(asked.facts),
        asked.reported,
        asked.area_path,
    )
    decision = routing.decide(rules, case)
    return [
        *_asked(rules, asked, decision),
        *_decided(rules, case, decision),
        "其余规则：",
        *(f"  {row}：{why}" for row, why in _others(rules, case, decision)),
        *_elsewhere(rules, case, decision),
    ]


def _asked(rules: Rules, asked: Question, decision: routing.Decision) -> Iterator[str]:
    item, category = rules.duty_item(asked.item), rules.category(asked.category)
    yield f"事项：{item.number} {item.name}"
    yield f"类别：{category.code} {category.name}"
    yield f"事实：{_facts(rules, decision.facts) or '无'}"
    yield f"属地：{rules.department(decision.town).name}"


def _decided(
    rules: Rules, case: routing.Case, decision: routing.Decision
) -> Iterator[str]:
    yield f"决定：{decision.reason}"
    if decision.rerouted_by:
        yield f"转办：规则 {decision.rerouted_by} 转第{decision.item}项"
    lead = decision.lead or decision.town
    yield f"牵头：{rules.department(lead).name}"
    yield f"协同：{_names(rules, decision.co) or '无'}"
    for label, code in (
        ("统筹", decision.coordinator),
        ("上一级", decision.next_level),
    ):
        if code:
            yield f"{label}：{rules.department(code).name}"
    if decision.inform:
        yield f"告知：{_names(rules, decision.inform)}"
    yield (
        f"依据：{'、'.join(decision.basis)}（规则 {decision.rule}，"
        f"{SOURCES[decision.source]}{_by_design(rules, case, decision)}）"
    )
    for rule, co, basis in decision.co_rules:
        who = _names(rules, co) or "待本地指定"
        yield f"协同依据：{'、'.join(basis)}（规则 {rule}，{who}）"


def _by_design(rules: Rules, case: routing.Case, decision: routing.Decision) -> str:
    """Say so where the deciding row's conditions do not hold.

    What is reported although no row matches goes to the item's nearest row
    (``routing``): the row is the list's, taking it is ours.
    """
    row = next(row for row in rules.rows if row.id == decision.rule)
    why = _mismatch(rules, row, case.category, frozenset(decision.facts))
    return f"；其条件不符：{why}，由本系统按设计取为本项的规则" if why else ""


def _others(
    rules: Rules, case: routing.Case, decision: routing.Decision
) -> Iterator[tuple[str, str]]:
    """Yield each row of the item that did not make the decision, and why not."""
    facts = frozenset(decision.facts)
    for row in _not_applied(rules, decision):
        if decision.item in row.items:
            why = _mismatch(rules, row, case.category, facts)
            yield row.id, why or _too_late(row, decision)
        elif case.item in row.items:
            yield row.id, f"已转第{decision.item}项，不再看第{case.item}项的规则"


def _elsewhere(
    rules: Rules, case: routing.Case, decision: routing.Decision
) -> Iterator[str]:
    """Yield one line that gathers the rows of other items, if there are any."""
    rows = [
        f"{row.id}（{_spans(row.items)}）"
        for row in _not_applied(rules, decision)
        if {decision.item, case.item}.isdisjoint(row.items)
    ]
    if rows:
        yield f"  只用于其他事项：{'、'.join(rows)}"


def _not_applied(rules: Rules, decision: routing.Decision) -> Iterator[Row]:
    applied = {decision.rule, decision.rerouted_by}
    applied |= {rule for rule, _, _ in decision.co_rules}
    return (row for row in rules.rows if row.id not in applied)


def _spans(items: tuple[str, ...]) -> str:
    """Items in short: ``26、30–39、41``."""
    spans: list[list[int]] = []
    for number in sorted(map(int, items)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return "、".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def _mismatch(
    rules: Rules,
    row: Row,
    category: str,
    facts: frozenset[str],
) -> str | None:
    """Return the first condition of a row of the item that fails, None when none."""
    if isinstance(row, TownRow):
        return None
    if row.categories and category not in row.categories:
        return f"类别 {category} 不在 {'、'.join(row.categories)} 之中"
    if row.facts and facts.isdisjoint(row.facts):
        return f"缺少情形：{_facts(rules, row.facts)}（其一）"
    triggers = row.any_facts if isinstance(row, LeadRow) else ()
    if triggers and facts.isdisjoint(triggers):
        return f"缺少上报条件：{_facts(rules, triggers)}（其一）"
    return None


def _too_late(row: Row, decision: routing.Decision) -> str:
    """Why a row whose conditions all hold did nothing all the same."""
    if isinstance(row, CoRow):
        return "条件符合，但由镇村自行处理，不设协同"
    if isinstance(row, TownRow):
        return f"规则 {decision.rule} 已交部门牵头"
    return f"条件符合，但在前的规则 {decision.rule} 已决定"


def _facts(rules: Rules, facts: tuple[str, ...]) -> str:
    return "、".join(f"{rules.fact(fact).label}（{fact}）" for fact in facts)


def _names(rules: Rules, codes: tuple[str, ...]) -> str:
    return "、".join(rules.department(code).name for code in codes)
