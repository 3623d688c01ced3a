"""Seeing incidents and recording their course; reports come in by ``reporting``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.audit.rows import told_now
from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.incidents import EntryKind, IncidentKind
from server.checklists.service import rules_of
from server.core import fastsql
from server.core.clock import now
from server.core.content import content_hash
from server.core.db import Broken
from server.core.digests import told
from server.core.errors import Forbidden, Invalid, NotAllowedInState, NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.incidents import machine, policy, queries
from server.incidents.answers import department_out, party_out
from server.incidents.consistency import INCIDENTS
from server.incidents.fields import check
from server.incidents.models import Incident, IncidentEntry
from server.incidents.replay import Receipt, after_race, again, plain
from server.incidents.vocabulary import ENDED, SUBJECT, State


@dataclass(frozen=True)
class View:
    """An incident as one actor sees it.

    ``parts`` are the departments with their parts, ``parties`` those in whose names
    the actor may record, ``course`` the codes of the entries so far.
    """

    incident: Incident
    rules: Rules
    kind: IncidentKind
    parts: dict[str, str]
    parties: frozenset[str]
    course: set[str]

    @property
    def available(self) -> list[EntryKind]:
        """The entries that the actor may record now."""
        state = State(self.incident.state)
        return machine.open_entries(self.kind, state, self.parties, self.course)


def view(actor: Actor, number: str, *, lock: bool = False) -> View:
    """Return an incident the actor may see.

    Raises:
        NotFound: none, or outside the actor's town and department.
    """
    return _seen(actor, queries.by_number(number, lock=lock))


def view_by_id(actor: Actor, incident_id: UUID) -> View:
    """Return an incident the actor may see, by the phone's id.

    Raises:
        NotFound: none, or outside the actor's town and department.
    """
    return _seen(actor, queries.by_id(incident_id))


def _seen(actor: Actor, incident: Incident | None) -> View:
    if incident is None:
        raise NotFound()
    parts = queries.parts_of(incident.id)
    if not policy.can_read(actor, incident, parts):
        raise NotFound(hidden=True)
    rules = rules_of(incident.ruleset_id)
    return View(
        incident,
        rules,
        rules.incident_kind(incident.kind),
        parts,
        policy.parties(actor, incident, parts),
        queries.codes_of(incident.id),
    )


def append(
    actor: Actor,
    number: str,
    entry_id: UUID,
    content: dict[str, Any],
    check_version: Callable[[Incident], None],
) -> tuple[Receipt, Incident]:
    """Record one entry in the course of an incident, and move it if it does.

    Entries of many parties never refuse each other: the incident is locked, each gets
    its turn. Only a judgement needs the caller to know the state it judges:
    ``check_version`` gets the locked incident and raises when their copy is stale.

    Raises:
        NotFound: no such incident for this actor.
        ContentDiffers: the id came before with other content.
        Forbidden: the entry is not this actor's to record.
        NotAllowedInState: a judgement that the state or the course does not allow.
        Invalid: a field is missing or wrong; nothing is stored.
    """
    seen = view(actor, number, lock=True)
    digest = content_hash([str(actor.staff_id), number, content])
    known = queries.entry(entry_id)
    if known is not None:
        return again(known, digest), seen.incident
    entry = _entry_of(seen.kind, content["entry"])
    party = entry.open_to(seen.parties)
    if party is None:
        raise Forbidden(
            Text(f"“{entry.title}”不由您记录", f"{entry.code} is not yours to record")
        )
    check(entry.fields, seen.rules.figures, content)
    if entry.decides:
        check_version(seen.incident)
    target = _target(seen, entry)
    row = _entry_row(actor, content, seen, entry, party, target) | {
        "id": entry_id,
        "content_hash": digest,
    }
    row["receipt"] = _entry_receipt(row, seen, target)
    try:
        fastsql.insert(IncidentEntry, row)
    except Broken as error:
        receipt = after_race(error, IncidentEntry, entry_id, digest)
        return receipt, view(actor, number).incident
    _advance(actor, seen.incident, row, target)
    return Receipt(row["receipt"], first=True), seen.incident


def _entry_of(kind: IncidentKind, code: str) -> EntryKind:
    try:
        return kind.entry(code)
    except KeyError:
        titled = "、".join(f"{entry.title}（{entry.code}）" for entry in kind.entries)
        listed = ", ".join(entry.code for entry in kind.entries)
        text = Text(f"没有此类进展；可用：{titled}", f"No such entry; known: {listed}")
        raise Invalid.at("/entry", text) from None


def _target(seen: View, entry: EntryKind) -> State | None:
    state = State(seen.incident.state)
    try:
        return machine.move(seen.kind, state, entry, seen.course)
    except machine.Refused as refused:
        extra: dict[str, Any] = {
            "state": state,
            "entry": entry.code,
            "allowed": [possible.code for possible in seen.available],
        }
        if refused.missing:
            extra["missing"] = refused.missing
        raise NotAllowedInState(refused.why, extra=extra) from refused


def _entry_row(
    actor: Actor,
    content: dict[str, Any],
    seen: View,
    entry: EntryKind,
    party: str,
    target: State | None,
) -> dict[str, Any]:
    incident = seen.incident
    return {
        "incident_id": incident.id,
        "seq": incident.entries + 1,
        "entry": entry.code,
        "party": party,
        "staff_id": actor.staff_id,
        "staff_name": actor.name,
        "addressees": list(entry.addressees),
        "moved_from": incident.state if target else None,
        "moved_to": target.value if target else None,
        "received_at": now(),
        **{name: content[name] for name in _ENTRY_FIELDS},
    }


_ENTRY_FIELDS = ("note", "fields", "figures", "photos", "occurred_at")


def _entry_receipt(
    row: dict[str, Any], seen: View, target: State | None
) -> dict[str, Any]:
    incident, rules = seen.incident, seen.rules
    return plain(
        {
            "id": row["id"],
            "incident": incident.number,
            "seq": row["seq"],
            "entry": row["entry"],
            "party": party_out(rules, row["party"], incident.area_path),
            "addressees": [department_out(rules, code) for code in row["addressees"]],
            "received_at": row["received_at"],
            "state": target or incident.state,
            "moved": target is not None,
        }
    )


def _advance(
    actor: Actor, incident: Incident, row: dict[str, Any], target: State | None
) -> None:
    """Count the entry, move the state and write the events; nobody else does."""
    moment: datetime = row["received_at"]
    incident.entries += 1
    incident.changed_at = moment
    acknowledges = row["party"] == incident.command_department
    if incident.acknowledged_at is None and (acknowledges or target is State.RECEIVED):
        incident.acknowledged_at = moment
    if target is not None:
        _move(incident, target, moment)
    subject = (SUBJECT, incident.number)
    record(
        "incident.entry_recorded",
        actor,
        subject,
        {
            "id": str(row["id"]),
            "entry": row["entry"],
            "party": row["party"],
            "note": row["note"],
            "fields": row["fields"],
            "figures": row["figures"],
            "addressees": row["addressees"],
            "attachments": [str(photo) for photo in row["photos"]],
            "content": row["content_hash"],
            "device": actor.device_id,
            "rows": told([(IncidentEntry, [row])]) | told_now(INCIDENTS, incident.id),
        },
    )
    if target is not None:
        moved = {"from": row["moved_from"], "to": target, "entry": row["entry"]}
        record("incident.moved", actor, subject, moved)


def _move(incident: Incident, target: State, moment: datetime) -> None:
    incident.state = target.value
    incident.version += 1
    if target is State.CONTROLLED:
        incident.controlled_at = moment
    if target is State.RESPONDING:  # again, or for the first time
        incident.controlled_at = None
    if target in ENDED:
        incident.ended_at = moment
