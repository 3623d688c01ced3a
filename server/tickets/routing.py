"""Which department gets a hazard, and the clause that says why; pure.

The first lead row that matches decides, all matching co rows add co-handlers. A
category may send the case to another duty item first (gas found in a restaurant
follows item 44). When no lead row matches, the town sees to it itself. Every row
that was looked at leaves a trace, so that the decision can be read later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from server.checklists.catalogue import CoRow, LeadRow, Rules

# Danger to life is reported at once, whatever else the item's rows ask for
# (28.township.4; for other items by design, docs/workflow.md).
COLLAPSE_RISK = "collapse_risk"


@dataclass(frozen=True)
class Case:
    """What is known of a hazard when it is routed.

    ``item`` is the duty item under which it was found. ``reported`` means that the
    town passes it on by its own decision, whether or not a trigger is named.
    ``area_path`` tells which town is in charge.
    """

    item: str
    category: str
    facts: frozenset[str] = frozenset()
    reported: bool = False
    area_path: str = ""


@dataclass(frozen=True)
class Passed:
    """A lead row that did not decide, and the first condition that failed."""

    rule: str
    why: str


@dataclass(frozen=True)
class Decision:
    """Where a hazard goes.

    Attributes:
        item: the item whose rows decided (after a reroute).
        lead: department code; None while the town sees to it itself.
        town: code of the town in charge.
        at_once: reported without waiting for a refusal.
        triggers: facts that made the lead row match.
        co_rules: (row id, departments, clauses) of the co rows that matched.
        reason: the decision in one Chinese sentence.
    """

    item: str
    lead: str | None
    town: str
    rule: str
    basis: tuple[str, ...]
    source: str
    at_once: bool
    triggers: tuple[str, ...]
    co: tuple[str, ...]
    co_rules: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    coordinator: str | None
    next_level: str | None
    appraisal: str | None
    inform: tuple[str, ...]
    facts: tuple[str, ...]
    rerouted_by: str | None
    passed_over: tuple[Passed, ...]
    reason: str

    def to_document(self) -> dict[str, Any]:
        """The JSON-able form that is stored with the ticket."""
        document = {name: getattr(self, name) for name in self.__dataclass_fields__}
        document["passed_over"] = [
            {"rule": row.rule, "why": row.why} for row in self.passed_over
        ]
        return document


def decide(rules: Rules, case: Case) -> Decision:
    """Route ``case`` by ``rules``.

    Raises:
        KeyError: the item is not one that is patrolled.
    """
    facts = case.facts | set(rules.process(case.item).implies)
    case = replace(case, facts=facts)
    passed: list[Passed] = []
    row, item, rerouted_by = _first_lead(rules, case, passed)
    unmet = False
    process = rules.process(item)
    if row is None and (case.reported or process.at_once or COLLAPSE_RISK in facts):
        row, unmet = _nearest(rules, replace(case, item=item)), True
    if row is None:
        return _town(rules, case, item, rerouted_by, passed)
    co_rows = [r for r in rules.co_rows if _co_matches(r, item, case)]
    co = _unique((*row.co, *(d for r in co_rows for d in r.co)), without=row.lead)
    triggers = tuple(f for f in (*row.any_facts, *row.facts) if f in facts)
    return Decision(
        item=item,
        lead=row.lead,
        town=rules.town_at(case.area_path).code,
        rule=row.id,
        basis=row.basis_for(item),
        source=row.source,
        at_once=row.at_once or process.at_once or COLLAPSE_RISK in facts,
        triggers=triggers,
        co=co,
        co_rules=tuple((r.id, r.co, r.basis_for(item)) for r in co_rows),
        coordinator=row.coordinator,
        next_level=row.next_level,
        appraisal=row.appraisal,
        inform=row.inform,
        facts=tuple(sorted(facts)),
        rerouted_by=rerouted_by,
        passed_over=tuple(passed),
        reason=_reason(rules, case, row, item, triggers, unmet),
    )


def _first_lead(
    rules: Rules, case: Case, passed: list[Passed], rerouted_by: str | None = None
) -> tuple[LeadRow | None, str, str | None]:
    """Return the deciding row, the item in force then, and the row that rerouted."""
    for row in rules.lead_rows:
        why = _mismatch(rules, row, case)
        if why is not None:
            passed.append(Passed(row.id, why))
        elif row.reroute_to_item is None:
            return row, case.item, rerouted_by
        elif rerouted_by is None:
            # The target's rows may stand anywhere, so the walk begins again; once
            # only, or two rows could send a case back and forth.
            passed.clear()
            moved = replace(case, item=row.reroute_to_item)
            return _first_lead(rules, moved, passed, row.id)
    return None, case.item, rerouted_by


def _mismatch(rules: Rules, row: LeadRow, case: Case) -> str | None:
    """Return in Chinese why ``row`` does not match, or None when it does."""
    if case.item not in row.items:
        return f"第{case.item}项不属于第{'、'.join(row.items)}项"
    if row.categories and case.category not in row.categories:
        names = "、".join(rules.category(code).name for code in row.categories)
        return f"{rules.category(case.category).name}不属于{names}"
    if row.facts and case.facts.isdisjoint(row.facts):
        return f"未具备情形：{_labels(rules, row.facts)}"
    if row.any_facts and case.facts.isdisjoint(row.any_facts):
        return f"未具备上报条件：{_labels(rules, row.any_facts)}"
    return None


def _labels(rules: Rules, facts: tuple[str, ...]) -> str:
    return "、".join(rules.fact(fact).label for fact in facts)


def _nearest(rules: Rules, case: Case) -> LeadRow | None:
    """Return the row that would decide if its trigger were there.

    Failing that, the item's first row: a kind of hazard that no row of the item
    names still belongs to the department the item belongs to.
    """
    with_triggers = case.facts | {f for r in rules.lead_rows for f in r.any_facts}
    hypothetical = replace(case, facts=frozenset(with_triggers))
    of_item = [r for r in rules.lead_rows if r.lead and case.item in r.items]
    fitting = [r for r in of_item if _mismatch(rules, r, hypothetical) is None]
    return next(iter(fitting or of_item), None)


def _co_matches(row: CoRow, item: str, case: Case) -> bool:
    return (
        item in row.items
        and (not row.categories or case.category in row.categories)
        and (not row.facts or not case.facts.isdisjoint(row.facts))
    )


def _town(
    rules: Rules, case: Case, item: str, rerouted_by: str | None, passed: list[Passed]
) -> Decision:
    row = rules.town_row(item)
    basis = row.basis_for(item)
    town = rules.town_at(case.area_path)
    return Decision(
        item=item,
        lead=None,
        town=town.code,
        rule=row.id,
        basis=basis,
        source=row.source,
        at_once=False,
        triggers=(),
        co=(),
        co_rules=(),
        coordinator=None,
        next_level=None,
        appraisal=None,
        inform=(),
        facts=tuple(sorted(case.facts)),
        rerouted_by=rerouted_by,
        passed_over=tuple(passed),
        reason=f"未具备上报条件，由{town.name}按 {'、'.join(basis)} 督促整改",
    )


def _unique(codes: tuple[str, ...], without: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in codes if code != without))


def _reason(
    rules: Rules,
    case: Case,
    row: LeadRow,
    item: str,
    triggers: tuple[str, ...],
    unmet: bool,
) -> str:
    assert row.lead is not None
    parts = [f"第{case.item}项检查发现{rules.category(case.category).name}类隐患"]
    if item != case.item:
        parts.append(f"转按第{item}项办理")
    if triggers:
        parts.append(f"具备条件“{_labels(rules, triggers)}”")
    elif COLLAPSE_RISK in case.facts and unmet:
        parts.append("存在倒塌风险，立即上报")
    elif unmet:
        parts.append("条款所列条件未具备，由镇村决定上报")
    elif row.at_once:
        parts.append("发现即报")
    clauses = "、".join(row.basis_for(item))
    parts.append(f"依据 {clauses} 由{rules.department(row.lead).name}牵头")
    return "，".join(parts)
