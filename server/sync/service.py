"""Putting a bundle together, whole or as the changes since a cursor.

How nothing is missed:

- *In flight.* A change bears the time it was made and appears with its commit, so a
  change older than the last bundle may appear after it. A cursor's moment is taken
  before anything is read and reaches only to where every change has settled
  (``queries.settled_until``). The clocks of several servers differ, and a time may be
  taken just before its transaction begins, so changes are asked for from
  :data:`OVERLAP` earlier still. What the phone has from that stretch is named in the
  cursor and not sent again; anything not named is sent.
- *Gone.* Tickets never vanish, they stop waiting: that is a change, with an event
  that names the state left, and its time is not before the change's own. Tombstones
  are for the tickets with such an event since the cursor. Places vanish from a town
  when they are corrected into another, which no row of this town tells; the cursor
  knows the set by its digest, and a set that newly registered places do not explain
  makes the bundle a full one.
- *Another basis.* Other roles, areas or boundaries than the cursor's, or a cursor
  past :data:`MAX_AGE`: a full bundle, which replaces what the phone has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row

from server.areas.schemas import area_out
from server.checklists.catalogue import Checklist, Rules
from server.checklists.schemas import checklist_out, vocabulary_out
from server.checklists.service import (
    Edition,
    NoCatalogue,
    checklist_of,
    edition_of,
)
from server.core.clock import local_date, now
from server.core.permissions import Actor
from server.incidents.answers import kinds_out
from server.orders import service as orders
from server.orders.queries import waiting as orders_waiting
from server.orders.schemas import actions_out, order_row
from server.places import queries as places
from server.places.schemas import place_out
from server.sync import outcomes, policy, queries
from server.sync.cursor import Cursor, PlaceSet, fingerprint, some_of
from server.tickets.models import Ticket
from server.tickets.queries import (
    assignees,
    department_names,
    parts_of,
    stages_now,
)
from server.tickets.schemas import ticket_row

# How far the clocks of web servers and database may be apart.
OVERLAP = timedelta(seconds=60)
# After longer without a sync the changes are hardly less than everything.
MAX_AGE = timedelta(days=14)
# How far back a full bundle tells what became of what the caller found.
NEWS_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Bundle:
    """A bundle: the members of ``schemas.BundleOut`` without ``cursor`` and
    ``generated_at``, and the cursor from which the next one goes on."""

    content: dict[str, Any]
    cursor: Cursor


@dataclass(frozen=True)
class _Basis:
    """For whom and on what a bundle is made."""

    actor: Actor
    patrol: Actor
    moment: datetime
    today: date
    edition: Edition | None
    places: PlaceSet
    scope: str

    @property
    def ruleset(self) -> int:
        return self.edition.id if self.edition else 0


def bundle(actor: Actor, since: Cursor | None, zone: ZoneInfo) -> Bundle:
    """Return what ``actor`` needs without a network.

    With a cursor only what changed, if the cursor still fits; ``full`` in the
    content tells which of the two it is. ``zone`` decides what is overdue today.
    """
    # Before anything is read: see the head of this module.
    moment = queries.settled_until(now())
    patrol = policy.on_patrol(actor)
    edition = _edition(actor)
    known, new = queries.place_sets(patrol, since.at if since else moment)
    scope = _scope(actor, edition, _area_rows(patrol, actor, boundaries=False))
    today = local_date(now(), zone)
    basis = _Basis(actor, patrol, moment, today, edition, known, scope)
    fits = (
        since is not None
        and since.scope == scope
        and since.places == known.without(new)
        # A cursor from the future was made before a clock was put right.
        and -OVERLAP <= moment - since.at < MAX_AGE
    )
    return _changes(basis, since) if since and fits else _everything(basis)


def _everything(basis: _Basis) -> Bundle:
    edition, start = basis.edition, basis.moment - OVERLAP
    marks = queries.ticket_marks(basis.actor, start)
    place_rows = places.changed_since(basis.patrol, None)
    tickets = _tickets(queries.waiting_tickets(basis.actor), basis.today)
    news = outcomes.of_finder(basis.actor, basis.moment - NEWS_FOR)
    content = _content(
        basis,
        full=True,
        vocabulary=_vocabulary(edition.rules) if edition else None,
        checklists=_checklists(edition, {}),
        areas=_areas(basis),
        places=[place_out(*tuple(row)) for row in place_rows],
        tickets=tickets,
        outcomes=outcomes.documents(news, ()),
        removed={},
    )
    return Bundle(content, _cursor(basis, marks, place_rows, news))


def _vocabulary(rules: Rules) -> dict[str, Any]:
    return vocabulary_out(rules) | {"incident_kinds": kinds_out(rules)}


def _changes(basis: _Basis, since: Cursor) -> Bundle:
    edition, start = basis.edition, since.at - OVERLAP
    marks = queries.ticket_marks(basis.actor, start)
    unseen = [m for m in marks if fingerprint(m.number, m.version) not in since.seen]
    # The marks were read before the rows: what stopped waiting in between is in
    # neither list here and will be among the next changes.
    ids = [m.id for m in unseen if m.waits]
    rows = queries.waiting_tickets(basis.actor, ids) if ids else []
    place_rows = places.changed_since(basis.patrol, start)
    news = outcomes.of_finder(basis.actor, start)
    same_rules = since.ruleset == basis.ruleset
    before = {} if same_rules else queries.versions_in(since.ruleset)
    checklists = [] if same_rules else _checklists(edition, before)
    new_words = edition is not None and not same_rules
    content = _content(
        basis,
        full=False,
        vocabulary=_vocabulary(edition.rules) if edition and new_words else None,
        checklists=checklists,
        areas=[],
        places=[
            place_out(*tuple(row))
            for row in place_rows
            if fingerprint(row[0].id, row[0].version) not in since.seen
        ],
        tickets=_tickets(rows, basis.today),
        outcomes=outcomes.documents(news, since.seen),
        removed={
            "checklists": sorted(before.keys() - (edition.versions if edition else {})),
            "tickets": [m.number for m in unseen if not m.waits],
        },
    )
    return Bundle(content, _cursor(basis, marks, place_rows, news))


def _content(
    basis: _Basis, *, removed: dict[str, list[str]], **lists: Any
) -> dict[str, Any]:
    edition = basis.edition
    catalogue = edition and {
        "code": edition.catalogue,
        "title": edition.title,
        "version": edition.version,
    }
    kinds = ("checklists", "areas", "places", "tickets")
    gone = {kind: removed.get(kind, []) for kind in kinds}
    lists["orders"] = _orders(basis)
    return {"catalogue": catalogue, **lists, "removed": gone}


def _cursor(
    basis: _Basis,
    marks: list[queries.TicketMark],
    place_rows: list[Row[Any]],
    news: list[outcomes.Outcome],
) -> Cursor:
    start = basis.moment - OVERLAP
    seen = [fingerprint(m.number, m.version) for m in marks if m.changed_at > start]
    seen += [
        fingerprint(row[0].id, row[0].version)
        for row in place_rows
        if row[0].changed_at > start
    ]
    seen += [outcomes.key(one) for one in news if one.at > start]
    return Cursor(basis.moment, basis.scope, basis.ruleset, basis.places, some_of(seen))


def _edition(actor: Actor) -> Edition | None:
    try:
        return edition_of(actor)
    except NoCatalogue:
        return None


def _area_rows(patrol: Actor, actor: Actor, *, boundaries: bool) -> list[Row[Any]]:
    duty = [grant.area.path for grant in patrol.grants]
    chains = {code for g in actor.grants for code in g.area.path.split("/") if code}
    return queries.areas(duty, chains, boundaries=boundaries)


def _scope(actor: Actor, edition: Edition | None, areas: Iterable[Row[Any]]) -> str:
    grants = [[g.role.value, g.area.path] for g in actor.grants]
    shapes = [[r[0].code, r[0].changed_at, r.boundary_id] for r in areas]
    catalogue = edition.catalogue if edition else None
    content = [actor.staff_id, actor.department, grants, catalogue, shapes]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()[:32]


def _areas(basis: _Basis) -> list[dict[str, Any]]:
    rows = _area_rows(basis.patrol, basis.actor, boundaries=True)
    return [
        area_out(area)
        | {
            # The database writes the GeoJSON; it is passed on as it is.
            "boundary": orjson.Fragment(geojson) if geojson else None,
            "generated": generated if geojson else None,
        }
        for area, _, geojson, generated in map(tuple, rows)
    ]


def _checklists(
    edition: Edition | None, before: dict[str, int]
) -> list[orjson.Fragment]:
    """Return the edition's checklists in versions other than those of ``before``."""
    if edition is None:
        return []
    return [
        orjson.Fragment(
            _written(checklist_of(edition.catalogue, code, version), version)
        )
        for code, version in sorted(edition.versions.items())
        if before.get(code) != version
    ]


@lru_cache(maxsize=200)
def _written(checklist: Checklist, version: int) -> bytes:
    """Return a checklist as JSON: two thirds of a bundle, and never changing.

    Kept by value, not by number, so that it needs no forgetting.
    """
    return orjson.dumps(checklist_out(checklist, version))


def _tickets(rows: list[Row[Any]], today: date) -> list[dict[str, Any]]:
    if not rows:
        return []
    parts = parts_of([row[0].id for row in rows])
    codes = {code for pairs in parts.values() for code, _ in pairs}
    codes |= {row[0].lead_department for row in rows if row[0].lead_department}
    waiting = stages_now(list(parts))
    codes |= {stage.department for stage in waiting.values() if stage.department}
    names = department_names(sorted(codes))
    people = assignees(row[0] for row in rows)
    return [
        ticket_row(
            ticket,
            parts[ticket.id],
            names,
            (lon, lat),
            today,
            waiting.get(ticket.id),
            people,
        )
        | _offline(ticket)
        for ticket, lon, lat in map(tuple, rows)
    ]


def _orders(basis: _Basis) -> list[dict[str, Any]]:
    """Return all inbound orders that wait; never a part, so none needs removing."""
    waiting = [
        (row, orders.seen_by(basis.actor, row[0]))
        for row in orders_waiting(basis.actor)
    ]
    return [
        order_row(row, seen.rules, basis.today) | {"actions": actions_out(seen)}
        for row, seen in waiting
    ]


def _offline(ticket: Ticket) -> dict[str, Any]:
    """Return what a re-inspection needs that a list does not show."""
    return {
        "finding": ticket.finding_id,
        "facts": ticket.facts,
        "responsible_party": ticket.responsible_party,
        "basis": "; ".join(ticket.decision["basis"]),
        "deadlines": ticket.deadlines,
        "photos": ticket.photos,
    }
