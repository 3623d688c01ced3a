"""Who may send and read inspections and findings: the policy on one page."""

from __future__ import annotations

from uuid import UUID

from server.core.permissions import (
    AREA_ROLES,
    DEPARTMENT_ROLES,
    TOWN_ROLES,
    Actor,
    Permission,
)

# Those who patrol (model, T1), and departments with what their own checks found.
RECORD = Permission("patrol.record", TOWN_ROLES | DEPARTMENT_ROLES)
INSPECT = Permission("patrol.inspect", TOWN_ROLES)
READ = Permission("patrol.read")


def may_read(actor: Actor, sender: UUID, area_path: str) -> bool:
    """Tell whether ``actor`` may read an inspection: its sender, and its town."""
    return sender == actor.staff_id or actor.covers(area_path, AREA_ROLES)
