"""What the files of a catalogue say of each other: every reference must hold.

Each check yields faults with the line of the value that is wrong. The order of the
lead rows is checked in :mod:`server.checklists.reach`, the kinds of duty records in
:mod:`server.checklists.duty_checks`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from server.checklists import (
    build,
    duty_checks,
    incident_faults,
    issuing,
    lead_parties,
    ordercheck,
    place_faults,
    reach,
)
from server.checklists.build import Data, Sources
from server.checklists.catalogue import DutyItem
from server.checklists.marked import Fault, Marked, Where

# The longest words of the list that a direct checkpoint cites have 33 characters.
LONGEST_PHRASE = 60
# Where rows of routing.yaml name departments.
_DEPARTMENTS = ("lead", "co", "coordinator", "next_level", "inform", "department")


@dataclass(frozen=True, slots=True)
class _Known:
    """The words that may be referred to. ``facts`` maps a fact to its kind."""

    departments: dict[str, str]
    names: frozenset[str]
    categories: frozenset[str]
    facts: dict[str, str]
    duty: dict[int, DutyItem]
    processes: frozenset[int]
    triggered: frozenset[int]
    penalties: frozenset[str]
    incidents: frozenset[str]

    def has_clause(self, reference: str) -> bool:
        number = reference.partition(".")[0]
        item = self.duty.get(int(number)) if number.isdecimal() else None
        return item is not None and item.has_clause(reference)


def faults(sources: Sources) -> Iterator[Fault]:
    """All faults between the (structurally sound) files of one catalogue."""
    known = _known(sources)
    checks: tuple[Callable[[Sources, _Known], Iterator[Fault]], ...] = (
        _repeated,
        _head,
        _duty_parties,
        _processes,
        _rows,
        _ledgers,
        _incidents,
        _places,
        _checklists,
        _coverage,
    )
    for check in checks:
        yield from check(sources, known)
    yield from reach.faults(sources.routing, known.processes)
    yield from lead_parties.faults(
        sources.routing, sources.departments.data["departments"], known.duty
    )
    yield from duty_checks.faults(sources)
    names = {d["code"]: d["name"] for d in sources.departments.data["departments"]}
    yield from ordercheck.faults(sources.orders, known.duty, names)
    yield from issuing.faults(
        sources.issuing, known.departments, sources.documents.data["documents"]
    )


def _known(sources: Sources) -> _Known:
    departments = sources.departments.data["departments"]
    duty = build.duty_items(sources.duty_items.data)
    return _Known(
        departments={d["code"]: d["level"] for d in departments},
        names=frozenset(n for d in departments for n in (d["name"], *d["aliases"])),
        categories=frozenset(
            category["code"]
            for group in sources.categories.data["groups"]
            for category in group["categories"]
        ),
        facts={f["code"]: f["kind"] for f in sources.facts.data["facts"]},
        duty={int(item.number): item for item in duty},
        processes=frozenset(
            item for entry in sources.items.data["items"] for item in entry["items"]
        ),
        triggered=frozenset(
            item
            for entry in sources.items.data["items"]
            if entry["report_triggers"]
            for item in entry["items"]
        ),
        penalties=frozenset(p["code"] for p in sources.items.data["penalties"]),
        incidents=frozenset(k["code"] for k in sources.incidents.data["incidents"]),
    )


def _twice(
    marked: Marked, what: str, values: Iterable[tuple[Hashable, Where]]
) -> Iterator[Fault]:
    """A fault for each value that stood before, naming the line where it did."""
    first: dict[Hashable, Where] = {}
    for value, where in values:
        if value in first:
            line = marked.line(*first[value])
            yield marked.fault(f"{what} {value} 已写在第 {line} 行", *where)
        first.setdefault(value, where)


def _each(data: Data, key: str, field: str) -> list[tuple[Hashable, Where]]:
    """The values of one field of a list of records, with their places."""
    return [(row[field], (key, i, field)) for i, row in enumerate(data[key])]


def _repeated(sources: Sources, _known: _Known) -> Iterator[Fault]:
    duty, facts, items = sources.duty_items, sources.facts, sources.items
    yield from _twice(duty, "事项", _each(duty.data, "items", "number"))
    yield from _twice(facts, "事实", _each(facts.data, "facts", "code"))
    yield from _twice(items, "处罚", _each(items.data, "penalties", "code"))
    yield from _twice(items, "处置流程的事项", _item_places(items.data["items"]))
    for i, entry in enumerate(items.data["items"]):
        places = [
            (p, ("items", i, "penalties", j)) for j, p in _enum(entry, "penalties")
        ]
        yield from _twice(items, "处罚", places)
    groups = sources.categories.data["groups"]
    yield from _twice(
        sources.categories,
        "类别",
        [
            (category["code"], ("groups", i, "categories", j, "code"))
            for i, group in enumerate(groups)
            for j, category in enumerate(group["categories"])
        ],
    )
    yield from _repeated_departments(sources.departments)
    routing, ledgers = sources.routing, sources.ledgers
    parts = ("lead", "co", "town", *(["suggest"] if "suggest" in routing.data else []))
    ids = [e for part in parts for e in _each(routing.data, part, "id")]
    yield from _twice(routing, "规则", ids)
    yield from _twice(ledgers, "台账", _each(ledgers.data, "ledgers", "id"))


def _enum(record: Data, key: str) -> list[tuple[int, Any]]:
    return list(enumerate(record.get(key, ())))


def _item_places(entries: list[Data]) -> list[tuple[Hashable, Where]]:
    return [
        (item, ("items", i, "items", j))
        for i, entry in enumerate(entries)
        for j, item in enumerate(entry["items"])
    ]


def _repeated_departments(marked: Marked) -> Iterator[Fault]:
    """Codes, names and aliases are one space of words: each names one department."""
    words: list[tuple[Hashable, Where]] = []
    for i, department in enumerate(marked.data["departments"]):
        words.append((department["code"], ("departments", i, "code")))
        words.append((department["name"], ("departments", i, "name")))
        words += [
            (alias, ("departments", i, "aliases", j))
            for j, alias in _enum(department, "aliases")
        ]
    yield from _twice(marked, "部门", words)


def _head(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.catalogue
    code = marked.data["town_department"]
    if known.departments.get(code) != "town":
        message = f"{code} 不是级别为 town 的部门"
        yield marked.fault(message, "town_department")


def _duty_parties(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.duty_items
    for i, item in enumerate(marked.data["items"]):
        for party in item["parties"]:
            if party != "township" and party not in known.names:
                message = f"主体 {party} 不是部门名称"
                yield marked.fault(message, "items", i, "parties", party)


def _unknown(
    marked: Marked,
    record: Data,
    where: Where,
    key: str,
    known: Iterable[Any],
    what: str,
) -> Iterator[Fault]:
    """Faults for the values of ``record[key]`` (one or a list) that are not known."""
    value = record.get(key)
    values = value if isinstance(value, list) else [] if value is None else [value]
    for i, word in enumerate(values):
        if word not in known:
            yield marked.fault(f"没有{what} {word}", *where, key, i)


def _clauses(
    marked: Marked, record: Data, where: Where, items: list[int], known: _Known
) -> Iterator[Fault]:
    """Faults for references in ``basis`` that name no clause for one of the items."""
    for i, reference in enumerate(record["basis"]):
        for item in items:
            filled = reference.replace("{item}", str(item))
            if not known.has_clause(filled):
                message = f"履职清单没有条款 {filled}"
                yield marked.fault(message, *where, "basis", i)
            if filled == reference:
                break


def _processes(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.items
    for part in ("items", "implied_facts"):
        for i, entry in enumerate(marked.data[part]):
            at: Where = (part, i)
            yield from _unknown(marked, entry, at, "items", known.duty, "事项")
            yield from _clauses(marked, entry, at, entry["items"], known)
            for key, kind in (
                ("report_triggers", "trigger"),
                ("facts", "circumstance"),
            ):
                yield from _facts(marked, entry, at, key, kind, known)
            yield from _unknown(marked, entry, at, "penalties", known.penalties, "处罚")
    for i, entry in enumerate(marked.data["implied_facts"]):
        yield from _unknown(
            marked,
            entry,
            ("implied_facts", i),
            "items",
            known.processes,
            "有处置流程的事项",
        )


def _facts(
    marked: Marked, record: Data, where: Where, key: str, kind: str, known: _Known
) -> Iterator[Fault]:
    yield from _unknown(marked, record, where, key, known.facts, "事实")
    for i, fact in _enum(record, key):
        if known.facts.get(fact, kind) != kind:
            yield marked.fault(f"事实 {fact} 不属于 {kind}", *where, key, i)


def _rows(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.routing
    for part in ("lead", "co", "town", "suggest"):
        for i, row in enumerate(marked.data.get(part, ())):
            at: Where = (part, i)
            when = row["when"]
            here = (*at, "when")
            yield from _unknown(marked, when, here, "item", known.duty, "事项")
            yield from _unknown(
                marked, when, here, "category", known.categories, "类别"
            )
            yield from _facts(marked, when, here, "any", "trigger", known)
            yield from _facts(marked, when, here, "fact", "circumstance", known)
            for key in _DEPARTMENTS:
                yield from _unknown(marked, row, at, key, known.departments, "部门")
            yield from _unknown(marked, row, at, "penalties", known.penalties, "处罚")
            yield from _clauses(marked, row, at, when["item"], known)
    yield from _one_target(marked, known)
    for i, row in enumerate(marked.data["co"]):
        if bool(row["co"]) == row.get("open", False):
            message = f"规则 {row['id']} 须在 co 写部门，或写 open: true"
            yield marked.fault(message, "co", i, "co")


def _one_target(marked: Marked, known: _Known) -> Iterator[Fault]:
    rows = marked.data["lead"]
    rerouted = {
        item: row["id"]
        for row in rows
        if "reroute_to_item" in row
        for item in row["when"]["item"]
    }
    for i, row in enumerate(rows):
        if ("lead" in row) == ("reroute_to_item" in row):
            message = f"规则 {row['id']} 须写 lead 或 reroute_to_item，二者取一"
            yield marked.fault(message, "lead", i)
        target = row.get("reroute_to_item")
        if target is None:
            continue
        at = ("lead", i, "reroute_to_item")
        if target not in known.processes:
            yield marked.fault(f"转办事项 {target} 没有处置流程", *at)
        if target in rerouted:
            by = rerouted[target]
            yield marked.fault(f"转办事项 {target} 又被规则 {by} 转走", *at)


def _ledgers(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.ledgers
    for i, row in enumerate(marked.data["ledgers"]):
        at: Where = ("ledgers", i)
        yield from _unknown(marked, row, at, "items", known.duty, "事项")
        yield from _unknown(marked, row, at, "addressee", known.departments, "部门")
        yield from _clauses(marked, row, at, row["items"], known)
        if row["rhythm"] != ["on_trigger"]:
            continue
        for j, item in enumerate(row["items"]):
            if item not in known.triggered:
                message = f"事项 {item} 没有上报条件，台账不能写 on_trigger"
                yield marked.fault(message, *at, "items", j)


def _incidents(sources: Sources, known: _Known) -> Iterator[Fault]:
    yield from incident_faults.faults(
        sources.incidents, known.departments, known.duty, known.has_clause
    )


def _places(sources: Sources, known: _Known) -> Iterator[Fault]:
    marked = sources.places
    yield from _twice(marked, "场所类型", _each(marked.data, "kinds", "code"))
    yield from _twice(marked, "场所类型", _each(marked.data, "kinds", "name"))
    yield from place_faults.faults(marked, known.duty, known.has_clause)


def _checklists(sources: Sources, known: _Known) -> Iterator[Fault]:
    shared = sources.shared.data["checkpoints"]
    used: set[str] = set()
    ids: set[str] = set()
    for marked in sources.checklists:
        item = marked.data["item"]
        if marked.file.stem != str(item):
            yield marked.fault(f"事项 {item} 应写在 {item}.yaml", "item")
        for i, entry in enumerate(marked.data["checkpoints"]):
            used.add(entry.get("use", ""))
            if entry["id"] in ids:
                message = f"检查点 {entry['id']} 重复"
                yield marked.fault(message, "checkpoints", i, "id")
            ids.add(entry["id"])
            yield from _checkpoint(marked, i, entry, shared, known)
    for name, fields in shared.items():
        yield from _phrase(sources.shared, ("checkpoints", name), fields)
        if name not in used:
            message = f"共用检查点 {name} 没有事项使用"
            yield sources.shared.fault(message, "checkpoints", name)


def _checkpoint(
    marked: Marked, index: int, entry: Data, shared: Data, known: _Known
) -> Iterator[Fault]:
    at: Where = ("checkpoints", index)
    item = str(marked.data["item"])
    if not entry["id"].startswith(f"{item}-"):
        message = f"检查点 {entry['id']} 须以 {item}- 开头"
        yield marked.fault(message, *at, "id")
    yield from _unknown(marked, entry, at, "use", shared, "共用检查点")
    fields = build.expand(entry, shared, item)
    for key, words, what in (
        ("category", known.categories, "类别"),
        ("facts", known.facts, "事实"),
        ("suggests_fact", known.facts, "事实"),
        ("reroute_item", known.processes, "可转办的事项"),
        ("incident", known.incidents, "突发事件类型"),
    ):
        yield from _unknown(marked, fields, at, key, words, what)
    if "incident" in fields and not (
        fields.get("advisory") and fields.get("emergency")
    ):
        message = f"检查点 {entry['id']} 属突发事件，须为 advisory 和 emergency"
        yield marked.fault(message, *at, "incident")
    clause = fields.get("clause")
    if clause is not None and not known.has_clause(clause):
        message = f"履职清单没有条款 {clause}"
        yield marked.fault(message, *at, "clause")
    if entry.keys() & {"phrase", "derivation"}:
        yield from _phrase(marked, at, fields)


def _phrase(marked: Marked, at: Where, fields: Data) -> Iterator[Fault]:
    """The duty list's words that a checkpoint cites, as far as they can be checked.

    The project keeps no sentence of the list, so whether the words stand in the
    clause is for whoever writes the checkpoint to see.
    """
    phrase = fields.get("phrase")
    if phrase is None:
        return
    if not phrase.strip():
        yield marked.fault("phrase 是空白", *at, "phrase")
    elif fields.get("derivation") == "direct" and len(phrase) > LONGEST_PHRASE:
        message = f"direct 检查点的 phrase 超过 {LONGEST_PHRASE} 个字"
        yield marked.fault(message, *at, "phrase")


def _coverage(sources: Sources, known: _Known) -> Iterator[Fault]:
    """An item with a checklist needs all that a finding may run into."""
    rows = sources.routing.data
    needs: tuple[tuple[str, Iterable[int]], ...] = (
        ("不在 duty-items.yaml 里", known.duty),
        ("在 items.yaml 里没有处置流程", known.processes),
        ("在 routing.yaml 里没有 lead 规则", _items_of(rows["lead"])),
        ("在 routing.yaml 里没有 town 规则", _items_of(rows["town"])),
    )
    for marked in sources.checklists:
        item = marked.data["item"]
        for lack, there in needs:
            if item not in there:
                yield marked.fault(f"事项 {item} {lack}", "item")
    town = sources.routing
    places = [
        (item, ("town", i, "when", "item", j))
        for i, row in enumerate(rows["town"])
        for j, item in enumerate(row["when"]["item"])
    ]
    yield from _twice(town, "town 规则的事项", places)
    yield from _triggers(sources)


def _items_of(rows: list[Data]) -> set[int]:
    return {item for row in rows for item in row["when"]["item"]}


def _triggers(sources: Sources) -> Iterator[Fault]:
    """What may be reported must have someone to report it to."""
    leads = [row for row in sources.routing.data["lead"] if "lead" in row]
    for i, entry in enumerate(sources.items.data["items"]):
        for j, trigger in _enum(entry, "report_triggers"):
            for item in entry["items"]:
                if not any(_takes(row["when"], item, trigger) for row in leads):
                    message = f"没有 lead 规则接收事项 {item} 的 {trigger}"
                    yield sources.items.fault(message, "items", i, "report_triggers", j)


def _takes(when: Data, item: int, trigger: str) -> bool:
    return item in when["item"] and trigger in when.get("any", [trigger])
