"""Submitted ledgers over HTTP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from server.areas.service import path_of
from server.core.clock import local_date, now
from server.core.errors import Invalid
from server.core.http import Blueprint, Reply, after_of, etag_of, page_of
from server.core.http.app import settings
from server.core.http.files import sent
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import ledger_schemas
from server.reports.ledger_periods import BadPeriod, read_period
from server.submissions import due, policy, queries, schemas, service
from server.submissions.models import RECEIVED, REJECTED
from server.tickets.queries import department_code

blueprint = Blueprint("submissions", __name__)
# What runs now is shown too.
AHEAD = timedelta(days=31)
LONGEST = timedelta(days=800)


@blueprint.expose(
    "POST",
    "/reports/ledger/submissions",
    permission=policy.SUBMIT,
    summary="Hand a ledger over (报送): a snapshot that never changes; 200 on a retry",
    body=schemas.SubmissionIn,
    answers={200: schemas.SubmissionOut, 201: schemas.SubmissionOut},
)
def submit(actor: Actor, body: dict[str, Any]) -> Reply:
    """Hand over a ledger."""
    where = settings()
    done = service.submit(actor, body, where.timezone, now(), where.public_url)
    return Reply(_document(done.id), 201 if done.first else 200)


def _document(submission_id: UUID) -> dict[str, Any]:
    shown = queries.shown(submission_id)
    return schemas.submission_out(shown, queries.files([submission_id]))


@blueprint.expose(
    "GET",
    "/reports/ledger/submissions",
    permission=policy.READ,
    summary="Submitted ledgers the caller may read, the newest first",
    query=schemas.SubmissionQuery,
    answers={200: [schemas.SubmissionOut]},
)
def index(actor: Actor, query: dict[str, Any]) -> Reply:
    """List submissions."""
    after = after_of(query, datetime.fromisoformat, UUID)
    rows = queries.search(actor, _filters(query), after)

    def documents(shown: Sequence[Row[Any]]) -> list[dict[str, Any]]:
        files = queries.files([row.LedgerSubmission.id for row in shown])
        return [schemas.submission_out(row, files) for row in shown]

    def keys(row: Row[Any]) -> tuple[Any, ...]:
        return row.LedgerSubmission.submitted_at.isoformat(), row.LedgerSubmission.id

    return Reply(page_of(rows, query["limit"], keys, documents))


def _filters(query: dict[str, Any]) -> dict[str, Any]:
    filters: dict[str, Any] = {"limit": query["limit"]}
    if "area" in query:
        filters["area"] = path_of(query["area"])
    if "period" in query:
        try:
            period = read_period(query["period"], settings().timezone)
        except BadPeriod as error:
            raise Invalid.at("/period", error.why) from error
        filters["days"] = (period.first, period.last)
    if "addressee" in query:
        code = department_code(query["addressee"])
        named = "department" if code else "ledger"
        filters[named] = code or query["addressee"]
    return filters


@blueprint.expose(
    "GET",
    "/reports/ledger/submissions/<uuid:submission_id>",
    permission=policy.READ,
    summary="A submitted ledger, its files and what was answered",
    answers={200: schemas.SubmissionOut},
)
def show(actor: Actor, submission_id: UUID) -> Reply:
    """Show a submission."""
    service.seen(actor, submission_id)
    return Reply(_document(submission_id))


@blueprint.expose(
    "GET",
    "/reports/ledger/submissions/<uuid:submission_id>/file",
    permission=policy.READ,
    summary="The file as it was handed over, byte for byte",
    query=schemas.FileQuery,
    answers={200: ledger_schemas.LedgerOut},
    files=ledger_schemas.FILES,
)
def file(actor: Actor, submission_id: UUID, query: dict[str, Any]) -> Response:
    """Give out a submission's file; its SHA-256 is the ETag."""
    service.seen(actor, submission_id)
    form = query["format"]
    found = queries.file(submission_id, form)
    media_type = ledger_schemas.MEDIA_TYPES[form]
    packs = form in ledger_schemas.TEXTS
    body = io.BytesIO(found.body)
    return sent(body, media_type, f'"{found.sha256}"', found.name, packs=packs)


@blueprint.expose(
    "POST",
    "/reports/ledger/submissions/<uuid:submission_id>/receipt",
    permission=policy.ANSWER,
    summary="Confirm that it came (签收), once",
    body=schemas.ReceiptIn,
    answers={200: schemas.SubmissionOut},
    who="the staff of the department it is addressed to",
)
def receipt(actor: Actor, submission_id: UUID, body: dict[str, Any]) -> Reply:
    """Confirm a submission."""
    service.answer(actor, submission_id, RECEIVED, body["note"], now())
    return Reply(_document(submission_id))


@blueprint.expose(
    "POST",
    "/reports/ledger/submissions/<uuid:submission_id>/reject",
    permission=policy.ANSWER,
    summary="Send it back (退回) with a reason, once",
    body=schemas.RejectIn,
    answers={200: schemas.SubmissionOut},
    who="the staff of the department it is addressed to",
)
def reject(actor: Actor, submission_id: UUID, body: dict[str, Any]) -> Reply:
    """Send a submission back."""
    service.answer(actor, submission_id, REJECTED, body["reason"], now())
    return Reply(_document(submission_id))


@blueprint.expose(
    "GET",
    "/reports/ledger/due",
    permission=policy.READ,
    summary="Which ledgers are due, handed over, late, confirmed",
    query=schemas.DueQuery,
    answers={200: schemas.DueListOut},
)
def owed(actor: Actor, query: dict[str, Any]) -> Reply:
    """List what is due."""
    zone, moment = settings().timezone, now()
    today = local_date(moment, zone)
    last = query["to"] or today + AHEAD
    first = query["from_"] or min(today, last) - due.BACK
    if not timedelta(0) <= last - first <= LONGEST:
        text = Text(
            f"起止日应先后有序，且不超过 {LONGEST.days} 天",
            f"From must not be after to, nor more than {LONGEST.days} days before",
        )
        raise Invalid.at("/from", text)
    area = path_of(query["area"]) if "area" in query else None
    found = due.due_for(actor, area, (first, last), moment, zone)
    items = [schemas.due_out(one) for one in found]
    document = {"from": first, "to": last, "as_of": moment, "items": items}
    return Reply(document, etag=etag_of("due", first, last, items))
