"""What incidents take and give over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from server.checklists.incidents import EntryKind
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Dict, Line, Moment, Span, once
from server.core.position import PositionField
from server.incidents import machine
from server.incidents.answers import (
    department_out,
    field_out,
    party_out,
    reached_out,
)
from server.incidents.models import Incident, IncidentEntry
from server.incidents.service import View
from server.incidents.vocabulary import State
from server.tickets.filter_schemas import Words
from server.tickets.schemas import DepartmentOut

MOST_PHOTOS = 30


def _photos() -> fields.List[UUID]:
    fitting: list[Callable[[Any], Any]] = [ma.validate.Length(max=MOST_PHOTOS), once]
    return fields.List(fields.UUID(), load_default=list, validate=fitting)


class IncidentIn(Schema):
    """A report; ``fields`` are those of its kind, see ``GET /incidents/kinds``."""

    kind = Line(required=True, longest=40)
    position = PositionField(required=True)
    place_text = Line(required=True, longest=500)
    occurred_at = Moment(required=True)
    fields_ = Dict(data_key="fields", keys=fields.String(), load_default=dict)
    figures = Dict(keys=fields.String(), load_default=dict)
    summary = Line(required=True, longest=2000)
    photos = _photos()

    @ma.post_load
    def _rename(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _renamed(data)


class EntryIn(Schema):
    """An entry of the course; which exist is said by ``GET /incidents/kinds``."""

    entry = Line(required=True, longest=40)
    occurred_at = Moment(required=True)
    note = Line(load_default="", empty=True, longest=2000)
    fields_ = Dict(data_key="fields", keys=fields.String(), load_default=dict)
    figures = Dict(keys=fields.String(), load_default=dict)
    photos = _photos()

    @ma.post_load
    def _rename(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _renamed(data)


def _renamed(data: dict[str, Any]) -> dict[str, Any]:
    # ``fields`` is marshmallow's own name on a schema.
    data["fields"] = data.pop("fields_")
    return data


class IncidentQuery(Span):
    """Filters of the incident list; days are local and those of the occurrence."""

    kind = Line()
    state = Words([s.value for s in State])
    area = Line()
    limit = fields.Integer(load_default=50, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class ReceiptOut(Schema):
    """The acknowledgement of a report: where it went."""

    id = fields.UUID()
    number = fields.String()
    received_at = Moment()
    state = fields.String()
    kind = fields.String()
    duty_item = fields.String()
    title = fields.String()
    area = fields.String()
    command = fields.Nested(DepartmentOut)
    called = fields.List(fields.Nested(DepartmentOut))
    informed = fields.List(fields.Nested(DepartmentOut))


class IncidentRow(Schema):
    """An incident in a list."""

    id = fields.UUID()
    number = fields.String()
    kind = fields.String()
    duty_item = fields.String()
    state = fields.String()
    place_text = fields.String()
    summary = fields.String()
    area = fields.String()
    command = fields.Nested(DepartmentOut)
    occurred_at = Moment()
    received_at = Moment()
    acknowledged_at = Moment(allow_none=True)
    controlled_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    position = fields.Dict()
    entries = fields.Integer()
    version = fields.Integer()


class FigureOut(Schema):
    """The latest statement of one figure; ``entry`` None: the report's own."""

    code = fields.String()
    label = fields.String()
    unit = fields.String()
    value = fields.Float()
    at = Moment()
    by = fields.Nested(DepartmentOut)
    entry = fields.UUID(allow_none=True)


class ActionOut(Schema):
    """An entry that the caller may record now; ``decides``: with ``If-Match``."""

    entry = fields.String()
    title = fields.String()
    decides = fields.Boolean()
    moves_to = fields.String(allow_none=True)
    required = fields.List(fields.String())
    fields_ = fields.List(fields.Dict(), data_key="fields")


class IncidentOut(IncidentRow):
    """An incident whole, without its course (``/entries``)."""

    title = fields.String()
    fields_ = fields.Dict(data_key="fields")
    photos = fields.List(fields.UUID())
    party = fields.Nested(DepartmentOut)
    called = fields.List(fields.Nested(DepartmentOut))
    informed = fields.List(fields.Nested(DepartmentOut))
    basis = fields.List(fields.String())
    figures = fields.List(fields.Nested(FigureOut))
    actions = fields.List(fields.Nested(ActionOut))


class EntryReceiptOut(Schema):
    """The acknowledgement of an entry; ``moved``: it changed the state."""

    id = fields.UUID()
    incident = fields.String()
    seq = fields.Integer()
    entry = fields.String()
    party = fields.Nested(DepartmentOut)
    addressees = fields.List(fields.Nested(DepartmentOut))
    received_at = Moment()
    state = fields.String()
    moved = fields.Boolean()


class EntryOut(Schema):
    """An entry of the course; ``basis`` cites the clauses by which it is recorded."""

    id = fields.UUID()
    seq = fields.Integer()
    entry = fields.String()
    title = fields.String()
    party = fields.Nested(DepartmentOut)
    by = fields.String()
    note = fields.String()
    fields_ = fields.Dict(data_key="fields")
    figures = fields.Dict()
    photos = fields.List(fields.UUID())
    addressees = fields.List(fields.Nested(DepartmentOut))
    moved_from = fields.String(allow_none=True)
    moved_to = fields.String(allow_none=True)
    occurred_at = Moment()
    received_at = Moment()
    basis = fields.List(fields.String())


class KindOut(Schema):
    """A kind of incident: what a report needs and how its course goes."""

    kind = fields.String()
    duty_item = fields.String()
    title = fields.String()
    place_label = fields.String()
    fields_ = fields.List(fields.Dict(), data_key="fields")
    command = fields.Nested(DepartmentOut)
    called = fields.List(fields.Nested(DepartmentOut))
    informed = fields.List(fields.Nested(DepartmentOut))
    entries = fields.List(fields.Dict())
    figures = fields.List(fields.Dict())
    basis = fields.List(fields.String())
    source = fields.String()


Names = Mapping[str, str]


def incident_row(
    incident: Incident, names: Names, position: tuple[float, float]
) -> dict[str, Any]:
    """Return the document of :class:`IncidentRow`."""
    command = incident.command_department
    return {
        "id": incident.id,
        "number": incident.number,
        "kind": incident.kind,
        "duty_item": incident.item,
        "state": incident.state,
        "place_text": incident.place_text,
        "summary": incident.summary,
        "area": incident.area_code,
        "command": {"code": command, "name": names[command]},
        "occurred_at": incident.occurred_at,
        "received_at": incident.received_at,
        "acknowledged_at": incident.acknowledged_at,
        "controlled_at": incident.controlled_at,
        "ended_at": incident.ended_at,
        "position": {"type": "Point", "coordinates": list(position)},
        "entries": incident.entries,
        "version": incident.version,
    }


def incident_out(
    seen: View, row: dict[str, Any], stating: list[IncidentEntry]
) -> dict[str, Any]:
    """Return the document of :class:`IncidentOut`.

    ``stating`` are the entries with figures, in the order in which things happened.
    """
    incident, rules = seen.incident, seen.rules
    sent = incident.position
    return row | {
        "title": seen.kind.title,
        "position": row["position"]
        | {"accuracy_m": sent.get("accuracy_m"), "datum": "wgs84", "sent": sent},
        "fields": incident.fields,
        "photos": incident.photos,
        "party": party_out(rules, incident.party, incident.area_path),
        **reached_out(rules, seen.parts),
        "basis": list(seen.kind.basis),
        "figures": figures_out(seen, stating),
        "actions": [_action_out(entry, seen) for entry in seen.available],
    }


def figures_out(seen: View, stating: list[IncidentEntry]) -> list[dict[str, Any]]:
    """Return the latest statement of each figure, in the catalogue's order."""
    incident, rules = seen.incident, seen.rules
    latest: dict[str, dict[str, Any]] = {}
    sources: list[Incident | IncidentEntry] = [incident, *stating]
    for source in sources:
        for code, value in source.figures.items():
            latest[code] = {
                "value": value,
                "at": source.occurred_at,
                "by": party_out(rules, source.party, incident.area_path),
                "entry": source.id if source is not incident else None,
            }
    return [
        {"code": f.code, "label": f.label, "unit": f.unit, **latest[f.code]}
        for f in rules.figures
        if f.code in latest
    ]


def _action_out(entry: EntryKind, seen: View) -> dict[str, Any]:
    return {
        "entry": entry.code,
        "title": entry.title,
        "decides": entry.decides,
        "moves_to": machine.move(
            seen.kind, State(seen.incident.state), entry, seen.course
        ),
        "required": [field.name for field in entry.fields if field.required],
        "fields": [field_out(field) for field in entry.fields],
    }


def entry_out(entry: IncidentEntry, seen: View) -> dict[str, Any]:
    """Return the document of :class:`EntryOut`."""
    kind = seen.kind.entry(entry.entry)
    return {
        "id": entry.id,
        "seq": entry.seq,
        "entry": entry.entry,
        "title": kind.title,
        "party": party_out(seen.rules, entry.party, seen.incident.area_path),
        "by": entry.staff_name,
        "note": entry.note,
        "fields": entry.fields,
        "figures": entry.figures,
        "photos": entry.photos,
        "addressees": [department_out(seen.rules, code) for code in entry.addressees],
        "moved_from": entry.moved_from,
        "moved_to": entry.moved_to,
        "occurred_at": entry.occurred_at,
        "received_at": entry.received_at,
        "basis": kind.basis_for(entry.party),
    }
