"""Registering places."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from server.areas.service import Spot, refuse_elsewhere, spot_of
from server.audit.service import record
from server.checklists.places import PlaceRules
from server.checklists.service import (
    NoCatalogue,
    edition_for,
    edition_of,
    newest_of_first,
)
from server.core import fastsql
from server.core.clock import now
from server.core.content import content_hash
from server.core.db import Broken, db, violated
from server.core.errors import Invalid, NotFound, PreconditionFailed
from server.core.errors import PreconditionRequired as Required
from server.core.permissions import Actor
from server.core.text import Text
from server.places import naming, policy, queries
from server.places.criteria import check
from server.places.models import Place

# Fields that came later than the register: absent, they are no part of the content,
# so that what a phone sent before they existed is still the same content.
LATER = (
    "attributes",
    "contact",
    "risk",
    "keeper",
    "credit_code",
    "register_no",
    "risk_level",
    "visit_every_days",
    "note",
)
# Metres within which a place of the same kind may be the same place.
NEAR = 50.0


def registered(actor: Actor, place_id: UUID) -> Place | None:
    """Return a place the actor works with, or None."""
    row = queries.by_id(place_id)
    return row[0] if row and policy.sees(actor, row[0]) else None


def view(actor: Actor, place_id: UUID) -> Any:
    """Return (Place, lon, lat) of a place the actor works with.

    Raises:
        NotFound: no such place, or in another town.
    """
    row = queries.by_id(place_id)
    if row is None:
        raise NotFound()
    if not policy.sees(actor, row[0]):
        raise NotFound(hidden=True)
    return row


def rules_for(actor: Actor) -> PlaceRules:
    """Return what the catalogue of the actor's area says of places.

    Someone above all catalogues (a city's supervisor) gets empty rules: the places
    are theirs to read, kinds and rhythms are each town's own.
    """
    try:
        return edition_of(actor).rules.places
    except NoCatalogue:
        return PlaceRules()


def newest_rules() -> PlaceRules:
    """Return what the first catalogue in force says of places, for no actor at all.

    Empty before a catalogue is published.
    """
    rules = newest_of_first()
    return rules.places if rules else PlaceRules()


def digest_of(content: dict[str, Any]) -> str:
    """Return the hash of a place's loaded content."""
    present = {
        k: v for k, v in content.items() if k not in LATER or v not in (None, {})
    }
    return content_hash(present)


def columns_of(content: dict[str, Any], spot: Spot, moment: datetime) -> dict[str, Any]:
    """Return the columns in which a place's loaded content is kept."""
    named = {
        "name": content["name"],
        "kind": content["kind"],
        "area_path": spot.path,
    }
    numbers = {k: content[k] for k in ("credit_code", "register_no")}
    return {
        **named,
        **{name: content[name] for name in ("address", "responsible_party", *LATER)},
        "attributes": content["attributes"] or {},
        "geom": content["position"].ewkt,
        "position": content["position"].sent,
        "area_code": spot.code,
        "natural_key": naming.natural_key(**named, **numbers),
        "name_key": naming.name_key(**named),
        "content_hash": digest_of(content),
        "changed_at": moment,
    }


def save(
    actor: Actor, place_id: UUID, content: dict[str, Any], version: int | None
) -> tuple[Place, bool]:
    """Register a place, or change it when ``version`` is the one it has.

    The same content again is no change. Returns the place and whether it is new.

    Raises:
        NotFound: the id is a place of another town.
        PreconditionRequired: it exists with other content and no version was named.
        PreconditionFailed: the version named is not the current one.
        Invalid: a field is wrong, or the place is outside its kind's criteria.
    """
    known = registered(actor, place_id)
    if known is not None and known.content_hash == digest_of(content):
        # A retry is harmless, whatever the rules have come to say since.
        return known, False
    spot = spot_of(actor, content["position"], now())
    check(edition_for(spot.path).rules.places, content)
    moment = now()
    values = columns_of(content, spot, moment)
    first = {"version": 1, "created_by": actor.staff_id, "registered_at": moment}
    made = db.session.execute(
        insert(Place)
        .values(id=place_id, imported=False, **first, **values)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Place.id)
    ).one_or_none()
    # Read anew under the lock: what was read above may be another's by now.
    place = db.session.get(
        Place, place_id, populate_existing=True, with_for_update=True
    )
    assert place is not None
    if made is None and not policy.sees(actor, place):
        raise NotFound(hidden=True)
    refuse_elsewhere(actor, content["position"])
    if made is not None:
        record("place.registered", actor, ("place", place_id), {"name": place.name})
        return place, True
    if place.content_hash != values["content_hash"]:
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
    try:
        db.session.flush()
    except Broken as error:
        if violated(error) != "uq_places_imported":
            raise
        message = Text(
            "另一处登记场所已用此编号或名称", "Another registered place has this key"
        )
        raise Invalid.at("/name", message) from error
    record("place.changed", actor, ("place", place.id), {"version": place.version})


_VISITED = """
    UPDATE places
       SET last_visited_at = greatest(last_visited_at, %(at)s)
     WHERE id = %(id)s AND (last_visited_at IS NULL OR last_visited_at < %(at)s)
"""


def note_visit(place_id: UUID, at: datetime) -> None:
    """Remember that an inspection at a place ended at ``at`` (aware).

    It is no change of the register: the version stays, phones fetch nothing anew.
    """
    fastsql.execute(_VISITED, {"id": place_id, "at": at})


def similar(actor: Actor, place_id: UUID) -> list[dict[str, Any]]:
    """Return the places of the same town that may be the same as this one.

    Near by, of the same kind and with a name that is alike; or with the same credit
    code. Nearest first.

    Raises:
        NotFound: no such place, or in another town.
    """
    place, lon, lat = view(actor, place_id)
    wanted = {
        "n": 0,
        "lon": lon,
        "lat": lat,
        "kind": place.kind,
        "code": place.credit_code,
        "town": naming.town_of(place.area_path),
    }
    found = queries.neighbours([wanted], NEAR)
    return [
        hint
        for row in found
        if row.id != place_id
        for hint in hints(place.name, place.credit_code, row)
    ]


def hints(name: str, code: str | None, row: Any) -> list[dict[str, Any]]:
    """Return the hint that ``row`` of ``queries.neighbours`` may be the same, if so."""
    if code is not None and row.credit_code == code:
        why = "credit_code"
    elif naming.alike(name, row.name):
        why = "near_and_alike"
    else:
        return []
    metres = float(row.metres)
    said = {"id": row.id, "name": row.name, "kind": row.kind, "metres": metres}
    return [said | {"why": why}]
