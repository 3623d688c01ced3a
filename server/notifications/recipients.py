"""From the words of the table (``kinds.RULES``) to people and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.permissions import TOWN_ROLES, Role
from server.core.text import Text
from server.notifications import people
from server.notifications.cases import CONCERNED, Case
from server.notifications.kinds import ESCALATED_LEVEL, PERSONAL, Rule, Who
from server.notifications.models import NotificationTarget
from server.notifications.people import Person, Wanted
from server.notifications.wordings import (
    BY_STATE,
    DECIDING,
    INCIDENT_PARTS,
    WORDINGS,
)
from server.tickets.vocabulary import Part

Event = Mapping[str, Any]


def level_of(event: Event) -> int:
    """Return how far an overdue step has gone; 1 where the event does not say."""
    level = event["payload"].get("level")
    return level if isinstance(level, int) else 1


def people_for(rule: Rule, case: Case, event: Event) -> list[Person]:
    """Return whom to tell: those concerned who may see the case, but not who did it."""
    wanted = Wanted()
    for who in rule.who:
        _FIND[who](wanted, case, event)
    found = [
        person
        for person in people.find(wanted, case.area_path, around=case.around)
        if person.actor.staff_id != event["actor_id"] and case.can_read(person.actor)
    ]
    if rule.kind == "due_soon":
        return _assignee_first(found, case)
    return found


def targets_for(rule: Rule, case: Case) -> list[NotificationTarget]:
    """Return the active groups and webhooks whose department or area it concerns."""
    if rule.kind in PERSONAL:
        return []
    concerned = [code for code, part in case.parts.items() if part in CONCERNED]
    owner = or_(
        NotificationTarget.department_code.in_(concerned),
        and_(
            NotificationTarget.area_path.is_not(None),
            func.starts_with(case.area_path, NotificationTarget.area_path),
        ),
    )
    query = select(NotificationTarget).where(
        NotificationTarget.active, NotificationTarget.removed_at.is_(None), owner
    )
    rows = db.session.scalars(query.order_by(NotificationTarget.id))
    return [row for row in rows if not row.kinds or rule.kind in row.kinds]


def said_to(person: Person, rule: Rule, case: Case, event: Event) -> Text:
    """Return what a person of :func:`people_for` is told: what happened, and what is
    asked of them, if anything."""
    concerned = (who for who in rule.who if _is(who, person, case, event))
    who = next(concerned, None)
    if who is None:
        return rule.what
    type, to = event["type"], str(event["payload"].get("to"))
    if type == "ticket.returned" and case.decides and who in DECIDING:
        return DECIDING[who]
    if type == "incident.reported" and who is Who.PARTIES:
        part = case.parts.get(person.actor.department or "", "")
        return INCIDENT_PARTS.get(part, rule.what)
    asked = BY_STATE.get((type, who, to)) or WORDINGS.get((type, who))
    return asked or rule.what


def _is(who: Who, person: Person, case: Case, event: Event) -> bool:
    """Tell whether an event concerns a person who was found for it as ``who``."""
    wanted = Wanted()
    _FIND[who](wanted, case, event)
    return person.wanted_by(wanted, case.area_path)


def _assignee_first(found: list[Person], case: Case) -> list[Person]:
    """A warning goes to whom the ticket is assigned to alone, while they owe it."""
    assigned = _last(case, "ticket.assigned")
    named = assigned.payload.get("assignee") if assigned else None
    own = [person for person in found if str(person.actor.staff_id) == named]
    return own or found


def _last(case: Case, type: str) -> AuditEvent | None:
    query = (
        select(AuditEvent)
        .where(
            AuditEvent.subject_type == case.type,
            AuditEvent.subject_id == case.number,
            AuditEvent.type == type,
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def _ids(values: Any) -> set[UUID]:
    """Return the staff ids in a payload; what is none names nobody."""
    found = set()
    for value in values if isinstance(values, list) else [values]:
        try:
            found.add(UUID(str(value)))
        except ValueError:
            continue
    return found


def _lead(wanted: Wanted, case: Case, event: Event) -> None:
    # By the event where it says so: meanwhile the ticket may have been passed on.
    named = event["payload"].get("department")
    reported = event["type"] in {"ticket.reported", "ticket.dispatched"}
    code = named if reported and named else case.lead
    wanted.departments |= {code} if code else set()


def _chief(wanted: Wanted, case: Case, event: Event) -> None:
    # Of the department that owes the step: what the town owes is not theirs.
    owes = case.lead if not case.with_town else None
    wanted.chiefs |= {owes} if owes else set()


def _co(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.departments |= {c for c, part in case.parts.items() if part == Part.CO}


def _coordinator(wanted: Wanted, case: Case, event: Event) -> None:
    if case.lead is None or Part.COORDINATOR in case.parts.values():
        wanted.roles.add(Role.SAFETY_OFFICE)


def _dispatcher(wanted: Wanted, case: Case, event: Event) -> None:
    # Given back to who assigned it, that department leads again.
    if case.lead is None:
        wanted.roles.add(Role.SAFETY_OFFICE)
    elif event["payload"].get("next") == "dispatcher":
        wanted.departments.add(case.lead)


def _safety_office(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.roles.add(Role.SAFETY_OFFICE)


def _escalation(wanted: Wanted, case: Case, event: Event) -> None:
    if level_of(event) >= ESCALATED_LEVEL:
        wanted.roles.add(Role.SAFETY_OFFICE)


def _next_level(wanted: Wanted, case: Case, event: Event) -> None:
    named = event["payload"].get("department")
    wanted.departments |= {named} if named else set()


def _transferee(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.departments |= {case.transferee} if case.transferee else set()


def _officers(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.roles.add(Role.TOWN_OFFICER)


def _town(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.roles |= TOWN_ROLES


def _finder(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.ids |= {case.finder} if case.finder else set()


def _mentioned(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.ids |= _ids(event["payload"].get("mentions", []))


def _assignee(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.ids |= _ids(event["payload"].get("assignee"))


def _approver(wanted: Wanted, case: Case, event: Event) -> None:
    (_officers if case.with_town else _chief)(wanted, case, event)


def _asker(wanted: Wanted, case: Case, event: Event) -> None:
    asked = (event["payload"].get("extension") or {}).get("asked_by")
    wanted.ids |= {UUID(asked)} if asked else set()


def _owing(wanted: Wanted, case: Case, event: Event) -> None:
    if case.with_town or case.lead is None:
        _town(wanted, case, event)
    else:
        wanted.departments.add(case.transferee or case.lead)


def _parties(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.departments |= set(case.parts)


def _addressees(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.departments |= set(event["payload"].get("addressees") or [])
    wanted.departments |= {case.lead} if case.lead else set()


def _issuer(wanted: Wanted, case: Case, event: Event) -> None:
    wanted.departments |= {case.lead} if case.lead else set()


_FIND: Mapping[Who, Callable[[Wanted, Case, Event], None]] = {
    Who.LEAD: _lead,
    Who.CHIEF: _chief,
    Who.CO: _co,
    Who.DISPATCHER: _dispatcher,
    Who.COORDINATOR: _coordinator,
    Who.SAFETY_OFFICE: _safety_office,
    Who.ESCALATION: _escalation,
    Who.NEXT_LEVEL: _next_level,
    Who.TRANSFEREE: _transferee,
    Who.OFFICERS: _officers,
    Who.TOWN: _town,
    Who.FINDER: _finder,
    Who.MENTIONED: _mentioned,
    Who.ASSIGNEE: _assignee,
    Who.APPROVER: _approver,
    Who.ASKER: _asker,
    Who.OWING: _owing,
    Who.PARTIES: _parties,
    Who.ADDRESSEES: _addressees,
    Who.ISSUER: _issuer,
}


def effective(rule: Rule, event: Event) -> Rule:
    """Return the rule as it holds for this very event: level 2 overdue is urgent."""
    late = rule.kind == "overdue" and level_of(event) >= ESCALATED_LEVEL
    return replace(rule, urgent=True) if late else rule
