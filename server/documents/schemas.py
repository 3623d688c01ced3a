"""What documents take and give over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Line, Moment
from server.documents.content import masked
from server.documents.files import FORMATS
from server.documents.models import Document
from server.documents.queries import Seen
from server.documents.told import files_out, status


class DocumentQuery(Schema):
    """Filters of the list of documents."""

    kind = Line()
    issuer = Line()
    number = Line()
    ticket = Line()
    inspection = fields.UUID()
    limit = fields.Integer(load_default=50, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line()


class FileQuery(Schema):
    """In which format a document is wanted."""

    format = fields.String(load_default="pdf", validate=ma.validate.OneOf(FORMATS))


class WithdrawIn(Schema):
    """Why a document is withdrawn; the paper that withdraws it says so."""

    reason = Line(required=True, longest=2000)


class IssuerOut(Schema):
    """The department that issued it."""

    code = fields.String()
    name = fields.String()


class NamedOut(Schema):
    """Another document."""

    id = fields.UUID()
    title = fields.String()
    number = fields.String()
    issued_on = fields.Date()


class DocumentOut(Schema):
    """An issued document; ``content`` is what it says, and only of one asked for."""

    id = fields.UUID()
    kind = fields.String()
    title = fields.String()
    number = fields.String()
    issuer = fields.Nested(IssuerOut)
    issued_by = fields.String()
    issued_on = fields.Date()
    issued_at = Moment()
    owner = fields.Dict()
    addressee = fields.String()
    due_on = fields.Date(allow_none=True)
    status = fields.String()
    withdrawn_by = fields.Nested(NamedOut, allow_none=True)
    withdraws = fields.Nested(NamedOut, allow_none=True)
    files = fields.Dict()
    verify = fields.Dict()
    content = fields.Dict()


class VerifiedOut(Schema):
    """What anyone with the code may know of a document."""

    title = fields.String()
    number = fields.String()
    issuer = fields.String()
    issued_on = fields.Date()
    addressee = fields.String()
    status = fields.String()
    withdrawn_by = fields.Nested(NamedOut, allow_none=True)
    pdf_sha256 = fields.String(allow_none=True)


def document_out(seen: Seen) -> dict[str, Any]:
    """Return the document of :class:`DocumentOut` without what it says."""
    document = seen.document
    code = document.verify_code
    return {
        "id": document.id,
        "kind": document.kind,
        "title": document.title,
        "number": document.number,
        "issuer": {"code": document.issuer, "name": seen.issuer_name},
        "issued_by": seen.issued_by,
        "issued_on": document.issued_on,
        "issued_at": document.issued_at,
        "owner": {"kind": document.owner_kind, "id": document.owner_id},
        "addressee": document.content["addressee"]["name"],
        "due_on": document.content["due_on"],
        "status": status(seen),
        "withdrawn_by": _named(seen.withdrawn_by),
        "withdraws": _named(seen.withdraws),
        "files": files_out(seen),
        "verify": {"code": code, "page": f"/v/{code}"},
    }


def verified_out(seen: Seen) -> dict[str, Any]:
    """Return the document of :class:`VerifiedOut`; who got it is masked."""
    document = seen.document
    pdf = next((f.sha256 for f in seen.files if f.format == "pdf"), None)
    return {
        "title": document.title,
        "number": document.number,
        "issuer": document.content["issuer"]["name"],
        "issued_on": document.issued_on,
        "addressee": masked(document.content["addressee"]["name"]),
        "status": status(seen),
        "withdrawn_by": _named(seen.withdrawn_by),
        "pdf_sha256": pdf,
    }


def _named(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {
        "id": document.id,
        "title": document.title,
        "number": document.number,
        "issued_on": document.issued_on,
    }
