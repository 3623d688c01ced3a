"""The pictures of an inbound order: which have come, and who sees them."""

from __future__ import annotations

from uuid import UUID

from server.core.permissions import Actor
from server.orders import policy, service
from server.orders.models import Order
from server.orders.queries import SUBJECT
from server.photos import queries
from server.photos.models import Photo
from server.photos.owners import Owner, OwnerKind


def uploaded(order: Order) -> dict[UUID, Photo]:
    """Return the photos that have arrived by id, oldest first."""
    return queries.uploaded([Owner(SUBJECT, order.number)])


def _arrived(actor: Actor, number: str) -> bool:
    # A number of ours: whoever names one has seen its order.
    service.view(actor, number)
    return True


def _originals(actor: Actor, number: str) -> bool:
    return not service.view(actor, number).hats.isdisjoint(policy.ORIGINAL_HATS)


ORDER = OwnerKind(_arrived, _originals)
