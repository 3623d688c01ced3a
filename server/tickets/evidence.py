"""The pictures of a ticket as evidence.

A hazard is closed on evidence that exists: a photo that an action names must have
been uploaded for this very ticket or its finding, and one that shows the hazard
gone (stage ``after``) must be among those that close it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.core.errors import FieldError, Invalid
from server.core.text import Text
from server.photos.owners import Owner
from server.photos.queries import stages
from server.tickets.models import Ticket


def owners_of(ticket: Ticket) -> list[Owner]:
    """Return what a ticket's photos belong to: the ticket and its finding."""
    return [Owner("ticket", ticket.number), Owner("finding", str(ticket.finding_id))]


def uploaded(ticket: Ticket) -> dict[UUID, str]:
    """Return id and stage of the photos that have arrived, oldest first."""
    return stages(owners_of(ticket))


def require(ticket: Ticket, photos: Sequence[UUID], stage: str | None) -> None:
    """Refuse photos that are not there, or none with the ``stage`` that is needed.

    ``stage`` is that of ``Transition.evidence``.

    Raises:
        Invalid: naming each photo that was not uploaded for this ticket, or telling
            that none shows the stage.
    """
    if not photos:
        return
    known = uploaded(ticket)
    where = f"PUT /api/v1/photos/{{id}}?ticket={ticket.number}&stage={stage or '…'}"
    errors = [
        FieldError(
            f"/photos/{index}",
            Text(
                f"本工单没有照片 {photo}，请先上传：{where}",
                f"No photo {photo} of this ticket: upload it first by {where}",
            ),
        )
        for index, photo in enumerate(photos)
        if photo not in known
    ]
    if not errors and stage and stage not in {known[photo] for photo in photos}:
        text = Text(
            f"至少一张照片须为整改后（stage={stage}）拍摄：{where}",
            f"At least one photo must be of stage {stage}: {where}",
        )
        errors = [FieldError("/photos", text)]
    if errors:
        raise Invalid.of(errors)
