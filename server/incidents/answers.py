"""The small documents that receipts and answers share; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.checklists.catalogue import Rules
from server.checklists.incidents import TOWN, IncidentKind, ReportField
from server.incidents.vocabulary import Part


def department_out(rules: Rules, code: str) -> dict[str, str]:
    """Return ``{code, name}``."""
    return {"code": code, "name": rules.department(code).name}


def party_out(rules: Rules, party: str, area_path: str) -> dict[str, str]:
    """Return the department for which an entry speaks; the town's own for ``town``."""
    code = rules.town_at(area_path).code if party == TOWN else party
    return department_out(rules, code)


def reached_out(rules: Rules, parts: Mapping[str, str]) -> dict[str, Any]:
    """Return whom an incident reaches: ``command``, ``called`` and ``informed``."""
    by_part: dict[str, list[dict[str, str]]] = {part.value: [] for part in Part}
    for code, part in sorted(parts.items()):
        by_part[part].append(department_out(rules, code))
    return {**by_part, "command": by_part[Part.COMMAND][0]}


def field_out(field: ReportField) -> dict[str, Any]:
    """Return a field as a phone needs it to ask for it."""
    document = {
        "name": field.name,
        "type": field.type,
        "title": field.title,
        "required": field.required,
    }
    if field.type == "choice":
        document["choices"] = [
            {"code": choice.code, "label": choice.label} for choice in field.choices
        ]
    return document


def kinds_out(rules: Rules) -> list[dict[str, Any]]:
    """Return what a phone needs to report incidents of each kind, even offline."""
    return [_kind_out(rules, kind) for kind in rules.incident_kinds]


def _kind_out(rules: Rules, kind: IncidentKind) -> dict[str, Any]:
    return {
        "kind": kind.code,
        "duty_item": kind.item,
        "title": kind.title,
        "place_label": kind.place_label,
        "fields": [field_out(field) for field in kind.fields],
        **reached_out(rules, {row.department: row.part for row in kind.involved}),
        "entries": [
            {
                "entry": entry.code,
                "title": entry.title,
                "by": [doer.party for doer in entry.by],
                "from": list(entry.sources),
                "to": entry.target,
                "decides": entry.decides,
                "requires": list(entry.requires),
                "fields": [field_out(field) for field in entry.fields],
                "basis": [clause for doer in entry.by for clause in doer.basis],
            }
            for entry in kind.entries
        ],
        "figures": [
            {"code": f.code, "label": f.label, "unit": f.unit, "type": f.type}
            for f in rules.figures
        ],
        "basis": list(kind.basis),
        "source": kind.source,
    }
