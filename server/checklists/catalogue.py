"""A town's catalogue as frozen plain values (no database, no web).

The duty list (配合履职事项清单) gives items, clauses and parties; the catalogue adds
what a patrol needs: checkpoints (检查点), departments, hazard categories, facts and
the rows that route a finding. All of it is data in the top-level ``checklists/``;
:mod:`server.checklists.loader` reads it into these classes.

Item numbers are strings (``"30"``) because a clause reference is a string:
``30.township.3``, ``26.township.1.3`` (a sub-point), ``30.区消防救援大队.2``,
``30.support`` (the line of the column 履职保障) or ``30.name``.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self, cast

from server.checklists.codec import Document, content_hash, from_plain, to_plain
from server.checklists.duties import DutyKind
from server.checklists.duty_list import DutyItem, Party
from server.checklists.incidents import Figure, IncidentKind
from server.checklists.issuing import Issuing
from server.checklists.orders import OrderProcess
from server.checklists.places import PlaceRules
from server.checklists.rows import (
    CoRow,
    DocumentKind,
    LeadRow,
    LedgerRow,
    Outside,
    SuggestRow,
    TownRow,
)

__all__ = [
    "Catalogue",
    "Category",
    "Checklist",
    "Checkpoint",
    "CoRow",
    "Deadline",
    "Department",
    "DocumentKind",
    "DutyItem",
    "DutyKind",
    "Fact",
    "ItemProcess",
    "LeadRow",
    "LedgerRow",
    "OrderProcess",
    "Outside",
    "Party",
    "Penalty",
    "PlaceRules",
    "Rule",
    "Rules",
    "SuggestRow",
    "TownRow",
    "content_hash",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """A law or standard shown beside a checkpoint as a reference, never as binding.

    ``certainty`` tells how sure the reference is (``checked``: read in a public
    copy when the checkpoint was written).
    """

    name: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One question (检查点) of a checklist; the answer 否 ("no") is the hazard.

    ``clause`` and ``phrase`` are the clause of the duty list and its words on which
    the question rests; ``derivation`` is ``direct`` (the clause names it) or
    ``elaboration``. ``severity`` is a suggestion: ``general`` 一般, ``serious`` 较大,
    ``major`` 重大 (suspected until the lead department confirms it).

    ``facts`` are added to a finding made at this checkpoint; ``suggests_fact`` is
    only offered to the inspector. ``reroute_item``: the finding follows that item.
    ``control``: stop use, close off, evacuate at once. ``emergency``: stop,
    ventilate, leave, call first. ``advisory``: 否 is advice and opens no ticket.
    ``incident``: 否 is an incident (突发事件) of this kind and no hazard; it is sent by
    ``PUT /incidents`` with the facts the kind demands (46.township.4: 火灾地点,
    火势大小, 是否有人员被困). Such a checkpoint is ``advisory`` and ``emergency``.
    """

    id: str
    question: str
    hazard: str
    clause: str
    phrase: str
    derivation: str
    severity: str
    professional: bool
    fixable_on_spot: bool
    category: str
    photo_required: bool
    facts: tuple[str, ...] = ()
    reroute_item: str | None = None
    control: bool = False
    emergency: bool = False
    advisory: bool = False
    suggests_fact: str | None = None
    rules: tuple[Rule, ...] = ()
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """The checkpoints of one duty item; ``code`` is the item's number."""

    code: str
    title: str
    scope: str
    checkpoints: tuple[Checkpoint, ...]

    def checkpoint(self, id: str) -> Checkpoint:
        """The checkpoint with this id. Raises KeyError when there is none."""
        for checkpoint in self.checkpoints:
            if checkpoint.id == id:
                return checkpoint
        raise KeyError(id)

    def to_document(self) -> Document:
        """The JSON-able form in which a published version is stored."""
        return cast(Document, to_plain(self))

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read :meth:`to_document` back. Raises ValueError on other fields."""
        return cast(Self, from_plain(cls, document))


@dataclass(frozen=True, slots=True)
class Department:
    """A department or the town: ``name`` exactly as the list uses it.

    ``level`` is ``district``, ``city`` or ``town``; ``area`` is the code of the town
    that a town's department is in charge of.
    """

    code: str
    name: str
    level: str
    aliases: tuple[str, ...] = ()
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A hazard category (隐患类别), e.g. ``F1`` 疏散通道、安全出口, group 消防."""

    code: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A word of the routing vocabulary.

    ``kind`` is ``trigger`` (can send a finding up) or ``circumstance`` (names who
    else must act). ``needs_evidence``: how it was shown must be recorded (refused);
    ``needs_reason``: a reason must be given (cannot_fix_now).
    """

    code: str
    label: str
    kind: str
    needs_evidence: bool = False
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty (处罚) the lead department may record for an item."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """Time allowed for a step; ``origin`` says who set it (the list sets none).

    ``unit`` is ``hours``, ``days`` or ``working_days``; 0 days is the same day.
    ``amount`` is None and ``open`` is true where no value has been decided: then
    the due date must be given with the act itself.
    """

    amount: int | None
    unit: str
    origin: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class ItemProcess:
    """What the list lets the town and the department do for one item.

    ``settle_on_spot``: the town may settle at once (立即整改, 劝导, 制止).
    ``town_deadline``: the town may set a due date (督促整改). ``town_notice``: the
    整改通知书 is ``mandatory``, ``optional`` or ``none``. ``report_triggers``: facts
    that allow reporting upward; ``at_once``: every finding is reported at once.
    ``order_document``: what the department's order is called. ``implies``: facts that
    the kind of place itself states. ``feedback``: ``required`` by the list or
    ``expected`` by design. ``deadlines``: step -> severity -> :class:`Deadline`.
    ``steps``: step of the ticket -> the clauses it rests on.
    ``escalation``: when a case goes to the next level: ``after_recheck`` (failed, 27),
    ``beside_order`` (as soon as it is verified, 65) or ``instead_of_order`` (54).
    """

    item: str
    settle_on_spot: bool
    town_deadline: bool
    town_notice: str
    report_triggers: tuple[str, ...]
    at_once: bool
    penalties: tuple[Penalty, ...]
    order_document: str
    implies: tuple[str, ...]
    feedback: str
    deadlines: dict[str, dict[str, Deadline]]
    basis: tuple[str, ...]
    source: str
    escalation: str = "after_recheck"
    steps: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def deadline(self, step: str, severity: str) -> Deadline | None:
        """The time allowed for ``step``, or None when the step has no setting."""
        return self.deadlines.get(step, {}).get(severity)


@dataclass(frozen=True)
class Rules:
    """Everything that routing and the workflow need of one catalogue.

    ``accounted`` are the items whose every clause must have its place
    (:mod:`server.checklists.clauses`); empty means all of them.
    ``returns_before_decision`` is after how many returns (退回) 区安委办 decides who
    takes a ticket; None: never, the town reports again each time.
    """

    catalogue: str
    town_department: str
    duty_items: tuple[DutyItem, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    facts: tuple[Fact, ...]
    processes: tuple[ItemProcess, ...]
    lead_rows: tuple[LeadRow, ...]
    co_rows: tuple[CoRow, ...]
    town_rows: tuple[TownRow, ...]
    ledgers: tuple[LedgerRow, ...] = ()
    documents: tuple[DocumentKind, ...] = ()
    outside: tuple[Outside, ...] = ()
    accounted: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    incident_kinds: tuple[IncidentKind, ...] = ()
    duties: tuple[DutyKind, ...] = ()
    orders: tuple[OrderProcess, ...] = ()
    places: PlaceRules = field(default_factory=PlaceRules)
    suggest_rows: tuple[SuggestRow, ...] = ()
    returns_before_decision: int | None = None
    issuing: Issuing = field(default_factory=Issuing)

    def to_document(self) -> Document:
        """The JSON-able form in which a published version is stored."""
        return cast(Document, to_plain(self))

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read :meth:`to_document` back. Raises ValueError on other fields."""
        return cast(Self, from_plain(cls, document))

    def department(self, key: str) -> Department:
        """The department with this code, name or alias. Raises KeyError."""
        return self._departments[key]

    def department_code(self, key: str) -> str | None:
        """The code of the department with this code, name or alias, if there is one."""
        department = self._departments.get(key)
        return None if department is None else department.code

    def town_at(self, area_path: str) -> Department:
        """The town in charge at an area path; the catalogue's own where none is."""
        codes = area_path.split("/")
        at = [d for d in self.departments if d.level == "town" and d.area in codes]
        return at[0] if at else self.department(self.town_department)

    def category(self, code: str) -> Category:
        """The hazard category with this code. Raises KeyError."""
        return self._categories[code]

    def fact(self, code: str) -> Fact:
        """The fact with this word. Raises KeyError."""
        return self._facts[code]

    @property
    def rows(self) -> list[LeadRow | CoRow | TownRow]:
        """Every routing row: lead, co, town."""
        return [*self.lead_rows, *self.co_rows, *self.town_rows]

    def duty_item(self, number: str) -> DutyItem:
        """The duty item with this number. Raises KeyError."""
        return self._duty_items[number]

    def process(self, item: str) -> ItemProcess:
        """The process of an item. Raises KeyError when the item is not patrolled."""
        return self._processes[item]

    def process_by(self, item: str, row_id: str) -> ItemProcess:
        """The process of a case under ``item`` that a lead row decided.

        A row may have penalties of its own: 应急局 punishes who stores and sells
        fireworks (30.区应急管理局.2), not with 消防救援大队's words.

        Raises KeyError when the item is not patrolled.
        """
        row, process = self._lead_rows.get(row_id), self.process(item)
        if row is None or not row.penalties:
            return process
        named = {p.code: p for known in self.processes for p in known.penalties}
        own = tuple(named[code] for code in row.penalties if code in named)
        return replace(process, penalties=own)

    def dispatches(self, row_id: str) -> bool:
        """Whether a lead row has its department assign the case (26.区应急管理局.3)."""
        row = self._lead_rows.get(row_id)
        return row is not None and row.then == "dispatch_by_category"

    def triggers_of(self, row_id: str) -> frozenset[str]:
        """The triggers for which a lead row has a hazard reported; none where the row
        is unknown or asks for none."""
        row = self._lead_rows.get(row_id)
        named = () if row is None else (*row.any_facts, *row.facts)
        return self.triggers.intersection(named)

    def at_once(self, row_id: str, item: str) -> bool:
        """Whether a lead row, or its item, has every finding reported at once."""
        row = self._lead_rows.get(row_id)
        process = self._processes.get(item)
        return bool((row and row.at_once) or (process and process.at_once))

    def incident_kind(self, code: str) -> IncidentKind:
        """The kind of incident with this code. Raises KeyError."""
        return self._incident_kinds[code]

    def town_row(self, item: str) -> TownRow:
        """The row by which the town itself sees to an item. Raises KeyError."""
        return self._town_rows[item]

    def duty(self, code: str) -> DutyKind:
        """The kind of duty record with this code. Raises KeyError."""
        return self._duties[code]

    def order_process(self, item: str) -> OrderProcess:
        """The inbound orders of an item. Raises KeyError when it has none."""
        return self._orders[item]

    def has_clause(self, reference: str) -> bool:
        """Whether a clause reference exists in the duty list."""
        item = self._duty_items.get(reference.partition(".")[0])
        return item is not None and item.has_clause(reference)

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The facts that can send a hazard up to a department."""
        return frozenset(fact.code for fact in self.facts if fact.kind == "trigger")

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {
            key: department
            for department in self.departments
            for key in (department.code, department.name, *department.aliases)
        }

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return {category.code: category for category in self.categories}

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        return {fact.code: fact for fact in self.facts}

    @cached_property
    def _duty_items(self) -> dict[str, DutyItem]:
        return {item.number: item for item in self.duty_items}

    @cached_property
    def _duties(self) -> dict[str, DutyKind]:
        return {kind.code: kind for kind in self.duties}

    @cached_property
    def _processes(self) -> dict[str, ItemProcess]:
        return {process.item: process for process in self.processes}

    @cached_property
    def _lead_rows(self) -> dict[str, LeadRow]:
        return {row.id: row for row in self.lead_rows}

    @cached_property
    def _incident_kinds(self) -> dict[str, IncidentKind]:
        return {kind.code: kind for kind in self.incident_kinds}

    @cached_property
    def _orders(self) -> dict[str, OrderProcess]:
        return {process.item: process for process in self.orders}

    @cached_property
    def _town_rows(self) -> dict[str, TownRow]:
        return {item: row for row in self.town_rows for item in row.items}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One town's catalogue.

    ``town`` is the town's area code in ``scheme``; ``serves`` are the area codes in
    which this catalogue is used (local configuration: it may be wider than the town).
    """

    code: str
    title: str
    town: str
    scheme: str
    serves: tuple[str, ...]
    rules: Rules
    checklists: tuple[Checklist, ...]

    def checklist(self, code: str) -> Checklist:
        """The checklist of a duty item. Raises KeyError when there is none."""
        for checklist in self.checklists:
            if checklist.code == code:
                return checklist
        raise KeyError(code)
