"""Inspections and findings over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.core.errors import NotFound
from server.core.http import Blueprint, Reply, etag_of
from server.core.http.app import settings
from server.core.permissions import Actor
from server.documents.schemas import DocumentOut, document_out
from server.patrols import documents, policy, queries, schemas, service
from server.patrols.models import Finding, Inspection
from server.tickets.service import readable

blueprint = Blueprint("patrols", __name__)


@blueprint.expose(
    "PUT",
    "/findings/<uuid:finding_id>",
    permission=policy.RECORD,
    summary="One finding; 201 first, 200 when the same comes again, 409 when not",
    body=schemas.FindingIn,
    answers={200: schemas.FindingOut, 201: schemas.FindingOut},
)
def put_finding(actor: Actor, finding_id: UUID, body: dict[str, Any]) -> Reply:
    """Take in one finding."""
    receipt = service.record_finding(actor, finding_id, body, settings().timezone)
    return Reply(receipt.document, 201 if receipt.first else 200)


@blueprint.expose(
    "PUT",
    "/inspections/<uuid:inspection_id>",
    permission=policy.INSPECT,
    summary="One inspection; every no must have its finding sent before",
    body=schemas.InspectionIn,
    answers={200: schemas.InspectionOut, 201: schemas.InspectionOut},
)
def put_inspection(actor: Actor, inspection_id: UUID, body: dict[str, Any]) -> Reply:
    """Take in one inspection."""
    receipt = service.record_inspection(actor, inspection_id, body)
    return Reply(receipt.document, 201 if receipt.first else 200)


@blueprint.expose(
    "GET",
    "/findings/<uuid:finding_id>",
    permission=policy.READ,
    summary="A finding as it was sent; for its sender and who sees its ticket",
    answers={200: schemas.StoredFindingOut},
)
def show_finding(actor: Actor, finding_id: UUID) -> Reply:
    """Show a finding."""
    finding = queries.finding(finding_id)
    if finding is None:
        raise NotFound()
    if finding.staff_id != actor.staff_id:
        readable(actor, finding.receipt["ticket"]["number"])
    whole = policy.may_read(actor, finding.staff_id, finding.area_path)
    etag = etag_of(finding.content_hash, whole)
    return Reply(_finding_out(finding, whole=whole), etag=etag)


@blueprint.expose(
    "GET",
    "/inspections/<uuid:inspection_id>",
    permission=policy.READ,
    summary="An inspection as it was sent; for its sender and the town",
    answers={200: schemas.StoredInspectionOut},
)
def show_inspection(actor: Actor, inspection_id: UUID) -> Reply:
    """Show an inspection."""
    inspection = queries.inspection(inspection_id)
    if inspection is None:
        raise NotFound()
    if not policy.may_read(actor, inspection.staff_id, inspection.area_path):
        raise NotFound(hidden=True)
    return Reply(_inspection_out(inspection), etag=etag_of(inspection.content_hash))


@blueprint.expose(
    "POST",
    "/inspections/<uuid:inspection_id>/record",
    permission=policy.INSPECT,
    summary="Issue the record (检查记录) of an inspection; once, again the same answer",
    answers={200: DocumentOut, 201: DocumentOut},
)
def issue_record(actor: Actor, inspection_id: UUID) -> Reply:
    """Issue the record of an inspection."""
    seen, first = documents.record_of(actor, inspection_id, settings().timezone)
    whole = document_out(seen) | {"content": seen.document.content}
    return Reply(whole, 201 if first else 200)


def _finding_out(finding: Finding, *, whole: bool) -> dict[str, Any]:
    complaint = finding.complaint
    if complaint and not whole:
        # Who complained is for the town to know, not for the departments.
        complaint = complaint | {"complainant": None}
    return {
        "id": finding.id,
        "received_at": finding.received_at,
        "duty_item": finding.duty_item,
        "inspection": finding.inspection_id,
        "checkpoint": finding.checkpoint,
        "category": finding.category,
        "severity": finding.severity,
        "description": finding.description,
        "position": _position(finding),
        "area": finding.area_code,
        "place": finding.place,
        "responsible_party": finding.responsible_party,
        "found_at": finding.found_at,
        "facts": finding.facts,
        "handling": finding.handling,
        "control": finding.control,
        "source": finding.source,
        "complaint": complaint,
        "photos": finding.photos,
        "ticket": finding.receipt["ticket"]["number"],
    }


def _inspection_out(inspection: Inspection) -> dict[str, Any]:
    return {
        "id": inspection.id,
        "received_at": inspection.received_at,
        "checklist": inspection.checklist,
        "version": inspection.checklist_version,
        "place": inspection.place,
        "started_at": inspection.started_at,
        "finished_at": inspection.finished_at,
        "position": _position(inspection),
        "area": inspection.area_code,
        "answers": inspection.answers,
        "companions": inspection.companions,
        "signature": inspection.signature,
    }


def _position(row: Finding | Inspection) -> dict[str, Any]:
    """Return the position in WGS 84, with what the phone sent beside it."""
    return {
        "type": "Point",
        "coordinates": list(queries.lon_lat(row)),
        "accuracy_m": row.position.get("accuracy_m"),
        "datum": "wgs84",
        "sent": row.position,
    }
