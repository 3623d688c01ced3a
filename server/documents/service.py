"""Issuing papers, taking them back, and giving them out as files."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.issuing import Office, Series
from server.checklists.service import edition_for
from server.core import fastsql
from server.core.clock import local_date, now
from server.core.digests import told
from server.core.errors import Conflict, Forbidden, NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.documents import forms, policy, queries
from server.documents.content import Content, content_with
from server.documents.models import Document
from server.documents.owners import Kinds
from server.documents.queries import Seen
from server.documents.typeset import Template

SUBJECT = "document"
WITHDRAWAL = "withdrawal"


class NotTheIssuer(Conflict):
    """Papers of this title are another office's alone (409)."""

    slug = "not-the-issuer"
    title = Text("无权制发此类文书", "Such papers are issued by another office")


class AlreadyWithdrawn(Conflict):
    """The paper was withdrawn before (409)."""

    slug = "already-withdrawn"
    title = Text("该文书已撤回", "The document is withdrawn already")


@dataclass(frozen=True)
class Paper:
    """A paper about to be issued.

    Attributes:
        issuer: code of the department that issues it.
        owner: kind and key of what it belongs to.
        content: what it says beside number, office, day and code, which are added.
    """

    kind: str
    title: str
    issuer: str
    owner: tuple[str, str]
    area_path: str
    content: Content


@dataclass(frozen=True)
class _Ready:
    """A paper that can be issued: where it counts, and on what it is set."""

    paper: Paper
    office: Office
    series: Series
    template: Template


def is_issued(rules: Rules, kind: str, title: str, issuer: str | None) -> bool:
    """Tell whether papers like this are issued here; others are only noted."""
    return (
        rules.issuing.office(issuer) is not None
        and rules.issuing.series_of(kind, title) is not None
        and forms.directory(rules.catalogue).is_dir()
    )


def _ready(paper: Paper, rules: Rules) -> _Ready:
    """Return what issuing needs, with everything that can be wrong found out.

    Raises:
        NotTheIssuer: the title is another office's.
        TemplateBroken: it cannot be set.
    """
    office = rules.issuing.office(paper.issuer)
    series = rules.issuing.series_of(paper.kind, paper.title)
    if office is None or series is None:
        text = Text(
            f"未设置“{paper.title}”的文号", f"No numbers are set up for {paper.title}"
        )
        raise Conflict(text, slug="not-issued-here")
    elsewhere = series.issuers and paper.issuer not in series.issuers
    if elsewhere or (series.town and rules.department(paper.issuer).level != "town"):
        raise NotTheIssuer()
    template = forms.choose(rules.catalogue, paper.kind, paper.issuer, paper.title)
    if template is None:
        text = Text("本清单没有文书模板", "The catalogue has no document templates")
        raise Conflict(text, slug="not-issued-here")
    return _Ready(paper, office, series, template)


def _said(ready: _Ready, actor: Actor, day: date, **issued: Any) -> Content:
    """Return the whole content: the paper's own with what issuing adds."""
    paper = ready.paper
    laws = [{"clause": None, "text": law} for law in ready.series.laws]
    added = {
        "kind": paper.kind,
        "title": paper.title,
        "issuer": {"name": ready.office.name, "code": paper.issuer},
        "issued_on": day,
        "issued_by": actor.name,
        "basis": [*laws, *paper.content["basis"]],
    }
    return content_with(**(paper.content | added | issued))


def draft(
    actor: Actor, paper: Paper, rules: Rules, zone: ZoneInfo, format: str
) -> bytes:
    """Return a paper as it would be issued now, marked 草稿; nothing is taken or kept.

    Raises:
        NotTheIssuer, TemplateBroken, Conflict: it could not be issued.
        NotFound: there is no such format of it.
    """
    ready = _ready(paper, rules)
    content = _said(ready, actor, local_date(now(), zone))
    forms.check(ready.template)
    return forms.made(ready.template, content, format, draft=True)


def issue(
    actor: Actor,
    paper: Paper,
    rules: Rules,
    moment: datetime,
    zone: ZoneInfo,
    withdraws: UUID | None = None,
) -> Document:
    """Issue a paper: its number, its row and its event, in the caller's transaction.

    The number is taken last: whatever can be wrong is found out before, and what
    fails after takes the number back with everything else.

    Raises:
        NotTheIssuer, TemplateBroken, Conflict: it cannot be issued.
    """
    ready = _ready(paper, rules)
    day = local_date(moment, zone)
    code = secrets.token_urlsafe(16)
    content = _said(ready, actor, day, verify={"code": code, "url": f"/v/{code}"})
    digest = forms.check(ready.template)
    forms.keep(ready.template, digest)
    series = ready.office.word + ready.series.mark
    serial = queries.next_serial(series, day.year)
    number = rules.issuing.number(ready.office, ready.series, day.year, serial)
    content["number"] = number
    row = {
        "id": uuid4(),
        "owner_kind": paper.owner[0],
        "owner_id": paper.owner[1],
        "area_path": paper.area_path,
        "catalogue": rules.catalogue,
        "kind": paper.kind,
        "title": paper.title,
        "series": series,
        "year": day.year,
        "serial": serial,
        "number": number,
        "issuer": paper.issuer,
        "issued_by": actor.staff_id,
        "issued_at": moment,
        "issued_on": day,
        "content": content,
        "template_digest": digest,
        "verify_code": code,
        "withdraws_id": withdraws,
    }
    fastsql.insert(Document, row)
    record(
        "document.issued",
        actor,
        (SUBJECT, row["id"]),
        {
            "number": number,
            "title": paper.title,
            "owner": list(paper.owner),
            "rows": told([(Document, [row])]),
        },
    )
    return Document(**row)


def noted(document: Document) -> dict[str, Any]:
    """Return a document as the events of its owner note it."""
    return {
        "kind": document.kind,
        "title": document.title,
        "number": document.number,
        "due_on": document.content["due_on"],
        "issuer": document.issuer,
        "id": str(document.id),
    }


def visible(actor: Actor, document_id: UUID, kinds: Kinds) -> Seen:
    """Return a document the actor may see.

    Raises:
        NotFound: none, or its owner is not the actor's to see.
    """
    seen = queries.by_id(document_id)
    if seen is None:
        raise NotFound()
    kinds[seen.document.owner_kind].check(actor, seen.document.owner_id)
    return seen


def withdraw(
    actor: Actor, document_id: UUID, reason: str, kinds: Kinds, zone: ZoneInfo
) -> Seen:
    """Withdraw a paper by another one, which has its own number and names the first.

    Raises:
        NotFound: none, or not to be seen.
        Forbidden: the actor does not speak for who issued it.
        AlreadyWithdrawn: it was; Conflict: a withdrawal is not taken back.
    """
    document = visible(actor, document_id, kinds).document
    town = queries.is_town(document.issuer)
    if not policy.may_withdraw(actor, document.issuer, document.area_path, town=town):
        raise Forbidden()
    if document.kind == WITHDRAWAL:
        text = Text("撤回决定不能撤回", "A withdrawal is not withdrawn")
        raise Conflict(text, slug="not-withdrawable")
    kind = kinds[document.owner_kind]
    if kind.hold is not None:
        kind.hold(document.owner_id)
    queries.hold(document.id)
    if queries.is_withdrawn(document.id):
        raise AlreadyWithdrawn()
    rules = edition_for(document.area_path).rules
    moment = now()
    paper = _withdrawal(document, reason, rules)
    issued = issue(actor, paper, rules, moment, zone, withdraws=document.id)
    if kind.withdrawn is not None:
        kind.withdrawn(actor, document.owner_id, noted(document), noted(issued), reason)
    withdrawal = queries.by_id(issued.id)
    assert withdrawal is not None
    return withdrawal


_KEPT = ("addressee", "ticket", "duty_item", "area", "place", "party", "found_on")


def _withdrawal(document: Document, reason: str, rules: Rules) -> Paper:
    said = document.content
    return Paper(
        kind=WITHDRAWAL,
        title=rules.issuing.titled(WITHDRAWAL) or "撤回决定",
        issuer=document.issuer,
        owner=(document.owner_kind, document.owner_id),
        area_path=document.area_path,
        content=content_with(
            **{name: said[name] for name in _KEPT},
            reason=reason,
            withdraws={
                "title": document.title,
                "number": document.number,
                "issued_on": document.issued_on,
            },
        ),
    )
