"""What became of the hazards a person found: told to the finder's phone.

A ticket that leaves the town waits for the finder no more, so the phone forgets it;
this says how it went on.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, select, true

from server.audit.models import AuditEvent
from server.core.db import db
from server.core.permissions import Actor
from server.core.text import Text
from server.sync.cursor import fingerprint
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT
from server.tickets.vocabulary import STATE_TITLES, State

# The states in which a finder has news; on the way there are none.
NEWS = (
    State.CLOSED_TOWN,
    State.RETURNED,
    State.NOT_SUBSTANTIATED,
    State.RECTIFIED,
    State.FEEDBACK,
    State.CLOSED,
)


class Outcome(NamedTuple):
    """The last step of a found ticket into one of :data:`NEWS`; ``at`` is aware."""

    event: int
    number: str
    state: str
    at: datetime
    note: str
    merged_into: str | None


def of_finder(actor: Actor, since: datetime) -> list[Outcome]:
    """Return what ``actor`` found and what came to an outcome after ``since``.

    One for each ticket that is in such a state now, by the event that brought it
    there: a remark on it later is no news.
    """
    payload = AuditEvent.payload
    to = payload["to"].as_string()
    last = (
        select(AuditEvent.id, AuditEvent.at, payload["note"].as_string().label("note"))
        .where(
            AuditEvent.subject_type == SUBJECT,
            AuditEvent.subject_id == Ticket.number,
            to == Ticket.state,
            to != payload["from"].as_string(),
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
        .correlate(Ticket)
        .lateral()
    )
    query = (
        select(
            last.c.id,
            Ticket.number,
            Ticket.state,
            last.c.at,
            last.c.note,
            Ticket.merged_into,
        )
        .join(last, true())
        .where(
            and_(
                Ticket.finder_id == actor.staff_id,
                Ticket.changed_at > since,
                Ticket.state.in_([state.value for state in NEWS]),
                last.c.at > since,
            )
        )
        .order_by(last.c.id)
    )
    return [Outcome(*row) for row in db.session.execute(query)]


def key(outcome: Outcome) -> str:
    """Return what a cursor remembers of an outcome that was given."""
    return fingerprint(f"outcome {outcome.number}", outcome.event)


def documents(found: Sequence[Outcome], seen: Container[str]) -> list[dict[str, Any]]:
    """Return the outcomes that are not ``seen``, oldest first."""
    return [_document(one) for one in found if key(one) not in seen]


def _document(outcome: Outcome) -> dict[str, Any]:
    result = STATE_TITLES[outcome.state]
    if outcome.merged_into:
        into = outcome.merged_into
        result = Text(f"并入工单 {into}", f"Merged into ticket {into}")
    return {
        "number": outcome.number,
        "state": outcome.state,
        "result": result,
        "at": outcome.at,
        "note": outcome.note or "",
    }
