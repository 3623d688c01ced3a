"""Who sees the photos of an incident: whoever sees the incident."""

from __future__ import annotations

from uuid import UUID

from server.core.permissions import Actor
from server.incidents import policy, queries, service
from server.photos.owners import OwnerKind


def _arrived(actor: Actor, key: str) -> bool:
    if queries.by_id(UUID(key)) is None:
        return False
    service.view_by_id(actor, UUID(key))
    return True


def _originals(actor: Actor, key: str) -> bool:
    seen = service.view_by_id(actor, UUID(key))
    office = actor.covers(seen.incident.area_path, policy.ORIGINAL_ROLES)
    return office or policy.acting_department(actor) in seen.parts


INCIDENT = OwnerKind(_arrived, _originals)
