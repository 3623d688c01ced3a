"""Handing a ledger over (报送) and answering for it (签收、退回)."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.exc import IntegrityError

from server.areas import queries as areas
from server.areas.levels import Level
from server.areas.models import Area
from server.audit.service import record
from server.core import fastsql
from server.core.content import content_hash
from server.core.db import Broken, db, violated
from server.core.digests import told
from server.core.errors import (
    Conflict,
    ContentDiffers,
    Forbidden,
    Invalid,
    NotAllowedInState,
    NotFound,
)
from server.core.permissions import Actor
from server.core.text import Text
from server.reports import ledger_schemas as forms
from server.reports.ledger import Ledger, Line
from server.reports.ledger import ledger as ledger_report
from server.reports.ledger_periods import not_ended
from server.submissions import policy, queries
from server.submissions.consistency import SUBJECT
from server.submissions.models import LedgerFile, LedgerReceipt, LedgerSubmission

FORMATS = (forms.CSV, forms.JSON, forms.XLSX)
_IN_MEMORY = 1 << 22


@dataclass(frozen=True)
class Submitted:
    """Which submission it is; ``first`` is False when the same came again."""

    id: UUID
    first: bool


def submit(
    actor: Actor,
    wanted: Mapping[str, Any],
    zone: ZoneInfo,
    moment: datetime,
    public_url: str,
) -> Submitted:
    """Hand over a town's ledger of a period: keep its bytes as they are now.

    ``wanted`` is ``schemas.SubmissionIn``, loaded. What replaces an earlier one is told
    by what is known at ``moment``, else by what was known at the period's end.

    Raises:
        ContentDiffers: the id came before with other content.
        Conflict: it was handed over before and no ``replaces`` names that one.
        NotFound: the town is not the actor's.
        Invalid: no such ledger, period, area or submission to replace; the period has
            not ended.
    """
    digest = content_hash([str(actor.staff_id), {**wanted, "id": None}])
    id = wanted["id"] or uuid4()
    known = queries.by_id(id)
    if known is not None:
        return _again(known, digest)
    town = _town(actor, wanted["area"])
    asked = {name: wanted[name] for name in ("addressee", "period", "ledger")}
    asked |= {"area": town.code, "provisional": True}
    corrected = wanted["replaces"] is not None
    report = ledger_report(actor, asked, zone, moment, corrected=corrected)
    _check_kind(report)
    row = _row(report, town, wanted, moment, _edition(report, town, wanted))
    row |= {"id": id, "staff_id": actor.staff_id, "content_hash": digest}
    lines = list(report.lines())
    row |= {
        "rows": len(lines),
        "open_rows": sum(line.is_open for line in lines),
        "stale_rows": sum(line.is_stale for line in lines),
    }
    files = _files(report, lines, id, public_url)
    try:
        # First what races: in one statement the files would meet before it does.
        fastsql.insert(LedgerSubmission, row)
        fastsql.insert(LedgerFile, *files)
    except Broken as error:
        return _after_race(row, digest, error)
    _note(actor, row, files)
    return Submitted(id, first=True)


def answer(
    actor: Actor,
    submission_id: UUID,
    outcome: str,
    note: str | None,
    moment: datetime,
) -> None:
    """Confirm or reject a submission, once; the same person and answer again changes
    nothing.

    Raises:
        NotFound: none, or not the actor's to see.
        Forbidden: it is not addressed to the actor's department.
        NotAllowedInState: it was answered before, or replaced.
    """
    found = seen(actor, submission_id)
    if not policy.can_answer(actor, found):
        raise Forbidden()
    row = {
        "submission_id": submission_id,
        "staff_id": actor.staff_id,
        "outcome": outcome,
        "note": note,
        "answered_at": moment,
    }
    before = queries.receipt(submission_id)
    if before is not None:
        _answered_alike(before, row)
        return
    newest = _newest(found)
    if newest.id != found.id:
        text = Text("该报送已被更正报送代替", "It was replaced by a correction")
        raise NotAllowedInState(text, extra={"submission": str(newest.id)})
    try:
        fastsql.insert(LedgerReceipt, row)
    except Broken as error:
        if violated(error) != "pk_ledger_receipts":
            raise
        db.session.rollback()
        before = queries.receipt(submission_id)
        assert before is not None
        _answered_alike(before, row)
        return
    noted: dict[str, Any] = {"outcome": outcome, "note": note}
    noted |= {"ledger": found.ledger, "period": found.period}
    noted |= {"area": found.area_code, "addressee": found.addressee}
    noted["rows"] = told([(LedgerReceipt, [row])])
    record("ledger.answered", actor, (SUBJECT, submission_id), noted)


def seen(actor: Actor, submission_id: UUID) -> LedgerSubmission:
    """Return a submission that ``actor`` may see.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    found = queries.by_id(submission_id)
    if found is None:
        raise NotFound()
    if not policy.can_read(actor, found):
        raise NotFound(hidden=True)
    return found


def _again(known: LedgerSubmission, digest: str) -> Submitted:
    if known.content_hash != digest:
        raise ContentDiffers()
    return Submitted(known.id, first=False)


def _town(actor: Actor, code: str | None) -> Area:
    """Return the town named, else the only one of which the actor is an officer."""
    if code is None:
        own = {g.area.code for g in actor.grants if g.role in policy.SENDERS}
        if len(own) != 1:
            text = Text("须填写哪个镇（街道）", "Name the town")
            raise Invalid.at("/area", text)
        (code,) = own
    area = areas.by_code(code)
    if area is None:
        raise Invalid.at("/area", Text("没有此区域", "No such area"))
    if not actor.covers(area.path, policy.SENDERS):
        raise NotFound(hidden=True)
    if area.level != Level.TOWN:
        text = Text("台账由镇（街道）报送", "A ledger is handed over by a town")
        raise Invalid.at("/area", text)
    return area


def _check_kind(report: Ledger) -> None:
    """Refuse what cannot be handed over.

    A ledger that is the report itself (39.township.4) goes when there is something to
    report; every other when its period has ended.
    """
    if report.addressee is None:
        text = Text(
            "该台账由镇内留存，按需导出，不报送",
            "This ledger stays in the town; it is exported, not handed over",
        )
        raise Invalid.at("/addressee", text)
    if len(report.kept) != 1:
        ids = "、".join(row.id for row in report.kept)
        text = Text(f"须指明一种台账：{ids}", f"Name one ledger: {ids}")
        raise Invalid.at("/ledger", text)
    if report.provisional and not report.kept[0].reported_only:
        raise Invalid.at("/period", not_ended(report.period))


def _edition(report: Ledger, town: Area, wanted: Mapping[str, Any]) -> int:
    """Return which edition it will be.

    Raises:
        Conflict: there is one before it that ``replaces`` does not name.
        Invalid: what ``replaces`` names is none of the same ledger and period.
    """
    period, replaces = report.period, wanted["replaces"]
    before = queries.latest(town.code, report.kept[0].id, period.first, period.last)
    if before is None:
        if replaces is not None:
            text = Text(
                "没有可更正的同镇、同台账、同时段报送",
                "There is no submission of this town, ledger and period to replace",
            )
            raise Invalid.at("/replaces", text)
        return 1
    if replaces != before.id:
        raise _submitted_before(before)
    return before.edition + 1


def _submitted_before(before: LedgerSubmission) -> Conflict:
    text = Text(
        f"该台账该时段已报送：{before.id}；更正须填写 replaces 和 reason",
        f"Handed over already: {before.id}; a correction names it in replaces, with a"
        " reason",
    )
    extra = {"submission": str(before.id), "edition": before.edition}
    return Conflict(text, slug="already-submitted", extra=extra)


def _row(
    report: Ledger,
    town: Area,
    wanted: Mapping[str, Any],
    moment: datetime,
    edition: int,
) -> dict[str, Any]:
    assert report.addressee is not None
    return {
        "area_code": town.code,
        "area_path": town.path,
        "ruleset_id": report.ruleset_id,
        "ledger": report.kept[0].id,
        "addressee": report.addressee.code,
        "period": report.period.said,
        "period_from": report.period.first,
        "period_to": report.period.last,
        "edition": edition,
        "replaces": wanted["replaces"],
        "reason": wanted["reason"],
        "note": wanted["note"],
        "as_of": report.until,
        "provisional": report.provisional,
        "submitted_at": moment,
    }


def _files(
    report: Ledger, lines: list[Line], id: UUID, public_url: str
) -> list[dict[str, Any]]:
    files = []
    for form in FORMATS:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as target:
            cells = (line.cells for line in lines)
            forms.write(report, cells, form, target, public_url)
            target.seek(0)
            body = target.read()
        files.append(
            {
                "submission_id": id,
                "format": form,
                "name": f"{forms.title(report)}.{form}",
                "sha256": hashlib.sha256(body).hexdigest(),
                "body": body,
            }
        )
    return files


def _note(actor: Actor, row: Mapping[str, Any], files: list[dict[str, Any]]) -> None:
    copied = ("ledger", "addressee", "period", "edition", "as_of", "note", "reason")
    noted = {name: row[name] for name in copied} | {
        "area": row["area_code"],
        "replaces": row["replaces"] and str(row["replaces"]),
        "count": row["rows"],
        "sha256": {file["format"]: file["sha256"] for file in files},
        "content": row["content_hash"],
        "rows": told([(LedgerSubmission, [row]), (LedgerFile, files)]),
    }
    record("ledger.submitted", actor, (SUBJECT, row["id"]), noted)


def _after_race(
    row: Mapping[str, Any], digest: str, error: IntegrityError | psycopg.IntegrityError
) -> Submitted:
    """Answer like a retry, or name the submission that was quicker."""
    name = violated(error)
    db.session.rollback()
    if name == "pk_ledger_submissions":
        known = queries.by_id(row["id"])
        assert known is not None
        return _again(known, digest)
    if name != "uq_ledger_submissions_edition":
        raise error
    days = (row["period_from"], row["period_to"])
    before = queries.latest(row["area_code"], row["ledger"], *days)
    assert before is not None
    if before.id == row["id"]:
        return _again(before, digest)
    raise _submitted_before(before) from error


def _newest(found: LedgerSubmission) -> LedgerSubmission:
    days = (found.period_from, found.period_to)
    return queries.latest(found.area_code, found.ledger, *days) or found


def _answered_alike(before: LedgerReceipt, row: Mapping[str, Any]) -> None:
    """Take the same answer of the same person for a retry.

    Raises:
        NotAllowedInState: it is another.
    """
    names = ("staff_id", "outcome", "note")
    if any(getattr(before, name) != row[name] for name in names):
        said = "签收" if before.outcome == "received" else "退回"
        text = Text(f"该报送已{said}", f"It was {before.outcome} before")
        raise NotAllowedInState(text)
