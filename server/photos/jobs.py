"""Jobs on photos; they take an event and are idempotent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.core.storage import Store
from server.photos import queries, service


def make_derivatives(event: dict[str, Any], store: Store) -> None:
    """Make web picture, thumbnail and perceptual hash of a received photo."""
    service.process(UUID(event["subject_id"]), store)


def sweep(store: Store) -> int:
    """Remove files that no row has named for a day; return how many."""
    return len(store.sweep(queries.is_claimed))
