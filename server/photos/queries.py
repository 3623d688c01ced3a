"""Reading photos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, select, tuple_

from server.core.db import db
from server.photos.models import Photo
from server.photos.owners import Owner


def by_id(photo_id: UUID) -> Photo | None:
    """Return a photo by the phone's id."""
    return db.session.get(Photo, photo_id)


def of_owners(owners: Sequence[Owner]) -> list[Photo]:
    """Return the photos of all these owners, oldest first."""
    pairs = [(owner.kind, owner.key) for owner in owners]
    owned = tuple_(Photo.owner_kind, Photo.owner_key).in_(pairs)
    query = select(Photo).where(owned).order_by(Photo.received_at, Photo.id)
    return list(db.session.scalars(query))


def uploaded(owners: Sequence[Owner]) -> dict[UUID, Photo]:
    """Return the photos of all these owners by id, oldest first."""
    return {photo.id: photo for photo in of_owners(owners)}


def shown_before(contents: Collection[str]) -> set[str]:
    """Return which of these contents (SHA-256) were sent as ``before`` of anything."""
    query = select(Photo.sha256).where(
        Photo.sha256.in_(contents), Photo.stage == "before"
    )
    return set(db.session.scalars(query))


def came_before(photo: Photo) -> bool:
    """Tell whether another photo with the same content came before this one."""
    earlier = tuple_(Photo.received_at, Photo.id) < tuple_(photo.received_at, photo.id)
    same = select(Photo.id).where(Photo.sha256 == photo.sha256, earlier)
    return bool(db.session.scalar(select(same.exists())))


def is_claimed(sha256: str) -> bool:
    """Tell whether a photo has this content."""
    return bool(db.session.scalar(select(exists().where(Photo.sha256 == sha256))))
