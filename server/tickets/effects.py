"""What a transition changes on its ticket besides the state.

One function per action, found by name in :data:`EFFECTS`. They get a
:class:`Change`, alter the ticket and add to the event's payload; the state itself is
moved by ``service.move`` only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.checklists.catalogue import ItemProcess, Rules
from server.core import fastsql
from server.core.clock import local_date
from server.core.db import db
from server.core.errors import Conflict, Invalid
from server.core.permissions import Actor
from server.core.text import Text
from server.tickets import deadlines, policy, queries, routing
from server.tickets.fields import MISSING
from server.tickets.machine import Transition
from server.tickets.models import (
    Ticket,
    TicketControl,
    TicketDepartment,
    TicketPenalty,
)
from server.tickets.opening import parts, town_notice
from server.tickets.vocabulary import ENDED, Control, Part, State


@dataclass
class Change:
    """One transition about to happen; ``payload`` becomes the event's."""

    ticket: Ticket
    row: Transition
    values: dict[str, Any]
    actor: Actor
    rules: Rules
    process: ItemProcess
    moment: datetime
    zone: ZoneInfo
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The local calendar day of the change."""
        return local_date(self.moment, self.zone)


def issue_notice(change: Change) -> None:
    """The town's written notice with its day (42.township.1; optional elsewhere)."""
    _set_due(change, "rectify", deadlines.NOTICE)
    notice = town_notice(
        change.process, change.ticket.due_on, change.values.get("document_no")
    )
    if notice:
        change.payload["document"] = notice


def settle(change: Change) -> None:
    """Settled by the town: the hazard is gone."""
    change.ticket.rectified_at = change.ticket.ended_at = change.moment


def report_up(change: Change) -> None:
    """Reported: routed again with what is known now, then given to the departments.

    Refusal is always an evidenced act: declared or signature refused (``how``), or
    the due date has passed and the town's re-inspection failed; never the clock.
    """
    trigger = change.values.get("trigger")
    new_facts = set(change.values.get("facts", ()))
    if trigger:
        new_facts.add(trigger)
    if "refused" in new_facts.difference(change.ticket.facts):
        _require_evidence(change)
    if change.values.get("how"):
        change.payload["refused"] = {"how": change.values["how"]}
    reroute(change, new_facts)


def _require_evidence(change: Change) -> None:
    due_on = change.ticket.due_on
    proved = (
        change.row.id == "T9" and due_on is not None and due_on < change.today
    ) or bool(change.values.get("how"))
    if not proved:
        raise Invalid.at("/how", MISSING)


def reroute(change: Change, new_facts: set[str]) -> None:
    """Decide the ticket's route anew and hand it to the departments it names."""
    ticket = change.ticket
    facts = frozenset(ticket.facts) | new_facts
    case = routing.Case(
        ticket.duty_item, ticket.category, facts, True, ticket.area_path
    )
    decision = routing.decide(change.rules, case)
    ticket.facts = list(decision.facts)
    ticket.decision = decision.to_document()
    ticket.lead_department = decision.lead
    ticket.next_level = decision.next_level
    ticket.appraisal = decision.appraisal
    ticket.reported_at = ticket.reported_at or change.moment
    ticket.due_on = None
    ticket.assignee_id = None
    _note_default(change, "accept", change.rules.process(decision.item))
    db.session.execute(
        delete(TicketDepartment).where(TicketDepartment.ticket_id == ticket.id)
    )
    fastsql.insert(TicketDepartment, *parts(ticket.id, decision))
    change.payload |= {
        "department": decision.lead,
        "co": list(decision.co),
        "rule": decision.rule,
        "basis": list(decision.basis),
        "facts": sorted(new_facts),
    }


def reinspect(change: Change) -> None:
    """A re-inspection, the town's or the department's, passed or failed."""
    ticket = change.ticket
    if change.values["result"] == "passed":
        ticket.rectified_at = change.moment
        if change.row.target is State.CLOSED_TOWN:
            ticket.ended_at = change.moment
        else:
            _note_default(change, "feedback", change.process)
    elif change.row.id != "T6":
        ticket.failed_rechecks += 1


def extend(change: Change) -> None:
    """A later day, with its reason (T8)."""
    step = "order" if change.row.target is None else "rectify"
    _set_due(change, step, deadlines.EXTENSION)


def dispatch(change: Change) -> None:
    """Assigned to a department; who led before stays a co-handler (T11)."""
    department = change.values["department"]
    if queries.department_level(department) != "district":
        message = Text(
            "只能分派给区级部门", "Only a district department can be assigned"
        )
        raise Invalid.at("/department", message)
    previous = change.ticket.lead_department
    if previous and previous != department:
        _involve_as(change, previous, Part.CO)
    _involve_as(change, department, Part.LEAD)
    change.ticket.lead_department = department
    change.ticket.assignee_id = None
    _note_default(change, "accept", change.process)


def accept(change: Change) -> None:
    """Accepted by the lead; the default day for verifying is noted."""
    _note_default(change, "verify", change.process)


def verify(change: Change) -> None:
    """Verified on site: so or not so."""
    change.ticket.substantiated = change.values["result"] == "substantiated"
    if not change.ticket.substantiated:
        _note_default(change, "feedback", change.process)


def appraise(change: Change) -> None:
    """An appraisal ordered, or its grade (28.区住房和城乡建设局.4) recorded."""
    grade = change.values.get("grade")
    if grade:
        change.ticket.grade = None if grade == "none" else grade
        change.ticket.substantiated = grade != "none"
    if grade == "none":
        _note_default(change, "feedback", change.process)


def order(change: Change) -> None:
    """The department's written order with its day, which overrides any default.

    A co-handler's own order stands beside the lead's and moves no day.
    """
    if change.row.target is not None:
        _set_due(change, "order", deadlines.ORDER)


def transfer(change: Change) -> None:
    """Transferred (移送) to another department, which sees the ticket from now on."""
    department = change.values["department"]
    if department == change.ticket.lead_department:
        message = Text("案件已由该部门牵头", "This department leads the case already")
        raise Invalid.at("/department", message)
    if queries.department_level(department) == "town":
        message = Text("案件不移送镇街", "A case is not transferred to a town")
        raise Invalid.at("/department", message)
    change.ticket.transferred_to = department
    change.ticket.assignee_id = None
    _involve_as(change, department, Part.CO)


def escalate(change: Change) -> None:
    """Reported to the next level, which learns of the ticket."""
    assert change.ticket.next_level is not None
    _involve_as(change, change.ticket.next_level, Part.INFORMED)
    change.payload["department"] = change.ticket.next_level


def answer(change: Change) -> None:
    """The answer of the next level, or of whom the case was transferred to."""
    if change.row.target is State.RECTIFIED:
        change.ticket.rectified_at = change.moment
        _note_default(change, "feedback", change.process)


def close(change: Change) -> None:
    """The town strikes the ticket off (42.区应急管理局.6)."""
    change.ticket.ended_at = change.moment


def penalise(change: Change) -> None:
    """A penalty, beside the state: it never replaces the re-inspection."""
    db.session.execute(
        insert(TicketPenalty),
        {
            "ticket_id": change.ticket.id,
            "department_code": change.actor.department,
            "kind": change.values["kind"],
            "amount": change.values.get("amount"),
            "document_no": change.values.get("document_no"),
            "note": change.values["note"],
            "decided_by": change.actor.staff_id,
            "decided_at": change.moment,
        },
    )


def impose_control(change: Change) -> None:
    """A control measure; what was still with the town is reported (T10)."""
    db.session.execute(
        insert(TicketControl),
        {
            "ticket_id": change.ticket.id,
            "measure": change.values["measure"],
            "note": change.values["note"],
            "imposed_by": change.actor.staff_id,
            "imposed_at": change.moment,
        },
    )
    change.ticket.control = Control.IN_FORCE
    if change.row.target is State.REPORTED:
        reroute(change, {routing.COLLAPSE_RISK})


def lift_control(change: Change) -> None:
    """All measures in force are lifted by the lead department."""
    db.session.execute(
        update(TicketControl)
        .where(
            TicketControl.ticket_id == change.ticket.id,
            TicketControl.lifted_at.is_(None),
        )
        .values(
            lifted_by=change.actor.staff_id,
            lifted_at=change.moment,
            lift_note=change.values["note"],
        )
    )
    change.ticket.control = Control.LIFTED


def merge(change: Change) -> None:
    """A duplicate goes into the ticket it repeats; rates leave it out.

    The other ticket is held until the commit, so that two tickets merged into each
    other at once do not both end.
    """
    number = change.values["into"]
    other = queries.by_number(number)
    parts = queries.parts_of([other.id])[other.id] if other else []
    if other is None or not policy.can_read(change.actor, other, parts):
        raise Invalid.at("/into", Text(f"没有工单 {number}", f"No ticket {number}"))
    if queries.locked_if_free(number) is None:
        message = Text(
            "该工单正在处理中，请重试", "That ticket is being changed: retry"
        )
        raise Conflict(message)
    if other.id == change.ticket.id or other.state in ENDED or other.merged_into:
        message = Text("不能并入该工单", "Not a ticket to merge into")
        raise Invalid.at("/into", message)
    if not queries.alike(change.ticket, other):
        message = Text(
            f"只有同一场所或相距 {queries.NEAR_M} 米以内的同类隐患可以合并",
            f"Only hazards of one category at one place or within {queries.NEAR_M} m"
            " are merged",
        )
        raise Invalid.at("/into", message)
    change.ticket.merged_into = number
    change.ticket.ended_at = change.moment
    change.ticket.due_on = None


def comment(change: Change) -> None:
    """Nothing changes but the state and the timeline; who is mentioned is named."""
    mentions = change.values.get("mentions")
    if mentions:
        names = queries.staff_names(mentions)
        change.payload["mentioned"] = [names[id] for id in mentions]


def give_back(change: Change) -> None:
    """Returned to the town: it leaves the desk it was on (T13)."""
    change.ticket.assignee_id = None


def assign(change: Change) -> None:
    """Onto somebody's desk (经办人), of the department or the town that has it."""
    id = change.values["assignee"]
    change.ticket.assignee_id = id
    change.payload["assignee_name"] = queries.staff_names([id])[id]


def unassign(change: Change) -> None:
    """Off the desk it was on."""
    change.ticket.assignee_id = None


def _note_default(change: Change, step: str, process: ItemProcess) -> None:
    """Note the day by which ``step`` is due by default, if there is a setting."""
    ticket = change.ticket
    day = deadlines.default_due(
        process, step, ticket.severity, change.moment, change.zone
    )
    ticket.deadlines = deadlines.replaced(
        ticket.deadlines, step, day, deadlines.LOCAL_SETTING
    )


def _set_due(change: Change, step: str, origin: str) -> None:
    change.ticket.due_on = change.values["due_on"]
    change.ticket.deadlines = deadlines.replaced(
        change.ticket.deadlines, step, change.ticket.due_on, origin
    )


def _involve_as(change: Change, department: str, part: Part) -> None:
    db.session.execute(
        upsert(TicketDepartment)
        .values(ticket_id=change.ticket.id, department_code=department, part=part.value)
        .on_conflict_do_update(
            index_elements=["ticket_id", "department_code"],
            set_={"part": part.value},
        )
    )


EFFECTS: dict[str, Callable[[Change], None]] = {
    "issue_notice": issue_notice,
    "settle": settle,
    "report_up": report_up,
    "reinspect": reinspect,
    "extend": extend,
    "dispatch": dispatch,
    "accept": accept,
    "return": give_back,
    "verify": verify,
    "appraise": appraise,
    "order": order,
    "transfer": transfer,
    "escalate": escalate,
    "answer": answer,
    "feed_back": comment,
    "close": close,
    "penalise": penalise,
    "impose_control": impose_control,
    "lift_control": lift_control,
    "merge": merge,
    "comment": comment,
    "assign": assign,
    "unassign": unassign,
}
