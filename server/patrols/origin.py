"""Who may name which source (来源) of a finding; pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from server.core.errors import Forbidden, Invalid
from server.core.permissions import DEPARTMENT_ROLES, TOWN_ROLES, Actor
from server.core.text import Text
from server.tickets.vocabulary import Source


class Channel(StrEnum):
    """How a complaint reached the town."""

    RESIDENT = "resident"  # 群众
    PROPERTY_COMPANY = "property_company"  # 物业服务企业
    HOTLINE = "hotline"  # 举报电话、信箱
    TRANSFERRED = "transferred"  # 上级或部门转来
    OTHER = "other"


def source_of(actor: Actor, content: dict[str, Any]) -> Source:
    """Return the source of a finding; what is not said is a patrol.

    Raises:
        Forbidden: a source that is not the actor's to name: the town patrols, a
            department only sends what its own inspection found, and says so.
        Invalid: a complaint without its particulars, or particulars without one.
    """
    source = Source(content.get("source", Source.PATROL))
    needed = DEPARTMENT_ROLES if source is Source.DEPARTMENT else TOWN_ROLES
    if not actor.has(*needed):
        raise Forbidden(
            Text(
                "来源与身份不符：镇村为 patrol 或 complaint，部门自查为 department",
                "The source does not fit your role: patrol or complaint for the town,"
                " department for a department's own inspection",
            )
        )
    if (source is Source.COMPLAINT) != bool(content.get("complaint")):
        text = Text(
            "投诉来源须写明 complaint，其他来源不得填写",
            "A complaint needs its particulars, other sources have none",
        )
        raise Invalid.at("/complaint", text)
    return source
