"""What an import did, or would do, with each row of its file; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from server.places.columns import CellFault
from server.places.models import Place


class Outcome(StrEnum):
    """What becomes of a row; the first two are taken (登记、更新)."""

    REGISTERED = "registered"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass
class Entry:
    """One row on its way into the register.

    ``values`` are its cells by path, ``columns`` the header and letters of a path,
    ``content`` the loaded place, ``stored`` its columns in the table, ``place`` the
    registered place that it is, ``hints`` places that may be the same.
    """

    number: int
    values: dict[tuple[str, ...], Any]
    faults: list[CellFault]
    position: Any = None
    spot: Any = None
    rules: Any = None
    kind: str | None = None
    natural_key: str | None = None
    place: Place | None = None
    content: dict[str, Any] | None = None
    stored: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.REFUSED
    place_id: UUID | None = None
    hints: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it so far."""
        return not self.faults


@dataclass(frozen=True)
class Report:
    """What an import did; ``written`` is False for a rehearsal and for a refusal.

    ``sha256`` is the hash of the file, ``encoding`` that of a CSV file.
    """

    sha256: str
    encoding: str | None
    entries: list[Entry]
    dry_run: bool
    skip_bad: bool

    def count(self, *outcomes: Outcome) -> int:
        """Count the rows with one of ``outcomes``."""
        return sum(entry.outcome in outcomes for entry in self.entries)

    @property
    def refused(self) -> list[Entry]:
        """The rows that are refused."""
        return [e for e in self.entries if e.outcome is Outcome.REFUSED]

    @property
    def stands(self) -> bool:
        """Whether the rest may be written: nothing refused, or told to skip it."""
        return self.skip_bad or not self.refused

    @property
    def written(self) -> bool:
        """Whether the register was changed accordingly."""
        return self.stands and not self.dry_run
