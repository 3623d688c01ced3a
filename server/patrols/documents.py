"""The record of an inspection (检查记录), and who sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, cast, or_, select

from server.accounts.queries import name_of
from server.checklists.catalogue import Rules
from server.checklists.service import checklist_of, edition_for
from server.core.clock import local_date, now
from server.core.db import db, inside_any
from server.core.errors import NotFound
from server.core.permissions import AREA_ROLES, Actor
from server.documents import queries as documents
from server.documents import service
from server.documents.content import (
    Content,
    cited,
    content_with,
    duty_item,
    local,
    signing_name,
)
from server.documents.models import Document
from server.documents.owners import OwnerKind
from server.documents.queries import Seen
from server.documents.service import Paper
from server.documents.wording import chinese_day
from server.patrols import policy, queries
from server.patrols.models import Finding, Inspection
from server.tickets import papers
from server.tickets.vocabulary import State
from server.tickets.written import SEVERITIES, area_words, photos_said, place_kind

OWNER = "inspection"
KIND = "inspection_record"
ANSWERS = {"yes": "是", "no": "否", "na": "不适用"}


def seen(actor: Actor, key: str) -> Inspection:
    """Return the inspection with this key.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    inspection = queries.inspection(UUID(key))
    if inspection is None:
        raise NotFound()
    if not policy.may_read(actor, inspection.staff_id, inspection.area_path):
        raise NotFound(hidden=True)
    return inspection


def _visible(actor: Actor) -> ColumnElement[bool]:
    own = select(cast(Inspection.id, String)).where(
        or_(
            Inspection.staff_id == actor.staff_id,
            inside_any(Inspection.area_path, actor.paths(AREA_ROLES)),
        )
    )
    return Document.owner_id.in_(own)


INSPECTION = OwnerKind(seen, _visible)


def record_of(actor: Actor, inspection_id: UUID, zone: ZoneInfo) -> tuple[Seen, bool]:
    """Return the record of an inspection, issued now unless it was; True when it was
    issued now. One that was withdrawn is issued anew.

    Raises:
        NotFound: none, or not the actor's to see.
        TemplateBroken, Conflict: it cannot be issued.
    """
    inspection = seen(actor, str(inspection_id))
    # Two at once: the second waits and finds what the first one issued.
    db.session.execute(
        select(Inspection.id).where(Inspection.id == inspection_id).with_for_update()
    )
    for known in documents.of_owner(OWNER, str(inspection_id)):
        if known.document.kind == KIND and known.withdrawn_by is None:
            return known, False
    rules = edition_for(inspection.area_path, inspection.started_at).rules
    title = rules.issuing.titled(KIND) or "检查记录"
    paper = Paper(
        kind=KIND,
        title=title,
        issuer=rules.town_at(inspection.area_path).code,
        owner=(OWNER, str(inspection_id)),
        area_path=inspection.area_path,
        content=_content(inspection, rules, title, zone),
    )
    issued = service.issue(actor, paper, rules, now(), zone)
    found = documents.by_id(issued.id)
    assert found is not None
    return found, True


def _content(
    inspection: Inspection, rules: Rules, title: str, zone: ZoneInfo
) -> Content:
    findings = queries.findings_of(inspection.id, inspection.staff_id)
    place = inspection.place
    issuer = rules.town_at(inspection.area_path).code
    item = inspection.checklist
    parties = [f.responsible_party for f in findings if f.responsible_party]
    party = parties[0] if parties else None
    photos = [photo for finding in findings for photo in finding.photos]
    checkpoints = _checkpoints(inspection)
    return content_with(
        addressee={"name": party["name"] if party else (place or {}).get("name", "")},
        duty_item=duty_item(rules, item),
        area=area_words(inspection.area_path),
        place=place
        and {
            "name": place.get("name"),
            "address": place.get("address"),
            "kind": place_kind(rules, place.get("kind")),
        },
        party=party and {"name": party["name"], "kind": party.get("kind")},
        found_on=local_date(inspection.started_at, zone),
        inspectors=[name_of(inspection.staff_id)],
        companions=inspection.companions,
        started_at=local(inspection.started_at, zone),
        finished_at=local(inspection.finished_at, zone),
        hazards=[_hazard(n, f, rules) for n, f in enumerate(findings, start=1)],
        basis=cited(papers.basis(rules, item, KIND, title, issuer)),
        attachments=photos_said(photos),
        requirement=_handled(inspection, findings, checkpoints, rules),
        checkpoints=checkpoints,
        signature=_signature(inspection.signature),
    )


def _hazard(number: int, finding: Finding, rules: Rules) -> dict[str, Any]:
    return {
        "no": number,
        "category": rules.category(finding.category).name,
        "description": finding.description,
        "severity": SEVERITIES[finding.severity],
    }


def _handled(
    inspection: Inspection,
    findings: list[Finding],
    checkpoints: list[dict[str, Any]],
    rules: Rules,
) -> str:
    """Return what was done about what was found (处理意见), a line for each hazard.

    It is told from what the phone sent and was answered, which never change, not from
    the ticket as it stands when the record is asked for.
    """
    said = [_done_about(finding, rules) for finding in findings]
    if len(said) > 1:
        said = [f"{n}. {line}" for n, line in enumerate(said, start=1)]
    incidents = {
        due["checkpoint"] for due in inspection.receipt.get("incidents_due", ())
    }
    said += [
        f"“{point['question'].rstrip('？?')}”：属突发事件，按突发事件报告处置。"
        for point in checkpoints
        if point["id"] in incidents
    ]
    return "\n".join(said) or "本次检查未发现隐患。"


def _done_about(finding: Finding, rules: Rules) -> str:
    handling, ticket = finding.handling, finding.receipt["ticket"]
    state, lead = ticket["state"], ticket["lead_department"]
    refused = handling.get("refused")
    done = []
    if handling["kind"] == "on_spot":
        # What is reported all the same was stopped, not mended (T2, T5).
        done.append("当场整改" if state == State.ON_SPOT else "当场制止")
    if refused:
        done.append(f"当事人拒不整改（{refused['how']}）")
    if finding.control:
        done.append(f"采取管控措施：{finding.control['measure']}")
    if state == State.RECTIFYING:
        done.append(f"限期整改，于{chinese_day(ticket.get('due_on'))}前完成")
    if lead:
        by = signing_name(rules, lead["code"])
        own = state == State.VERIFYING  # a department's own inspection (A33)
        done.append(f"由{by}核查" if own else f"上报{by}处理")
    note = handling.get("note")
    return "；".join(done) + (f"。说明：{note}" if note else "。")


def _checkpoints(inspection: Inspection) -> list[dict[str, Any]]:
    checklist = checklist_of(
        inspection.catalogue, inspection.checklist, inspection.checklist_version
    )
    questions = {point.id: point.question for point in checklist.checkpoints}
    return [
        {
            "id": answer["checkpoint"],
            "question": questions[answer["checkpoint"]],
            "answer": ANSWERS[answer["answer"]],
            "note": answer.get("note") or None,
        }
        for answer in inspection.answers
    ]


def _signature(given: Any) -> dict[str, Any] | None:
    """Return whether the party refused to sign; a picture of a signature is not set."""
    if given is None:
        return None
    said = given if isinstance(given, dict) else {}
    note = said.get("note")
    return {
        "refused": bool(said.get("refused")),
        "note": note if isinstance(note, str) else None,
    }
