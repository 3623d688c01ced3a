"""Issuing an inbound order; idempotent by the id that the desk made."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from server.areas import queries as areas
from server.areas.levels import Level
from server.areas.models import Area
from server.audit.rows import told_now
from server.audit.service import record
from server.checklists.orders import OrderProcess
from server.checklists.service import Edition, edition_for
from server.core.clock import local_date, now
from server.core.content import content_hash
from server.core.db import db
from server.core.errors import ContentDiffers, FieldError, Forbidden, Invalid
from server.core.permissions import DEPARTMENT_ROLES, Actor
from server.core.position import Position
from server.core.text import Text
from server.orders import queries
from server.orders.consistency import ORDERS
from server.orders.models import Order, order_numbers
from server.orders.queries import SUBJECT
from server.orders.vocabulary import State
from server.tickets.fields import LATEST, MISSING, day_off

_HIGHEST = (Level.CITY, Level.DISTRICT)


def issue(
    actor: Actor, order_id: UUID, content: dict[str, Any], zone: ZoneInfo
) -> tuple[Order, bool]:
    """Issue an order; return it and whether it came for the first time.

    Raises:
        ContentDiffers: the id came before with other content or from someone else.
        Forbidden: the caller's department does not issue orders of this item.
        Invalid: a field is wrong or missing for this item; nothing is stored.
    """
    digest = content_hash([str(actor.staff_id), content])
    known = queries.by_id(order_id)
    if known is not None:
        return _again(known, digest), False
    moment = now()
    area = _area(actor, content)
    edition = edition_for(area.path)
    process = _process(edition, content["item"])
    if actor.department not in process.origin:
        raise Forbidden(
            Text(
                f"第{process.item}项的工单不由您的部门下派",
                f"Your department issues no orders of item {process.item}",
            )
        )
    _check(content, process, zone)
    row = _row(actor, content, area, zone) | {
        "id": order_id,
        "ruleset_id": edition.id,
        "content_hash": digest,
    }
    made = db.session.execute(
        insert(Order)
        .values(row | {"issued_at": moment, "changed_at": moment})
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Order.id)
    ).one_or_none()
    order = queries.by_id(order_id)
    assert order is not None
    if made is None:  # the other of two at once; it has committed by now
        return _again(order, digest), False
    _note(actor, order, process)
    return order, True


def _again(known: Order, digest: str) -> Order:
    if known.content_hash != digest:
        raise ContentDiffers(
            Text("该编号已用于不同的内容", "This id was used for other content")
        )
    return known


def _area(actor: Actor, content: dict[str, Any]) -> Area:
    """Return where the order lies: the area named, else the deepest at its position.

    Raises:
        Invalid: neither is given, the area is no town and below none, it is outside
            the caller's own, or the position lies elsewhere.
    """
    position: Position | None = content["position"]
    at = areas.deepest_at(position.lon, position.lat, now()) if position else None
    code = content["area"] or (at and at.code)
    pointer = "/area" if content["area"] or not position else "/position"
    if code is None:
        raise Invalid.at(
            pointer, Text("请给出区域或区域内的位置", "Name an area, or a place in one")
        )
    area = areas.by_code(code)
    if area is None or not actor.covers(area.path, DEPARTMENT_ROLES):
        raise Invalid.at(
            pointer, Text("没有此区域，或不在您的范围内", "No such area of yours")
        )
    if Level(area.level) in _HIGHEST:
        raise Invalid.at(
            pointer, Text("应为街镇或其下的区域", "Must be a town or below one")
        )
    if position and not (at and at.path.startswith(area.path)):
        raise Invalid.at(
            "/position", Text("位置不在该区域内", "The position is not in the area")
        )
    return area


def _process(edition: Edition, item: str) -> OrderProcess:
    try:
        return edition.rules.order_process(item)
    except KeyError as error:
        known = ", ".join(process.item for process in edition.rules.orders)
        raise Invalid.at(
            "/item",
            Text(f"该事项没有下派工单；可用：{known}", f"Must be one of: {known}."),
        ) from error


def _check(content: dict[str, Any], process: OrderProcess, zone: ZoneInfo) -> None:
    step = process.step("issue")
    required = step.requires if step else ()
    errors = [FieldError(f"/{name}", MISSING) for name in required if not content[name]]
    if content["due_on"] and (wrong := _wrong_day(content["due_on"], zone)):
        errors.append(FieldError("/due_on", wrong))
    if errors:
        raise Invalid.of(errors)


def _wrong_day(due_on: date, zone: ZoneInfo) -> Text | None:
    """Return what is wrong with a due date: past, far ahead, or a day off."""
    if not local_date(now(), zone) <= due_on < LATEST:
        return Text(
            "期限不能早于今天，也不能过远", "A due date neither past nor far ahead."
        )
    return day_off(due_on)


_AS_SENT = (
    "item",
    "title",
    "description",
    "source_no",
    "due_on",
    "party",
    "determination",
    "photos",
)


def _row(
    actor: Actor, content: dict[str, Any], area: Area, zone: ZoneInfo
) -> dict[str, Any]:
    position: Position | None = content["position"]
    serial = db.session.scalars(order_numbers.next_value().select()).one()
    # Like a ticket's number, with XP (下派) so that one is never taken for the other.
    district = area.path.split("/")[1]
    day = local_date(now(), zone)
    return {
        "serial": serial,
        "number": f"{district}-XP{day:%Y%m%d}-{serial:06d}",
        "department": actor.department,
        "area_code": area.code,
        "area_path": area.path,
        "geom": position.ewkt if position else None,
        "position": position.sent if position else None,
        "state": State.ISSUED.value,
        "done": [],
        "issued_by": actor.staff_id,
        "version": 1,
        **{name: content[name] for name in _AS_SENT},
    }


def _note(actor: Actor, order: Order, process: OrderProcess) -> None:
    step = process.step("issue")
    record(
        "order.issued",
        actor,
        (SUBJECT, order.number),
        {
            "transition": "J0",
            "action": "issue",
            "from": None,
            "to": State.ISSUED,
            "step": step.title if step else "",
            "basis": list(step.basis) if step else [],
            "note": order.description,
            "attachments": [str(photo) for photo in order.photos],
            "department_of_actor": actor.department,
            "area": order.area_code,
            "due_on": order.due_on,
            "content": order.content_hash,
            "rows": told_now(ORDERS, order.id),
        },
    )
