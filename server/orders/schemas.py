"""What inbound orders take and give over HTTP."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import Row

from server.checklists.catalogue import Rules
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Day, Line, Moment
from server.core.position import PositionField
from server.orders import workflow
from server.orders.models import Order
from server.orders.service import View
from server.orders.vocabulary import State
from server.places.schemas import PartyIn
from server.tickets.fields import LONGEST_TEXT, MOST_PHOTOS
from server.tickets.filter_schemas import Words
from server.tickets.machine import Field
from server.tickets.schemas import ActionOut, DepartmentOut, department_out


class OrderIn(Schema):
    """An order to issue; which fields an item needs besides says its entry.

    ``area`` is a code, or the area follows from ``position``. ``source_no`` is the
    department's own number (工单号、图斑编号), ``determination`` what it found on site.
    ``photos`` are announced here and uploaded for ``order=<number>`` afterwards.
    """

    item = Line(required=True, longest=10)
    title = Line(required=True)
    description = Line(required=True, longest=LONGEST_TEXT)
    area = Line(load_default=None, allow_none=True, longest=50)
    position = PositionField(load_default=None, allow_none=True)
    source_no = Line(load_default=None, allow_none=True, longest=100)
    due_on = Day(load_default=None, allow_none=True)
    party = fields.Nested(PartyIn, load_default=None, allow_none=True)
    determination = Line(load_default=None, allow_none=True, longest=LONGEST_TEXT)
    photos = fields.List(
        fields.UUID(), load_default=list, validate=ma.validate.Length(max=MOST_PHOTOS)
    )


class OrderReceipt(Schema):
    """The acknowledgement of an issued order."""

    id = fields.UUID()
    number = fields.String()
    item = fields.String()
    area = fields.String()
    issued_at = Moment()


class OrderQuery(Schema):
    """Filters of the list; ``mine``: what waits for the caller."""

    state = Words([state.value for state in State])
    item = Line()
    department = Line()
    area = Line()
    overdue = fields.Boolean()
    mine = fields.Boolean()
    q = Line()
    limit = fields.Integer(load_default=50, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class OrderRow(Schema):
    """An order in a list; ``overdue``: the town is past its day."""

    id = fields.UUID()
    number = fields.String()
    state = fields.String()
    item = fields.String()
    title = fields.String()
    description = fields.String()
    source_no = fields.String(allow_none=True)
    department = fields.Nested(DepartmentOut)
    transferred_to = fields.Nested(DepartmentOut, allow_none=True)
    area = fields.String()
    position = fields.Dict(allow_none=True)
    party = fields.Dict(allow_none=True)
    determination = fields.String(allow_none=True)
    result = fields.Dict(allow_none=True)
    due_on = Day(allow_none=True)
    overdue = fields.Boolean()
    issued_at = Moment()
    submitted_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    version = fields.Integer()


class StepOut(Schema):
    """A step of the order's item with the clauses it rests on.

    ``done`` is false again where the step has to be done once more.
    """

    step = fields.String()
    title = fields.String()
    done = fields.Boolean()
    basis = fields.List(fields.String())
    source = fields.String()


class OrderOut(OrderRow):
    """An order whole."""

    kind = fields.String()
    photos = fields.List(fields.UUID())
    photos_missing = fields.List(fields.UUID())
    left = fields.List(fields.String())
    back_to = fields.String(allow_none=True)
    steps = fields.List(fields.Nested(StepOut))
    actions = fields.List(fields.Nested(ActionOut))


def receipt(order: Order) -> dict[str, Any]:
    """Return the document of :class:`OrderReceipt`; the same whenever it is asked."""
    return {
        "id": order.id,
        "number": order.number,
        "item": order.item,
        "area": order.area_code,
        "issued_at": order.issued_at,
    }


def order_row(row: Row[Any], rules: Rules, today: date) -> dict[str, Any]:
    """Return the document of :class:`OrderRow` from (Order, lon, lat)."""
    order, lon, lat = tuple(row)
    names = {d.code: d.name for d in rules.departments}
    found = rules.order_process(order.item).result(order.result)
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state,
        "item": order.item,
        "title": order.title,
        "description": order.description,
        "source_no": order.source_no,
        "department": department_out(order.department, names),
        "transferred_to": department_out(order.transferred_to, names),
        "area": order.area_code,
        "position": None
        if lon is None
        else {"type": "Point", "coordinates": [lon, lat]},
        "party": order.party,
        "determination": order.determination,
        "result": found and {"code": found.code, "title": found.title},
        "due_on": order.due_on,
        "overdue": workflow.overdue(State(order.state), order.due_on, today),
        "issued_at": order.issued_at,
        "submitted_at": order.submitted_at,
        "closed_at": order.closed_at,
        "version": order.version,
    }


def order_out(
    seen: View,
    row: dict[str, Any],
    uploaded: Collection[UUID],
    steps_done: Collection[str],
) -> dict[str, Any]:
    """Return the document of :class:`OrderOut`.

    ``uploaded`` are the photos that have arrived; the issue may have announced more.
    ``steps_done`` is that of the workflow.
    """
    case, announced = seen.situation, seen.order.photos
    return row | {
        "kind": case.process.title,
        "photos": list(dict.fromkeys([*announced, *uploaded])),
        "photos_missing": [photo for photo in announced if photo not in uploaded],
        "left": list(case.left),
        "back_to": case.back_to,
        "steps": [
            {
                "step": step.step,
                "title": step.title,
                "done": step.step in steps_done,
                "basis": list(step.basis),
                "source": step.source,
            }
            for step in case.process.steps
        ],
        "actions": actions_out(seen),
    }


def actions_out(seen: View) -> list[dict[str, Any]]:
    """Return what the caller may do now, each action with all its fields."""
    return [_action_out(action, seen) for action in seen.available]


def _action_out(action: str, seen: View) -> dict[str, Any]:
    listed = [
        _field_out(f, action, seen) for f in workflow.fields(action, seen.situation)
    ]
    return {
        "action": action,
        "required": [f["name"] for f in listed if f["required"]],
        "optional": [f["name"] for f in listed if not f["required"]],
        "fields": listed,
    }


def _field_out(field: Field, action: str, seen: View) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": field.name,
        "type": field.kind,
        "title": field.title,
        "required": field.required,
    }
    if field.kind == "choice":
        titles = workflow.choices(field, seen.situation)
        document |= {"choices": list(titles), "titles": titles}
    if field.working_day:
        document["working_day"] = True
    step = seen.situation.process.step(action)
    if field.kind == "photos" and step is not None and step.photos:
        document["stage"] = step.photos
    return document
