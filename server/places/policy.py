"""Who may register and read places: the policy on one page."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from server.core.db import inside_any
from server.core.permissions import AREA_ROLES, TOWN_ROLES, Actor, Permission, Role
from server.places.models import Place
from server.places.naming import town_of

WRITE = Permission("place.write", TOWN_ROLES | {Role.ADMINISTRATOR})
READ = Permission("place.read")
# Whole files, each row within the areas in which the person holds one of these.
IMPORTERS = frozenset({Role.TOWN_OFFICER, Role.ADMINISTRATOR})
IMPORT = Permission("place.import", IMPORTERS)


def town_paths(actor: Actor, roles: frozenset[Role] = AREA_ROLES) -> list[str]:
    """Return the towns (or wider areas) in which ``actor`` works by ``roles``.

    A grid worker helps out next door, so the register is shared within the town.
    """
    return [town_of(path) for path in actor.paths(roles)]


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the row filter of ``actor`` over :class:`Place`."""
    return inside_any(Place.area_path, town_paths(actor))


def sees(actor: Actor, place: Place) -> bool:
    """Tell what :func:`visible` tells, of a place at hand."""
    return any(place.area_path.startswith(path) for path in town_paths(actor))
