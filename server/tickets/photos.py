"""Who sees the photos of a ticket."""

from __future__ import annotations

from server.core.permissions import Actor
from server.photos.owners import Owner, OwnerKind
from server.tickets import policy, queries, service
from server.tickets.evidence import owners_of
from server.tickets.machine import Hat

ORIGINAL_HATS = frozenset({Hat.OFFICER, Hat.LEAD, Hat.COORDINATOR})


def arrived(actor: Actor, number: str) -> bool:
    """Tell that the ticket is there: whoever names a number of ours has seen it.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    service.readable(actor, number)
    return True


def originals(actor: Actor, number: str) -> bool:
    """Tell whether the actor, who sees the ticket, may read original files."""
    ticket, parts = service.readable(actor, number)
    return not policy.hats(actor, ticket, parts).isdisjoint(ORIGINAL_HATS)


def _together(number: str) -> list[Owner]:
    ticket = queries.by_number(number)
    assert ticket is not None
    return owners_of(ticket)


TICKET = OwnerKind(arrived, originals, _together)
