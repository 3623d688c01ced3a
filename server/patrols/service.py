"""Taking in inspections and findings: immutable facts, idempotent by the phone's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import psycopg
from sqlalchemy.exc import IntegrityError

from server.areas.service import Spot, spot_at, spot_of
from server.audit.service import record
from server.checklists.catalogue import Checklist
from server.checklists.service import Edition, checklist_of, edition_for
from server.core import fastsql
from server.core.clock import check_time, now
from server.core.content import content_hash
from server.core.db import Broken, db, violated
from server.core.digests import told
from server.core.errors import ContentDiffers, FieldError, Invalid, NotFound
from server.core.permissions import Actor
from server.core.position import Position
from server.core.text import Text
from server.patrols import queries
from server.patrols.answers import incidents_due, wrong_answers
from server.patrols.models import Finding, Inspection
from server.patrols.origin import source_of
from server.places.service import note_visit, registered
from server.tickets.opening import Hazard, Opened, open_ticket
from server.tickets.preview import (
    check_category,
    checked_words,
    checkpoint_of,
    facts_with,
)
from server.tickets.routing import COLLAPSE_RISK
from server.tickets.schemas import routing_out
from server.tickets.vocabulary import Source


@dataclass(frozen=True)
class Receipt:
    """The acknowledgement; ``first`` is False when the same content came again."""

    document: dict[str, Any]
    first: bool


def record_finding(
    actor: Actor, finding_id: UUID, content: dict[str, Any], zone: ZoneInfo
) -> Receipt:
    """Take in one finding, open its ticket and route it.

    Raises:
        ContentDiffers: the id came before with other content.
        Invalid: a field is wrong; nothing is stored.
    """
    digest = content_hash([str(actor.staff_id), content])
    position: Position = content["position"]
    found_at = content["found_at"]
    arrival = queries.arrival(finding_id, position.lon, position.lat, found_at)
    if arrival.content_hash is not None:
        return _again(arrival, digest)
    spot = spot_at(actor, arrival.path and Spot(arrival.code, arrival.path))
    edition = edition_for(spot.path, found_at)
    facts = _checked_facts(actor, content, edition)
    source = source_of(actor, content)
    place_id, place = _place(actor, content["place"])
    moment = now()
    row = _common(actor, finding_id, content, spot, moment) | {
        "content_hash": digest,
        "inspection_id": content["inspection"],
        "place_id": place_id,
        "place": place,
        "source": source,
        "complaint": _plain(content.get("complaint") or {}) or None,
        "facts": sorted(facts),
        "handling": _plain(content["handling"]),
        **{name: content[name] for name in _FINDING_FIELDS},
    }
    hazard = _hazard(finding_id, content, source, spot, facts, (place_id, place))
    opened = open_ticket(hazard, actor, edition, zone, arrival.ticket_id)
    document = _finding_receipt(finding_id, moment, spot, opened, edition)
    row["receipt"] = document
    try:
        fastsql.write([*opened.rows, (Finding, [row])])
    except Broken as error:
        return _after_race(Finding, finding_id, digest, error)
    record(
        "finding.recorded",
        actor,
        ("finding", finding_id),
        {
            "ticket": opened.number,
            "content": digest,
            "device": actor.device_id,
            "rows": told([(Finding, [row])]),
        },
    )
    return Receipt(document, first=True)


_FINDING_FIELDS = (
    "checkpoint",
    "duty_item",
    "category",
    "severity",
    "description",
    "responsible_party",
    "found_at",
    "control",
    "photos",
)


def _hazard(
    finding_id: UUID,
    content: dict[str, Any],
    source: Source,
    spot: Spot,
    facts: frozenset[str],
    place: tuple[UUID | None, dict[str, Any] | None],
) -> Hazard:
    described = place[1] or {}
    return Hazard(
        finding_id=finding_id,
        source=source,
        item=content["duty_item"],
        category=content["category"],
        severity=content["severity"],
        description=content["description"],
        facts=facts,
        handling=content["handling"],
        control=content["control"],
        responsible_party=content["responsible_party"],
        place=(place[0], described.get("kind"), described.get("name")),
        point=content["position"].ewkt,
        area_code=spot.code,
        area_path=spot.path,
        photos=content["photos"],
        found_at=content["found_at"],
    )


def _finding_receipt(
    finding_id: UUID, moment: datetime, spot: Spot, opened: Opened, edition: Edition
) -> dict[str, Any]:
    routing = routing_out(opened.decision, edition.rules)
    reported = opened.decision.lead is not None
    receipt = {
        "id": finding_id,
        "received_at": moment,
        "area": spot.code,
        "ticket": {
            "number": opened.number,
            "state": opened.state,
            "lead_department": routing["department"] if reported else None,
            "co_departments": routing["co_handlers"],
            "due_on": opened.due_on,
        },
        "routing": {k: v for k, v in routing.items() if k != "passed_over"},
    }
    return _plain(receipt)


def _checked_facts(
    actor: Actor, content: dict[str, Any], edition: Edition
) -> frozenset[str]:
    """Return the facts of a finding with those that follow from the rest of it.

    Raises:
        Invalid: a word is unknown, a time lies in the future, or a refusal or an
            inability has no evidence.
    """
    item, handling = content["duty_item"], content["handling"]
    errors = checked_words(edition, item, content["category"], content["facts"])
    errors += check_time("/found_at", content["found_at"])
    if complaint := content.get("complaint"):
        errors += check_time("/complaint/received_at", complaint["received_at"])
    if "refused" in content["facts"] and not handling["refused"]:
        text = Text(
            "拒不整改须写明如何拒绝及说明", "A refusal needs its evidence: how and note"
        )
        errors.append(FieldError("/handling/refused", text))
    if "cannot_fix_now" in content["facts"] and not handling["note"]:
        text = Text("无法立即整改须写明原因", "A reason why it cannot be fixed now")
        errors.append(FieldError("/handling/note", text))
    if errors:
        raise Invalid.of(errors)
    _check_inspection(actor, content["inspection"])
    checkpoint = None
    if content["checkpoint"]:
        checkpoint = checkpoint_of(edition, item, content["checkpoint"])
        check_category(edition.rules, checkpoint, content["category"])
    facts = set(facts_with(checkpoint, content["facts"]))
    if handling["refused"]:
        facts.add("refused")
    if content["control"]:
        # Whoever closes a building off for danger does not keep the case (T10).
        facts.add(COLLAPSE_RISK)
    return frozenset(facts)


def _check_inspection(actor: Actor, inspection_id: UUID | None) -> None:
    inspection = queries.inspection(inspection_id) if inspection_id else None
    if inspection is not None and inspection.staff_id != actor.staff_id:
        raise Invalid.at(
            "/inspection", Text("不是您的检查记录", "Not an inspection of yours")
        )


def record_inspection(
    actor: Actor, inspection_id: UUID, content: dict[str, Any]
) -> Receipt:
    """Take in one inspection; every ``no`` must have its finding already.

    Raises:
        ContentDiffers: the id came before with other content.
        Invalid: a field is wrong, a checkpoint unknown, missing or answered twice,
            or a ``no`` without a finding; nothing is stored.
    """
    digest = content_hash([str(actor.staff_id), content])
    known = _known(Inspection, inspection_id, digest)
    if known is not None:
        return known
    spot = spot_of(actor, content["position"], content["started_at"])
    edition = edition_for(spot.path, content["started_at"])
    _check_times(content)
    checklist = _published(edition, content["checklist"], content["version"])
    with_finding = queries.checkpoints_with_finding(inspection_id, actor.staff_id)
    errors = wrong_answers(checklist, content["answers"], with_finding)
    if errors:
        raise Invalid.of(errors)
    place_id, place = _place(actor, content["place"])
    moment = now()
    document = _inspection_receipt(
        inspection_id, moment, spot, content, with_finding, checklist
    )
    row = _common(actor, inspection_id, content, spot, moment) | {
        "catalogue": edition.catalogue,
        "checklist_version": content["version"],
        "place_id": place_id,
        "place": place,
        "content_hash": digest,
        "receipt": document,
        **{name: content[name] for name in _INSPECTION_FIELDS},
    }
    try:
        fastsql.insert(Inspection, row)
    except Broken as error:
        return _after_race(Inspection, inspection_id, digest, error)
    if place_id is not None:
        note_visit(place_id, content["finished_at"])
    record(
        "inspection.recorded",
        actor,
        ("inspection", inspection_id),
        {
            "checklist": content["checklist"],
            "content": digest,
            "rows": told([(Inspection, [row])]),
        },
    )
    return Receipt(document, first=True)


_INSPECTION_FIELDS = (
    "checklist",
    "started_at",
    "finished_at",
    "answers",
    "companions",
    "signature",
)


def _inspection_receipt(
    inspection_id: UUID,
    moment: datetime,
    spot: Spot,
    content: dict[str, Any],
    with_finding: set[str],
    checklist: Checklist,
) -> dict[str, Any]:
    answers = content["answers"]
    return _plain(
        {
            "id": inspection_id,
            "received_at": moment,
            "checklist": content["checklist"],
            "version": content["version"],
            "area": spot.code,
            "answered": len(answers),
            "failed": sum(answer["answer"] == "no" for answer in answers),
            "findings": sorted(with_finding),
            "incidents_due": incidents_due(checklist, answers),
        }
    )


def _check_times(content: dict[str, Any]) -> None:
    errors = check_time("/finished_at", content["finished_at"])
    errors += check_time("/started_at", content["started_at"])
    if content["started_at"] > content["finished_at"]:
        text = Text("结束时间早于开始时间", "Finished before it started")
        errors.append(FieldError("/finished_at", text))
    if errors:
        raise Invalid.of(errors)


def _published(edition: Edition, code: str, version: int) -> Checklist:
    if code not in edition.versions:
        listed = ", ".join(sorted(edition.versions, key=int))
        raise Invalid.at(
            "/checklist",
            Text(
                f"没有清单 {code}；可用：{listed}",
                f"No such checklist; known: {listed}",
            ),
        )
    try:
        return checklist_of(edition.catalogue, code, version)
    except NotFound as error:
        raise Invalid.at("/version", error.detail) from error


def _place(
    actor: Actor, given: dict[str, Any] | None
) -> tuple[UUID | None, dict[str, Any] | None]:
    """Return (id, description) of the place that was named.

    Raises:
        Invalid: an id that is no registered place of the caller's town.
    """
    if given is None:
        return None, None
    if "id" not in given:
        return None, given
    place = registered(actor, given["id"])
    if place is None:
        raise Invalid.at(
            "/place", Text("没有此场所，请先登记", "No such place: register it first")
        )
    return place.id, {"id": str(place.id), "name": place.name, "kind": place.kind}


def _common(
    actor: Actor, id: UUID, content: dict[str, Any], spot: Spot, moment: datetime
) -> dict[str, Any]:
    position: Position = content["position"]
    return {
        "id": id,
        "staff_id": actor.staff_id,
        "received_at": moment,
        "geom": position.ewkt,
        "position": position.sent,
        "area_code": spot.code,
        "area_path": spot.path,
    }


def _known(
    table: type[Finding] | type[Inspection], id: UUID, digest: str
) -> Receipt | None:
    """Return the first acknowledgement when the same content comes again.

    Raises:
        ContentDiffers: the id is taken by other content.
    """
    row = queries.receipt(table, id)
    return None if row is None else _again(row, digest)


def _again(row: Any, digest: str) -> Receipt:
    """Return the acknowledgement in ``row`` if it was for the same content.

    Raises:
        ContentDiffers: it was not.
    """
    if row.content_hash != digest:
        raise ContentDiffers(
            Text("该编号已用于不同的内容", "This id was used for other content")
        )
    return Receipt(row.receipt, first=False)


def _after_race(
    table: type[Finding] | type[Inspection],
    id: UUID,
    digest: str,
    error: IntegrityError | psycopg.IntegrityError,
) -> Receipt:
    """Answer the second of two identical requests with what the first one got.

    It waited in the database until the first had committed, then broke a key.
    """
    if violated(error) not in _RACED:
        raise error
    db.session.rollback()
    known = _known(table, id, digest)
    if known is None:
        raise error
    return known


_RACED = {"pk_findings", "uq_tickets_finding_id", "pk_inspections"}


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` as JSON gives it back."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return plain
