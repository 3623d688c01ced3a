"""The device bundle over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any

from server.core.clock import now
from server.core.http import Blueprint, Reply, etag_of, fresh
from server.core.http.app import settings
from server.core.http.render import dumps
from server.core.permissions import Actor
from server.sync import policy, schemas, service
from server.sync.cursor import encode

blueprint = Blueprint("sync", __name__)


@blueprint.expose(
    "GET",
    "/device/bundle",
    permission=policy.READ,
    summary="Everything for work without a network; since=<cursor>: what changed",
    query=schemas.BundleQuery,
    answers={200: schemas.BundleOut},
)
def bundle(actor: Actor, query: dict[str, Any]) -> Reply:
    """Give a phone its bundle."""
    made = service.bundle(actor, query["since"], settings().timezone)
    # Without the cursor and the time, which differ even when nothing else does.
    etag = etag_of("bundle", hashlib.sha256(dumps(made.content)).hexdigest())
    if fresh(etag):
        return Reply(None, 304, etag)
    head = {"cursor": encode(made.cursor), "generated_at": now()}
    return Reply(head | made.content, etag=etag)
