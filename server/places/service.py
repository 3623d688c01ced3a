"""Registering places."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from server.areas.service import spot_of
from server.audit.service import record
from server.checklists.service import edition_for
from server.core.clock import now
from server.core.content import content_hash
from server.core.db import db
from server.core.errors import Invalid, NotFound, PreconditionFailed
from server.core.errors import PreconditionRequired as Required
from server.core.permissions import Actor
from server.core.text import Text
from server.places import policy, queries
from server.places.models import Place


def registered(actor: Actor, place_id: UUID) -> Place | None:
    """Return a place the actor works with, or None."""
    row = queries.by_id(place_id)
    return row[0] if row and _sees(actor, row[0]) else None


def _sees(actor: Actor, place: Place) -> bool:
    return any(place.area_path.startswith(path) for path in policy.town_paths(actor))


def save(
    actor: Actor, place_id: UUID, content: dict[str, Any], version: int | None
) -> tuple[Place, bool]:
    """Register a place, or change it when ``version`` is the one it has.

    The same content again is no change. Returns the place and whether it is new.

    Raises:
        NotFound: the id is a place of another town.
        PreconditionRequired: it exists with other content and no version was named.
        PreconditionFailed: the version named is not the current one.
        Invalid: a field is wrong.
    """
    digest = content_hash(content)
    spot = spot_of(actor, content["position"], now())
    _check_kind(spot.path, content["kind"])
    values = {
        "name": content["name"],
        "kind": content["kind"],
        "address": content["address"],
        "geom": content["position"].ewkt,
        "position": content["position"].sent,
        "area_code": spot.code,
        "area_path": spot.path,
        "responsible_party": content["responsible_party"],
        "content_hash": digest,
        "changed_at": now(),
    }
    made = db.session.execute(
        insert(Place)
        .values(id=place_id, version=1, created_by=actor.staff_id, **values)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Place.id)
    ).one_or_none()
    place = db.session.get(Place, place_id, with_for_update=True)
    assert place is not None
    if made is not None:
        record("place.registered", actor, ("place", place_id), {"name": place.name})
        return place, True
    if not _sees(actor, place):
        raise NotFound(hidden=True)
    if place.content_hash != digest:
        _change(actor, place, values, version)
    return place, False


def _change(
    actor: Actor, place: Place, values: dict[str, Any], version: int | None
) -> None:
    if version is None:
        raise Required()
    if version != place.version:
        raise PreconditionFailed()
    for name, value in values.items():
        setattr(place, name, value)
    place.version += 1
    db.session.flush()
    record("place.changed", actor, ("place", place.id), {"version": place.version})


def _check_kind(area_path: str, kind: str) -> None:
    rules = edition_for(area_path).rules
    known = [process.item for process in rules.processes]
    if kind not in known:
        listed = ", ".join(known)
        raise Invalid.at(
            "/kind",
            Text(f"场所类型应为事项编号：{listed}", f"Must be a duty item: {listed}"),
        )
