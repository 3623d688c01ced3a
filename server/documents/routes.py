"""Documents over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, send_file

from server.core.errors import NotFound
from server.core.http import Blueprint, Reply, after_of, page_of
from server.core.http.app import settings
from server.core.permissions import Actor
from server.core.storage import Store
from server.documents import files, policy, queries, schemas, service
from server.documents.files import MEDIA_TYPES
from server.documents.owners import Kinds

blueprint = Blueprint("documents", __name__)


def _kinds() -> Kinds:
    return cast(Kinds, current_app.extensions["document_owners"])


@blueprint.expose(
    "GET",
    "/documents",
    permission=policy.READ,
    summary="Issued documents the caller may see, newest first",
    query=schemas.DocumentQuery,
    answers={200: [schemas.DocumentOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List documents."""
    after, limit = after_of(query, datetime.fromisoformat, UUID), query["limit"]
    seen = queries.page(actor, _kinds(), query, after, limit + 1)
    return Reply(
        page_of(
            seen,
            limit,
            lambda one: (one.document.issued_at, one.document.id),
            lambda rows: [schemas.document_out(row) for row in rows],
        )
    )


@blueprint.expose(
    "GET",
    "/documents/<uuid:document_id>",
    permission=policy.READ,
    summary="One document: what it says, whether it stands, where its files are",
    answers={200: schemas.DocumentOut},
)
def show(actor: Actor, document_id: UUID) -> Reply:
    """Show a document."""
    seen = service.visible(actor, document_id, _kinds())
    whole = schemas.document_out(seen) | {"content": seen.document.content}
    return Reply(whole)


@blueprint.expose(
    "GET",
    "/documents/<uuid:document_id>/file",
    permission=policy.READ,
    summary="The document as PDF, or as DOCX where an office edits it; the very same"
    " bytes every time",
    query=schemas.FileQuery,
    media_types=tuple(MEDIA_TYPES.values()),
)
def file(actor: Actor, document_id: UUID, query: dict[str, Any]) -> Response:
    """Give out a document's file."""
    document = service.visible(actor, document_id, _kinds()).document
    format = query["format"]
    store = cast(Store, current_app.extensions["document_store"])
    given = files.given(document, format, store, settings().public_url)
    response = send_file(
        given.path,
        mimetype=MEDIA_TYPES[format],
        download_name=f"{document.number}.{format}",
        conditional=True,
        etag=given.sha256,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.expose(
    "POST",
    "/documents/<uuid:document_id>/withdraw",
    permission=policy.WITHDRAW,
    summary="Withdraw a document by another one, which is the answer",
    body=schemas.WithdrawIn,
    who="the lead (负责人) of the department that issued it; for a town's paper the"
    " safety officer of its area",
    answers={201: schemas.DocumentOut},
)
def withdraw(actor: Actor, document_id: UUID, body: dict[str, Any]) -> Reply:
    """Withdraw a document."""
    zone = settings().timezone
    seen = service.withdraw(actor, document_id, body["reason"], _kinds(), zone)
    whole = schemas.document_out(seen) | {"content": seen.document.content}
    return Reply(whole, 201)


@blueprint.expose(
    "GET",
    "/documents/verify/<code>",
    permission=policy.VERIFY,
    summary="Is a paper in hand a real one, and does it stand? For anyone",
    answers={200: schemas.VerifiedOut},
)
def verify(code: str) -> Reply:
    """Verify a document by the code on it."""
    seen = queries.by_code(code)
    if seen is None:
        raise NotFound()
    return Reply(schemas.verified_out(seen))
