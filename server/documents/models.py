"""Tables of documents; rows are never changed (trigger), but for the counters."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model


class Document(Model):
    """One issued paper. Whether it is withdrawn follows from the rows that name it.

    Attributes:
        owner_kind: what it belongs to (see ``owners``); ``owner_id`` is its key.
        area_path: where the owner lies.
        series: word and mark of the number, such as 昆消责改; with ``year`` (the
            local year of the issue) and ``serial`` it is what was counted.
        number: as printed.
        issuer: the department that issues; ``issued_by`` who did it for it.
        issued_on: the local day of ``issued_at``.
        content: what is printed, frozen; see ``content``.
        template_digest: the template it was issued on, kept in ``document_templates``.
        verify_code: what the QR code asks by; unguessable.
        withdraws_id: the paper that this one withdraws.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("series", "year", "serial"),
        CheckConstraint("serial > 0", name="serial"),
        CheckConstraint(
            "(kind = 'withdrawal') = (withdraws_id IS NOT NULL)", name="withdraws"
        ),
        Index("ix_documents_owner", "owner_kind", "owner_id"),
        Index("ix_documents_issued", "issued_at", "id"),
        Index("ix_documents_issuer", "issuer", "kind", "issued_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_kind: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(Text)
    area_path: Mapped[str] = mapped_column(Text)
    catalogue: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(Text, unique=True)
    issuer: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    issued_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    template_digest: Mapped[str] = mapped_column(
        ForeignKey("document_templates.digest")
    )
    verify_code: Mapped[str] = mapped_column(Text, unique=True)
    withdraws_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("documents.id"), unique=True
    )


class DocumentTemplate(Model):
    """What a paper is made with, whole: ``packed``, whose SHA-256 is the digest."""

    __tablename__ = "document_templates"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    variant: Mapped[str] = mapped_column(Text)
    packed: Mapped[bytes] = mapped_column(LargeBinary)
    editable: Mapped[bool]
    kept_at: Mapped[datetime]


class DocumentFile(Model):
    """A document as a file, made once: ``sha256`` (hex) names it in the store."""

    __tablename__ = "document_files"
    __table_args__ = (CheckConstraint("format IN ('pdf', 'docx')", name="format"),)

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id"), primary_key=True
    )
    format: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    rendered_at: Mapped[datetime]


class DocumentSeries(Model):
    """The last number given out of a series in a year.

    Its row is held from the number's being taken until the commit: papers of one
    series are issued one after the other, and one that fails leaves no gap.
    """

    __tablename__ = "document_series"

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
