"""Reading photos."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, or_, select

from server.core import fastsql
from server.core.db import db
from server.photos.models import Photo
from server.tickets.models import Ticket


def by_id(photo_id: UUID) -> Photo | None:
    """Return a photo by the phone's id."""
    return db.session.get(Photo, photo_id)


def ticket_number_of(photo: Photo) -> str | None:
    """Return the number of the ticket a photo belongs to, once there is one."""
    if photo.ticket_number is not None:
        return photo.ticket_number
    query = select(Ticket.number).where(Ticket.finding_id == photo.finding_id)
    return db.session.scalar(query)


def finding_sender(finding_id: UUID) -> UUID | None:
    """Return who sent a finding, or None before it has arrived."""
    row = fastsql.first(
        "SELECT staff_id FROM findings WHERE id = %(id)s", {"id": finding_id}
    )
    return UUID(str(row.staff_id)) if row else None


def of_ticket(number: str) -> list[Photo]:
    """Return the photos of a ticket and of its finding, oldest first."""
    finding = select(Ticket.finding_id).where(Ticket.number == number)
    owned = or_(
        Photo.ticket_number == number, Photo.finding_id == finding.scalar_subquery()
    )
    query = select(Photo).where(owned).order_by(Photo.received_at, Photo.id)
    return list(db.session.scalars(query))


def is_claimed(sha256: str) -> bool:
    """Tell whether a photo has this content."""
    return bool(db.session.scalar(select(exists().where(Photo.sha256 == sha256))))
