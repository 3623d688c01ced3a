"""Reading documents, and taking their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, and_, any_, exists, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from server.accounts.models import Staff
from server.core import fastsql
from server.core.db import db
from server.core.permissions import Actor
from server.departments.models import Department
from server.documents.models import Document, DocumentFile, DocumentTemplate
from server.documents.owners import Kinds


class Seen(NamedTuple):
    """A document with what is told of it: names, files, and what became of it.

    ``withdrawn_by`` is the paper that withdraws it, ``withdraws`` the one it
    withdraws; ``editable`` whether there is a DOCX of it.
    """

    document: Document
    issuer_name: str
    issued_by: str
    editable: bool
    withdrawn_by: Document | None
    withdraws: Document | None
    files: Sequence[DocumentFile]


def _whole() -> Select[Any]:
    # Made anew each time: threads that use one for the first time at once break it.
    later = aliased(Document, name="later")
    earlier = aliased(Document, name="earlier")
    query = (
        select(
            Document,
            Department.name,
            Staff.name,
            DocumentTemplate.editable,
            later,
            earlier,
        )
        .join(Department, Department.code == Document.issuer)
        .join(Staff, Staff.id == Document.issued_by)
        .join(DocumentTemplate, DocumentTemplate.digest == Document.template_digest)
        .outerjoin(later, later.withdraws_id == Document.id)
        .outerjoin(earlier, earlier.id == Document.withdraws_id)
    )
    return cast(Select[Any], query)


def _seen(query: Select[Any]) -> list[Seen]:
    rows = db.session.execute(query).all()
    if not rows:
        return []
    files: dict[UUID, list[DocumentFile]] = {row[0].id: [] for row in rows}
    made = select(DocumentFile).where(DocumentFile.document_id.in_(files))
    for file in db.session.scalars(made.order_by(DocumentFile.format.desc())):
        files[file.document_id].append(file)
    return [Seen._make([*row, files[row[0].id]]) for row in rows]


def by_id(document_id: UUID) -> Seen | None:
    """Return a document by its id."""
    return next(iter(_seen(_whole().where(Document.id == document_id))), None)


def by_code(code: str) -> Seen | None:
    """Return the document with this verification code."""
    return next(iter(_seen(_whole().where(Document.verify_code == code))), None)


def of_owner(kind: str, key: str) -> list[Seen]:
    """Return the documents of one owner, oldest first."""
    query = _whole().where(Document.owner_kind == kind, Document.owner_id == key)
    return _seen(query.order_by(Document.issued_at, Document.id))


def hold(document_id: UUID) -> Document:
    """Return a document, held until the commit so that only one withdraws it."""
    query = select(Document).where(Document.id == document_id)
    return db.session.scalars(query.with_for_update()).one()


def is_withdrawn(document_id: UUID) -> bool:
    """Tell whether a paper withdraws this one."""
    query = select(exists().where(Document.withdraws_id == document_id))
    return bool(db.session.scalar(query))


def page(
    actor: Actor,
    kinds: Kinds,
    filters: Mapping[str, Any],
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Seen]:
    """Return one page of what ``actor`` may see, newest first.

    ``filters``: ``kind``, ``issuer`` (code, name or alias), ``number``, and a key for
    a kind of owner.
    """
    may = [
        and_(Document.owner_kind == name, kind.visible(actor))
        for name, kind in kinds.items()
    ]
    query = _whole().where(or_(*may))
    for name in ("kind", "number"):
        if filters.get(name):
            query = query.where(getattr(Document, name) == filters[name])
    if filters.get("issuer"):
        query = query.where(Document.issuer.in_(_departments(filters["issuer"])))
    for name in kinds:
        if filters.get(name):
            query = query.where(
                Document.owner_kind == name, Document.owner_id == str(filters[name])
            )
    key = tuple_(Document.issued_at, Document.id)
    if after is not None:
        query = query.where(key < after)
    newest = (Document.issued_at.desc(), Document.id.desc())
    return _seen(query.order_by(*newest).limit(limit))


def _departments(key: str) -> Select[Any]:
    return select(Department.code).where(
        or_(
            Department.code == key,
            Department.name == key,
            literal(key) == any_(Department.aliases),
        )
    )


def is_town(department: str) -> bool:
    """Tell whether a department is a town's."""
    query = select(Department.level).where(Department.code == department)
    return db.session.scalars(query).one() == "town"


_NEXT = """
    INSERT INTO document_series AS known (series, year, last)
    VALUES (%(series)s, %(year)s, 1)
    ON CONFLICT (series, year) DO UPDATE SET last = known.last + 1
    RETURNING last
"""


def next_serial(series: str, year: int) -> int:
    """Take the next serial number of a series; its row is held until the commit."""
    return int(fastsql.first(_NEXT, {"series": series, "year": year}).last)


def keep_template(template: Mapping[str, Any]) -> None:
    """Store a template unless it is there."""
    db.session.execute(
        upsert(DocumentTemplate).values(template).on_conflict_do_nothing()
    )


def template(digest: str) -> DocumentTemplate:
    """Return the template kept under a digest."""
    return db.session.get_one(DocumentTemplate, digest)


def file(document_id: UUID, format: str) -> DocumentFile | None:
    """Return the file of a document in a format, None before it was made."""
    return db.session.get(DocumentFile, (document_id, format))


def add_file(row: Mapping[str, Any]) -> bool:
    """Note a file; False when someone else's is there already."""
    added = db.session.execute(
        upsert(DocumentFile)
        .values(row)
        .on_conflict_do_nothing()
        .returning(DocumentFile.format)
    )
    return added.first() is not None
