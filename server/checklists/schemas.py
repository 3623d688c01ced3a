"""What checklists give over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from server.checklists.catalogue import Checklist, Rules
from server.core.http import Schema


class ChecklistRow(Schema):
    """A checklist in the list of checklists."""

    code = fields.String()
    title = fields.String()
    duty_item = fields.String()
    version = fields.Integer()
    checkpoints = fields.Integer()


class CheckpointOut(Schema):
    """A checkpoint: 否 is the hazard; ``clause`` cites the duty list."""

    id = fields.String()
    question = fields.String()
    hazard = fields.String()
    clause = fields.String()
    phrase = fields.String()
    severity = fields.String()
    category = fields.String()
    professional = fields.Boolean()
    fixable_on_spot = fields.Boolean()
    photo_required = fields.Boolean()
    facts = fields.List(fields.String())
    reroute_item = fields.String(allow_none=True)
    control = fields.Boolean()
    emergency = fields.Boolean()
    advisory = fields.Boolean()
    incident = fields.String(allow_none=True)
    suggests_fact = fields.String(allow_none=True)
    derivation = fields.String()
    rules = fields.List(fields.Dict())


class ChecklistOut(Schema):
    """One version of a checklist with its checkpoints."""

    code = fields.String()
    title = fields.String()
    duty_item = fields.String()
    version = fields.Integer()
    scope = fields.String()
    checkpoints = fields.List(fields.Nested(CheckpointOut))


def checklist_row(checklist: Checklist, version: int) -> dict[str, Any]:
    """Return the document of :class:`ChecklistRow`."""
    return {
        "code": checklist.code,
        "title": checklist.title,
        "duty_item": checklist.code,
        "version": version,
        "checkpoints": len(checklist.checkpoints),
    }


def checklist_out(checklist: Checklist, version: int) -> dict[str, Any]:
    """Return the document of :class:`ChecklistOut`."""
    return {**checklist.to_document(), "duty_item": checklist.code, "version": version}


def vocabulary_out(rules: Rules) -> dict[str, Any]:
    """Return the words a phone needs to fill in a finding."""
    return {
        "categories": [
            {"code": c.code, "name": c.name, "group": c.group} for c in rules.categories
        ],
        "facts": [
            {"code": f.code, "label": f.label, "needs_evidence": f.needs_evidence}
            for f in rules.facts
        ],
        "departments": [
            {"code": d.code, "name": d.name, "level": d.level}
            for d in rules.departments
        ],
        "items": [
            {
                "item": p.item,
                "name": rules.duty_item(p.item).name,
                "settle_on_spot": p.settle_on_spot,
                "town_deadline": p.town_deadline,
                "report_triggers": list(p.report_triggers),
                "at_once": p.at_once,
            }
            for p in rules.processes
        ],
        "place_kinds": [
            {
                "code": k.code,
                "name": k.name,
                "items": k.items,
                "risk_point": k.risk_point,
            }
            for k in rules.places.kinds
        ],
    }
