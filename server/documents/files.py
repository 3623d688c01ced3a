"""Documents as files: made once, and the very same bytes ever after."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from server.audit.service import record
from server.core.clock import now
from server.core.digests import told
from server.core.errors import Problem
from server.core.storage import Store
from server.core.text import Text
from server.documents import forms, queries
from server.documents.content import Content
from server.documents.models import Document, DocumentFile

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
FORMATS = tuple(MEDIA_TYPES)
SUBJECT = "document_file"
# No paper is near it: what grows past it is no paper.
LARGEST = 64 * 1024 * 1024


class FileDamaged(Problem):
    """The file on disk is gone or changed, and making it again gives another (500)."""

    slug, status = "file-damaged", 500
    title = Text("文书文件已损坏", "The document's file is damaged")


class Given(NamedTuple):
    """A file to give out: where it is, and its hash (hex)."""

    path: Path
    sha256: str


def given(document: Document, format: str, store: Store, public_url: str) -> Given:
    """Return the file of a document, made now if it was not before.

    ``public_url`` is where the QR code leads; it is no part of the frozen content,
    because an installation may move.

    Raises:
        NotFound: there is no such format of it.
        Unavailable: the typefaces are not installed.
        FileDamaged: the file that was given out before cannot be had again.
    """
    kept = queries.file(document.id, format)
    if kept is not None and _is_whole(store.original(kept.sha256), kept.sha256):
        return Given(store.original(kept.sha256), kept.sha256)
    template = forms.kept(document.template_digest)
    data = forms.made(template, printed(document.content, public_url), format)
    with store.receiving([data], LARGEST) as received:
        if kept is None:
            kept = _noted(document, format, received.sha256, received.size)
        if kept.sha256 == received.sha256:
            store.keep(received)
        elif not _is_whole(store.original(kept.sha256), kept.sha256):
            raise FileDamaged()
    return Given(store.original(kept.sha256), kept.sha256)


def printed(content: Content, public_url: str) -> Content:
    """Return a content with the address of its QR code made whole."""
    verify = content["verify"]
    return content | {"verify": verify | {"url": public_url + verify["url"]}}


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def _noted(document: Document, format: str, sha256: str, size: int) -> DocumentFile:
    """Note the first file; of two made at once, the one that came first counts."""
    row = {
        "document_id": document.id,
        "format": format,
        "sha256": sha256,
        "size": size,
        "rendered_at": now(),
    }
    if queries.add_file(row):
        record(
            "document.rendered",
            None,
            (SUBJECT, f"{document.id}.{format}"),
            {"sha256": sha256, "rows": told([(DocumentFile, [row])])},
        )
    kept = queries.file(document.id, format)
    assert kept is not None
    return kept
