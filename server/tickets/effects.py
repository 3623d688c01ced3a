"""What a transition changes on its ticket besides the state.

One function per action, found by name in :data:`EFFECTS`. They get a
``change.Change``, alter the ticket and add to the event's payload; the state itself
is moved by ``service.move`` only.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, insert

from server.core import fastsql
from server.core.db import db
from server.core.errors import Conflict, Invalid
from server.core.text import Text
from server.tickets import cooperation, deadlines, delays, policy, queries, routing
from server.tickets.change import Change
from server.tickets.fields import MISSING
from server.tickets.models import (
    TicketControl,
    TicketDepartment,
    TicketPenalty,
)
from server.tickets.opening import parts, town_notice
from server.tickets.vocabulary import (
    ENDED,
    Control,
    Part,
    Severity,
    SeverityStatus,
    State,
)


def issue_notice(change: Change) -> None:
    """The town's written notice with its day (42.township.1; optional elsewhere)."""
    change.set_due("rectify", change.values["due_on"], deadlines.NOTICE)
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
        change.payload["refused"] = {
            name: change.values[name]
            for name in ("how", "witnesses")
            if name in change.values
        }
    reroute(change, new_facts)


def _require_evidence(change: Change) -> None:
    due_on = deadlines.last_day(change.ticket.deadlines, change.ticket.due_on)
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
    change.note_default("accept", change.rules.process(decision.item))
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
            change.note_default("feedback")
    elif change.row.id != "T6":
        ticket.failed_rechecks += 1


def dispatch(change: Change) -> None:
    """Assigned to a department; who led before stays a co-handler (T11).

    What 区安委办 decides after a return (T11b) is binding, and who gave it back is
    rid of it.
    """
    department = change.values["department"]
    if queries.department_level(department) != "district":
        message = Text(
            "只能分派给区级部门", "Only a district department can be assigned"
        )
        raise Invalid.at("/department", message)
    previous = change.ticket.lead_department
    ruled = change.row.id == "T11b"
    if previous and previous != department:
        part = cooperation.part_beside(change) if ruled else Part.CO
        _involve_as(change, previous, part)
    if ruled:
        change.ticket.binding = True
        change.payload["binding"] = True
    _involve_as(change, department, Part.LEAD)
    change.ticket.lead_department = department
    change.ticket.assignee_id = None
    change.note_default("accept")


def accept(change: Change) -> None:
    """Accepted by the lead; the default day for verifying is noted."""
    change.note_default("verify")


def verify(change: Change) -> None:
    """Verified on site: so or not so, and how severe the department calls it."""
    _grade(change)
    change.ticket.substantiated = change.values["result"] == "substantiated"
    if not change.ticket.substantiated:
        change.note_default("feedback")


def appraise(change: Change) -> None:
    """An appraisal ordered, or its grade (28.区住房和城乡建设局.4) recorded."""
    grade = change.values.get("grade")
    if grade:
        change.ticket.grade = None if grade == "none" else grade
        change.ticket.substantiated = grade != "none"
    else:
        change.note_default("appraise")
    if grade == "none":
        change.note_default("feedback")


def order(change: Change) -> None:
    """The department's written order with its day, which overrides any default.

    A co-handler's own order stands beside the lead's and moves no day.
    """
    if change.row.event == "ordered":
        change.set_due("order", change.values["due_on"], deadlines.ORDER)


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
    change.note_default("answer")


def escalate(change: Change) -> None:
    """Reported to the next level, which learns of the ticket."""
    assert change.ticket.next_level is not None
    _involve_as(change, change.ticket.next_level, Part.INFORMED)
    change.payload["department"] = change.ticket.next_level
    change.note_default("answer")


def answer(change: Change) -> None:
    """The answer of the next level, or of whom the case was transferred to."""
    if change.row.target is State.RECTIFIED:
        change.ticket.rectified_at = change.moment
        change.note_default("feedback")


def feed_back(change: Change) -> None:
    """The result goes to the town; the default day for closing is noted."""
    cooperation.feed_back(change)
    change.note_default("close")


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
    """One measure in force, or all, lifted by the lead department."""
    controls = queries.controls_of(change.ticket.id)
    in_force = [c for c in controls if c.lifted_at is None]
    chosen = change.values.get("control")
    lifted = [c for c in in_force if chosen in {None, str(c.id)}]
    for control in lifted:
        control.lifted_by = change.actor.staff_id
        control.lifted_at = change.moment
        control.lift_note = change.values["note"]
    change.payload["lifted"] = [control.measure for control in lifted]
    if len(lifted) == len(in_force):
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


def assign(change: Change) -> None:
    """Onto somebody's desk (经办人), of the department or the town that has it."""
    id = change.values["assignee"]
    change.ticket.assignee_id = id
    change.payload["assignee_name"] = queries.staff_names([id])[id]


def unassign(change: Change) -> None:
    """Off the desk it was on."""
    change.ticket.assignee_id = None


def grade_severity(change: Change) -> None:
    """The department's own grading (定级): confirms 重大, or calls it less."""
    _grade(change)


def _grade(change: Change) -> None:
    severity, ticket = change.values.get("severity"), change.ticket
    if severity is None:
        return
    called_major = ticket.severity == Severity.MAJOR
    called_major |= ticket.severity_status == SeverityStatus.LOWERED
    status = SeverityStatus.LOWERED if called_major else None
    if severity == Severity.MAJOR:
        status = SeverityStatus.CONFIRMED
    change.payload |= {"severity_before": ticket.severity, "severity_status": status}
    ticket.severity, ticket.severity_status = severity, status


def give_back(change: Change) -> None:
    """Given back (退回); to who assigned it, whose time for a step begins anew."""
    cooperation.give_back(change)
    change.ticket.assignee_id = None
    if change.row.target is State.REPORTED:
        change.note_default("accept")


def _involve_as(change: Change, department: str, part: Part) -> None:
    cooperation.involve(change.ticket.id, department, part)


EFFECTS: dict[str, Callable[[Change], None]] = {
    "issue_notice": issue_notice,
    "settle": settle,
    "report_up": report_up,
    "reinspect": reinspect,
    "extend": delays.extend,
    "dispatch": dispatch,
    "accept": accept,
    "return": give_back,
    "verify": verify,
    "appraise": appraise,
    "order": order,
    "transfer": transfer,
    "escalate": escalate,
    "answer": answer,
    "feed_back": feed_back,
    "close": close,
    "penalise": penalise,
    "impose_control": impose_control,
    "lift_control": lift_control,
    "merge": merge,
    "comment": comment,
    "request_extension": delays.request_extension,
    "refuse_extension": delays.refuse_extension,
    "suspend": delays.suspend,
    "resume": delays.resume,
    "grade_severity": grade_severity,
    "answer_part": cooperation.answer_part,
    "convene": cooperation.convene,
    "record_joint": comment,
    "assign": assign,
    "unassign": unassign,
}
