"""Sign-in, own account, phones."""

from __future__ import annotations

from typing import Any

from flask import request

from server.accounts import policy, schemas, service
from server.core.http import Blueprint, Page, Reply
from server.core.http.app import settings
from server.core.permissions import Actor

blueprint = Blueprint("accounts", __name__)


@blueprint.expose(
    "POST",
    "/auth/login",
    permission=policy.SIGN_IN,
    summary="Sign in; with a device the token lives 30 days, renewed by use",
    body=schemas.LoginIn,
    answers={200: schemas.LoginOut},
)
def login(body: dict[str, Any]) -> Reply:
    """Exchange a name and a password for a token."""
    address = request.remote_addr or "unknown"
    signed_in = service.sign_in(
        body["username"], body["password"], body["device"], address, settings()
    )
    return Reply(
        {
            "access_token": signed_in.token,
            "token_type": "Bearer",
            "expires_at": signed_in.expires_at,
            "staff": schemas.staff_out(signed_in.actor),
        },
        headers={"Cache-Control": "no-store"},
    )


@blueprint.expose(
    "POST",
    "/auth/logout",
    permission=policy.OWN_ACCOUNT,
    summary="End this token",
    answers={204: None},
)
def logout(actor: Actor) -> Reply:
    """End the token used for this call."""
    service.sign_out(actor)
    return Reply(None, 204)


@blueprint.expose(
    "GET",
    "/me",
    permission=policy.OWN_ACCOUNT,
    summary="The caller: roles, areas, department",
    answers={200: schemas.MeOut},
)
def me(actor: Actor) -> Reply:
    """Describe the caller."""
    return Reply(
        schemas.staff_out(actor) | {"token_expires_at": actor.expires_at},
    )


@blueprint.expose(
    "GET",
    "/devices",
    permission=policy.DEVICES,
    summary="Enrolled phones: own; administrators: all in their area",
    answers={200: [schemas.DeviceOut]},
)
def devices(actor: Actor) -> Reply:
    """List enrolled phones."""
    rows = service.list_devices(actor)
    return Reply(Page([schemas.device_out(d, owner) for d, owner in rows], None))


@blueprint.expose(
    "DELETE",
    "/devices/<rest:device_id>",
    permission=policy.REVOKE_DEVICE,
    summary="Revoke a phone; its tokens end at once",
    answers={204: None},
)
def revoke(actor: Actor, device_id: str) -> Reply:
    """Revoke a phone."""
    service.revoke_device(actor, device_id)
    return Reply(None, 204)
