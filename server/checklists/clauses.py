"""Where every clause of the duty list lives in the product (条款归宿); pure.

The homes stand beside the things themselves: a checkpoint's ``clause``, the ``basis``
of rows, steps, documents and ledgers. Nothing here is a list of its own: each kind of
thing is one function in :data:`_KINDS` that yields (clause, home). A clause without a
home is unaccounted for, and ``patrol clauses`` names it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from server.checklists.catalogue import Checklist, DutyItem, Rules

OUTSIDE = "outside"

# How a reader of the list calls each kind of home.
LABELS = {
    "checkpoint": "检查点",
    "route": "流转规则",
    "suggest": "部门建议",
    "process": "处置流程",
    "step": "工单步骤",
    "document": "文书",
    "ledger": "台账",
    "duty": "履职记录",
    "incident": "突发事件",
    "order": "下派工单",
    "place": "场所登记",
    OUTSIDE: "系统之外",
}

# The steps of a ticket, as its timeline calls them.
STEP_LABELS = {
    "settle": "当场整改销号",
    "issue_notice": "下达整改通知",
    "reinspect": "复查",
    "extend": "延期",
    "report_up": "上报",
    "dispatch": "分派",
    "accept": "接收",
    "return": "退回",
    "verify": "现场核查",
    "appraise": "鉴定",
    "order": "责令改正",
    "penalise": "处罚",
    "transfer": "移送",
    "escalate": "报上级",
    "answer": "答复",
    "feed_back": "反馈",
    "close": "销号",
    "impose_control": "采取管控措施",
    "lift_control": "解除管控措施",
    "merge": "合并",
    "comment": "备注",
    "own_check": "部门自查立案",
    "complaint": "受理核查投诉",
    "coordinate": "统筹协调",
    "answer_part": "办结本部门事项",
    "convene": "召集联合行动",
    "record_joint": "记录联合行动",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One version of a catalogue as it is compared and accounted: rules, checklists.

    ``name`` is what the person called it: a folder, or ``code@version``.
    """

    name: str
    title: str
    rules: Rules
    checklists: tuple[Checklist, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """One place in which a clause lives.

    ``kind`` is a key of :data:`LABELS`, ``key`` names the thing (a checkpoint's id, a
    row's id, a step …), ``words`` say it in Chinese.
    """

    kind: str
    key: str
    words: str


@dataclass(slots=True)
class Clause:
    """A clause of the list with its homes; ``item`` is its duty item."""

    reference: str
    item: DutyItem
    homes: list[Home] = field(default_factory=list)


def account(listing: Listing, items: Sequence[str] = ()) -> list[Clause]:
    """Every clause of the accounted items (or of ``items``) with its homes, in order.

    A clause that only says "check especially:" before its sub-points lives where all
    of them live; a sub-point needs a home of its own.
    """
    rules = listing.rules
    wanted = set(items or rules.accounted or [i.number for i in rules.duty_items])
    clauses = {
        reference: Clause(reference, item)
        for item in rules.duty_items
        if item.number in wanted
        for reference in item.clauses()
    }
    for reference, home in homes(listing):
        if reference in clauses and home not in clauses[reference].homes:
            clauses[reference].homes.append(home)
    _from_subpoints(clauses)
    return list(clauses.values())


def homes(listing: Listing) -> Iterator[tuple[str, Home]]:
    """Every (clause, home) of a catalogue."""
    for kind in _KINDS:
        yield from kind(listing)


def missing(clauses: Iterable[Clause]) -> list[Clause]:
    """The clauses that live nowhere."""
    return [clause for clause in clauses if not clause.homes]


def contradictions(clauses: Iterable[Clause]) -> list[Clause]:
    """The clauses said to be outside that live in the product all the same."""
    return [
        clause
        for clause in clauses
        if len({home.kind == OUTSIDE for home in clause.homes}) == 2
    ]


def _from_subpoints(clauses: dict[str, Clause]) -> None:
    for reference, clause in clauses.items():
        points = [c for r, c in clauses.items() if r.startswith(f"{reference}.")]
        if not clause.homes and points and not missing(points):
            for home in (home for point in points for home in point.homes):
                if home not in clause.homes:
                    clause.homes.append(home)


# --- the kinds of homes: a new file of the catalogue adds one function ---------------


def _checkpoints(listing: Listing) -> Iterator[tuple[str, Home]]:
    for checklist in listing.checklists:
        for point in checklist.checkpoints:
            yield point.clause, Home("checkpoint", point.id, point.hazard)


def _routes(listing: Listing) -> Iterator[tuple[str, Home]]:
    for row in listing.rules.rows:
        for item in row.items:
            for clause in row.basis_for(item):
                yield clause, Home("route", row.id, "")


def _suggestions(listing: Listing) -> Iterator[tuple[str, Home]]:
    for row in listing.rules.suggest_rows:
        for item in row.items:
            for clause in row.basis_for(item):
                yield clause, Home("suggest", row.id, row.reason)


def _processes(listing: Listing) -> Iterator[tuple[str, Home]]:
    for process in listing.rules.processes:
        for clause in process.basis:
            yield clause, Home("process", process.item, "")
        for step, basis in process.steps.items():
            for clause in basis:
                yield clause, Home("step", step, STEP_LABELS[step])


def _documents(listing: Listing) -> Iterator[tuple[str, Home]]:
    for document in listing.rules.documents:
        for item in document.items:
            for clause in document.basis_for(item):
                yield clause, Home("document", document.kind, document.title)


def _ledgers(listing: Listing) -> Iterator[tuple[str, Home]]:
    for ledger in listing.rules.ledgers:
        for item in ledger.items:
            for clause in ledger.basis_for(item):
                yield clause, Home("ledger", ledger.id, ledger.title)


def _duties(listing: Listing) -> Iterator[tuple[str, Home]]:
    for kind in listing.rules.duties:
        for item in kind.items:
            for clause in kind.clauses_of(item):
                yield clause, Home("duty", kind.code, kind.title)


def _incidents(listing: Listing) -> Iterator[tuple[str, Home]]:
    for kind in listing.rules.incident_kinds:
        for clause, place in kind.homes():
            yield clause, Home("incident", place, kind.title)


def _orders(listing: Listing) -> Iterator[tuple[str, Home]]:
    for process in listing.rules.orders:
        for step in process.steps:
            for clause in step.basis:
                yield clause, Home("order", step.step, step.title)


def _places(listing: Listing) -> Iterator[tuple[str, Home]]:
    places = listing.rules.places
    for kind in places.kinds:
        for clause in kind.basis:
            yield clause, Home("place", kind.code, kind.name)
    for also in places.also:
        for clause in also.basis:
            yield clause, Home("place", also.attribute, f"另按第{also.item}项检查")
    for clause in places.night.basis if places.night else ():
        yield clause, Home("place", "night", "夜间巡查")


def _outside(listing: Listing) -> Iterator[tuple[str, Home]]:
    for entry in listing.rules.outside:
        yield entry.clause, Home(OUTSIDE, "", entry.reason)


_KINDS: tuple[Callable[[Listing], Iterator[tuple[str, Home]]], ...] = (
    _checkpoints,
    _routes,
    _suggestions,
    _processes,
    _documents,
    _ledgers,
    _duties,
    _incidents,
    _orders,
    _places,
    _outside,
)
