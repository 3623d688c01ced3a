"""What a catalogue says of its clauses beside the routing: steps, papers, outside.

Continues :mod:`server.checklists.crosscheck` with the files that say where a clause of
the duty list lives (:mod:`server.checklists.clauses`).
"""

from collections.abc import Iterator

from server.checklists import build
from server.checklists.build import Data, Sources
from server.checklists.marked import Fault, Marked, Where

# A step stands for something only where the process or the routing has its means.
_STEP_NEEDS = {
    "settle": "settle_on_spot",
    "issue_notice": "town_deadline",
    "penalise": "penalties",
    "escalate": "next_level",
    "appraise": "appraisal",
    "coordinate": "coordinator",
    "convene": "coordinator",
}


def faults(sources: Sources) -> Iterator[Fault]:
    """All faults of steps, documents, outside clauses and accounted items."""
    duty = {int(i.number): i for i in build.duty_items(sources.duty_items.data)}
    yield from _accounted(sources.catalogue, set(duty))
    yield from _steps(sources)
    yield from _documents(sources)
    yield from _outside(sources.outside)
    for marked, where, reference in _references(sources):
        item = duty.get(int(reference.partition(".")[0]))
        if item is None or not item.has_clause(reference):
            message = f"履职清单没有条款 {reference}"
            yield marked.fault(message, *where)


def _references(sources: Sources) -> Iterator[tuple[Marked, Where, str]]:
    """Every clause named in these files, filled in for each of its items."""
    items = sources.items
    for i, entry in enumerate(items.data["items"]):
        for step, clauses in entry.get("steps", {}).items():
            for j, clause in enumerate(clauses):
                for filled in build.filled_for(clause, entry["items"]):
                    yield items, ("items", i, "steps", step, j), filled
    for i, entry in enumerate(sources.documents.data["documents"]):
        for j, clause in enumerate(entry["basis"]):
            for filled in build.filled_for(clause, entry["items"]):
                yield sources.documents, ("documents", i, "basis", j), filled
    for where, filled in _outside_clauses(sources.outside.data):
        yield sources.outside, where, filled


def _outside_clauses(data: Data) -> Iterator[tuple[Where, str]]:
    for i, entry in enumerate(data["outside"]):
        for j, clause in enumerate(entry["clauses"]):
            for filled in build.filled_for(clause, entry.get("items", [])):
                yield ("outside", i, "clauses", j), filled


def _accounted(marked: Marked, duty: set[int]) -> Iterator[Fault]:
    for i, item in enumerate(marked.data.get("accounted", ())):
        if item not in duty:
            yield marked.fault(f"没有事项 {item}", "accounted", i)


def _steps(sources: Sources) -> Iterator[Fault]:
    marked = sources.items
    for i, entry in enumerate(marked.data["items"]):
        for step in entry.get("steps", {}):
            needed = _STEP_NEEDS.get(step)
            for item in entry["items"]:
                if needed and not _has(sources, entry, item, needed):
                    message = f"事项 {item} 的环节 {step} 需要 {needed}"
                    yield marked.fault(message, "items", i, "steps", step)


def _has(sources: Sources, entry: Data, item: int, needed: str) -> bool:
    if needed in entry:
        return bool(entry[needed])
    rows = sources.routing.data["lead"]
    return any(needed in row and item in row["when"]["item"] for row in rows)


def _documents(sources: Sources) -> Iterator[Fault]:
    marked = sources.documents
    codes = {d["code"] for d in sources.departments.data["departments"]}
    orders = {
        item: entry["order_document"]
        for entry in sources.items.data["items"]
        for item in entry["items"]
    }
    yield from _unnoticed(sources)
    first: dict[tuple[str, int, str], int] = {}
    for i, entry in enumerate(marked.data["documents"]):
        for j, code in enumerate(entry.get("departments", ())):
            if code not in codes:
                where = ("documents", i, "departments", j)
                yield marked.fault(f"没有部门 {code}", *where)
        for j, item in enumerate(entry["items"]):
            where = ("documents", i, "items", j)
            title = orders.get(item, entry["title"])
            by_lead = entry["issuer"] == "lead"
            if entry["kind"] == "order" and by_lead and title != entry["title"]:
                yield marked.fault(f"事项 {item} 在 items.yaml 里称为 {title}", *where)
            key = (entry["kind"], item, entry["issuer"])
            if key in first:
                message = f"事项 {item} 的 {key[0]} 已写在第 {first[key]} 行"
                yield marked.fault(message, *where)
            first.setdefault(key, marked.line(*where))


def _unnoticed(sources: Sources) -> Iterator[Fault]:
    """Items whose town writes no notice, and documents that say it does."""
    silent = {
        item
        for entry in sources.items.data["items"]
        if entry["town_notice"] == "none"
        for item in entry["items"]
    }
    for i, entry in enumerate(sources.documents.data["documents"]):
        for j, item in enumerate(entry["items"]):
            if entry["kind"] == "town_notice" and item in silent:
                message = f"事项 {item} 由镇出具的通知为 none（items.yaml）"
                yield sources.documents.fault(message, "documents", i, "items", j)


def _outside(marked: Marked) -> Iterator[Fault]:
    for i, entry in enumerate(marked.data["outside"]):
        for j, clause in enumerate(entry["clauses"]):
            if "{item}" in clause and "items" not in entry:
                message = f"条款 {clause} 须同时写 items"
                yield marked.fault(message, "outside", i, "clauses", j)
    first: dict[str, int] = {}
    for where, clause in _outside_clauses(marked.data):
        if clause.split(".")[1] == "township":
            message = f"条款 {clause} 是镇的职责，不能列为系统之外"
            yield marked.fault(message, *where)
        if clause in first:
            message = f"条款 {clause} 已写在第 {first[clause]} 行"
            yield marked.fault(message, *where)
        first.setdefault(clause, marked.line(*where))
