"""Who sees the documents of a ticket, and what their withdrawal leaves on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from server.audit.rows import told_now
from server.audit.service import record
from server.core.clock import now
from server.core.permissions import Actor
from server.documents.models import Document
from server.documents.owners import OwnerKind
from server.tickets import policy, queries, service
from server.tickets.consistency import TICKETS
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT


def _visible(actor: Actor) -> ColumnElement[bool]:
    own = select(Ticket.number).where(policy.visible(actor))
    return Document.owner_id.in_(own)


def _hold(number: str) -> None:
    queries.by_number(number, lock=True)


def _withdrawn(
    actor: Actor,
    number: str,
    paper: dict[str, Any],
    withdrawal: dict[str, Any],
    reason: str,
) -> None:
    """Tell the timeline; the state stays, only the paper does not stand any more."""
    ticket = queries.by_number(number)
    assert ticket is not None
    ticket.version += 1
    ticket.changed_at = now()
    record(
        "ticket.document_withdrawn",
        actor,
        (SUBJECT, number),
        {
            "note": reason,
            "withdrawn": {"id": paper["id"], "number": paper["number"]},
            "document": withdrawal,
            "department_of_actor": actor.department,
            "rows": told_now(TICKETS, ticket.id),
        },
    )


TICKET = OwnerKind(service.readable, _visible, _hold, _withdrawn)
