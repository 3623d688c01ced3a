"""Taking photos in, and giving them out to those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from server.audit.service import record
from server.core import fastsql
from server.core.clock import now
from server.core.db import db
from server.core.digests import told
from server.core.errors import ContentDiffers, Forbidden, NotFound
from server.core.permissions import Actor
from server.core.storage import Received, Store
from server.core.text import Text
from server.photos import images, queries
from server.photos.images import ImageFacts
from server.photos.models import Photo
from server.photos.owners import Kinds, Owner
from server.photos.refusals import DamagedImage
from server.photos.structure import Limits

# The same file came before under another id: a picture taken of another hazard, or
# the "after" that is the "before".
REUSED = "reused"


class Undecodable(NotFound):
    """The picture is damaged: there is nothing to show but the original."""

    slug = DamagedImage.slug
    title = Text("照片已损坏，没有缩略图", "The photo is damaged and has no preview")


class NotProcessed(NotFound):
    """The derivative is not made yet, or never will be (damaged)."""

    slug = "not-processed"
    title = Text("图片尚未处理完成", "The picture is not processed yet")
    retry_after = 5


def check_owner(actor: Actor, owner: Owner, kinds: Kinds) -> None:
    """Refuse a photo for something that has arrived and is not the actor's to see.

    Raises:
        NotFound: it is not.
    """
    kinds[owner.kind].arrived(actor, owner.key)


def take_in(
    actor: Actor,
    photo_id: UUID,
    owner: Owner,
    stage: str,
    received: Received,
    store: Store,
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
    row = _row(received, facts) | {
        "id": photo_id,
        "staff_id": actor.staff_id,
        "owner_kind": owner.kind,
        "owner_key": owner.key,
        "stage": stage,
    }
    try:
        fastsql.insert(Photo, row)
    except psycopg.errors.UniqueViolation:
        db.session.rollback()
        return _known(row), False
    noted = {name: row[name] for name in ("sha256", "owner_kind", "owner_key", "stage")}
    noted["rows"] = told([(Photo, [row])])
    record("photo.received", actor, ("photo", photo_id), noted)
    return Photo(**row), True


_SAME = ("sha256", "staff_id", "owner_kind", "owner_key", "stage")


def _known(row: dict[str, Any]) -> Photo:
    """Return the photo that has the id of ``row``, if it is the same.

    Raises:
        ContentDiffers: it has other content, another owner or another sender.
    """
    known = queries.by_id(row["id"])
    assert known is not None
    if any(getattr(known, name) != row[name] for name in _SAME):
        raise ContentDiffers(
            Text("该编号已用于另一张照片", "This id was used for another photo")
        )
    return known


def _row(received: Received, facts: ImageFacts) -> dict[str, Any]:
    return {
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


def visible(actor: Actor, photo_id: UUID, kinds: Kinds) -> Photo:
    """Return a photo the actor may see.

    Raises:
        NotFound: none, or what it belongs to is not the actor's to see.
    """
    photo = queries.by_id(photo_id)
    if photo is None:
        raise NotFound()
    own = photo.staff_id == actor.staff_id
    if not own and not kinds[photo.owner_kind].arrived(actor, photo.owner_key):
        raise NotFound(hidden=True)
    return photo


def together(actor: Actor, owner: Owner, kinds: Kinds) -> list[Photo]:
    """Return the photos of an owner and of what goes with it, oldest first.

    Raises:
        NotFound: none such, or not the actor's to see.
    """
    kind = kinds[owner.kind]
    if not kind.arrived(actor, owner.key):
        raise NotFound()
    return queries.of_owners(kind.together(owner.key) if kind.together else [owner])


def derivative(
    actor: Actor, photo_id: UUID, name: str, store: Store, kinds: Kinds
) -> Path:
    """Return the file of a derivative.

    Raises:
        NotFound: the photo is not the actor's to see.
        NotProcessed: not made yet.
    """
    photo = visible(actor, photo_id, kinds)
    path = store.derived(photo.sha256, name)
    if not path.exists():
        raise Undecodable() if DamagedImage.slug in photo.verdicts else NotProcessed()
    return path


def printable(store: Store, contents: Mapping[UUID, str]) -> dict[str, bytes]:
    """Return the large derivatives (JPEG) of photos that the caller may see, by id.

    ``contents``: id → SHA-256. What is not made yet, or cannot be, is left out.
    """
    paths = {id: store.derived(sha256, "web") for id, sha256 in contents.items()}
    return {str(id): path.read_bytes() for id, path in paths.items() if path.exists()}


def original(
    actor: Actor, photo_id: UUID, store: Store, kinds: Kinds
) -> tuple[Photo, Path]:
    """Return a photo with its original file, and log the read.

    Raises:
        NotFound: the photo is not the actor's to see.
        Forbidden: the actor sees what it belongs to but not originals.
    """
    photo = visible(actor, photo_id, kinds)
    kind = kinds[photo.owner_kind]
    if photo.staff_id != actor.staff_id and not kind.originals(actor, photo.owner_key):
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
        reused = [REUSED] if queries.came_before(photo) else []
        photo.phash, photo.verdicts = facts.phash, facts.verdicts + reused
    except images.ImageRefused as refused:
        photo.verdicts = [refused.slug]
    photo.processed_at = now()
