"""What tickets take and give over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from server.checklists.catalogue import Rules
from server.core.http import Schema
from server.core.http.schema import Line, Moment
from server.tickets import doable, stages
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketPenalty,
    TicketStage,
)
from server.tickets.routing import Decision
from server.tickets.service import View
from server.tickets.vocabulary import (
    STEP_TITLES,
    Part,
    Severity,
    SeverityStatus,
)


class PreviewIn(Schema):
    """Facts to route without creating anything."""

    duty_item = Line(required=True, longest=10)
    category = Line(required=True, longest=10)
    facts = fields.List(Line(), load_default=list)
    checkpoint = Line(load_default=None, allow_none=True)
    severity = fields.String(
        load_default=None, validate=ma.validate.OneOf([s.value for s in Severity])
    )
    reported = fields.Boolean(load_default=False)


class DepartmentOut(Schema):
    """A department."""

    code = fields.String()
    name = fields.String()


class RoutingOut(Schema):
    """A routing decision: ``basis`` cites clauses of the duty list."""

    department = fields.Nested(DepartmentOut)
    co_handlers = fields.List(fields.Nested(DepartmentOut))
    coordinator = fields.Nested(DepartmentOut, allow_none=True)
    next_level = fields.Nested(DepartmentOut, allow_none=True)
    item = fields.String()
    rule = fields.String()
    basis = fields.String()
    clauses = fields.List(fields.String())
    source = fields.String()
    reason = fields.String()
    at_once = fields.Boolean()
    reported = fields.Boolean()
    facts = fields.List(fields.String())
    rerouted_by = fields.String(allow_none=True)
    passed_over = fields.List(fields.Dict())
    co_rules = fields.List(fields.Dict())


class ActionOut(Schema):
    """An action open to the caller now, with its fields and where it leads.

    ``to``: the states it leads to, each with the field values (``when``) that do.
    """

    action = fields.String()
    title = fields.String()
    to = fields.List(fields.Dict())
    required = fields.List(fields.String())
    optional = fields.List(fields.String())
    fields_ = fields.List(fields.Dict(), data_key="fields")
    suggestions = fields.List(fields.Dict())
    suggestions_note = fields.String(allow_none=True)


class BlockedOut(Schema):
    """An action the caller could do here, and why it is not possible now.

    ``when``: the field values that are refused; null when it is the whole action.
    """

    action = fields.String()
    title = fields.String()
    when = fields.Dict(allow_none=True)
    reason = fields.String()
    reasons = fields.List(fields.Dict())


class StaffOut(Schema):
    """A person by id and name."""

    id = fields.UUID()
    name = fields.String()


class HighlightOut(Schema):
    """Where a word of the search stands."""

    field = fields.String()
    word = fields.String()
    snippet = fields.String()


class FacetValueOut(Schema):
    """A value of a facet, what it is called, and how many tickets have it."""

    value = fields.String()
    title = fields.String()
    count = fields.Integer()


class CountsOut(Schema):
    """How many tickets the filters leave, and how many each other choice would."""

    total = fields.Integer()
    facets = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Nested(FacetValueOut))
    )


class TicketRow(Schema):
    """A ticket in a list."""

    number = fields.String()
    state = fields.String()
    catalogue = fields.String()
    duty_item = fields.String()
    category = fields.String()
    severity = fields.String()
    description = fields.String()
    source = fields.String()
    area = fields.String()
    place = fields.Dict(allow_none=True)
    lead_department = fields.Nested(DepartmentOut, allow_none=True)
    co_departments = fields.List(fields.Nested(DepartmentOut))
    control = fields.String()
    due_on = fields.Date(allow_none=True)
    overdue = fields.Boolean()
    waits_for = fields.Dict(allow_none=True)
    found_at = Moment()
    reported_at = Moment(allow_none=True)
    rectified_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    merged_into = fields.String(allow_none=True)
    position = fields.Dict()
    version = fields.Integer()
    severity_status = fields.String(allow_none=True)
    assignee = fields.Nested(StaffOut, allow_none=True)


class ListedTicket(TicketRow):
    """A ticket in a list; ``highlights`` where it was searched for (``q``)."""

    highlights = fields.List(fields.Nested(HighlightOut))


class TicketOut(TicketRow):
    """A ticket whole."""

    finding = fields.UUID()
    facts = fields.List(fields.String())
    responsible_party = fields.Dict(allow_none=True)
    routing = fields.Nested(RoutingOut)
    substantiated = fields.Boolean(allow_none=True)
    grade = fields.String(allow_none=True)
    failed_rechecks = fields.Integer()
    deadlines = fields.List(fields.Dict())
    extension = fields.Dict(allow_none=True)
    suspended = fields.Dict(allow_none=True)
    controls = fields.List(fields.Dict())
    penalties = fields.List(fields.Dict())
    documents = fields.List(fields.Dict())
    photos = fields.List(fields.UUID())
    photos_missing = fields.List(fields.UUID())
    actions = fields.List(fields.Nested(ActionOut))
    transferred_to = fields.Nested(DepartmentOut, allow_none=True)
    five = fields.Dict(allow_none=True)
    rounds = fields.List(fields.Dict())
    appraisal = fields.Dict(allow_none=True)
    escalation = fields.Dict(allow_none=True)
    transfer = fields.Dict(allow_none=True)
    expected = fields.List(fields.Dict())
    parts = fields.List(fields.Dict())
    joint_actions = fields.List(fields.Dict())
    returned = fields.Dict(allow_none=True)
    feedback = fields.Dict(allow_none=True)
    duplicates_hint = fields.Integer(allow_none=True)
    recurrence = fields.Dict()
    blocked = fields.List(fields.Nested(BlockedOut))


class SimilarRow(TicketRow):
    """A ticket that may be of the same hazard."""

    distance_m = fields.Float()
    same_place = fields.Boolean()


Names = dict[str, str]


def department_out(code: str | None, names: Names) -> dict[str, str] | None:
    """Return ``{code, name}``, or None for no department."""
    return {"code": code, "name": names.get(code, code)} if code else None


def routing_out(decision: dict[str, Any] | Decision, rules: Rules) -> dict[str, Any]:
    """Return the document of :class:`RoutingOut`; without a lead it is the town."""
    given = decision.to_document() if isinstance(decision, Decision) else decision
    names = {d.code: d.name for d in rules.departments}
    return {
        "department": department_out(given["lead"] or given["town"], names),
        "co_handlers": [department_out(code, names) for code in given["co"]],
        "coordinator": department_out(given["coordinator"], names),
        "next_level": department_out(given["next_level"], names),
        "basis": "; ".join(given["basis"]),
        "clauses": list(given["basis"]),
        "reported": given["lead"] is not None,
        "co_rules": [
            {"rule": rule, "departments": list(co), "basis": list(basis)}
            for rule, co, basis in given["co_rules"]
        ],
        **{
            name: given[name]
            for name in (
                "item",
                "rule",
                "source",
                "reason",
                "at_once",
                "facts",
                "rerouted_by",
                "passed_over",
            )
        },
    }


def ticket_row(
    ticket: Ticket,
    parts: list[tuple[str, str]],
    names: Names,
    position: tuple[float, float],
    today: date,
    stage: TicketStage | None,
    people: Mapping[UUID, str],
) -> dict[str, Any]:
    """Return the document of :class:`TicketRow`.

    ``stage`` is the present one, ``people`` the names of assignees.
    """
    return {
        "number": ticket.number,
        "state": ticket.state,
        "catalogue": ticket.catalogue,
        "duty_item": ticket.duty_item,
        "category": ticket.category,
        "severity": ticket.severity,
        "description": ticket.description,
        "source": ticket.source,
        "area": ticket.area_code,
        "place": {
            "id": ticket.place_id,
            "kind": ticket.place_kind,
            "name": ticket.place_name,
        }
        if ticket.place_id or ticket.place_name
        else None,
        "lead_department": department_out(ticket.lead_department, names),
        "co_departments": [
            department_out(code, names) for code, part in parts if part == Part.CO
        ],
        "control": ticket.control,
        "due_on": ticket.due_on,
        "overdue": stages.late(ticket, stage, today),
        "waits_for": _waits_for(stage, names, today),
        "found_at": ticket.found_at,
        "reported_at": ticket.reported_at,
        "rectified_at": ticket.rectified_at,
        "ended_at": ticket.ended_at,
        "merged_into": ticket.merged_into,
        "position": {"type": "Point", "coordinates": list(position)},
        "version": ticket.version,
        "severity_status": _severity_status(ticket),
        "assignee": {"id": ticket.assignee_id, "name": people[ticket.assignee_id]}
        if ticket.assignee_id
        else None,
    }


def _waits_for(
    stage: TicketStage | None, names: Names, today: date
) -> dict[str, Any] | None:
    """Return what a ticket waits for, of whom and until when; None once it has ended.

    ``days_late`` counts calendar days; ``paused``: put aside, the day is the pause's.
    """
    if stage is None or stage.step is None:
        return None
    late = (today - stage.due_on).days if stage.due_on else 0
    return {
        "step": stage.step,
        "title": STEP_TITLES[stage.step],
        "department": department_out(stage.department, names),
        "since": stage.from_at,
        "due_on": stage.due_on,
        "origin": stage.origin,
        "paused": stage.paused,
        "days_late": max(late, 0),
    }


def _asked(ticket: Ticket) -> dict[str, Any] | None:
    """Return the later day that was asked for, without the asker's id."""
    if ticket.extension is None:
        return None
    return {k: v for k, v in ticket.extension.items() if k != "asked_by"}


def _severity_status(ticket: Ticket) -> str | None:
    """Return how sure 重大 is; what is older than the column was called so only."""
    if ticket.severity_status is None and ticket.severity == Severity.MAJOR:
        return SeverityStatus.SUSPECTED
    return ticket.severity_status


def ticket_out(
    seen: View,
    row: dict[str, Any],
    controls: list[TicketControl],
    penalties: list[TicketPenalty],
    documents: list[dict[str, Any]],
    uploaded: Collection[UUID],
    sight: doable.Sight,
) -> dict[str, Any]:
    """Return the document of :class:`TicketOut`.

    ``uploaded`` are the photos that have arrived; the finding may have announced more.
    """
    ticket = seen.ticket
    names = {d.code: d.name for d in seen.rules.departments}
    return row | {
        "finding": ticket.finding_id,
        "facts": ticket.facts,
        "responsible_party": ticket.responsible_party,
        "routing": routing_out(ticket.decision, seen.rules),
        "transferred_to": department_out(ticket.transferred_to, names),
        "substantiated": ticket.substantiated,
        "grade": ticket.grade,
        "failed_rechecks": ticket.failed_rechecks,
        "deadlines": ticket.deadlines,
        "extension": _asked(ticket),
        "suspended": ticket.suspended,
        "controls": [_control_out(c) for c in controls],
        "penalties": [_penalty_out(p, names) for p in penalties],
        "documents": documents,
        "photos": list(dict.fromkeys([*ticket.photos, *uploaded])),
        "photos_missing": [photo for photo in ticket.photos if photo not in uploaded],
        "actions": doable.actions(sight),
        "blocked": doable.blocked(seen),
    }


def _control_out(control: TicketControl) -> dict[str, Any]:
    return {
        "id": str(control.id),
        "in_force": control.lifted_at is None,
        "measure": control.measure,
        "note": control.note,
        "imposed_at": control.imposed_at,
        "lifted_at": control.lifted_at,
        "lift_note": control.lift_note,
    }


def _penalty_out(penalty: TicketPenalty, names: Names) -> dict[str, Any]:
    return {
        "kind": penalty.kind,
        "amount": float(penalty.amount) if penalty.amount is not None else None,
        "document_no": penalty.document_no,
        "note": penalty.note,
        "department": department_out(penalty.department_code, names),
        "decided_at": penalty.decided_at,
    }
