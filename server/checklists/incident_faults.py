"""Do the references and the course of incidents hold? Part of the cross-check."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator

from server.checklists.incidents import ANY, TOWN, Data
from server.checklists.marked import Fault, Marked, Where

ENDS = ("closed", "false_alarm")
START = "reported"


def faults(
    marked: Marked,
    departments: Container[str],
    duty_items: Container[int],
    has_clause: Callable[[str], bool],
) -> Iterator[Fault]:
    """Faults of incidents.yaml against the departments and the duty list."""
    data = marked.data
    words = {word["code"]: word for word in data.get("entries", ())}
    for part, key in (("figures", "code"), ("entries", "code"), ("incidents", "code")):
        names = [row[key] for row in data.get(part, ())]
        yield from _repeated(marked, (part,), names)
    for where, record in _cited(data):
        for i, reference in enumerate(record["basis"]):
            if not has_clause(reference):
                message = f"履职清单没有条款 {reference}"
                yield marked.fault(message, *where, "basis", i)
    for i, kind in enumerate(data["incidents"]):
        at: Where = ("incidents", i)
        if kind["item"] not in duty_items:
            yield marked.fault(f"没有事项 {kind['item']}", *at, "item")
        yield from _departments(marked, at, kind, departments)
        yield from _entries(marked, at, kind, words)


def _repeated(marked: Marked, at: Where, names: list[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            last = len(names) - 1 - names[::-1].index(name)
            yield marked.fault(f"{name} 在这里重复", *at, last)


def _cited(data: Data) -> Iterator[tuple[Where, Data]]:
    """Every record with a basis, with its place."""
    yield from _each(("figures",), data.get("figures", ()))
    for i, kind in enumerate(data["incidents"]):
        at: Where = ("incidents", i)
        yield at, kind
        yield from _each((*at, "fields"), kind["fields"])
        yield from _each((*at, "involved"), kind["involved"])
        for j, entry in enumerate(kind["entries"]):
            here = (*at, "entries", j)
            yield from _each((*here, "by"), entry["by"])
            yield from _each((*here, "fields"), entry.get("fields", ()))


def _each(at: Where, rows: Iterable[Data]) -> Iterator[tuple[Where, Data]]:
    return (((*at, i), row) for i, row in enumerate(rows))


def _departments(
    marked: Marked, at: Where, kind: Data, departments: Container[str]
) -> Iterator[Fault]:
    """One command; every party is involved; every code is a department."""
    involved = [row["department"] for row in kind["involved"]]
    yield from _repeated(marked, (*at, "involved"), involved)
    for j, code in enumerate(involved):
        if code not in departments:
            yield marked.fault(f"没有部门 {code}", *at, "involved", j)
    commands = [row for row in kind["involved"] if row["part"] == "command"]
    if len(commands) != 1:
        message = f"{kind['code']} 须有且只有一个部门的 part 为 command"
        yield marked.fault(message, *at, "involved")
    for j, entry in enumerate(kind["entries"]):
        here = (*at, "entries", j)
        for n, doer in enumerate(entry["by"]):
            if doer["party"] not in {TOWN, ANY, *involved}:
                message = f"{doer['party']} 没有参与 {kind['code']}"
                yield marked.fault(message, *here, "by", n)
        for n, code in enumerate(entry.get("addressees", ())):
            if code not in departments:
                message = f"没有部门 {code}"
                yield marked.fault(message, *here, "addressees", n)


def _entries(
    marked: Marked, at: Where, kind: Data, words: dict[str, Data]
) -> Iterator[Fault]:
    """Entries are words of the vocabulary, and the course comes to its ends."""
    codes = [entry["entry"] for entry in kind["entries"]]
    yield from _repeated(marked, (*at, "entries"), codes)
    yield from _repeated(marked, (*at, "fields"), [f["name"] for f in kind["fields"]])
    for j, entry in enumerate(kind["entries"]):
        here = (*at, "entries", j)
        if entry["entry"] not in words:
            yield marked.fault(f"没有进展 {entry['entry']}", *here, "entry")
        names = [field["name"] for field in entry.get("fields", ())]
        yield from _repeated(marked, (*here, "fields"), names)
        for n, code in enumerate(entry.get("requires", ())):
            if code not in codes:
                message = f"{kind['code']} 没有进展 {code}"
                yield marked.fault(message, *here, "requires", n)
    reached = _reached([words[code] for code in codes if code in words])
    for end in ENDS:
        if end not in reached:
            message = f"{kind['code']} 没有进展通往 {end}"
            yield marked.fault(message, *at, "entries")


def _reached(words: list[Data]) -> set[str]:
    """The states into which the moves of these entries lead from the start."""
    moves = [word["moves"] for word in words if "moves" in word]
    reached, before = {START}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {m["to"] for m in moves if not reached.isdisjoint(m["from"])}
    return reached
