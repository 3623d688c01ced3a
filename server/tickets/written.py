"""What the papers of a ticket say, and their issue together with the action.

An action that makes a paper of a kind that is issued here (``issuing.yaml``) issues it
in its own transaction; a paper that was made outside, with a number of its own
(``document_no``), is only noted, and so is one of a kind that is not issued here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.accounts.queries import name_of
from server.areas.queries import by_codes
from server.checklists.catalogue import Rules
from server.core.clock import local_date
from server.core.permissions import Actor
from server.documents import service as documents
from server.documents.content import (
    Content,
    cited,
    content_with,
    duty_item,
    signing_name,
)
from server.documents.service import Paper
from server.places.queries import address_of
from server.tickets import papers, queries
from server.tickets.models import Ticket
from server.tickets.queries import SUBJECT

SEVERITIES = {"general": "一般", "serious": "较大", "major": "重大"}
_ORDERS = frozenset({"town_notice", "order"})
_FIVE = ("responsibility", "measures", "funds", "plan")
_RECHECKS = {
    True: ("ticket.town_recheck_passed", "ticket.town_recheck_failed"),
    False: ("ticket.recheck_passed", "ticket.recheck_failed"),
}
# What tells that a department saw the hazard with its own eyes.
_SEEN = ("ticket.substantiated", "ticket.recheck_failed", "ticket.verifying")


@dataclass(frozen=True)
class Case:
    """A ticket at the moment a paper of it is made.

    Attributes:
        item: the duty item it is worked under.
        values: the fields of the action.
        due_before: the ticket's day before the action.
        finder: name of who found it, None to look it up.
        asked: by whom and why a later day was asked for, of an extension (延期).
    """

    ticket: Ticket
    rules: Rules
    item: str
    actor: Actor
    moment: datetime
    zone: ZoneInfo
    values: dict[str, Any]
    due_before: date | None = None
    finder: str | None = None
    asked: dict[str, Any] | None = None

    @property
    def today(self) -> date:
        """The local calendar day."""
        return local_date(self.moment, self.zone)


def issued(case: Case, made: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return ``made`` (of ``papers.paper``) with number and id where it is issued now.

    None where there is no such paper.

    Raises:
        TemplateBroken, NotTheIssuer, Conflict: it cannot be issued.
    """
    paper = paper_of(case, made)
    if paper is None:
        return None if made and made["kind"] in papers.OWN_KINDS else made
    document = documents.issue(case.actor, paper, case.rules, case.moment, case.zone)
    return documents.noted(document)


def paper_of(case: Case, made: dict[str, Any] | None) -> Paper | None:
    """Return the paper to issue; None where it is only noted, or there is none."""
    if made is None or made["number"] is not None:
        return None
    ticket = case.ticket
    issuer = made.get("issuer") or ticket.town_department
    if not documents.is_issued(case.rules, made["kind"], made["title"], issuer):
        return None
    return Paper(
        kind=made["kind"],
        title=made["title"],
        issuer=issuer,
        owner=(SUBJECT, ticket.number),
        area_path=ticket.area_path,
        content=_content(case, made, issuer),
    )


def _content(case: Case, made: dict[str, Any], issuer: str) -> Content:
    said = _common(case, made, issuer)
    said |= _SAID[made["kind"]](case, issuer)
    return content_with(**said)


def _common(case: Case, made: dict[str, Any], issuer: str) -> dict[str, Any]:
    ticket, rules = case.ticket, case.rules
    hazard = {
        "no": 1,
        "category": rules.category(ticket.category).name,
        "description": ticket.description,
        "severity": SEVERITIES[ticket.severity],
    }
    clauses = papers.basis(rules, case.item, made["kind"], made["title"], issuer)
    return {
        "addressee": {"name": _party_name(ticket)},
        "ticket": ticket.number,
        "duty_item": duty_item(rules, ticket.duty_item),
        "area": area_words(ticket.area_path),
        "place": place_of(ticket, rules),
        "party": party_of(ticket),
        "found_on": local_date(ticket.found_at, case.zone),
        "inspectors": [case.finder or name_of(ticket.finder_id)],
        "hazards": [hazard],
        "basis": cited(clauses or ticket.decision["basis"]),
        "due_on": made["due_on"],
        "note": case.values.get("note"),
        "attachments": photos_said(case.values.get("photos", ())),
    }


def _party_name(ticket: Ticket) -> str:
    party = ticket.responsible_party or {}
    return party.get("name") or ticket.place_name or ""


# What a responsible party (责任主体) is, in words; others stand as they were said.
_PARTY_KINDS = {
    "person": "个人",
    "individual": "个人",
    "household": "住户",
    "company": "企业",
    "business": "经营单位",
    "unit": "单位",
    "organisation": "单位",
    "organization": "单位",
    "shop": "商户",
    "owner": "产权人",
    "user": "使用人",
    "property": "物业服务企业",
    "property_company": "物业服务企业",
}


def party_of(ticket: Ticket) -> dict[str, Any] | None:
    """Return a ticket's responsible party in words, None where none is known."""
    party = ticket.responsible_party
    if not party:
        return None
    kind = party.get("kind") or ""
    return {"name": party.get("name"), "kind": _PARTY_KINDS.get(kind, kind) or None}


def area_words(path: str) -> str:
    """Return town and community in words, such as 卜尔汉图镇某某村; a larger area
    by its own name."""
    codes = path.strip("/").split("/")
    known = by_codes(codes)
    below = codes[2:4] or codes[-1:]
    return "".join(known[code].name for code in below if code in known)


def place_of(ticket: Ticket, rules: Rules) -> dict[str, Any] | None:
    """Return a ticket's place in words, None where none is known."""
    if not ticket.place_id and not ticket.place_name:
        return None
    address = address_of(ticket.place_id) if ticket.place_id else None
    return {
        "name": ticket.place_name,
        "address": address,
        "kind": place_kind(rules, ticket.place_kind),
    }


def place_kind(rules: Rules, code: str | None) -> str | None:
    """Return what a kind of place is called; its code where it is unknown."""
    names = {kind.code: kind.name for kind in rules.places.kinds}
    return names.get(code, code) if code else None


def photos_said(photos: Any) -> list[str]:
    """Return photos as the attachments of a paper."""
    return [f"照片 {len(photos)} 张"] if photos else []


def _order(case: Case, issuer: str) -> dict[str, Any]:
    five = {name: case.values.get(name) for name in _FIVE}
    return {
        "requirement": case.values.get("note") or "对上述隐患立即整改，消除危险。",
        "five": five if any(five.values()) else None,
        "note": None,
    } | _looked_at(case, issuer)


def _looked_at(case: Case, issuer: str) -> dict[str, Any]:
    """When a department saw the hazard itself, and who did; the town found it."""
    if issuer == case.ticket.town_department:
        return {}
    seen = queries.events_of(case.ticket.number, _SEEN)
    if not seen:
        return {}
    return {
        "found_on": local_date(seen[-1].at, case.zone),
        "inspectors": [seen[-1].actor],
    }


def _transfer(case: Case, _issuer: str) -> dict[str, Any]:
    receiver = signing_name(case.rules, case.values["department"])
    return {
        "addressee": {"name": receiver},
        "reason": case.values["note"],
        "note": None,
        "orders": _orders(case),
        "penalties": _penalties(case),
    }


def _feedback(case: Case, issuer: str) -> dict[str, Any]:
    passed = queries.events_of(case.ticket.number, _RECHECKS[False][:1])
    so = case.ticket.substantiated is not False
    town = signing_name(case.rules, case.ticket.town_department)
    return {
        "addressee": {"name": town},
        "result": "passed" if so else "not_substantiated",
        "result_text": "已整改，复查合格" if so else "经核查不属实",
        "rechecked_on": local_date(passed[-1].at, case.zone) if passed else None,
        "orders": _orders(case, issuer),
        "penalties": _penalties(case),
    }


def _recheck(case: Case, issuer: str) -> dict[str, Any]:
    passed = case.values["result"] == "passed"
    events = _RECHECKS[issuer == case.ticket.town_department]
    return {
        "result": case.values["result"],
        "result_text": "复查合格" if passed else "复查不合格",
        "rechecked_on": case.today,
        "inspectors": [case.actor.name],
        "round": queries.happened(case.ticket.number, events) + 1,
        "due_on": case.ticket.due_on,
        "orders": _orders(case, issuer),
    }


def _extension(case: Case, issuer: str) -> dict[str, Any]:
    asked = case.asked or {}
    return {
        "orders": _orders(case, issuer),
        "extension": {
            "asked_by": asked.get("asked_by_name") or _party_name(case.ticket),
            "asked_on": asked.get("asked_on"),
            "reason": asked.get("reason") or case.values["note"],
            "from": case.due_before,
            "to": case.ticket.due_on,
            "decided_by": case.actor.name,
            "decision": "同意延期",
            "safeguards": asked.get("safeguards"),
        },
        "note": case.values.get("note") if asked else None,
    }


_SAID: dict[str, Callable[[Case, str], dict[str, Any]]] = {
    "town_notice": _order,
    "order": _order,
    "transfer_letter": _transfer,
    "feedback": _feedback,
    "recheck": _recheck,
    "extension": _extension,
}


def _orders(case: Case, issuer: str | None = None) -> list[dict[str, Any]]:
    """The notices and orders so far that stand, or those of ``issuer``."""
    number = case.ticket.number
    return [
        {
            "title": paper["title"],
            "number": paper["number"],
            "issued_on": local_date(paper["issued_at"], case.zone),
            "due_on": paper["due_on"],
        }
        for paper in queries.documents_of(number, queries.events_of(number))
        if paper["kind"] in _ORDERS
        and paper.get("status") != "withdrawn"
        and issuer in (None, paper.get("issuer") or case.ticket.town_department)
    ]


def _penalties(case: Case) -> list[dict[str, Any]]:
    names = {p.code: p.name for known in case.rules.processes for p in known.penalties}
    return [
        {
            "kind": names.get(penalty.kind, penalty.kind),
            "amount": papers.sum_said(penalty.kind, penalty.amount),
            "number": penalty.document_no,
            "decided_on": local_date(penalty.decided_at, case.zone),
            "department": signing_name(case.rules, penalty.department_code),
        }
        for penalty in queries.penalties_of(case.ticket.id)
    ]
