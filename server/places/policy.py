"""Who may register and read places: the policy on one page."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from server.core.db import inside_any
from server.core.permissions import AREA_ROLES, TOWN_ROLES, Actor, Permission, Role
from server.places.models import Place

WRITE = Permission("place.write", TOWN_ROLES | {Role.ADMINISTRATOR})
READ = Permission("place.read")


def town_paths(actor: Actor, roles: frozenset[Role] = AREA_ROLES) -> list[str]:
    """Return the towns (or wider areas) in which ``actor`` works by ``roles``.

    A grid worker helps out next door, so the register is shared within the town.
    """
    return [
        "/".join(path.split("/")[:3]).rstrip("/") + "/" for path in actor.paths(roles)
    ]


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Place`."""
    return inside_any(Place.area_path, town_paths(actor))
