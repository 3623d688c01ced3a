"""Checklists over HTTP."""

from __future__ import annotations

from server.checklists import policy, queries, schemas, service
from server.core.errors import NotFound
from server.core.http import Blueprint, Page, Reply, etag_of, fresh
from server.core.permissions import Actor

blueprint = Blueprint("checklists", __name__)


@blueprint.expose(
    "GET",
    "/checklists",
    permission=policy.READ,
    summary="Codes, titles, duty item numbers and versions in force",
    answers={200: [schemas.ChecklistRow]},
)
def index(actor: Actor) -> Reply:
    """List the checklists of the caller's catalogue."""
    edition = service.edition_of(actor)
    etag = etag_of("checklists", edition.id)
    if fresh(etag):
        return Reply(None, 304, etag)
    rows = [
        schemas.checklist_row(service.checklist_of(edition.catalogue, code, v), v)
        for code, v in sorted(edition.versions.items())
    ]
    return Reply(Page(rows, None), etag=etag)


@blueprint.expose(
    "GET",
    "/checklists/<code>",
    permission=policy.READ,
    summary="One checklist in the version in force",
    answers={200: schemas.ChecklistOut},
)
def current(actor: Actor, code: str) -> Reply:
    """Show the version in force."""
    edition = service.edition_of(actor)
    if code not in edition.versions:
        raise NotFound()
    return _version(
        edition.catalogue, code, edition.versions[code], edition.hashes[code]
    )


@blueprint.expose(
    "GET",
    "/checklists/<code>/versions/<int:version>",
    permission=policy.READ,
    summary="One published version of a checklist",
    answers={200: schemas.ChecklistOut},
)
def version(actor: Actor, code: str, version: int) -> Reply:
    """Show any published version."""
    catalogue = service.edition_of(actor).catalogue
    digest = queries.checklist_hash(catalogue, code, version)
    if digest is None:
        raise NotFound()
    return _version(catalogue, code, version, digest)


def _version(catalogue: str, code: str, version: int, digest: str) -> Reply:
    # A version never changes, so its hash is its ETag.
    etag = etag_of(digest)
    if fresh(etag):
        return Reply(None, 304, etag)
    checklist = service.checklist_of(catalogue, code, version)
    return Reply(schemas.checklist_out(checklist, version), etag=etag)
