"""Jobs on documents; they take an event and are idempotent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.core.storage import Store
from server.documents import files, queries


def render_document(event: dict[str, Any], store: Store, public_url: str) -> None:
    """Make the PDF of an issued document before anyone asks for it."""
    seen = queries.by_id(UUID(event["subject_id"]))
    assert seen is not None
    files.given(seen.document, "pdf", store, public_url)
