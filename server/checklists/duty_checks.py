"""What ``duties.yaml`` says of the other files: every reference must hold.

Every record that a kind allows must fulfil a clause: each party of a kind has a clause
of it, and each item is somebody's.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from server.checklists import build
from server.checklists.build import Data, Sources
from server.checklists.catalogue import DutyItem
from server.checklists.duties import TOWNSHIP
from server.checklists.marked import Fault, Marked, Where


@dataclass(frozen=True, slots=True)
class _Known:
    """``codes`` maps every name of a department to its code, the township to itself."""

    codes: dict[str, str]
    duty: dict[str, DutyItem]


def faults(sources: Sources) -> Iterator[Fault]:
    """All faults of the duty kinds of one catalogue."""
    departments = sources.departments.data["departments"]
    known = _Known(
        codes={TOWNSHIP: TOWNSHIP}
        | {n: d["code"] for d in departments for n in (d["name"], *d["aliases"])},
        duty={i.number: i for i in build.duty_items(sources.duty_items.data)},
    )
    marked = sources.duties
    yield from _repeated(marked)
    forms = {form["code"] for form in marked.data["forms"]}
    used = {row["form"] for row in marked.data["duties"]}
    for i, form in enumerate(marked.data["forms"]):
        if form["code"] not in used:
            message = f"表式 {form['code']} 没有履职使用"
            yield marked.fault(message, "forms", i, "code")
    for i, row in enumerate(marked.data["duties"]):
        if row["form"] not in forms:
            yield marked.fault(f"没有表式 {row['form']}", "duties", i, "form")
        yield from _row(marked, row, ("duties", i), known)


def _repeated(marked: Marked) -> Iterator[Fault]:
    for part in ("forms", "duties"):
        seen = set()
        for i, row in enumerate(marked.data[part]):
            if row["code"] in seen:
                message = f"代码 {row['code']} 重复"
                yield marked.fault(message, part, i, "code")
            seen.add(row["code"])
            counted = Counter(f["code"] for f in row.get("figures", ()))
            for code in [code for code, count in counted.items() if count > 1]:
                message = f"数据项 {code} 重复"
                yield marked.fault(message, part, i, "figures")


def _row(marked: Marked, row: Data, at: Where, known: _Known) -> Iterator[Fault]:
    strange = [(i, p) for i, p in enumerate(row["parties"]) if p not in known.codes]
    for i, party in strange:
        message = f"主体 {party} 不是部门名称"
        yield marked.fault(message, *at, "parties", i)
    numbers = [str(item) for item in row["items"]]
    for i, number in enumerate(numbers):
        if number not in known.duty:
            yield marked.fault(f"没有事项 {number}", *at, "items", i)
    if strange or any(number not in known.duty for number in numbers):
        return
    yield from _clauses(marked, row, at, numbers, known)


def _clauses(
    marked: Marked, row: Data, at: Where, numbers: list[str], known: _Known
) -> Iterator[Fault]:
    parties = {known.codes[party] for party in row["parties"]}
    if TOWNSHIP in parties and len(parties) > 1:
        message = "镇的履职和部门的履职须分成两类"
        yield marked.fault(message, *at, "parties")
    served: set[str] = set()
    owing: set[str] = set()
    for i, reference in enumerate(row["clauses"]):
        for clause in _filled(reference, numbers):
            number = clause.partition(".")[0]
            fault, given = _clause(clause, number in numbers, parties, known)
            if fault is not None:
                yield marked.fault(fault, *at, "clauses", i)
            served.add(number)
            owing |= given
    for i, number in enumerate(numbers):
        if number not in served:
            yield marked.fault(f"没有事项 {number} 的条款", *at, "items", i)
    for i, party in enumerate(row["parties"]):
        if known.codes[party] not in owing:
            yield marked.fault(f"没有 {party} 的条款", *at, "parties", i)


def _filled(reference: str, numbers: list[str]) -> list[str]:
    filled = (reference.replace("{item}", number) for number in numbers)
    return list(dict.fromkeys(filled))


def _clause(
    clause: str, named: bool, parties: set[str], known: _Known
) -> tuple[str | None, set[str]]:
    """What is wrong with one clause, and who of ``parties`` may owe it."""
    if not named:
        return f"条款 {clause} 不属于这里的事项", set()
    item = known.duty[clause.partition(".")[0]]
    if not item.has_clause(clause):
        return f"履职清单没有条款 {clause}", set()
    given = {known.codes.get(name, name) for name in item.owing(clause)} & parties
    if not given:
        return f"条款 {clause} 不是这里的主体的职责", set()
    return None, given
