"""Are the photos as their events tell? Part of ``audit verify``."""

from __future__ import annotations

from server.audit.rows import Told, faults_of, told_of
from server.photos.models import Photo

PHOTOS = Told("photo", Photo, Photo.id, told_of("photo", Photo.id), "photo.received")


def faults(most: int = 100) -> list[str]:
    """Return where photos and events disagree, at most ``most`` of each kind.

    What processing found out can be found out again and is not compared.
    """
    return faults_of(PHOTOS, most)
