"""What changed from one version of a catalogue to another (清单变更); pure.

A catalogue cites the sentences of the list and does not hold them. So a clause is
*added* or *removed* when the list's count of clauses says so, and *touched* when
something that rests on it was added, removed or changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from server.checklists.catalogue import ItemProcess
from server.checklists.clauses import Listing

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
HOW = {ADDED: "新增", REMOVED: "删除", CHANGED: "修改"}
# What a lead row's place in the order is called: the first match decides.
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    ``part`` is a key of :data:`PARTS`, ``key`` names the thing, ``how`` is added,
    removed or changed, ``fields`` are what changed of it, ``clauses`` those it rests
    on in either version.
    """

    part: str
    key: str
    how: str
    fields: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from ``old`` to ``new`` (names of versions).

    ``added`` and ``removed`` are clauses of the list; ``touched`` those that stay and
    whose checkpoints, rows or steps changed.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    touched: tuple[str, ...]

    def keys(self, part: str, *how: str) -> frozenset[str]:
        """The keys of what changed in a part, of these kinds of change."""
        return frozenset(
            c.key for c in self.changes if c.part == part and c.how in (how or HOW)
        )


@dataclass(frozen=True, slots=True)
class _Head:
    """A checklist without its checkpoints, which are compared one by one."""

    title: str
    scope: str


@dataclass(frozen=True, slots=True)
class _Part:
    label: str
    things: Callable[[Listing], Mapping[str, Any]]
    clauses: Callable[[Any], Iterable[str]] = lambda _thing: ()


def compare(old: Listing, new: Listing) -> Difference:
    """Compare two versions of one catalogue, or two drafts of it."""
    changes = tuple(_changes(old, new))
    before, after = _clauses_of(old), _clauses_of(new)
    rest = {clause for change in changes for clause in change.clauses}
    return Difference(
        old=old.name,
        new=new.name,
        changes=changes,
        added=tuple(c for c in after if c not in before),
        removed=tuple(c for c in before if c not in after),
        touched=tuple(c for c in after if c in before and c in rest),
    )


def text(difference: Difference) -> Iterator[str]:
    """The difference in Chinese, a line a change."""
    yield f"{difference.old} → {difference.new}"
    if not difference.changes:
        yield "没有变化"
    for change in difference.changes:
        of = f"（{'、'.join(change.fields)}）" if change.fields else ""
        rests = f"  依据 {'、'.join(change.clauses)}" if change.clauses else ""
        yield f"  {HOW[change.how]}{PARTS[change.part].label} {change.key}{of}{rests}"
    for label, clauses in (
        ("新增条款", difference.added),
        ("删除条款", difference.removed),
        ("涉及条款", difference.touched),
    ):
        if clauses:
            yield f"{label} {len(clauses)} 条：{'、'.join(clauses)}"


def document(difference: Difference) -> dict[str, Any]:
    """The JSON-able form."""
    return {
        "old": difference.old,
        "new": difference.new,
        "changes": [
            {
                "part": change.part,
                "key": change.key,
                "how": change.how,
                "fields": list(change.fields),
                "clauses": list(change.clauses),
            }
            for change in difference.changes
        ],
        "clauses": {
            ADDED: list(difference.added),
            REMOVED: list(difference.removed),
            "touched": list(difference.touched),
        },
    }


def _changes(old: Listing, new: Listing) -> Iterator[Change]:
    for name, part in PARTS.items():
        before, after = part.things(old), part.things(new)
        for key, thing in after.items():
            if key not in before:
                yield Change(name, key, ADDED, (), tuple(part.clauses(thing)))
        for key, was in before.items():
            if key not in after:
                yield Change(name, key, REMOVED, (), tuple(part.clauses(was)))
            elif was != after[key]:
                rests = dict.fromkeys((*part.clauses(was), *part.clauses(after[key])))
                yield Change(name, key, CHANGED, _fields(was, after[key]), tuple(rests))
    yield from _reordered(old, new)


def _fields(was: Any, now: Any) -> tuple[str, ...]:
    return tuple(
        f.name for f in fields(was) if getattr(was, f.name) != getattr(now, f.name)
    )


def _reordered(old: Listing, new: Listing) -> Iterator[Change]:
    """Lead rows that stand elsewhere among those of both versions."""
    before = [row.id for row in old.rules.lead_rows]
    after = [row.id for row in new.rules.lead_rows]
    common = set(before) & set(after)
    pairs = zip(
        (i for i in before if i in common),
        (i for i in after if i in common),
        strict=True,
    )
    for was, now in pairs:
        if was != now:
            yield Change("route", now, CHANGED, (ORDER,))


def _clauses_of(listing: Listing) -> tuple[str, ...]:
    return tuple(c for item in listing.rules.duty_items for c in item.clauses())


def _basis(row: Any) -> Iterator[str]:
    for item in row.items:
        yield from row.basis_for(item)


def _process_basis(process: ItemProcess) -> Iterator[str]:
    yield from dict.fromkeys(
        (*process.basis, *(c for basis in process.steps.values() for c in basis))
    )


PARTS: dict[str, _Part] = {
    "duty_item": _Part("事项", lambda o: {i.number: i for i in o.rules.duty_items}),
    "department": _Part("部门", lambda o: {d.code: d for d in o.rules.departments}),
    "category": _Part("隐患类别", lambda o: {c.code: c for c in o.rules.categories}),
    "fact": _Part("事实", lambda o: {f.code: f for f in o.rules.facts}),
    "process": _Part(
        "处置流程", lambda o: {p.item: p for p in o.rules.processes}, _process_basis
    ),
    "route": _Part(
        "流转规则",
        lambda o: {row.id: row for row in o.rules.rows},
        _basis,
    ),
    "suggest": _Part(
        "部门建议", lambda o: {row.id: row for row in o.rules.suggest_rows}, _basis
    ),
    "ledger": _Part("台账", lambda o: {r.id: r for r in o.rules.ledgers}, _basis),
    "document": _Part(
        "文书",
        lambda o: {f"{d.kind}:{','.join(d.items)}": d for d in o.rules.documents},
        _basis,
    ),
    "duty": _Part(
        "履职记录",
        lambda o: {kind.code: kind for kind in o.rules.duties},
        lambda kind: (c for item in kind.items for c in kind.clauses_of(item)),
    ),
    "incident": _Part(
        "突发事件",
        lambda o: {kind.code: kind for kind in o.rules.incident_kinds},
        lambda kind: dict.fromkeys(clause for clause, _ in kind.homes()),
    ),
    "order": _Part(
        "下派工单",
        lambda o: {process.item: process for process in o.rules.orders},
        lambda process: dict.fromkeys(c for step in process.steps for c in step.basis),
    ),
    "place": _Part(
        "场所类型",
        lambda o: {kind.code: kind for kind in o.rules.places.kinds},
        lambda kind: kind.basis,
    ),
    "office": _Part(
        "发文机关", lambda o: {one.department: one for one in o.rules.issuing.offices}
    ),
    "series": _Part(
        "文号", lambda o: {one.mark: one for one in o.rules.issuing.series}
    ),
    "outside": _Part(
        "系统之外",
        lambda o: {e.clause: e for e in o.rules.outside},
        lambda entry: (entry.clause,),
    ),
    "checklist": _Part(
        "检查清单",
        lambda o: {c.code: _Head(c.title, c.scope) for c in o.checklists},
    ),
    "checkpoint": _Part(
        "检查点",
        lambda o: {p.id: p for c in o.checklists for p in c.checkpoints},
        lambda point: (point.clause,),
    ),
}
