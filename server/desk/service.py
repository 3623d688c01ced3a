"""Keeping filters, and one item of many."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from server.accounts.models import Staff
from server.core.clock import now
from server.core.db import db
from server.core.errors import Conflict, Invalid, NotFound
from server.core.http.schema import load_body
from server.core.permissions import Actor
from server.core.text import Text
from server.tickets import saved
from server.tickets.filter_schemas import ListQuery
from server.tickets.models import SavedFilter

MOST_FILTERS = 50


def create(actor: Actor, content: dict[str, Any]) -> SavedFilter:
    """Keep a new filter.

    Raises:
        Invalid: the query is none of the list's, or the name is taken.
        Conflict: the person has as many as one may have.
    """
    content = _checked(actor, content, None)
    own = select(func.count()).where(SavedFilter.staff_id == actor.staff_id)
    if (db.session.scalar(own) or 0) >= MOST_FILTERS:
        message = Text(
            f"最多保存 {MOST_FILTERS} 个筛选", f"At most {MOST_FILTERS} filters"
        )
        raise Conflict(message, slug="too-many-filters")
    kept = SavedFilter(id=uuid4(), staff_id=actor.staff_id, changed_at=now(), **content)
    db.session.add(kept)
    db.session.flush()
    return kept


def change(actor: Actor, id: UUID, content: dict[str, Any]) -> SavedFilter:
    """Put another content into one of the actor's filters.

    Raises:
        NotFound: none of the actor's own.
        Invalid: as for a new one.
    """
    kept = _own(actor, id)
    content = _checked(actor, content, kept)
    for name, value in content.items():
        setattr(kept, name, value)
    kept.changed_at = now()
    db.session.flush()
    return kept


def remove(actor: Actor, id: UUID) -> None:
    """Forget one of the actor's filters.

    Raises:
        NotFound: none of the actor's own.
    """
    db.session.delete(_own(actor, id))


def _own(actor: Actor, id: UUID) -> SavedFilter:
    kept = db.session.get(SavedFilter, id)
    if kept is None or kept.staff_id != actor.staff_id:
        raise NotFound()
    return kept


def _checked(
    actor: Actor, content: dict[str, Any], kept: SavedFilter | None
) -> dict[str, Any]:
    """Return what is to be kept; refuse what the list would refuse, and a name twice.

    The person's row is locked: of two filters that come at once the second is counted
    and compared after the first.
    """
    try:
        query = _whole(actor, content["query"])
    except Invalid as error:
        errors = [e._replace(pointer=f"/query{e.pointer}") for e in error.errors]
        raise Invalid.of(errors) from error
    person = select(Staff.id).where(Staff.id == actor.staff_id).with_for_update()
    db.session.execute(person)
    same = select(SavedFilter.id).where(
        SavedFilter.staff_id == actor.staff_id, SavedFilter.name == content["name"]
    )
    if db.session.scalar(same) not in (None, kept and kept.id):
        raise Invalid.at(
            "/name", Text("已有同名筛选", "A filter has this name already")
        )
    return content | {"query": query}


def _whole(actor: Actor, query: dict[str, str]) -> dict[str, str]:
    """Return a query of the list as it is kept: without the filter that it rests on.

    What that filter says is taken over as it stands now, so that no filter rests on
    another that may be changed or forgotten.

    Raises:
        Invalid: none of the list's, or it names a page.
    """
    if "cursor" in query:
        message = Text(
            "筛选不保存翻页位置", "A filter keeps no place in a list: leave it out"
        )
        raise Invalid.at("/cursor", message)
    own = {name: value for name, value in query.items() if name != "filter"}
    asked = load_body(ListQuery, query)
    if "filter" in asked:
        own = saved.usable(actor, asked["filter"]).query | own
    saved.resolved(actor, saved.applied(actor, asked))
    return own
