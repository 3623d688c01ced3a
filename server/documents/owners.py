"""What a document may belong to, and who may see it thereby.

Documents stand below the rooms whose cases they are of. Each such room says by an
:class:`OwnerKind` who may see its things; ``wiring.DOCUMENT_OWNERS`` is the table, and
``schemas.DocumentQuery`` has a parameter for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from server.core.permissions import Actor


@dataclass(frozen=True)
class OwnerKind:
    """How one kind of owner treats its documents.

    Attributes:
        check: raises NotFound when the actor may not see the thing with this key.
        visible: the condition over ``Document`` that its owner, which is of this
            kind, is one the actor may see; says the same as ``check``.
        hold: locks the thing with this key until the commit, before one of its
            documents is withdrawn; None where nothing else changes it.
        withdrawn: notes on the thing that a paper of it was withdrawn by another
            (both as :func:`server.documents.service.noted`).
    """

    check: Callable[[Actor, str], object]
    visible: Callable[[Actor], ColumnElement[bool]]
    hold: Callable[[str], object] | None = None
    withdrawn: (
        Callable[[Actor, str, dict[str, Any], dict[str, Any], str], None] | None
    ) = None


# By the word that ``Document.owner_kind`` holds.
Kinds = Mapping[str, OwnerKind]
