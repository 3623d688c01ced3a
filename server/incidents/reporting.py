"""Taking in a report and letting it reach the command."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.areas.service import Spot, spot_of
from server.audit.service import record
from server.checklists.catalogue import Rules
from server.checklists.incidents import IncidentKind
from server.checklists.service import Edition, edition_for
from server.core import fastsql
from server.core.clock import local_date, now
from server.core.content import content_hash
from server.core.db import Broken
from server.core.digests import told
from server.core.errors import Forbidden, Invalid
from server.core.permissions import Actor
from server.core.text import Text
from server.incidents import policy, queries
from server.incidents.answers import reached_out
from server.incidents.fields import check
from server.incidents.models import Incident, IncidentDepartment
from server.incidents.replay import Receipt, after_race, again, plain
from server.incidents.vocabulary import SUBJECT, State


def report(
    actor: Actor, incident_id: UUID, content: dict[str, Any], zone: ZoneInfo
) -> Receipt:
    """Take in one report and let it reach the command.

    Raises:
        ContentDiffers: the id came before with other content.
        Forbidden: the actor's department does not report incidents of this kind.
        Invalid: a field is missing or wrong; nothing is stored.
    """
    digest = content_hash([str(actor.staff_id), content])
    known = queries.by_id(incident_id)
    if known is not None:
        return again(known, digest)
    spot = spot_of(actor, content["position"], content["occurred_at"])
    edition = edition_for(spot.path, content["occurred_at"])
    kind = kind_of(edition.rules, content["kind"])
    party = policy.reports_as(actor, kind)
    if party is None:
        raise Forbidden(
            Text(
                f"您的部门不上报“{kind.title}”",
                f"Your department does not report {kind.code}",
            )
        )
    check(kind.fields, edition.rules.figures, content)
    row = _report_row(actor, content, spot, edition, kind, zone) | {
        "id": incident_id,
        "party": party,
        "content_hash": digest,
    }
    parts = {involved.department: involved.part for involved in kind.involved}
    row["receipt"] = _report_receipt(row, kind, edition.rules, parts)
    departments = [
        {"incident_id": incident_id, "department_code": code, "part": part}
        for code, part in parts.items()
    ]
    rows: list[fastsql.Rows] = [(Incident, [row]), (IncidentDepartment, departments)]
    try:
        fastsql.write(rows)
    except Broken as error:
        return after_race(error, Incident, incident_id, digest)
    record(
        "incident.reported",
        actor,
        (SUBJECT, row["number"]),
        {
            "id": str(incident_id),
            "kind": kind.code,
            "to": State.REPORTED,
            "note": content["summary"],
            "departments": parts,
            "attachments": [str(photo) for photo in content["photos"]],
            "content": digest,
            "device": actor.device_id,
            "rows": told(rows),
        },
    )
    return Receipt(row["receipt"], first=True)


def kind_of(rules: Rules, code: str) -> IncidentKind:
    """Return the kind of incident with this code.

    Raises:
        Invalid: the catalogue has no such kind; names those it has.
    """
    try:
        return rules.incident_kind(code)
    except KeyError:
        listed = ", ".join(kind.code for kind in rules.incident_kinds)
        titled = "、".join(
            f"{kind.title}（{kind.code}）" for kind in rules.incident_kinds
        )
        text = Text(f"没有此类事件；可用：{titled}", f"No such kind; known: {listed}")
        raise Invalid.at("/kind", text) from None


def _report_row(
    actor: Actor,
    content: dict[str, Any],
    spot: Spot,
    edition: Edition,
    kind: IncidentKind,
    zone: ZoneInfo,
) -> dict[str, Any]:
    moment, seq = now(), queries.next_seq()
    district = spot.path.split("/")[1] or spot.code
    day = local_date(moment, zone)
    return {
        "seq": seq,
        "number": f"SJ{district}-{day:%Y%m%d}-{seq:06d}",
        "kind": kind.code,
        "item": kind.item,
        "catalogue": edition.catalogue,
        "ruleset_id": edition.id,
        "staff_id": actor.staff_id,
        "geom": content["position"].ewkt,
        "position": content["position"].sent,
        "area_code": spot.code,
        "area_path": spot.path,
        "command_department": kind.command,
        "received_at": moment,
        "changed_at": moment,
        "state": State.REPORTED.value,
        "version": 1,
        "entries": 0,
        **{name: content[name] for name in _REPORT_FIELDS},
    }


_REPORT_FIELDS = (
    "place_text",
    "summary",
    "fields",
    "figures",
    "photos",
    "occurred_at",
)


def _report_receipt(
    row: dict[str, Any], kind: IncidentKind, rules: Rules, parts: dict[str, str]
) -> dict[str, Any]:
    return plain(
        {
            "id": row["id"],
            "number": row["number"],
            "received_at": row["received_at"],
            "state": row["state"],
            "kind": kind.code,
            "duty_item": kind.item,
            "title": kind.title,
            "area": row["area_code"],
            **reached_out(rules, parts),
        }
    )
