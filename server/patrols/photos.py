"""Who sees the photos of a finding: its sender, and whoever sees its ticket."""

from __future__ import annotations

from uuid import UUID

from server.core.permissions import Actor
from server.patrols import queries
from server.photos.owners import Owner, OwnerKind
from server.tickets import photos as of_tickets


def _check(actor: Actor, key: str) -> None:
    finding = queries.origin(UUID(key))
    if finding.staff_id != actor.staff_id:
        of_tickets.check(actor, finding.number)


def _originals(actor: Actor, key: str) -> bool:
    return of_tickets.originals(actor, queries.origin(UUID(key)).number)


def _known(key: str) -> bool:
    return queries.origin(UUID(key)) is not None


def _together(key: str) -> list[Owner]:
    number = queries.origin(UUID(key)).number
    return [Owner("ticket", number), Owner("finding", key)]


FINDING = OwnerKind(_check, _originals, _known, _together)
