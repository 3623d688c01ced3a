"""Who sees the photos of a finding: its sender, and whoever sees its ticket."""

from __future__ import annotations

from uuid import UUID

from server.core.permissions import Actor
from server.patrols import queries
from server.photos.owners import Owner, OwnerKind
from server.tickets import photos as of_tickets


def _arrived(actor: Actor, key: str) -> bool:
    finding = queries.origin(UUID(key))
    if finding is None:
        return False
    if finding.staff_id != actor.staff_id:
        of_tickets.arrived(actor, finding.number)
    return True


def _originals(actor: Actor, key: str) -> bool:
    return of_tickets.originals(actor, queries.origin(UUID(key)).number)


def _together(key: str) -> list[Owner]:
    number = queries.origin(UUID(key)).number
    return [Owner("ticket", number), Owner("finding", key)]


FINDING = OwnerKind(_arrived, _originals, _together)
