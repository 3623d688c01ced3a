"""Opening a ticket for a finding; pure but for the clock and the events it notes.

The rows are handed back to be written together with the finding's, in one statement:
this is the hot path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.audit.service import record
from server.checklists.catalogue import ItemProcess
from server.checklists.service import Edition
from server.core.clock import local_date, now
from server.core.digests import told
from server.core.errors import Invalid
from server.core.fastsql import Rows
from server.core.permissions import Actor
from server.core.text import Text
from server.tickets import (
    deadlines,
    papers,
    routing,
    search,
    stages,
    workflow,
    written,
)
from server.tickets.fields import unfit_day
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketDepartment,
    TicketSearch,
    TicketStage,
)
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import (
    Control,
    Part,
    Severity,
    SeverityStatus,
    Source,
    State,
)

DEADLINE_STEP = {State.ON_SPOT: "on_spot", State.RECTIFYING: "rectify"}
_WITH_DEPARTMENT = (State.REPORTED, State.VERIFYING)


@dataclass(frozen=True)
class Hazard:
    """A finding as the ticket needs it.

    ``point`` is EWKT in EPSG:4326; ``handling`` is the finding's handling document;
    ``place`` is (id, kind, name) of the register, each possibly None.
    """

    finding_id: UUID
    source: Source
    item: str
    category: str
    severity: str
    description: str
    facts: frozenset[str]
    handling: dict[str, Any]
    control: dict[str, Any] | None
    responsible_party: dict[str, Any] | None
    place: tuple[UUID | None, str | None, str | None]
    point: str
    area_code: str
    area_path: str
    photos: list[UUID]
    found_at: datetime


@dataclass(frozen=True)
class Opened:
    """The ticket as it was opened, and why it went where it went.

    ``rows`` are still to be written, in this order.
    """

    number: str
    state: State
    due_on: date | None
    decision: routing.Decision
    rows: list[Rows]


def open_ticket(
    hazard: Hazard, actor: Actor, edition: Edition, zone: ZoneInfo, ticket_id: int
) -> Opened:
    """Open the ticket of a finding and route it.

    ``ticket_id`` comes from the sequence ``ticket_numbers``.

    Raises:
        Invalid: the handling is not open to the town for this item (T2, T3).
    """
    own_check = hazard.source is Source.DEPARTMENT
    decision = routing.decide(
        edition.rules,
        routing.Case(
            hazard.item,
            hazard.category,
            hazard.facts,
            reported=hazard.handling["kind"] == "report_up" or own_check,
            area_path=hazard.area_path,
        ),
    )
    process = edition.rules.process(decision.item)
    # A lead row that matched has its trigger: the report is due, not a choice.
    reported_by_rule = decision.lead is not None
    step, state = workflow.opening(
        hazard.handling["kind"],
        decision.at_once or reported_by_rule,
        by_lead=own_check and decision.lead == actor.department,
    )
    _check_handling(hazard, state, process)
    _check_day(hazard, zone)
    moment = now()
    due_on, origin = _due(hazard, state, process, zone)
    day = local_date(moment, zone)
    district = hazard.area_path.split("/")[1] or hazard.area_code
    number = f"{district}-{day:%Y%m%d}-{ticket_id:06d}"
    lines = _deadlines(hazard, state, process, due_on, origin, zone)
    row = _row(hazard, decision, state) | {
        "id": ticket_id,
        "number": number,
        "finder_id": actor.staff_id,
        "catalogue": edition.catalogue,
        "ruleset_id": edition.id,
        "due_on": due_on,
        "deadlines": lines,
        "opened_at": moment,
        "reported_at": moment if state in _WITH_DEPARTMENT else None,
        "changed_at": moment,
    }
    rows = _rows_of(row, hazard, decision, state, actor)
    notice = None
    if state is State.RECTIFYING:
        notice = _notice(row, hazard, process, edition, actor, zone)
    stopped = state is State.REPORTED and _stopped(hazard, process)
    made = partial(papers.paper, edition.rules, process.item, department=None)
    opened = Opened(number, state, due_on, decision, rows)
    _record(opened, step, hazard, actor, notice, stopped, made)
    said = hazard.handling.get("note"), (hazard.control or {}).get("note")
    rows.append((TicketSearch, [search.row_of(row, *said)]))
    return opened


def _rows_of(
    row: dict[str, Any],
    hazard: Hazard,
    decision: routing.Decision,
    state: State,
    actor: Actor,
) -> list[Rows]:
    """Return a ticket's row and those beside it as they begin."""
    ticket_id, moment = row["id"], row["opened_at"]
    lead = row["lead_department"]
    stage = stages.begun(state, decision.town, lead, row["deadlines"])
    stage |= {"ticket_id": ticket_id, "seq": 1, "from_at": moment}
    rows: list[Rows] = [(Ticket, [row]), (TicketStage, [stage])]
    if state in _WITH_DEPARTMENT:
        rows.append((TicketDepartment, parts(ticket_id, decision)))
    if hazard.control:
        imposed = _imposed(ticket_id, hazard.control, actor, moment)
        rows.append((TicketControl, [imposed]))
    return rows


def _notice(
    row: dict[str, Any],
    hazard: Hazard,
    process: ItemProcess,
    edition: Edition,
    actor: Actor,
    zone: ZoneInfo,
) -> dict[str, Any] | None:
    """Return the notice that the town's day comes with: issued where it must be (42),
    elsewhere only noted, as a reminder that may be issued later."""
    notice = town_notice(process, row["due_on"])
    if process.town_notice != "mandatory":
        return notice
    case = written.Case(
        Ticket(**row),
        edition.rules,
        process.item,
        actor,
        row["opened_at"],
        zone,
        {"note": hazard.handling.get("note"), "photos": hazard.photos},
        finder=actor.name,
    )
    return written.issued(case, notice)


def _check_handling(hazard: Hazard, state: State, process: ItemProcess) -> None:
    if state is State.ON_SPOT and not process.settle_on_spot:
        raise Invalid.at(
            "/handling/kind",
            Text(
                f"第{process.item}项不由镇村当场处理",
                f"Item {process.item} is not settled on the spot by the town",
            ),
        )
    if state is State.RECTIFYING and not process.town_deadline:
        raise Invalid.at(
            "/handling/kind",
            Text(
                f"第{process.item}项不设镇级整改期限，请当场处理或上报",
                f"Item {process.item} gives the town no due date: settle or report",
            ),
        )
    if state is State.ON_SPOT and "professional" in hazard.facts:
        raise Invalid.at(
            "/handling/kind",
            Text(
                "专业性隐患不能由镇村当场销号，请限期整改或上报",
                "A professional hazard is not settled on the spot by the town",
            ),
        )


def _check_day(hazard: Hazard, zone: ZoneInfo) -> None:
    """Refuse a day that cannot have been meant, whatever becomes of the hazard.

    A day off is taken: the paper may be in the party's hands already.
    """
    due_on = hazard.handling.get("due_on")
    if due_on and (wrong := unfit_day(due_on, local_date(hazard.found_at, zone))):
        raise Invalid.at("/handling/due_on", wrong)


def _stopped(hazard: Hazard, process: ItemProcess) -> bool:
    """Tell whether the town stopped it (制止) before it was reported (T2, then T5)."""
    return hazard.handling["kind"] == "on_spot" and process.settle_on_spot


def _due(
    hazard: Hazard, state: State, process: ItemProcess, zone: ZoneInfo
) -> tuple[date | None, str]:
    """Return the due day and its origin.

    Raises:
        Invalid: a due date is needed and there is no default for this severity.
    """
    step = DEADLINE_STEP.get(state)
    if step is None:
        return None, ""
    if state is State.RECTIFYING and hazard.handling.get("due_on"):
        return hazard.handling["due_on"], deadlines.BY_INSPECTOR
    due_on = deadlines.default_due(
        process, step, hazard.severity, hazard.found_at, zone
    )
    if due_on is None and state is State.RECTIFYING:
        raise Invalid.at(
            "/handling/due_on",
            Text("请填写整改期限", "A due date is required for this severity"),
        )
    return due_on, deadlines.LOCAL_SETTING


def _deadlines(
    hazard: Hazard,
    state: State,
    process: ItemProcess,
    due_on: date | None,
    origin: str,
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    """Return the ticket's first line: the town's day, or the department's to accept."""
    step = stages.STEPS[state]
    if state in _WITH_DEPARTMENT:
        line = deadlines.default_entry(process, step, hazard.severity, now(), zone)
    elif origin == deadlines.LOCAL_SETTING:
        found_at = hazard.found_at
        line = deadlines.default_entry(process, step, hazard.severity, found_at, zone)
    else:
        line = deadlines.by_inspector(step, due_on) if due_on else None
    return deadlines.replaced([], step, line)


def _row(hazard: Hazard, decision: routing.Decision, state: State) -> dict[str, Any]:
    place_id, place_kind, place_name = hazard.place
    return {
        "finding_id": hazard.finding_id,
        "state": state.value,
        "duty_item": hazard.item,
        "category": hazard.category,
        "severity": hazard.severity,
        "description": hazard.description,
        "facts": list(decision.facts),
        "responsible_party": hazard.responsible_party,
        "place_id": place_id,
        "place_kind": place_kind,
        "place_name": place_name,
        "geom": hazard.point,
        "area_code": hazard.area_code,
        "area_path": hazard.area_path,
        "decision": decision.to_document(),
        "town_department": decision.town,
        "lead_department": decision.lead if state in _WITH_DEPARTMENT else None,
        "next_level": decision.next_level,
        "appraisal": decision.appraisal,
        "control": (Control.IN_FORCE if hazard.control else Control.NONE).value,
        "failed_rechecks": 0,
        "photos": hazard.photos,
        "source": hazard.source,
        "found_at": hazard.found_at,
        "version": 1,
        "severity_status": _severity_status(hazard, state),
    }


def _severity_status(hazard: Hazard, state: State) -> str | None:
    """What the town calls major is suspected, what the lead department found is so."""
    if hazard.severity != Severity.MAJOR:
        return None
    by_lead = state is State.VERIFYING
    status = SeverityStatus.CONFIRMED if by_lead else SeverityStatus.SUSPECTED
    return status.value


def town_notice(
    process: ItemProcess, due_on: date | None, number: str | None = None
) -> dict[str, Any] | None:
    """Return the town's written notice that a due date comes with, if there is one.

    Only item 42 makes the 整改通知书 mandatory; elsewhere the town's reminder has a
    title of its own, so that it is never taken for a department's order.
    """
    titles = {"mandatory": "整改通知书", "optional": "整改提醒单"}
    title = titles.get(process.town_notice)
    if title is None:
        return None
    return {"kind": "town_notice", "title": title, "number": number, "due_on": due_on}


def parts(ticket_id: int, decision: routing.Decision) -> list[dict[str, Any]]:
    """Return the rows that give each department of a decision its part."""
    given: dict[str, Part] = {}
    for code in decision.inform:
        given[code] = Part.INFORMED
    if decision.coordinator:
        given[decision.coordinator] = Part.COORDINATOR
    for code in decision.co:
        given[code] = Part.CO
    if decision.lead:
        given[decision.lead] = Part.LEAD
    return [
        {"ticket_id": ticket_id, "department_code": code, "part": part.value}
        for code, part in given.items()
    ]


def _imposed(
    ticket_id: int, control: dict[str, Any], actor: Actor, moment: datetime
) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "measure": control["measure"],
        "note": control.get("note", ""),
        "imposed_by": actor.staff_id,
        "imposed_at": moment,
    }


def _record(
    opened: Opened,
    step: str,
    hazard: Hazard,
    actor: Actor,
    notice: dict[str, Any] | None,
    stopped: bool,
    paper: Callable[..., dict[str, Any] | None],
) -> None:
    state, decision = opened.state, opened.decision
    subject = (SUBJECT, opened.number)
    record("ticket.found", actor, subject, _found(hazard))
    if hazard.control:
        record(
            "ticket.control_imposed",
            actor,
            subject,
            {"transition": "C1", "action": "impose_control", **hazard.control}
            | _with(paper(action="impose_control")),
        )
    before = State.FOUND
    if stopped:
        seen = {"transition": "T2", "action": "on_spot", "from": before}
        before, step = State.ON_SPOT, "T5"
        note = hazard.handling.get("note", "")
        seen |= {"to": before, "note": note} | _with(paper(action="on_spot"))
        record(f"ticket.{before}", actor, subject, seen)
    payload: dict[str, Any] = {
        "transition": step,
        "action": hazard.handling["kind"],
        "from": before,
        "to": state,
        "note": hazard.handling.get("note", ""),
        "due_on": opened.due_on,
        # The ticket as all these events leave it.
        "rows": told(opened.rows),
    }
    if state is State.ON_SPOT:
        notice = paper(action="on_spot")
    payload |= _with(notice)
    if state in _WITH_DEPARTMENT:
        payload |= {
            "department": decision.lead,
            "co": list(decision.co),
            "rule": decision.rule,
            "basis": list(decision.basis),
            "refused": hazard.handling.get("refused"),
        }
    record(f"ticket.{state}", actor, subject, payload)


def _found(hazard: Hazard) -> dict[str, Any]:
    return {
        "transition": "T1",
        "action": "found",
        "from": None,
        "to": State.FOUND,
        "finding": str(hazard.finding_id),
        "source": hazard.source,
        "found_at": hazard.found_at.isoformat(),
        "note": hazard.description,
        "attachments": [str(photo) for photo in hazard.photos],
    }


def _with(document: dict[str, Any] | None) -> dict[str, Any]:
    return {"document": document} if document else {}
