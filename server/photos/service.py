"""Taking photos in, and giving them out to those who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from server.audit.service import record
from server.core import fastsql
from server.core.clock import now
from server.core.db import db
from server.core.errors import ContentDiffers, Forbidden, NotFound
from server.core.permissions import Actor
from server.core.storage import Received, Store
from server.core.text import Text
from server.photos import images, policy, queries
from server.photos.images import ImageFacts
from server.photos.models import Photo
from server.photos.structure import Limits
from server.tickets import service as tickets


@dataclass(frozen=True)
class Owner:
    """What a photo belongs to: a finding (perhaps still to come) or a ticket."""

    finding_id: UUID | None
    ticket_number: str | None
    stage: str


class NotProcessed(NotFound):
    """The derivative is not made yet, or never will be (damaged)."""

    slug = "not-processed"
    title = Text("图片尚未处理完成", "The picture is not processed yet")


def check_owner(actor: Actor, owner: Owner) -> None:
    """Refuse a photo for something the actor may not see.

    Raises:
        NotFound: the ticket, or the finding's ticket, is not the actor's to see.
    """
    if owner.ticket_number is not None:
        tickets.view(actor, owner.ticket_number)
        return
    assert owner.finding_id is not None
    sender = queries.finding_sender(owner.finding_id)
    if sender is not None and sender != actor.staff_id:
        number = queries.ticket_number_of(Photo(finding_id=owner.finding_id))
        assert number is not None
        tickets.view(actor, number)


def take_in(
    actor: Actor, photo_id: UUID, owner: Owner, received: Received, store: Store
) -> tuple[Photo, bool]:
    """Store a received photo; return it and whether it came for the first time.

    The file is on disk under its lasting name before the row is written.

    Raises:
        ImageRefused: not a whole picture of a known format within the limits.
        ContentDiffers: the id came before with other content or another owner.
    """
    facts = images.inspect(received.path, Limits())
    store.keep(received)
    # Only now, when the slow part is over, is a connection taken.
    row = _row(actor, photo_id, owner, received, facts)
    try:
        fastsql.insert(Photo, row)
    except psycopg.errors.UniqueViolation:
        db.session.rollback()
        return _known(actor, photo_id, owner, received), False
    record("photo.received", actor, ("photo", photo_id), _noted(owner, received))
    return Photo(**row), True


def _known(actor: Actor, photo_id: UUID, owner: Owner, received: Received) -> Photo:
    """Return the photo that has this id, if it is the same.

    Raises:
        ContentDiffers: it has other content, another owner or another sender.
    """
    known = queries.by_id(photo_id)
    assert known is not None
    same = (
        known.sha256 == received.sha256
        and known.staff_id == actor.staff_id
        and known.finding_id == owner.finding_id
        and known.ticket_number == owner.ticket_number
        and known.stage == owner.stage
    )
    if not same:
        raise ContentDiffers(
            Text("该编号已用于另一张照片", "This id was used for another photo")
        )
    return known


def _noted(owner: Owner, received: Received) -> dict[str, Any]:
    return {
        "sha256": received.sha256,
        "finding": str(owner.finding_id) if owner.finding_id else None,
        "ticket": owner.ticket_number,
        "stage": owner.stage,
    }


def _row(
    actor: Actor, photo_id: UUID, owner: Owner, received: Received, facts: ImageFacts
) -> dict[str, Any]:
    return {
        "id": photo_id,
        "staff_id": actor.staff_id,
        "finding_id": owner.finding_id,
        "ticket_number": owner.ticket_number,
        "stage": owner.stage,
        "sha256": received.sha256,
        "size": received.size,
        "media_type": facts.media_type,
        "width": facts.width,
        "height": facts.height,
        "exif": {
            "orientation": facts.orientation,
            "position": list(facts.position) if facts.position else None,
            "gps_time": facts.gps_time.isoformat() if facts.gps_time else None,
            "taken_at": facts.taken_at.isoformat() if facts.taken_at else None,
            "taken_text": facts.taken_text,
            "trailing_bytes": facts.trailing_bytes,
            "notes": list(facts.notes),
        },
        "received_at": now(),
        "processed_at": None,
        "phash": None,
        "verdicts": [],
    }


def visible(actor: Actor, photo_id: UUID) -> Photo:
    """Return a photo the actor may see.

    Raises:
        NotFound: none, or its ticket is not the actor's to see.
    """
    photo = queries.by_id(photo_id)
    if photo is None:
        raise NotFound()
    if photo.staff_id != actor.staff_id:
        number = queries.ticket_number_of(photo)
        if number is None:
            raise NotFound(hidden=True)
        tickets.view(actor, number)
    return photo


def derivative(actor: Actor, photo_id: UUID, kind: str, store: Store) -> Path:
    """Return the file of a derivative.

    Raises:
        NotFound: the photo is not the actor's to see.
        NotProcessed: not made yet.
    """
    photo = visible(actor, photo_id)
    path = store.derived(photo.sha256, kind)
    if not path.exists():
        raise NotProcessed()
    return path


def original(actor: Actor, photo_id: UUID, store: Store) -> tuple[Photo, Path]:
    """Return a photo with its original file, and log the read.

    Raises:
        NotFound: the photo is not the actor's to see.
        Forbidden: the actor sees the ticket but not originals.
    """
    photo = visible(actor, photo_id)
    if photo.staff_id != actor.staff_id:
        number = queries.ticket_number_of(photo)
        assert number is not None
        if tickets.view(actor, number).hats.isdisjoint(policy.ORIGINAL_HATS):
            raise Forbidden()
    record("photo.original_read", actor, ("photo", photo_id))
    return photo, store.original(photo.sha256)


def process(photo_id: UUID, store: Store) -> None:
    """Make the derivatives of a photo; doing it again gives the same.

    A photo that turns out damaged gets that verdict and keeps its original.
    """
    photo = queries.by_id(photo_id)
    if photo is None:
        return
    web = store.derived(photo.sha256, "web")
    web.parent.mkdir(exist_ok=True)
    try:
        facts = images.make_derivatives(
            store.original(photo.sha256), web, store.derived(photo.sha256, "thumbnail")
        )
        photo.phash, photo.verdicts = facts.phash, facts.verdicts
    except images.ImageRefused as refused:
        photo.verdicts = [refused.slug]
    photo.processed_at = now()
