"""The catalogue's files, already checked, turned into the classes of `catalogue`.

Functions here take the plain data of one file; numbers of items become strings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from server.checklists import incidents
from server.checklists.build_places import place_rules
from server.checklists.catalogue import (
    Catalogue,
    Category,
    Checklist,
    Checkpoint,
    CoRow,
    Deadline,
    Department,
    DocumentKind,
    DutyItem,
    Fact,
    ItemProcess,
    LeadRow,
    LedgerRow,
    Outside,
    Party,
    Penalty,
    Rule,
    Rules,
    SuggestRow,
    TownRow,
)
from server.checklists.duties import DutyKind, Figure
from server.checklists.issuing import issuing
from server.checklists.marked import Marked
from server.checklists.orders import order_processes

Data = dict[str, Any]
SEVERITIES = ("general", "serious", "major")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one catalogue folder."""

    catalogue: Marked
    duty_items: Marked
    departments: Marked
    categories: Marked
    facts: Marked
    items: Marked
    routing: Marked
    ledgers: Marked
    places: Marked
    shared: Marked
    documents: Marked
    outside: Marked
    incidents: Marked
    duties: Marked
    orders: Marked
    issuing: Marked
    checklists: tuple[Marked, ...]


def catalogue(sources: Sources) -> Catalogue:
    """Build the whole catalogue of one town."""
    head = sources.catalogue.data
    duty = duty_items(sources.duty_items.data)
    titles = {item.number: item.name for item in duty}
    return Catalogue(
        code=head["code"],
        title=head["title"],
        town=head["town"],
        scheme=head["scheme"],
        serves=tuple(head["serves"]),
        rules=_rules(sources, duty),
        checklists=tuple(
            checklist(marked.data, sources.shared.data["checkpoints"], titles)
            for marked in sources.checklists
        ),
    )


def _rules(sources: Sources, duty: tuple[DutyItem, ...]) -> Rules:
    return Rules(
        catalogue=sources.catalogue.data["code"],
        town_department=sources.catalogue.data["town_department"],
        duty_items=duty,
        departments=tuple(
            Department(
                code=d["code"],
                name=d["name"],
                level=d["level"],
                aliases=tuple(d["aliases"]),
                area=d.get("area"),
            )
            for d in sources.departments.data["departments"]
        ),
        categories=tuple(
            Category(code=c["code"], name=c["name"], group=group["name"])
            for group in sources.categories.data["groups"]
            for c in group["categories"]
        ),
        facts=tuple(Fact(**fact) for fact in sources.facts.data["facts"]),
        processes=processes(sources.items.data),
        lead_rows=tuple(lead_row(row) for row in sources.routing.data["lead"]),
        co_rows=tuple(co_row(row) for row in sources.routing.data["co"]),
        town_rows=tuple(
            TownRow(
                id=row["id"],
                items=numbers(row["when"]["item"]),
                basis=tuple(row["basis"]),
                source=row["source"],
            )
            for row in sources.routing.data["town"]
        ),
        ledgers=tuple(_ledger_row(row) for row in sources.ledgers.data["ledgers"]),
        documents=tuple(_document(d) for d in sources.documents.data["documents"]),
        outside=tuple(_outside(sources.outside.data)),
        accounted=numbers(sources.catalogue.data.get("accounted", ())),
        figures=incidents.figures(sources.incidents.data),
        incident_kinds=incidents.kinds(sources.incidents.data),
        duties=duty_kinds(sources.duties.data),
        orders=order_processes(sources.orders.data["orders"]),
        places=place_rules(sources.places.data),
        suggest_rows=tuple(
            _suggest_row(row) for row in sources.routing.data.get("suggest", ())
        ),
        returns_before_decision=_returns(sources.routing.data),
        issuing=issuing(sources.issuing.data),
    )


def numbers(items: Iterable[int]) -> tuple[str, ...]:
    """Item numbers as strings."""
    return tuple(str(item) for item in items)


def duty_items(data: Data) -> tuple[DutyItem, ...]:
    """The duty list; a party's clauses are a count or a count of sub-points each."""
    return tuple(
        DutyItem(
            number=str(item["number"]),
            name=item["name"],
            parties=tuple(
                Party(name, (0,) * n if isinstance(n, int) else tuple(n))
                for name, n in item["parties"].items()
            ),
            support=item.get("support", False),
        )
        for item in data["items"]
    )


def lead_row(row: Data) -> LeadRow:
    """One row of ``lead`` in routing.yaml."""
    when = row["when"]
    reroute = row.get("reroute_to_item")
    return LeadRow(
        id=row["id"],
        items=numbers(when["item"]),
        categories=tuple(when.get("category", ())),
        any_facts=tuple(when.get("any", ())),
        facts=tuple(when.get("fact", ())),
        lead=row.get("lead"),
        reroute_to_item=None if reroute is None else str(reroute),
        at_once=row.get("at_once", False),
        co=tuple(row.get("co", ())),
        coordinator=row.get("coordinator"),
        next_level=row.get("next_level"),
        appraisal=row.get("appraisal"),
        then=row.get("then"),
        inform=tuple(row.get("inform", ())),
        basis=tuple(row["basis"]),
        source=row["source"],
        open=row.get("open", False),
        penalties=tuple(row.get("penalties", ())),
    )


def co_row(row: Data) -> CoRow:
    """One row of ``co`` in routing.yaml."""
    when = row["when"]
    return CoRow(
        id=row["id"],
        items=numbers(when["item"]),
        categories=tuple(when.get("category", ())),
        facts=tuple(when.get("fact", ())),
        co=tuple(row["co"]),
        basis=tuple(row["basis"]),
        source=row["source"],
        open=row.get("open", False),
    )


def _suggest_row(row: Data) -> SuggestRow:
    when = row["when"]
    return SuggestRow(
        id=row["id"],
        action=row["action"],
        items=numbers(when["item"]),
        categories=tuple(when.get("category", ())),
        any_facts=tuple(when.get("any", ())),
        facts=tuple(when.get("fact", ())),
        department=row["department"],
        reason=row["reason"],
        basis=tuple(row["basis"]),
        source=row["source"],
    )


def _returns(data: Data) -> int | None:
    setting: Data | None = data.get("returns_before_decision")
    return None if setting is None else setting["amount"]


def _ledger_row(row: Data) -> LedgerRow:
    return LedgerRow(
        id=row["id"],
        addressee=row["addressee"],
        title=row["title"],
        items=numbers(row["items"]),
        rhythm=tuple(row["rhythm"]),
        period=row.get("period"),
        origin=row.get("origin"),
        basis=tuple(row["basis"]),
        source=row["source"],
        due_days=row.get("due_days"),
    )


def _document(entry: Data) -> DocumentKind:
    return DocumentKind(
        kind=entry["kind"],
        title=entry["title"],
        issuer=entry["issuer"],
        departments=tuple(entry.get("departments", ())),
        to=entry["to"],
        items=numbers(entry["items"]),
        basis=tuple(entry["basis"]),
        source=entry["source"],
    )


def _outside(data: Data) -> Iterator[Outside]:
    for entry in data["outside"]:
        for clause in entry["clauses"]:
            for filled in filled_for(clause, entry.get("items", [])):
                yield Outside(filled, entry["reason"])


def filled_for(clause: str, items: Iterable[int]) -> list[str]:
    """The clause for each item that ``{item}`` stands for; itself without one."""
    if "{item}" not in clause:
        return [clause]
    return [clause.replace("{item}", str(item)) for item in items]


def duty_kinds(data: Data) -> tuple[DutyKind, ...]:
    """The kinds of duty records; what a kind does not say, its form says for it."""
    forms = {form["code"]: form for form in data["forms"]}
    return tuple(_duty_kind(row, forms[row["form"]]) for row in data["duties"])


def _duty_kind(row: Data, form: Data) -> DutyKind:
    both = {"rhythm": None, "origin": None, **form, **row}
    return DutyKind(
        code=row["code"],
        title=row["title"],
        form=form["code"],
        form_name=form["name"],
        items=numbers(row["items"]),
        parties=tuple(row["parties"]),
        rhythm=both["rhythm"],
        origin=both["origin"],
        requires=tuple(both["requires"]),
        figures=tuple(
            Figure(
                code=figure["code"],
                name=figure["name"],
                unit=figure["unit"],
                required=figure.get("required", False),
                decimal=figure.get("decimal", False),
            )
            for figure in both["figures"]
        ),
        clauses=tuple(row["clauses"]),
        source=row["source"],
    )


def processes(data: Data) -> tuple[ItemProcess, ...]:
    """One process per item: an entry of items.yaml may stand for several items."""
    names = {penalty["code"]: penalty["name"] for penalty in data["penalties"]}
    implied: dict[int, tuple[str, ...]] = {}
    for rule in data["implied_facts"]:
        for item in rule["items"]:
            implied[item] = implied.get(item, ()) + tuple(rule["facts"])
    return tuple(
        ItemProcess(
            item=str(item),
            settle_on_spot=entry["settle_on_spot"],
            town_deadline=entry["town_deadline"],
            town_notice=entry["town_notice"],
            report_triggers=tuple(entry["report_triggers"]),
            at_once=entry["at_once"],
            penalties=tuple(Penalty(code, names[code]) for code in entry["penalties"]),
            order_document=entry["order_document"],
            escalation=entry.get("escalation", "after_recheck"),
            implies=implied.get(item, ()),
            feedback=entry["feedback"],
            deadlines=_deadlines(data["deadlines"], entry),
            basis=_filled(entry["basis"], item),
            source=entry["source"],
            steps={
                step: _filled(clauses, item)
                for step, clauses in entry.get("steps", {}).items()
            },
        )
        for entry in data["items"]
        for item in entry["items"]
    )


def _deadlines(defaults: Data, entry: Data) -> dict[str, dict[str, Deadline]]:
    """The item's own settings over the defaults, without steps it does not have."""
    left_out = {
        step
        for step, allowed in (
            ("on_spot", entry["settle_on_spot"]),
            ("rectify", entry["town_deadline"]),
        )
        if not allowed
    }
    own = entry.get("deadlines", {})
    steps = {}
    for step in [*defaults, *(step for step in own if step not in defaults)]:
        if step not in left_out:
            steps[step] = _severities(defaults.get(step, {}))
            steps[step] |= _severities(own.get(step, {}))
    return steps


def _severities(step: Data) -> dict[str, Deadline]:
    values = {severity: step["all"] for severity in SEVERITIES if "all" in step}
    values |= {severity: step[severity] for severity in SEVERITIES if severity in step}
    return {severity: Deadline(**value) for severity, value in values.items()}


def _filled(basis: Iterable[str], item: int) -> tuple[str, ...]:
    return tuple(reference.replace("{item}", str(item)) for reference in basis)


def checklist(data: Data, shared: Data, titles: dict[str, str]) -> Checklist:
    """One item's checklist; its title is the item's name in the duty list."""
    code = str(data["item"])
    return Checklist(
        code=code,
        title=titles[code],
        scope=data["scope"],
        checkpoints=tuple(
            _checkpoint(expand(entry, shared, code)) for entry in data["checkpoints"]
        ),
    )


def expand(entry: Data, shared: Data, item: str) -> Data:
    """A checkpoint's fields: those of the shared one it uses, then its own.

    ``{item}`` in the clause is filled in. An unknown ``use`` adds nothing.
    """
    fields = {**shared.get(entry.get("use", ""), {}), **entry}
    fields.pop("use", None)
    if "clause" in fields:
        fields["clause"] = fields["clause"].replace("{item}", item)
    return fields


def _checkpoint(fields: Data) -> Checkpoint:
    reroute = fields.get("reroute_item")
    lists: Data = {
        "facts": tuple(fields.get("facts", ())),
        "reroute_item": None if reroute is None else str(reroute),
        "rules": tuple(Rule(**rule) for rule in fields["rules"]),
    }
    return Checkpoint(**(fields | lists))
