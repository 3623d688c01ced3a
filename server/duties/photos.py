"""Who sees the photos of a duty record."""

from __future__ import annotations

from uuid import UUID

from server.core.errors import NotFound
from server.core.permissions import Actor
from server.duties import policy, queries, service
from server.photos.owners import OwnerKind


def arrived(actor: Actor, key: str) -> bool:
    """Tell whether the record has arrived.

    Raises:
        NotFound: it has, and is not the actor's to see.
    """
    if queries.by_id(UUID(key)) is None:
        return False
    service.seen(actor, UUID(key))
    return True


def originals(actor: Actor, key: str) -> bool:
    """Tell whether the actor, who sees the record, may read original files."""
    found = queries.by_id(UUID(key))
    if found is None:
        raise NotFound()
    return policy.can_see_originals(actor, found)


DUTY = OwnerKind(arrived, originals)
