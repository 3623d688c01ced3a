"""What a phone is given: the whole policy on one page.

The bundle is for work without a network, so it follows the patrol, not the right to
read: whoever patrols gets their areas with boundaries and their town's places; others
(departments, supervisors) get the names of their areas and the tickets that wait for
them. Everything else they read online.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from server.audit.models import AuditEvent
from server.core.db import inside_any
from server.core.permissions import DEPARTMENT_ROLES, SIGNED_IN, TOWN_ROLES, Actor
from server.tickets.machine import Hat
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import State
from server.tickets.workflow import TRANSITIONS

READ = SIGNED_IN


def _waits_for(*hats: Hat) -> tuple[str, ...]:
    """Return the states that one of ``hats`` leads on.

    Only the main line counts (the T rows): a comment or a penalty is possible nearly
    always, and a ticket does not wait for it.
    """
    states = {
        state.value
        for row in TRANSITIONS
        if row.id.startswith("T") and not row.hats.isdisjoint(hats)
        for state in row.sources
    }
    return tuple(sorted(states))


TOWN_STATES = _waits_for(Hat.INSPECTOR, Hat.OFFICER)
DEPARTMENT_STATES = _waits_for(Hat.LEAD)


def on_patrol(actor: Actor) -> Actor:
    """Return ``actor`` with the roles of a patrol only, possibly with none.

    A district's supervisor who also patrols one village carries that village, not
    the district.
    """
    return replace(actor, grants=tuple(g for g in actor.grants if g.role in TOWN_ROLES))


def waiting(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a ticket waits for ``actor`` to act."""
    return or_(
        false(),
        and_(_near_the_town(actor), Ticket.state.in_(TOWN_STATES)),
        *(
            or_(
                and_(
                    Ticket.lead_department == code, Ticket.state.in_(DEPARTMENT_STATES)
                ),
                and_(Ticket.transferred_to == code, Ticket.state == State.TRANSFERRED),
            )
            for code in _departments(actor)
        ),
    )


def stopped_waiting(actor: Actor, since: datetime) -> ColumnElement[bool]:
    """Return the condition that a ticket stopped waiting for ``actor`` after ``since``.

    Every step out of a state is an event that names the state it left. A ticket that
    a phone was given as waiting and that waits no more has such an event, from a
    state that waits; a hazard that was reported at once never had one. Some that came
    and went after ``since`` are among them: naming those to a phone does no harm.

    A department that lost a ticket to another has no row with it any more; the
    timeline still tells that the ticket was once given to it.
    """
    return or_(
        false(),
        and_(_near_the_town(actor), _left(TOWN_STATES, since)),
        *(
            and_(
                or_(
                    Ticket.lead_department == code,
                    Ticket.transferred_to == code,
                    _once_given_to(code),
                ),
                _left((*DEPARTMENT_STATES, State.TRANSFERRED), since),
            )
            for code in _departments(actor)
        ),
    )


def _left(states: Sequence[str], since: datetime) -> ColumnElement[bool]:
    return exists(
        select(1).where(
            AuditEvent.subject_type == SUBJECT,
            AuditEvent.subject_id == Ticket.number,
            AuditEvent.at > since,
            AuditEvent.payload["from"].as_string().in_(states),
        )
    )


def _near_the_town(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(*TOWN_ROLES):
        return false()
    return or_(
        inside_any(Ticket.area_path, actor.paths(TOWN_ROLES)),
        Ticket.finder_id == actor.staff_id,
    )


def _departments(actor: Actor) -> list[str]:
    return [actor.department] if actor.department and _handles(actor) else []


def _handles(actor: Actor) -> bool:
    return not actor.roles.isdisjoint(DEPARTMENT_ROLES)


def _once_given_to(department: str) -> ColumnElement[bool]:
    return exists(
        select(1).where(
            AuditEvent.subject_type == SUBJECT,
            AuditEvent.subject_id == Ticket.number,
            AuditEvent.payload["department"].as_string() == department,
        )
    )
