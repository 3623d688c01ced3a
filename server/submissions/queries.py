"""Reading submitted ledgers and the towns that owe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from server.accounts.models import Staff
from server.areas.levels import Level
from server.areas.models import Area
from server.checklists.models import Ruleset
from server.core.db import db, inside_any
from server.core.permissions import Actor
from server.departments.models import Department
from server.submissions import policy
from server.submissions.models import LedgerFile, LedgerReceipt, LedgerSubmission


def by_id(submission_id: UUID) -> LedgerSubmission | None:
    """Return a submission by its id."""
    return db.session.get(LedgerSubmission, submission_id)


def receipt(submission_id: UUID) -> LedgerReceipt | None:
    """Return what was answered to a submission, if anything was."""
    return db.session.get(LedgerReceipt, submission_id)


def latest(
    area_code: str, ledger: str, first: date, last: date
) -> LedgerSubmission | None:
    """Return the newest edition for a town, a ledger and a period, if there is one."""
    return db.session.scalar(
        select(LedgerSubmission)
        .where(
            LedgerSubmission.area_code == area_code,
            LedgerSubmission.ledger == ledger,
            LedgerSubmission.period_from == first,
            LedgerSubmission.period_to == last,
        )
        .order_by(LedgerSubmission.edition.desc())
        .limit(1)
    )


def file(submission_id: UUID, form: str) -> LedgerFile:
    """Return the bytes of a submission in one form; every one has all forms."""
    found = db.session.get(LedgerFile, (submission_id, form))
    assert found is not None
    return found


def files(submission_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """Return (format, name, sha256, size) of the files, without their bytes."""
    query = (
        select(
            LedgerFile.submission_id,
            LedgerFile.format,
            LedgerFile.name,
            LedgerFile.sha256,
            func.octet_length(LedgerFile.body).label("size"),
        )
        .where(LedgerFile.submission_id.in_(submission_ids))
        .order_by(LedgerFile.format)
    )
    found: dict[UUID, list[Row[Any]]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.submission_id, []).append(row)
    return found


def _shown() -> Select[*tuple[Any, ...]]:
    by, newer = aliased(Staff), aliased(LedgerSubmission)
    return (
        select(
            LedgerSubmission,
            LedgerReceipt,
            Staff.name.label("sender"),
            by.name.label("answered_by"),
            Area.name.label("area_name"),
            Department.name.label("addressee_name"),
            newer.id.label("replaced_by"),
        )
        .join(Staff, Staff.id == LedgerSubmission.staff_id)
        .join(Area, Area.code == LedgerSubmission.area_code)
        .join(Department, Department.code == LedgerSubmission.addressee)
        .outerjoin(LedgerReceipt, LedgerReceipt.submission_id == LedgerSubmission.id)
        .outerjoin(by, by.id == LedgerReceipt.staff_id)
        .outerjoin(newer, newer.replaces == LedgerSubmission.id)
    )


def shown(submission_id: UUID) -> Row[Any]:
    """Return a submission that is there with all that is shown of it.

    ``LedgerSubmission``, ``LedgerReceipt`` (or None) and the names that go with them.
    """
    query = _shown().where(LedgerSubmission.id == submission_id)
    return db.session.execute(query).one()


def search(
    actor: Actor, filters: Mapping[str, Any], after: tuple[datetime, UUID] | None
) -> list[Row[Any]]:
    """Return visible submissions as :func:`shown`, the newest first, one page more by
    one.

    ``filters``: ``department`` (code), ``ledger``, ``days`` (first and last), ``area``
    (path), ``limit``.
    """
    query = _shown().where(policy.visible(actor), *_conditions(filters))
    key = tuple_(LedgerSubmission.submitted_at, LedgerSubmission.id)
    if after is not None:
        query = query.where(key < tuple_(literal(after[0]), literal(after[1])))
    query = query.order_by(
        LedgerSubmission.submitted_at.desc(), LedgerSubmission.id.desc()
    )
    return list(db.session.execute(query.limit(filters["limit"] + 1)))


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.get("department"):
        found.append(LedgerSubmission.addressee == filters["department"])
    if filters.get("ledger"):
        found.append(LedgerSubmission.ledger == filters["ledger"])
    if filters.get("days"):
        first, last = filters["days"]
        found.append(LedgerSubmission.period_from == first)
        found.append(LedgerSubmission.period_to == last)
    if filters.get("area"):
        found.append(inside_any(LedgerSubmission.area_path, [filters["area"]]))
    return found


def of_towns(codes: Sequence[str], first: date, last: date) -> list[Row[Any]]:
    """Return the submissions of towns whose periods end in first..last, as
    :func:`shown`, the first edition first."""
    query = (
        _shown()
        .where(
            LedgerSubmission.area_code.in_(codes),
            LedgerSubmission.period_to.between(first, last),
        )
        .order_by(LedgerSubmission.edition)
    )
    return list(db.session.execute(query))


def towns(paths: Sequence[str]) -> list[Area]:
    """Return the towns at or below ``paths``, by their codes."""
    query = select(Area).where(Area.level == Level.TOWN, inside_any(Area.path, paths))
    return list(db.session.scalars(query.order_by(Area.code)))


def in_use_since(catalogue: str) -> datetime | None:
    """Return when a catalogue was first published."""
    query = select(func.min(Ruleset.published_at)).where(Ruleset.catalogue == catalogue)
    return db.session.scalar(query)
