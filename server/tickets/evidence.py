"""The pictures of a ticket as evidence.

A hazard is closed on evidence that exists: a photo that an action names must have
been uploaded for this very ticket or its finding, and one that shows the hazard
gone (stage ``after``) must be among those that close it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from server.photos import evidence
from server.photos.models import Photo
from server.photos.owners import Owner
from server.photos.queries import of_owners
from server.tickets import rounds
from server.tickets.models import Ticket
from server.tickets.queries import Event


def owners_of(ticket: Ticket) -> list[Owner]:
    """Return what a ticket's photos belong to: the ticket and its finding."""
    return [Owner("ticket", ticket.number), Owner("finding", str(ticket.finding_id))]


def uploaded(ticket: Ticket) -> dict[UUID, Photo]:
    """Return the photos that have arrived, oldest first, by id.

    What a stranger sent for the finding before it arrived, when nobody could say
    whose it was, is none of the ticket's.
    """
    return {
        photo.id: photo
        for photo in of_owners(owners_of(ticket))
        if photo.owner_kind == "ticket"
        or photo.staff_id == ticket.finder_id
        or photo.received_at >= ticket.opened_at
    }


def require(
    ticket: Ticket,
    photos: Sequence[UUID],
    stage: str | None,
    events: Iterable[Event],
) -> None:
    """Refuse photos that are not there, or none that shows what is needed.

    ``stage`` is that of ``Transition.evidence``, ``events`` are the ticket's. What an
    earlier re-inspection named shows nothing new.

    Raises:
        Invalid: naming each photo that was not uploaded for this ticket, or telling
            that none shows the stage.
    """
    spent = rounds.looked_at(events) if photos and stage else frozenset()
    owner = owners_of(ticket)[0]
    evidence.require(owner, photos, stage, lambda: uploaded(ticket), spent)
