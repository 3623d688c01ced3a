"""The desk over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.accounts import people
from server.core.clock import local_date, now
from server.core.http import Blueprint, Page, Reply, check_version, each, in_language
from server.core.http.app import settings
from server.core.permissions import Actor
from server.desk import policy, schemas, service
from server.tickets import casework, evidence, saved
from server.tickets.models import Ticket
from server.tickets.queries import staff_names
from server.tickets.service import act, etag

blueprint = Blueprint("desk", __name__)


@blueprint.expose(
    "GET",
    "/me/filters",
    permission=policy.OWN_FILTERS,
    summary="Saved filters: own, and those that colleagues share",
    answers={200: [schemas.FilterOut]},
)
def filters(actor: Actor) -> Reply:
    """List saved filters by name."""
    kept = saved.readable(actor)
    names = staff_names(sorted({one.staff_id for one in kept}))
    return Reply(
        Page([schemas.filter_out(one, actor.staff_id, names) for one in kept], None)
    )


@blueprint.expose(
    "POST",
    "/me/filters",
    permission=policy.OWN_FILTERS,
    summary="Save a filter of the ticket list",
    body=schemas.FilterIn,
    answers={201: schemas.FilterOut},
)
def save(actor: Actor, body: dict[str, Any]) -> Reply:
    """Save a filter."""
    kept = service.create(actor, body)
    names = {actor.staff_id: actor.name}
    return Reply(schemas.filter_out(kept, actor.staff_id, names), 201)


@blueprint.expose(
    "PUT",
    "/me/filters/<uuid:filter_id>",
    permission=policy.OWN_FILTERS,
    summary="Change an own filter",
    body=schemas.FilterIn,
    answers={200: schemas.FilterOut},
)
def change(actor: Actor, filter_id: UUID, body: dict[str, Any]) -> Reply:
    """Change a filter."""
    kept = service.change(actor, filter_id, body)
    names = {actor.staff_id: actor.name}
    return Reply(schemas.filter_out(kept, actor.staff_id, names))


@blueprint.expose(
    "DELETE",
    "/me/filters/<uuid:filter_id>",
    permission=policy.OWN_FILTERS,
    summary="Forget an own filter",
    answers={204: None},
)
def remove(actor: Actor, filter_id: UUID) -> Reply:
    """Forget a filter."""
    service.remove(actor, filter_id)
    return Reply(None, 204)


@blueprint.expose(
    "GET",
    "/colleagues",
    permission=policy.COLLEAGUES,
    summary="Whom one may assign to or mention: the own department, or the own town",
    answers={200: [schemas.ColleagueOut]},
)
def colleagues(actor: Actor) -> Reply:
    """List colleagues by name."""
    known = people.colleagues(actor)
    return Reply(Page([schemas.colleague_out(person) for person in known], None))


@blueprint.expose(
    "POST",
    "/tickets/bulk",
    permission=policy.BULK,
    summary="Accept or assign many tickets, each on its own, with a result per item",
    body=schemas.BulkIn,
    who="for each ticket, whom its own actions name",
    answers={200: schemas.BulkOut},
)
def bulk(actor: Actor, body: dict[str, Any]) -> Reply:
    """Do one action on many tickets."""
    zone = settings().timezone

    def one(item: dict[str, Any]) -> dict[str, Any]:
        def check(ticket: Ticket) -> None:
            named = item.get("etag")
            if named is None and "version" in item:
                named = f'"{ticket.number}.{item["version"]}."'
            check_version(named, ticket.number, ticket.version)

        seen = act(actor, item["number"], body["action"], body["fields_"], zone, check)
        photos = len(evidence.uploaded(seen.ticket))
        around = f"{photos}.{casework.around(actor, seen).tag}"
        tag = etag(seen.ticket, actor, around, local_date(now(), zone))
        return {"etag": in_language(tag)}

    items = body["items"]
    results = [
        {"number": item["number"], **result}
        for item, result in zip(items, each(items, policy.BULK.name, one), strict=True)
    ]
    done = sum(result["status"] == 200 for result in results)
    return Reply({"done": done, "failed": len(results) - done, "results": results})
