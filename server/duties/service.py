"""Taking in duty records, immutable and idempotent by their id, and withdrawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row

from server.areas import queries as areas
from server.areas.service import Spot
from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.duties import TOWNSHIP, DutyKind
from server.checklists.service import Edition, edition_for, edition_of, rules_of
from server.core import fastsql
from server.core.clock import local_date, now
from server.core.content import content_hash
from server.core.db import Broken, db, violated
from server.core.digests import told
from server.core.errors import (
    ContentDiffers,
    FieldError,
    Forbidden,
    Invalid,
    NotAllowedInState,
    NotFound,
)
from server.core.permissions import DEPARTMENT_ROLES, TOWN_ROLES, Actor
from server.core.position import Position
from server.core.text import Text
from server.duties import kinds, policy, queries
from server.duties.models import DutyRecord, DutyWithdrawal

# A phone's clock may run a little fast, not a day.
CLOCK_SLACK = timedelta(minutes=10)
SUBJECT = "duty"


@dataclass(frozen=True)
class Receipt:
    """The acknowledgement; ``first`` is False when the same content came again."""

    document: dict[str, Any]
    first: bool


def parties_of(actor: Actor) -> list[str]:
    """Return for whom ``actor`` may record: ``township``, a department's code."""
    parties = [TOWNSHIP] if actor.has(*TOWN_ROLES) else []
    department = policy.own_department(actor)
    return [*parties, department] if department else parties


def recordable(actor: Actor) -> list[tuple[DutyKind, str, Rules]]:
    """Return (kind, party, rules) of every kind that ``actor`` may record.

    Raises:
        NoCatalogue: none serves the actor's area.
    """
    rules = edition_of(actor).rules
    return [
        (kind, party, rules)
        for party in parties_of(actor)
        for kind in rules.duties
        if party in kinds.party_codes(rules, kind)
    ]


def record_duty(
    actor: Actor, record_id: UUID, content: dict[str, Any], zone: ZoneInfo
) -> Receipt:
    """Take in one duty record.

    Raises:
        ContentDiffers: the id came before with other content.
        Forbidden: the kind is another party's.
        Invalid: a field is wrong; nothing is stored.
    """
    digest = content_hash([str(actor.staff_id), content])
    known = queries.receipt(record_id)
    if known is not None:
        return _again(known, digest)
    times = _times(content, zone)
    edition, kind = _kind(actor, content["kind"], times.ended)
    party = _party(actor, kind, edition.rules)
    items = _checked(kind, party, content, times, edition.rules, zone)
    spot = _spot(actor, content, party, times.ended)
    row = _row(actor, content, times, spot) | {
        "id": record_id,
        "ruleset_id": edition.id,
        "kind": kind.code,
        "items": items,
        "clauses": _clauses(edition.rules, kind, items, party),
        "township": party == TOWNSHIP,
        "needed": kinds.needed(kind, content),
        "content_hash": digest,
    }
    rules = edition.rules
    by = rules.town_at(spot.path) if party == TOWNSHIP else rules.department(party)
    row["department_code"] = by.code
    row["receipt"] = document = _receipt(row, by.name)
    try:
        fastsql.insert(DutyRecord, row)
    except Broken as error:
        return _after_race(record_id, digest, error)
    noted = {"kind": kind.code, "clauses": row["clauses"], "content": digest}
    noted["rows"] = told([(DutyRecord, [row])])
    record("duty.recorded", actor, (SUBJECT, record_id), noted)
    return Receipt(document, first=True)


def withdraw(actor: Actor, record_id: UUID, reason: str) -> None:
    """Take a record back; the same person and reason again changes nothing.

    Raises:
        NotFound: none, or not the actor's to see.
        Forbidden: it is not the actor's to withdraw.
        NotAllowedInState: it was withdrawn before.
    """
    found = seen(actor, record_id)
    if not policy.can_answer_for(actor, found):
        raise Forbidden()
    row = {
        "record_id": record_id,
        "staff_id": actor.staff_id,
        "reason": reason,
        "withdrawn_at": now(),
    }
    try:
        fastsql.insert(DutyWithdrawal, row)
    except Broken as error:
        if violated(error) != "pk_duty_withdrawals":
            raise
        db.session.rollback()
        before = queries.withdrawal(record_id)
        if before is None or (before.staff_id, before.reason) != (
            actor.staff_id,
            reason,
        ):
            text = Text("该记录已撤回", "This record was withdrawn before")
            raise NotAllowedInState(text) from error
        return
    noted = {"reason": reason, "rows": told([(DutyWithdrawal, [row])])}
    record("duty.withdrawn", actor, (SUBJECT, record_id), noted)


def seen(actor: Actor, record_id: UUID) -> DutyRecord:
    """Return a record that ``actor`` may see.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    found = queries.by_id(record_id)
    if found is None:
        raise NotFound()
    if not policy.can_read(actor, found):
        raise NotFound(hidden=True)
    return found


def shown(actor: Actor, record_id: UUID) -> tuple[Row[Any], DutyKind]:
    """Return (row of ``queries.shown``, kind) of a record that ``actor`` may see.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    seen(actor, record_id)
    row = queries.shown(record_id)
    assert row is not None
    return row, kind_of(row[0])


def kind_of(found: DutyRecord) -> DutyKind:
    """Return a record's kind, as the rules had it when it was recorded."""
    return rules_of(found.ruleset_id).duty(found.kind)


@dataclass(frozen=True)
class _Times:
    """The local days of a record, and the moment it was over."""

    first: date
    last: date
    month: date | None
    ended: datetime

    @property
    def counted_on(self) -> date:
        return self.month or self.first


def _times(content: Mapping[str, Any], zone: ZoneInfo) -> _Times:
    day: date | None = content["held_on"]
    if day is None and content["held_from"] is None:
        day = local_date(now(), zone)  # a form: the day it is filled in
    if day is not None:
        night = datetime.combine(day + timedelta(days=1), time.min, zone)
        return _Times(day, day, content["month"], night)
    start, end = content["held_from"], content["held_to"]
    errors = []
    if start > end:
        text = Text("结束时间早于开始时间", "Ended before it began")
        errors.append(FieldError("/held_to", text))
    if end > now() + CLOCK_SLACK:
        text = Text("时间晚于现在 10 分钟以上", "More than 10 minutes in the future")
        errors.append(FieldError("/held_to", text))
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    first, last = local_date(start, zone), local_date(end, zone)
    return _Times(first, last, content["month"], end)


def _kind(actor: Actor, code: str, done: datetime) -> tuple[Edition, DutyKind]:
    """Return the kind named and the edition that has it.

    That is the one in force now, else the one in force when the duty was done: a
    phone that was away may name a kind that is no more.
    """
    edition = edition_of(actor)
    assert actor.home is not None
    for one in (edition, edition_for(actor.home.path, done)):
        try:
            return one, one.rules.duty(code)
        except KeyError:
            continue
    raise Invalid.at(
        "/kind",
        Text(
            "没有此履职类型，见 GET /duties/kinds",
            "No such kind of duty, see GET /duties/kinds",
        ),
    )


def _party(actor: Actor, kind: DutyKind, rules: Rules) -> str:
    possible = kinds.party_codes(rules, kind)
    for party in parties_of(actor):
        if party in possible:
            return party
    text = Text("不是您单位的履职类型", "A kind of another party")
    raise Forbidden(text)


def _checked(
    kind: DutyKind,
    party: str,
    content: Mapping[str, Any],
    times: _Times,
    rules: Rules,
    zone: ZoneInfo,
) -> list[str]:
    """Return the items of a record.

    Raises:
        Invalid: with every field that is wrong for its kind.
    """
    possible = kinds.items_for(rules, kind, party)
    today = local_date(now() + CLOCK_SLACK, zone)
    errors = kinds.wrong_items(content["items"], possible)
    errors += kinds.wrong_times(kind, times.first, times.last, times.month, today)
    errors += kinds.missing(kind, content)
    errors += kinds.wrong_figures(kind, content["figures"])
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return content["items"] or possible


def _clauses(rules: Rules, kind: DutyKind, items: list[str], party: str) -> list[str]:
    return [c for item in items for c in kinds.clauses_of(rules, kind, item, party)]


def _spot(actor: Actor, content: Mapping[str, Any], party: str, at: datetime) -> Spot:
    """Return the area in which the record counts, by the boundaries ``at`` (aware).

    The one named, else where the position lies, else the caller's own: a fix that
    drifts out of the caller's area still leaves the record there.

    Raises:
        Invalid: the area named is none of the caller's.
    """
    roles = TOWN_ROLES if party == TOWNSHIP else DEPARTMENT_ROLES
    duty = next(grant.area for grant in actor.grants if grant.role in roles)
    if content["area"] is not None:
        area = areas.by_code(content["area"])
        if area is None or not actor.covers(area.path, roles):
            raise Invalid.at("/area", Text("没有此区域", "No such area of yours"))
        return Spot(area.code, area.path)
    position: Position | None = content["position"]
    if position is not None:
        found = areas.deepest_at(position.lon, position.lat, at)
        if found is not None and actor.covers(found.path, roles):
            return Spot(found.code, found.path)
    return Spot(duty.code, duty.path)


def _row(
    actor: Actor, content: Mapping[str, Any], times: _Times, spot: Spot
) -> dict[str, Any]:
    position: Position | None = content["position"]
    participants = content["participants"] or {"count": None, "names": []}
    copied = ("held_from", "held_to", "place", "subject", "summary", "figures")
    return {
        "staff_id": actor.staff_id,
        "received_at": now(),
        "area_code": spot.code,
        "area_path": spot.path,
        "geom": position and position.ewkt,
        "position": position and position.sent,
        "held_on": times.first,
        "held_until": times.last,
        "month": times.month,
        "counted_on": times.counted_on,
        "participants": participants["count"],
        "names": participants["names"],
        "photos": content["photos"],
        "attachments": content["attachments"],
        **{name: content[name] for name in copied},
    }


def _receipt(row: Mapping[str, Any], party_name: str) -> dict[str, Any]:
    document = {
        "id": row["id"],
        "received_at": row["received_at"],
        "kind": row["kind"],
        "items": row["items"],
        "clauses": row["clauses"],
        "party": {"code": row["department_code"], "name": party_name},
        "area": row["area_code"],
    }
    plain: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return plain


def _again(known: Any, digest: str) -> Receipt:
    """Return the first acknowledgement if it was for the same content.

    Raises:
        ContentDiffers: it was not.
    """
    if known.content_hash != digest:
        raise ContentDiffers(
            Text("该编号已用于不同的内容", "This id was used for other content")
        )
    return Receipt(known.receipt, first=False)


def _after_race(record_id: UUID, digest: str, error: Exception) -> Receipt:
    """Answer the second of two identical requests with what the first one got."""
    assert isinstance(error, Broken)
    if violated(error) != "pk_duty_records":
        raise error
    db.session.rollback()
    known = queries.receipt(record_id)
    if known is None:
        raise error
    return _again(known, digest)
