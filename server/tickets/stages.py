"""What a ticket waits for, of whom and until when, kept as a history of stages.

Each change of state, answerable department or day ends one stage and begins the next.
Whether a stage is overdue is not written down: it follows from its day, so any past
day can be asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from server.core import fastsql
from server.core.db import db
from server.tickets import deadlines
from server.tickets.models import Ticket, TicketStage
from server.tickets.queries import WAITING_FOR_A_DAY
from server.tickets.vocabulary import ENDED, State

# state -> the step it waits for; the lines of ``Ticket.deadlines`` bear these names.
STEPS: Mapping[State, str] = {
    State.ON_SPOT: "on_spot",
    State.RECTIFYING: "rectify",
    State.TOWN_RECHECK: "rectify",
    State.REPORTED: "accept",
    State.DISPATCHED: "accept",
    State.RETURNED: "report",
    State.VERIFYING: "verify",
    State.APPRAISAL: "appraise",
    State.ORDERED: "order",
    State.DEPT_RECHECK: "order",
    State.ESCALATED: "answer",
    State.TRANSFERRED: "answer",
    State.RECTIFIED: "feedback",
    State.NOT_SUBSTANTIATED: "feedback",
    State.FEEDBACK: "close",
}
_TOWN_STATES = frozenset({State.ON_SPOT, State.RECTIFYING, State.TOWN_RECHECK}) | {
    State.RETURNED,
    State.FEEDBACK,
}
SUSPENSION = "suspension"
# The steps whose day is also the ticket's: that by which the hazard is to be gone.
OF_THE_HAZARD = frozenset({"rectify", "order"})


def begun(
    state: State,
    town: str,
    owed_by: str | None,
    lines: list[deadlines.Line],
    **more: Any,
) -> dict[str, Any]:
    """Return a stage's row without its beginning; ``more`` goes over its columns.

    Its day is the one until which the step is in time: of a day off in writing the
    next working day.
    While a ticket is returned nobody's clock runs; when it has ended nobody is owed.
    """
    ended = state in ENDED
    step = None if ended else STEPS[state]
    line = None if state is State.RETURNED else deadlines.of_step(lines, step)
    row = {
        "state": state.value,
        "step": step,
        "department": None if ended else (town if state in _TOWN_STATES else owed_by),
        "lead": owed_by,
        "due_on": deadlines.effective(line) if line else None,
        "origin": line["origin"] if line else None,
        "paused": False,
    }
    return row | more


def follow(ticket: Ticket, moment: datetime) -> None:
    """End the stage that is over and begin the next, if the change made one."""
    latest = (
        select(TicketStage)
        .where(TicketStage.ticket_id == ticket.id)
        .order_by(TicketStage.seq.desc())
        .limit(1)
    )
    current = db.session.scalar(latest)
    row = _now(ticket)
    if current is not None:
        if all(getattr(current, name) == value for name, value in row.items()):
            return
        current.to_at = moment
        db.session.flush()
    seq = current.seq + 1 if current is not None else 1
    place = {"ticket_id": ticket.id, "seq": seq, "from_at": moment}
    fastsql.insert(TicketStage, place | row)


def _now(ticket: Ticket) -> dict[str, Any]:
    state = State(ticket.state)
    owed_by = ticket.lead_department
    if state is State.ESCALATED:
        owed_by = ticket.next_level
    elif state is State.TRANSFERRED:
        owed_by = ticket.transferred_to
    more: dict[str, Any] = {"lead": ticket.lead_department}
    if ticket.suspended is not None:
        until = date.fromisoformat(ticket.suspended["until"])
        more |= {"due_on": until, "origin": SUSPENSION, "paused": True}
    return begun(state, ticket.town_department, owed_by, ticket.deadlines, **more)


def moves_the_hazards_day(state: str) -> bool:
    """Tell whether a pause in ``state`` moves the day by which the hazard is gone."""
    return STEPS.get(State(state)) in OF_THE_HAZARD


def late(ticket: Ticket, stage: TicketStage | None, today: date) -> bool:
    """Tell whether a ticket is overdue; ``queries.overdue`` is the same in SQL."""
    if stage is not None:
        return stage.due_on is not None and stage.due_on < today
    if ticket.due_on is None:
        return False
    return ticket.due_on < today and ticket.state in WAITING_FOR_A_DAY
