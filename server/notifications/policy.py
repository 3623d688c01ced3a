"""Who reads what and who sets up targets: the policy on one page.

An inbox is its owner's alone. A target is set up by who answers for its department or
area: the department's lead (负责人), the town's safety officers, 区安委办 for its area,
and administrators.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, or_, select

from server.accounts.models import RoleGrant
from server.areas.levels import Level
from server.areas.models import Area
from server.core.db import inside_any
from server.core.permissions import SIGNED_IN, Actor, Permission, Role
from server.notifications.models import NotificationDelivery, NotificationTarget

INBOX = SIGNED_IN
OWN_CHOICES = SIGNED_IN
_AREA_OWNERS = frozenset({Role.TOWN_OFFICER, Role.SAFETY_OFFICE, Role.ADMINISTRATOR})
TARGETS = Permission("notification_target.manage", _AREA_OWNERS | {Role.LEAD})
DEAD_LETTERS = Permission("notification.dead", TARGETS.roles)
_ABOVE_TOWNS = frozenset({Level.CITY, Level.DISTRICT})


def owns_area(actor: Actor, area_path: str) -> bool:
    """Tell whether ``actor`` sets up targets of this area."""
    return actor.covers(area_path, _AREA_OWNERS)


def owns_department(actor: Actor, code: str) -> bool:
    """Tell whether ``actor`` sets up targets of this department."""
    if actor.department == code and actor.has(Role.LEAD):
        return True
    return _over_departments(actor)


def _over_departments(actor: Actor) -> bool:
    """Departments lie in no town: they are an administrator's of the district."""
    return any(
        grant.role is Role.ADMINISTRATOR and Level(grant.area.level) in _ABOVE_TOWNS
        for grant in actor.grants
    )


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`NotificationTarget`."""
    departments: ColumnElement[bool] = false()
    if _over_departments(actor):
        departments = NotificationTarget.department_code.is_not(None)
    elif actor.department and actor.has(Role.LEAD):
        departments = NotificationTarget.department_code == actor.department
    own_areas = select(Area.code).where(
        inside_any(Area.path, actor.paths(_AREA_OWNERS))
    )
    return or_(departments, NotificationTarget.area_code.in_(own_areas))


def dead_visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter over dead deliveries: of one's targets; administrators:
    of the mail of staff in their areas as well."""
    own = NotificationDelivery.target_id.in_(
        select(NotificationTarget.id).where(visible(actor))
    )
    paths = actor.paths(frozenset({Role.ADMINISTRATOR}))
    if not paths:
        return own
    staff = (
        select(RoleGrant.staff_id)
        .select_from(RoleGrant)
        .join(Area, Area.code == RoleGrant.area_code)
        .where(
            RoleGrant.staff_id == NotificationDelivery.staff_id,
            inside_any(Area.path, paths),
        )
    )
    return or_(own, exists(staff))
