"""What the printable case file (案卷) of a ticket says, gathered for the renderer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.documents.content import cited, duty_item
from server.photos.models import Photo
from server.tickets import course, papers, queries, rounds, written
from server.tickets.models import TicketControl, TicketPenalty
from server.tickets.queries import Event
from server.tickets.service import View
from server.tickets.vocabulary import (
    ACTION_LABELS,
    HANDLING_LABELS,
    SEVERITY_LABELS,
    STATE_LABELS,
    Part,
    Severity,
    State,
)

# Photos beyond these are named in the timeline and not printed.
MOST_PHOTOS = 60

_ROLES: Mapping[str, str] = {
    Part.LEAD: "主办",
    Part.CO: "协办",
    Part.COORDINATOR: "统筹协调",
    Part.INFORMED: "知会",
}
_STAGES: Mapping[str, str] = {
    "before": "整改前",
    "after": "整改后",
    "document": "文书",
}


def content(
    seen: View,
    uploaded: Mapping[UUID, Photo],
    zone: ZoneInfo,
    moment: datetime,
) -> dict[str, Any]:
    """Return the content of ``documents.casefile``.

    ``uploaded`` are the photos that have arrived; ``moment`` is when it is printed.
    """
    ticket, rules, events = seen.ticket, seen.rules, seen.events
    names = {d.code: d.name for d in rules.departments}
    return {
        "ticket": ticket.number,
        "state": STATE_LABELS[State(ticket.state)],
        "printed_on": local_date(moment, zone).isoformat(),
        "duty_item": duty_item(rules, ticket.duty_item),
        "area": written.area_words(ticket.area_path),
        "place": written.place_of(ticket, rules),
        "party": written.party_of(ticket),
        "category": rules.category(ticket.category).name,
        "severity": SEVERITY_LABELS[Severity(ticket.severity)],
        "description": ticket.description,
        "found_at": _at(ticket.found_at, zone),
        "found_by": events[0].actor,
        "reported_at": _at(ticket.reported_at, zone),
        "due_on": ticket.due_on and ticket.due_on.isoformat(),
        "closed_at": _at(ticket.ended_at, zone),
        "departments": [
            {"name": names.get(code, code), "role": _ROLES[part]}
            for code, part in seen.parts
        ],
        "decision": _decision(ticket.decision),
        "five": course.five(events),
        "refusals": list(_refusals(events, zone)),
        "events": [_event(event, zone) for event in events],
        "photos": list(_photos(events, uploaded, zone))[:MOST_PHOTOS],
        "papers": [
            _paper(one, names, zone)
            for one in queries.documents_of(ticket.number, events)
        ],
        "penalties": [
            _penalty(one, seen, names, zone) for one in queries.penalties_of(ticket.id)
        ],
        "controls": [_control(one, zone) for one in queries.controls_of(ticket.id)],
    }


def _at(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None


def _decision(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "row": decision["rule"],
        "text": decision["reason"],
        "clauses": cited(decision["basis"]),
    }


def _event(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    said = event.payload
    return {
        "at": _at(event.at, zone),
        "who": event.actor,
        "action": _action(event),
        "from": _state(said.get("from")),
        "to": _state(said.get("to")),
        "note": _note(said),
    }


def _note(said: Mapping[str, Any]) -> str:
    """Return what a step said, and what is done until a later day asked for."""
    note = said.get("note") or said.get("found") or ""
    safeguards = said.get("safeguards")
    return f"{note}\n防范措施：{safeguards}" if safeguards else note


def _refusals(events: Iterable[Event], zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    """Yield each refusal (拒不整改) with what shows it, oldest first.

    One that was found with the hazard is shown by the finding's photos. One that no
    word or signature showed rests on the day that has passed and the failed
    re-inspection (T9).
    """
    of_finding: list[str] = []
    for event in events:
        said = event.payload
        photos = list(said.get("attachments", ()))
        if event.type == "ticket.found":
            of_finding = photos
        shown = said.get("refused")
        if not shown and said.get("trigger") != "refused":
            continue
        # The events of an opening leave the photos to the first of them.
        opened = "attachments" not in said
        shown = shown or {"how": "逾期未整改，镇级复查不合格"}
        count = len(of_finding if opened else photos)
        where = "发现" if opened else _action(event)
        yield {
            "at": _at(event.at, zone),
            "who": event.actor,
            "how": shown["how"],
            "note": shown.get("note") or said.get("note"),
            "witnesses": shown.get("witnesses"),
            "photos": f"{count} 张，见现场照片“{where}”" if count else None,
        }


def _action(event: Event) -> str:
    action = event.payload.get("action", "")
    known = ACTION_LABELS.get(action) or HANDLING_LABELS.get(action)
    return known or EVENT_LABELS.get(event.type, event.type)


EVENT_LABELS: Mapping[str, str] = {
    "ticket.found": "发现隐患",
    "ticket.due_soon": "期限将至提醒",
    "ticket.overdue": "逾期提醒",
    "ticket.document_withdrawn": "撤回文书",
}


def _state(state: str | None) -> str:
    return STATE_LABELS[State(state)] if state else ""


def _photos(
    events: Iterable[Event], uploaded: Mapping[UUID, Photo], zone: ZoneInfo
) -> Iterable[dict[str, Any]]:
    """Yield the photos that steps name, then what came beside them."""
    left = dict(uploaded)
    for label, named in rounds.photos_by_step(events):
        for id in named:
            photo = left.pop(id, None)
            if photo is not None or id not in uploaded:
                yield _photo(id, photo, label, zone)
    for id, photo in left.items():
        yield _photo(id, photo, "其他", zone)


def _photo(id: UUID, photo: Photo | None, step: str, zone: ZoneInfo) -> dict[str, Any]:
    stage = _STAGES.get(photo.stage, "") if photo else ""
    return {
        "id": str(id),
        "step": step,
        "stage": stage,
        "caption": "" if photo else "未上传",
        "taken_at": _at(photo.received_at, zone) if photo else None,
    }


def _paper(
    paper: Mapping[str, Any], names: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    issuer = paper.get("issuer")
    return {
        "title": paper["title"],
        "number": paper.get("number"),
        "issuer": names.get(issuer, issuer) if issuer else None,
        "issued_on": local_date(paper["issued_at"], zone).isoformat(),
        "state": "已撤回" if paper.get("status") == "withdrawn" else "",
    }


def _penalty(
    penalty: TicketPenalty, seen: View, names: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    kinds = {p.code: p.name for p in seen.situation.process.penalties}
    code = penalty.department_code
    return {
        "kind": kinds.get(penalty.kind, penalty.kind),
        "amount": papers.sum_said(penalty.kind, penalty.amount),
        "number": penalty.document_no,
        "decided_on": local_date(penalty.decided_at, zone).isoformat(),
        "department": names.get(code, code),
    }


def _control(control: TicketControl, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "kind": control.measure,
        "imposed_at": _at(control.imposed_at, zone),
        "lifted_at": _at(control.lifted_at, zone),
        "note": control.note,
    }
