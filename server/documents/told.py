"""What is told of a document wherever it stands: does it hold, where are its files."""

from __future__ import annotations

from typing import Any

from server.documents.files import FORMATS
from server.documents.queries import Seen

VALID, WITHDRAWN = "valid", "withdrawn"


def status(seen: Seen) -> str:
    """Return whether a document stands; derived, never stored."""
    return VALID if seen.withdrawn_by is None else WITHDRAWN


def files_out(seen: Seen) -> dict[str, Any]:
    """Return by format where the files are, with the hash of those made already."""
    made = {file.format: file for file in seen.files}
    formats = FORMATS if seen.editable else ("pdf",)
    url = f"/api/v1/documents/{seen.document.id}/file?format="
    return {
        format: {
            "url": url + format,
            "sha256": made[format].sha256 if format in made else None,
            "size": made[format].size if format in made else None,
        }
        for format in formats
    }
