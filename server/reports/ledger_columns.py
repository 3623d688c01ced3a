"""The columns of a ledger (台账): titles, and an entry's values in words; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from server.checklists.catalogue import Rules
from server.reports.definitions import SEVERITIES
from server.reports.ledger_entries import Entry, Order, Penalised, Remark
from server.tickets import papers, routing
from server.tickets.vocabulary import STATE_LABELS, Severity, Source, State


class Shown(NamedTuple):
    """A value that JSON tells in more detail (``document``) than a cell (``text``)."""

    text: str
    document: Any


Cell = str | int | date | Shown | None
Rows = Iterable[Sequence[Cell]]


@dataclass(frozen=True)
class Words:
    """What turns codes into words.

    ``rules``: those of the ticket. ``village``: code and name of the community it
    lies in, or of the deepest area above. ``ledger``: the row's id (``D01``).
    """

    rules: Rules
    village: tuple[str, str]
    ledger: str


@dataclass(frozen=True)
class Column:
    """One column: ``code`` for programs, Chinese ``title``, ``width`` in characters."""

    code: str
    title: str
    width: int
    cell: Callable[[Entry, Words], Cell]


SOURCES: Mapping[str, str] = {
    Source.PATROL: "巡查",
    Source.COMPLAINT: "投诉、报告",
    Source.DEPARTMENT: "部门自查",
}
MEASURES: Mapping[str, str] = {
    "on_spot": "当场处理",
    "deadline": "限期整改",
    "notice": "下达整改通知",
    "extended": "延期",
    "settled": "当场办结",
    "control": "实施管控",
}
RESULTS: Mapping[str, str] = {
    "passed": "合格",
    "failed": "不合格",
    "substantiated": "属实",
    "not_substantiated": "不属实",
}
REMARKS: Mapping[str, str] = {
    "dispatched": "分派至{}",
    "returned": "退回：{}",
    "co_ordered": "协办部门责令：{}",
    "suspended": "挂账：{}",
    "resumed": "恢复办理：{}",
    "appraised": "鉴定：{}",
    "transferred": "移送{}",
    "escalated": "报{}",
    "answered": "答复：{}",
    "merged": "并入{}",
    "control_imposed": "管控：{}",
    "control_lifted": "解除管控：{}",
    "part_answered": "协办部门办结：{}",
    "joint_convened": "召集联合行动：{}",
    "joint_held": "联合行动：{}",
    "document_withdrawn": "撤回文书：{}",
    "safeguarded": "延期期间防范措施：{}",
}
GRADES: Mapping[str, str] = {"C": "C级", "D": "D级", "confirmed": "存在安全隐患"}
_TO_DEPARTMENT = frozenset({"dispatched", "transferred", "escalated"})
AT_ONCE, BY_TOWN = "发现即报", "镇级决定上报"


def _named(code: str, name: str) -> Shown:
    return Shown(name, {"code": code, "name": name})


def _word(code: str | None, names: Mapping[Any, str]) -> Cell:
    return None if code is None else _named(code, names.get(code, code))


def _department_name(code: str, rules: Rules) -> str:
    try:
        return rules.department(code).name
    except KeyError:
        return code


def _department(code: str | None, words: Words) -> Shown | None:
    if code is None:
        return None
    return _named(code, _department_name(code, words.rules))


def _programme(entry: Entry, words: Words) -> Cell:
    return words.rules.duty_item(entry.found.item).name


def _category(entry: Entry, words: Words) -> Cell:
    return _named(entry.found.category, words.rules.category(entry.found.category).name)


def _severity(entry: Entry, _: Words) -> Cell:
    return _named(entry.severity, SEVERITIES[Severity(entry.severity)].zh)


def _state(entry: Entry, _: Words) -> Cell:
    return _named(entry.state, STATE_LABELS[State(entry.state)])


def _photos(entry: Entry, _: Words) -> Cell:
    return Shown(" ".join(entry.photos), entry.photos)


def _measures(entry: Entry, _: Words) -> Cell:
    said = [f"{MEASURES[m.kind]}：{m.note}".rstrip("：") for m in entry.measures]
    return "；".join(said) or None


def _trigger(entry: Entry, words: Words) -> Cell:
    if entry.reported_on is None:
        return None
    facts = sorted(entry.facts & _triggers(entry, words.rules))
    if facts:
        labels = "、".join(words.rules.fact(fact).label for fact in facts)
        return Shown(labels, {"code": facts, "name": labels})
    at_once = entry.rule is not None and words.rules.at_once(
        entry.rule, entry.found.item
    )
    said = AT_ONCE if at_once else BY_TOWN
    return Shown(said, {"code": [], "name": said})


def _triggers(entry: Entry, rules: Rules) -> frozenset[str]:
    """Return the facts that count as what it was reported for (``routing.decide``):
    those that the deciding row asks for, and danger of collapse."""
    asked = rules.triggers_of(entry.rule) if entry.rule else frozenset()
    return asked | {routing.COLLAPSE_RISK}


def _several(shown: Sequence[Shown]) -> Shown:
    """Return several things as one cell."""
    return Shown("；".join(s.text for s in shown), [s.document for s in shown])


def _penalty(one: Penalised, words: Words) -> Shown:
    listed = (p for process in words.rules.processes for p in process.penalties)
    kind = next((p.name for p in listed if p.code == one.kind), one.kind)
    amount = papers.sum_said(one.kind, one.amount)
    by = _department(one.department, words) or Shown("", None)
    parts = [
        by.text,
        kind,
        f"{amount}元" if amount is not None else "",
        one.document_no or "",
        one.on.isoformat(),
    ]
    document = {
        "kind": {"code": one.kind, "name": kind},
        "amount": amount,
        "document_no": one.document_no,
        "department": by.document,
        "on": one.on,
    }
    return Shown(" ".join(part for part in parts if part), document)


def _penalties(entry: Entry, words: Words) -> Cell:
    return _several([_penalty(one, words) for one in entry.penalties])


def _order(one: Order, words: Words) -> Shown:
    by = _department(one.department, words) or Shown("", None)
    parts = [
        one.on.isoformat(),
        by.text,
        one.title or "",
        one.number or "",
        f"期限{one.due_on.isoformat()}" if one.due_on else "",
        "已撤回" if one.withdrawn else "",
    ]
    document = {
        "title": one.title,
        "number": one.number,
        "on": one.on,
        "due_on": one.due_on,
        "department": by.document,
        "withdrawn": one.withdrawn,
    }
    return Shown(" ".join(part for part in parts if part), document)


def _orders(entry: Entry, words: Words) -> Cell:
    return _several([_order(one, words) for one in entry.orders])


def _remark(one: Remark, words: Words) -> str:
    value = one.value
    if one.kind in _TO_DEPARTMENT:
        value = _department_name(value, words.rules)
    value = GRADES.get(value, value) if one.kind == "appraised" else value
    return f"{one.on.isoformat()} {REMARKS[one.kind].format(value)}"


def _remarks(entry: Entry, words: Words) -> Cell:
    return "；".join(_remark(one, words) for one in entry.remarks) or None


def _plain(name: str) -> Callable[[Entry, Words], Cell]:
    def cell(entry: Entry, _: Words) -> Cell:
        value: Cell = getattr(entry, name)
        return value

    return cell


def _of_finding(name: str) -> Callable[[Entry, Words], Cell]:
    def cell(entry: Entry, _: Words) -> Cell:
        value: Cell = getattr(entry.found, name)
        return value

    return cell


def _result(name: str) -> Callable[[Entry, Words], Cell]:
    return lambda entry, _: _word(getattr(entry, name), RESULTS)


COLUMNS: tuple[Column, ...] = (
    Column("ledger", "台账", 6, lambda _, words: words.ledger),
    Column("number", "编号", 24, _of_finding("number")),
    Column("item", "事项编号", 9, _of_finding("item")),
    Column("programme", "事项名称", 28, _programme),
    Column("village", "村（社区）", 16, lambda _, words: _named(*words.village)),
    Column("place", "场所", 24, _of_finding("place")),
    Column("party", "责任主体", 20, _of_finding("party")),
    Column("inspector", "检查人", 10, _plain("inspector")),
    Column("found_on", "发现日期", 12, _plain("found_on")),
    Column("category", "隐患类别", 18, _category),
    Column("severity", "隐患等级", 9, _severity),
    Column("description", "隐患描述", 40, _of_finding("description")),
    Column("source", "来源", 10, lambda e, _: _word(e.found.source, SOURCES)),
    Column("photo_count", "照片数", 7, lambda e, _: len(e.photos)),
    Column("photos", "照片编号", 20, _photos),
    Column("town_measure", "镇级措施", 36, _measures),
    Column("town_measure_on", "措施日期", 12, _plain("measured_on")),
    Column("notice", "通知文书", 12, _plain("notice")),
    Column("notice_no", "通知书编号", 16, _plain("notice_no")),
    Column("town_due_on", "整改期限", 12, _plain("town_due_on")),
    Column("town_recheck", "镇级复查结果", 12, _result("town_rechecked")),
    Column("town_recheck_on", "镇级复查日期", 12, _plain("town_rechecked_on")),
    Column("reported_to", "上报部门", 18, lambda e, w: _department(e.reported_to, w)),
    Column("reported_on", "上报日期", 12, _plain("reported_on")),
    Column("trigger", "上报情形", 18, _trigger),
    Column("accepted_by", "受理部门", 18, lambda e, w: _department(e.accepted_by, w)),
    Column("accepted_on", "受理日期", 12, _plain("accepted_on")),
    Column("verified", "核查结果", 9, _result("verified")),
    Column("verified_on", "核查日期", 12, _plain("verified_on")),
    Column("order", "责令文书", 16, _plain("order")),
    Column("order_no", "责令文书编号", 18, _plain("order_no")),
    Column("ordered_on", "责令日期", 12, _plain("ordered_on")),
    Column("order_due_on", "责令期限", 12, _plain("order_due_on")),
    Column("orders", "历次责令", 32, _orders),
    Column("penalties", "处罚", 28, _penalties),
    Column("recheck", "部门复查结果", 12, _result("rechecked")),
    Column("recheck_on", "部门复查日期", 12, _plain("rechecked_on")),
    Column("fed_back_on", "反馈日期", 12, _plain("fed_back_on")),
    Column("closed_on", "办结（销号）日期", 12, _plain("closed_on")),
    Column("state", "状态", 12, _state),
    Column("remark", "备注", 36, _remarks),
)


def cells(entry: Entry, words: Words) -> list[Cell]:
    """Return the values of one row in the order of :data:`COLUMNS`."""
    return [column.cell(entry, words) for column in COLUMNS]


def flat(values: Iterable[Cell]) -> list[str | int | date | None]:
    """Return the values of one row as a table shows them; an empty text is None."""
    shown = [value.text if isinstance(value, Shown) else value for value in values]
    return [None if value == "" else value for value in shown]


def document(values: Iterable[Cell]) -> dict[str, Any]:
    """Return the values of one row as JSON tells them, by the columns' codes."""
    return {
        column.code: value.document if isinstance(value, Shown) else value
        for column, value in zip(COLUMNS, values, strict=True)
    }
