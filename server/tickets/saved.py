"""Saved filters of the ticket list, and a query's filters made ready to ask with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from server.accounts import people
from server.areas.service import path_of
from server.checklists.service import own_catalogue
from server.core.db import db
from server.core.errors import FieldError, Invalid
from server.core.http.schema import BACKWARDS, backwards, load_body
from server.core.permissions import Actor
from server.core.text import Text
from server.tickets import queries
from server.tickets.filter_schemas import SavableQuery
from server.tickets.listing import NOBODY
from server.tickets.models import SavedFilter

# How a query names the caller.
ME = "me"


def readable(actor: Actor) -> list[SavedFilter]:
    """Return the actor's own filters and those that colleagues share, by name."""
    colleagues = [person.staff_id for person in people.colleagues(actor)]
    shared = and_(SavedFilter.shared, SavedFilter.staff_id.in_(colleagues))
    query = select(SavedFilter).where(
        or_(SavedFilter.staff_id == actor.staff_id, shared)
    )
    query = query.order_by(SavedFilter.name, SavedFilter.id)
    return list(db.session.scalars(query))


def applied(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Return a query with the saved filter that it names below what it says itself.

    Raises:
        Invalid: no such filter among those the actor may use, one that fits no more,
            or a day of the query and one of the filter that make no period.
    """
    id: UUID | None = query.get("filter")
    if id is None:
        return query
    merged: dict[str, Any] = load_body(SavableQuery, usable(actor, id).query) | query
    wrong = backwards(merged, SavableQuery.spans)
    if wrong:
        raise Invalid.of([FieldError(f"/{name}", BACKWARDS) for name in wrong])
    return merged


def usable(actor: Actor, id: UUID) -> SavedFilter:
    """Return a filter of the actor's own or one that a colleague shares.

    Raises:
        Invalid: there is none with this id.
    """
    found = next((one for one in readable(actor) if one.id == id), None)
    if found is None:
        raise Invalid.at("/filter", Text("没有此筛选", "No such filter"))
    return found


def resolved(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Return a query's filters with the area as its path, the department as its code
    and the assignee as an id.

    Raises:
        Invalid: one of them is not known.
    """
    filters = dict(query)
    if query.get("area"):
        filters["area"] = path_of(query["area"])
    if query.get("department"):
        code = queries.department_code(query["department"], own_catalogue(actor))
        if code is None:
            raise Invalid.at("/department", Text("没有此部门", "No such department"))
        filters["department"] = code
    if query.get("assignee"):
        filters["assignee"] = _assignee(actor, query["assignee"])
    return filters


def _assignee(actor: Actor, given: str) -> UUID | str:
    if given == NOBODY:
        return NOBODY
    if given == ME:
        return actor.staff_id
    found = people.named([given]).get(given)
    if found is None:
        raise Invalid.at("/assignee", Text("没有此人", "No such person"))
    return found.staff_id
