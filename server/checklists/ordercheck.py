"""Do the inbound orders hold together: clauses, departments, and a way to the end?"""

from collections.abc import Iterator, Mapping
from typing import Any

from server.checklists.catalogue import DutyItem
from server.checklists.marked import Fault, Marked, Where
from server.checklists.orders import ALWAYS, TOWN_STEPS

Data = dict[str, Any]


def faults(
    marked: Marked, duty: Mapping[int, DutyItem], departments: Mapping[str, str]
) -> Iterator[Fault]:
    """All faults of orders.yaml; ``departments`` are names by code."""
    seen: set[int] = set()
    for i, order in enumerate(marked.data["orders"]):
        at: Where = ("orders", i)
        number = order["item"]
        item = duty.get(number)
        if number in seen:
            yield marked.fault(f"事项 {number} 的下派工单重复", *at, "item")
        seen.add(number)
        if item is None:
            yield marked.fault(f"没有事项 {number}", *at, "item")
            continue
        yield from _origin(marked, order, at, item, departments)
        yield from _steps(marked, order, at)
        for j, step in enumerate(order["steps"]):
            here = (*at, "steps", j)
            yield from _clauses(marked, step, here, item)
            yield from _carried(marked, step, here, departments)
        yield from _results(marked, order, at)


def _origin(
    marked: Marked,
    order: Data,
    at: Where,
    item: DutyItem,
    departments: Mapping[str, str],
) -> Iterator[Fault]:
    parties = {party.name for party in item.parties}
    for i, code in enumerate(order["origin"]):
        if code not in departments:
            yield marked.fault(f"没有部门 {code}", *at, "origin", i)
        elif departments[code] not in parties:
            message = f"{code} 不是事项 {item.number} 的主体"
            yield marked.fault(message, *at, "origin", i)


def _steps(marked: Marked, order: Data, at: Where) -> Iterator[Fault]:
    names = [step["step"] for step in order["steps"]]
    for missing in sorted(set(ALWAYS) - set(names)):
        yield marked.fault(f"缺少环节 {missing}", *at, "steps")
    for j, step in enumerate(order["steps"]):
        if step["step"] in names[:j]:
            message = f"环节 {step['step']} 重复"
            yield marked.fault(message, *at, "steps", j, "step")
        for k, before in enumerate(step.get("after", ())):
            if before not in names:
                message = f"环节 {before} 不在 steps 里"
                yield marked.fault(message, *at, "steps", j, "after", k)


def _clauses(
    marked: Marked, step: Data, here: Where, item: DutyItem
) -> Iterator[Fault]:
    for k, reference in enumerate(step["basis"]):
        if not item.has_clause(reference):
            message = f"事项 {item.number} 没有条款 {reference}"
            yield marked.fault(message, *here, "basis", k)


def _carried(
    marked: Marked, step: Data, here: Where, departments: Mapping[str, str]
) -> Iterator[Fault]:
    name = step["step"]
    if (name == "transfer") != ("to" in step):
        yield marked.fault("to 须写在环节 transfer，且只写在那里", *here)
    if "to" in step and step["to"] not in departments:
        yield marked.fault(f"没有部门 {step['to']}", *here, "to")
    if (name in {"verify", "rectify"}) != ("choices" in step):
        yield marked.fault("choices 须写在 verify 和 rectify，且只写在那里", *here)
    # The photos of the issue are announced with it and come later.
    required = name != "issue" and "photos" in step.get("requires", ())
    if required and "photos" not in step:
        yield marked.fault("要求照片，但没有写照片的阶段（photos）", *here)


def _results(marked: Marked, order: Data, at: Where) -> Iterator[Fault]:
    """Each result of the verification must lead on, and its needs must be doable."""
    names = {step["step"] for step in order["steps"]}
    if "transfer" in names and "answer" not in names:
        yield marked.fault("有环节 transfer 就要有 answer", *at, "steps")
    for j, step in enumerate(order["steps"]):
        if step["step"] != "verify":
            continue
        for k, choice in enumerate(step.get("choices", ())):
            here = (*at, "steps", j, "choices", k)
            needs, then = choice.get("needs", []), choice.get("then")
            for need in needs:
                if need not in names:
                    yield marked.fault(f"needs 里的 {need} 不是环节", *here)
            by_town = not set(needs).isdisjoint(TOWN_STEPS)
            if then is None:
                yield marked.fault(f"{choice['code']} 没有写通往哪里（then）", *here)
            if then == "town_enforcing" and not by_town:
                message = f"{choice['code']} 没有给镇留下要做的事"
                yield marked.fault(message, *here)
            if then == "answered" and by_town and "assign" not in names:
                message = f"{choice['code']} 需要环节 assign"
                yield marked.fault(message, *here)
