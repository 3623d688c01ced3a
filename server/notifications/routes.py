"""Inbox, choices, targets and dead letters over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.core.http import Blueprint, Reply, after_of, page_of
from server.core.http.app import settings
from server.core.permissions import Actor
from server.notifications import policy, schemas, service, targets

blueprint = Blueprint("notifications", __name__)

_OWNERS = (
    "the department's lead; for an area its town officers, safety office and"
    " administrators; administrators of the district for every department"
)


@blueprint.expose(
    "GET",
    "/inbox",
    permission=policy.INBOX,
    summary="The caller's own messages, newest first",
    query=schemas.InboxQuery,
    answers={200: [schemas.NotificationOut]},
)
def inbox(actor: Actor, query: dict[str, Any]) -> Reply:
    """List the caller's messages."""
    after, limit = after_of(query, int), query["limit"]
    rows = service.inbox(actor, query["unread"], query.get("kind"), after, limit + 1)
    language = service.language_of(actor)
    return Reply(
        page_of(
            rows,
            limit,
            lambda row: (row.id,),
            lambda shown: [schemas.notification_out(row, language) for row in shown],
        )
    )


@blueprint.expose(
    "GET",
    "/inbox/unread",
    permission=policy.INBOX,
    summary="How many of the caller's messages are unread",
    answers={200: schemas.UnreadOut},
)
def unread(actor: Actor) -> Reply:
    """Count the caller's unread messages."""
    return Reply({"unread": service.count_unread(actor)})


@blueprint.expose(
    "POST",
    "/inbox/<int:notification_id>/read",
    permission=policy.INBOX,
    summary="Mark one of the caller's messages as read",
    answers={200: schemas.NotificationOut},
)
def read(actor: Actor, notification_id: int) -> Reply:
    """Mark a message as read."""
    row = service.mark_read(actor, notification_id)
    return Reply(schemas.notification_out(row, service.language_of(actor)))


@blueprint.expose(
    "POST",
    "/inbox/read-all",
    permission=policy.INBOX,
    summary="Mark the caller's messages up to one as read",
    body=schemas.ReadAllIn,
    answers={200: schemas.ReadAllOut},
)
def read_all(actor: Actor, body: dict[str, Any]) -> Reply:
    """Mark messages as read."""
    return Reply({"read": service.mark_all_read(actor, body["up_to"])})


@blueprint.expose(
    "GET",
    "/me/notifications",
    permission=policy.OWN_CHOICES,
    summary="The caller's mail address, channels, quiet hours and language",
    answers={200: schemas.ChoicesOut},
)
def choices(actor: Actor) -> Reply:
    """Show the caller's choices."""
    return Reply(schemas.choices_out(service.choice_of(actor)))


@blueprint.expose(
    "PUT",
    "/me/notifications",
    permission=policy.OWN_CHOICES,
    summary="Set the caller's choices, all of them",
    body=schemas.ChoicesIn,
    answers={200: schemas.ChoicesOut},
)
def choose(actor: Actor, body: dict[str, Any]) -> Reply:
    """Set the caller's choices."""
    return Reply(schemas.choices_out(service.choose(actor, body)))


@blueprint.expose(
    "GET",
    "/notification-targets",
    permission=policy.TARGETS,
    summary="Group bots and webhooks that are the caller's to set up",
    query=schemas.PageQuery,
    answers={200: [schemas.TargetOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List targets."""
    after, limit = after_of(query, UUID), query["limit"]
    return Reply(
        page_of(
            targets.listed(actor, after, limit + 1),
            limit,
            lambda target: (target.id,),
            lambda shown: [schemas.target_out(target) for target in shown],
        )
    )


@blueprint.expose(
    "POST",
    "/notification-targets",
    permission=policy.TARGETS,
    summary="Set up a group bot or webhook of a department or area",
    body=schemas.TargetIn,
    answers={201: schemas.TargetOut},
    who=_OWNERS,
)
def create(actor: Actor, body: dict[str, Any]) -> Reply:
    """Set up a target."""
    return Reply(schemas.target_out(targets.create(actor, body, settings())), 201)


@blueprint.expose(
    "GET",
    "/notification-targets/<uuid:target_id>",
    permission=policy.TARGETS,
    summary="One group bot or webhook",
    answers={200: schemas.TargetOut},
)
def show(actor: Actor, target_id: UUID) -> Reply:
    """Show a target."""
    return Reply(schemas.target_out(targets.view(actor, target_id)))


@blueprint.expose(
    "PATCH",
    "/notification-targets/<uuid:target_id>",
    permission=policy.TARGETS,
    summary="Change a group bot or webhook",
    body=schemas.TargetChangeIn,
    answers={200: schemas.TargetOut},
)
def change(actor: Actor, target_id: UUID, body: dict[str, Any]) -> Reply:
    """Change a target."""
    changed = targets.change(actor, target_id, body, settings())
    return Reply(schemas.target_out(changed))


@blueprint.expose(
    "DELETE",
    "/notification-targets/<uuid:target_id>",
    permission=policy.TARGETS,
    summary="Remove a group bot or webhook; what it was owed is given up",
    answers={204: None},
)
def remove(actor: Actor, target_id: UUID) -> Reply:
    """Remove a target."""
    targets.remove(actor, target_id)
    return Reply(None, 204)


@blueprint.expose(
    "POST",
    "/notification-targets/<uuid:target_id>/test",
    permission=policy.TARGETS,
    summary="Send a test message; its delivery tells what became of it",
    answers={202: schemas.DeliveryOut},
)
def test(actor: Actor, target_id: UUID) -> Reply:
    """Owe a target a test message."""
    return Reply(schemas.delivery_out(targets.send_test(actor, target_id)), 202)


@blueprint.expose(
    "GET",
    "/notification-targets/<uuid:target_id>/deliveries",
    permission=policy.TARGETS,
    summary="What a group bot or webhook was sent or is owed, newest first",
    query=schemas.PageQuery,
    answers={200: [schemas.DeliveryOut]},
)
def sent(actor: Actor, target_id: UUID, query: dict[str, Any]) -> Reply:
    """List what a target was owed."""
    after, limit = after_of(query, int), query["limit"]
    rows = targets.deliveries_of(actor, target_id, after, limit + 1)
    return Reply(_delivery_page(rows, limit))


@blueprint.expose(
    "GET",
    "/notifications/dead",
    permission=policy.DEAD_LETTERS,
    summary="Messages that were given up, newest first",
    query=schemas.PageQuery,
    answers={200: [schemas.DeliveryOut]},
)
def dead(actor: Actor, query: dict[str, Any]) -> Reply:
    """List dead letters."""
    after, limit = after_of(query, int), query["limit"]
    return Reply(_delivery_page(targets.dead(actor, after, limit + 1), limit))


def _delivery_page(rows: list[Any], limit: int) -> dict[str, Any]:
    return page_of(
        rows,
        limit,
        lambda row: (row.id,),
        lambda shown: [schemas.delivery_out(row) for row in shown],
    )


@blueprint.expose(
    "POST",
    "/notifications/dead/<int:delivery_id>/resend",
    permission=policy.DEAD_LETTERS,
    summary="Send a message anew that was given up",
    answers={202: schemas.DeliveryOut},
)
def resend(actor: Actor, delivery_id: int) -> Reply:
    """Owe a dead letter anew."""
    return Reply(schemas.delivery_out(targets.resend(actor, delivery_id)), 202)
