"""The rows of a catalogue: routing, ledgers, documents (流转规则、台账、文书).

Rows are read from ``routing.yaml``, ``ledgers.yaml``, ``documents.yaml`` and
``outside.yaml``; routing applies the first.
"""

from dataclasses import dataclass


def _for_item(basis: tuple[str, ...], item: str) -> tuple[str, ...]:
    """Clause references with the item's number in place of ``{item}``."""
    return tuple(reference.replace("{item}", item) for reference in basis)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A routing row that names the lead department; the first match decides.

    A row matches when the item is among ``items`` and each of ``categories``,
    ``any_facts`` and ``facts`` is empty or holds the finding's category or one of
    its facts. ``any_facts`` are triggers, ``facts`` circumstances.

    Either ``lead`` (a department code) or ``reroute_to_item`` is set. ``co`` handle
    with the lead, ``coordinator`` convenes them, ``next_level`` is told when the lead
    cannot get it done, ``inform`` only learns of it. ``appraisal``: ``third_party`` or
    ``professional`` (鉴定). ``then``: ``dispatch_by_category``. ``source``:
    ``text`` (written), ``derived`` (two clauses combined), ``design`` (gap filled).
    ``open``: a value is missing on purpose.
    ``penalties``: codes of what may be recorded here instead of the item's own.

    In ``basis`` of every kind of row ``{item}`` stands for the finding's item, for
    clauses that are the same in several items; :meth:`basis_for` fills it in.
    """

    id: str
    items: tuple[str, ...]
    categories: tuple[str, ...]
    any_facts: tuple[str, ...]
    facts: tuple[str, ...]
    lead: str | None
    reroute_to_item: str | None
    at_once: bool
    co: tuple[str, ...]
    coordinator: str | None
    next_level: str | None
    appraisal: str | None
    then: str | None
    inform: tuple[str, ...]
    basis: tuple[str, ...]
    source: str
    open: bool
    penalties: tuple[str, ...] = ()

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)


@dataclass(frozen=True, slots=True)
class CoRow:
    """A routing row that adds co-handlers; every matching row counts.

    ``open`` with an empty ``co``: the list names a class of departments only, the
    choice is local configuration.
    """

    id: str
    items: tuple[str, ...]
    categories: tuple[str, ...]
    facts: tuple[str, ...]
    co: tuple[str, ...]
    basis: tuple[str, ...]
    source: str
    open: bool

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)


@dataclass(frozen=True, slots=True)
class TownRow:
    """The row used when no lead row matches: the town itself sees to it.

    The clauses in its ``basis`` have the town urge correction (督促, 劝导, 制止).
    """

    id: str
    items: tuple[str, ...]
    basis: tuple[str, ...]
    source: str

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)


@dataclass(frozen=True, slots=True)
class SuggestRow:
    """A row that proposes a department for an action; every matching row counts.

    ``action`` is ``dispatch``, ``transfer`` or ``convene``. A person decides: a row
    never routes. The conditions are those of :class:`LeadRow`; ``reason`` is told to
    who decides, in Chinese.
    """

    id: str
    action: str
    items: tuple[str, ...]
    categories: tuple[str, ...]
    any_facts: tuple[str, ...]
    facts: tuple[str, ...]
    department: str
    reason: str
    basis: tuple[str, ...]
    source: str

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)

    def fits(self, item: str, category: str, facts: frozenset[str]) -> bool:
        """Whether it speaks of a hazard of this kind."""
        return (
            item in self.items
            and (not self.categories or category in self.categories)
            and (not self.any_facts or not facts.isdisjoint(self.any_facts))
            and (not self.facts or not facts.isdisjoint(self.facts))
        )


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Which items' ledger (台账) goes to whom and how often.

    ``addressee`` is a department code, or None for a ledger only the town keeps.
    ``rhythm``: ``prompt`` 及时, ``periodic`` 定期, ``on_trigger``; empty when the list
    names none. ``period`` is the local setting that makes 定期 or 及时 a figure
    (``monthly``), ``due_days`` that by which day after its end (calendar days) it is
    handed over; ``origin`` says whose settings they are. A ledger handed over
    ``on_trigger`` alone is the report itself (39.township.4) and holds only what a
    trigger had reported.
    """

    id: str
    addressee: str | None
    title: str
    items: tuple[str, ...]
    rhythm: tuple[str, ...]
    period: str | None
    origin: str | None
    basis: tuple[str, ...]
    source: str
    due_days: int | None = None

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)

    @property
    def reported_only(self) -> bool:
        """Whether it holds only what was reported for a trigger of its item."""
        return self.rhythm == ("on_trigger",)


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A paper of a case (文书): what it is called, who issues it, to whom, and why.

    ``issuer``: ``inspector``, ``town``, ``lead``, ``department`` (any with a part in
    the case) or ``appraiser``; ``departments`` (codes), when given, are the only ones
    that may. ``to``: ``file`` (kept by the issuer), ``party`` (the responsible
    party), ``town``, ``lead``, ``department`` or ``next_level``.
    """

    kind: str
    title: str
    issuer: str
    departments: tuple[str, ...]
    to: str
    items: tuple[str, ...]
    basis: tuple[str, ...]
    source: str

    def basis_for(self, item: str) -> tuple[str, ...]:
        """The clause references with the item's number filled in."""
        return _for_item(self.basis, item)


@dataclass(frozen=True, slots=True)
class Outside:
    """A clause that nothing in the product crosses, and why (in Chinese)."""

    clause: str
    reason: str
