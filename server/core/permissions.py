"""Who is asking, and what a route demands of them.

A permission is an OR over roles, checked before a body is read; what rows a person
may see or touch is the policy of each room.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The contract's roles."""

    GRID_WORKER = "grid_worker"  # 网格员、安监员
    TOWN_OFFICER = "town_officer"  # 镇级安监员
    HANDLER = "handler"  # 部门经办人
    LEAD = "lead"  # 部门负责人
    SAFETY_OFFICE = "safety_office"  # 区安委办
    SUPERVISOR = "supervisor"  # 督导
    ADMINISTRATOR = "administrator"  # 管理员


TOWN_ROLES = frozenset({Role.GRID_WORKER, Role.TOWN_OFFICER})
DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.LEAD})
# Roles that see every row inside their areas.
AREA_ROLES = TOWN_ROLES | {Role.SAFETY_OFFICE, Role.SUPERVISOR, Role.ADMINISTRATOR}


@dataclass(frozen=True)
class AreaRef:
    """An area a person is bound to: code, name, and path of codes from the city.

    A path ends with a slash (``150200/150203/``), so that a prefix match never takes
    a neighbour whose code merely begins alike.
    """

    code: str
    name: str
    level: str
    path: str


@dataclass(frozen=True)
class Grant:
    """One role held in one area."""

    role: Role
    area: AreaRef


@dataclass(frozen=True)
class Person:
    """A member of staff with what they may do, signed in or not.

    Attributes:
        grants: the roles held, each in its area.
        department: code of the person's own department, if they belong to one.
    """

    staff_id: UUID
    username: str
    name: str
    grants: tuple[Grant, ...]
    department: str | None
    department_name: str | None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held anywhere."""
        return frozenset(grant.role for grant in self.grants)

    def has(self, *roles: Role) -> bool:
        """Tell whether the person holds one of ``roles`` anywhere."""
        return not self.roles.isdisjoint(roles)

    def paths(self, roles: frozenset[Role]) -> tuple[str, ...]:
        """Paths of the areas in which the person holds one of ``roles``."""
        return tuple(g.area.path for g in self.grants if g.role in roles)

    def covers(self, path: str, roles: frozenset[Role]) -> bool:
        """Tell whether ``path`` lies where the person holds one of ``roles``."""
        return any(path.startswith(own) for own in self.paths(roles))

    @property
    def home(self) -> AreaRef | None:
        """The first area of duty: where work lands that names no other place."""
        return self.grants[0].area if self.grants else None


@dataclass(frozen=True)
class Actor(Person):
    """A signed-in member of staff, as services see them.

    Attributes:
        expires_at: when the token used now ends (UTC).
    """

    token_id: UUID
    device_id: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Permission:
    """What a route demands. ``roles`` None: any signed-in person."""

    name: str
    roles: frozenset[Role] | None = None
    public: bool = False

    def allows(self, actor: Actor) -> bool:
        """Tell whether ``actor`` may call the route at all."""
        return self.roles is None or not self.roles.isdisjoint(actor.roles)


PUBLIC = Permission("public", public=True)
SIGNED_IN = Permission("signed-in")
