"""What a photo may belong to, and who may see it thereby.

Photos stand below the rooms whose things they show. Each such room says by an
:class:`OwnerKind` who may see its things; ``wiring.PHOTO_OWNERS`` is the table, and
``schemas.OwnerQuery`` has a parameter for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.core.permissions import Actor


@dataclass(frozen=True)
class Owner:
    """The thing a photo belongs to: its kind and its key, as text."""

    kind: str
    key: str


@dataclass(frozen=True)
class OwnerKind:
    """How one kind of owner treats its photos.

    Attributes:
        arrived: whether the thing with this key has arrived; raises NotFound when it
            has and the actor may not see it. Before that anyone may add a photo (a
            phone sends in any order) and only the sender sees it.
        originals: whether the actor, who may see it, may read original files.
        together: the owners whose photos are listed with those of this key.
    """

    arrived: Callable[[Actor, str], bool]
    originals: Callable[[Actor, str], bool]
    together: Callable[[str], list[Owner]] | None = None


Kinds = Mapping[str, OwnerKind]
