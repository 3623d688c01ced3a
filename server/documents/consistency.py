"""Are documents, their files, templates and counters as the events tell? Part of
``audit verify``."""

from __future__ import annotations

from sqlalchemy import String, cast, func, select

from server.audit.rows import Told, faults_of, told_of
from server.core.db import db
from server.documents import files, service
from server.documents.models import (
    Document,
    DocumentFile,
    DocumentSeries,
    DocumentTemplate,
)

DOCUMENTS = Told(
    "document",
    Document,
    Document.number,
    told_of(service.SUBJECT, Document.id),
    "document.issued",
)
_FILE = cast(DocumentFile.document_id, String) + "." + DocumentFile.format
FILES = Told(
    "file of document",
    DocumentFile,
    _FILE,
    told_of(files.SUBJECT, _FILE),
    "document.rendered",
)


def faults(most: int = 100) -> list[str]:
    """Return where documents and events disagree, at most ``most`` of each kind.

    Templates are held by their digest; each counter by the numbers given out, which
    have no gap.
    """
    return [
        *faults_of(DOCUMENTS, most),
        *faults_of(FILES, most),
        *_templates(most),
        *_series(most),
    ]


def _templates(most: int) -> list[str]:
    digest = func.encode(func.sha256(DocumentTemplate.packed), "hex")
    query = select(DocumentTemplate.digest).where(digest != DocumentTemplate.digest)
    return [
        f"document template {name} is not what its digest says"
        for name in db.session.scalars(query.limit(most))
    ]


def _series(most: int) -> list[str]:
    """Every counter stands at as many papers as there are, and at the last of them."""
    counted = (
        select(
            Document.series,
            Document.year,
            func.count().label("papers"),
            func.max(Document.serial).label("top"),
        )
        .group_by(Document.series, Document.year)
        .subquery()
    )
    joined = (DocumentSeries.series == counted.c.series) & (
        DocumentSeries.year == counted.c.year
    )
    series = func.coalesce(DocumentSeries.series, counted.c.series)
    year = func.coalesce(DocumentSeries.year, counted.c.year)
    apart = counted.c.papers.is_distinct_from(
        DocumentSeries.last
    ) | counted.c.top.is_distinct_from(DocumentSeries.last)
    query = (
        select(series, year, counted.c.papers, DocumentSeries.last)
        .select_from(counted)
        .outerjoin(DocumentSeries, joined, full=True)
        .where(apart)
        .order_by(series, year)
        .limit(most)
    )
    return [
        f"series {name} of {of}: {papers or 0} papers, counted up to {last or 0}"
        for name, of, papers, last in db.session.execute(query)
    ]
