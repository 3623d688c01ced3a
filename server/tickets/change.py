"""One transition about to happen: what effects alter and the event tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.checklists.catalogue import ItemProcess, Rules
from server.core.clock import local_date
from server.core.permissions import Actor
from server.tickets import deadlines
from server.tickets.machine import Transition
from server.tickets.models import Ticket


@dataclass
class Change:
    """One transition about to happen; ``payload`` becomes the event's.

    ``due_before`` is the ticket's day before it.
    """

    ticket: Ticket
    row: Transition
    values: dict[str, Any]
    actor: Actor
    rules: Rules
    process: ItemProcess
    moment: datetime
    zone: ZoneInfo
    payload: dict[str, Any] = field(default_factory=dict)
    due_before: date | None = None

    @property
    def today(self) -> date:
        """The local calendar day of the change."""
        return local_date(self.moment, self.zone)

    def note_default(self, step: str, process: ItemProcess | None = None) -> None:
        """Note the day by which ``step`` is due by default, if there is a setting."""
        line = deadlines.default_entry(
            process or self.process, step, self.ticket.severity, self.moment, self.zone
        )
        self.ticket.deadlines = deadlines.replaced(self.ticket.deadlines, step, line)

    def set_due(self, step: str, due_on: date, origin: str) -> None:
        """Set the day by which the hazard is to be gone."""
        self.ticket.due_on = due_on
        line = deadlines.entry(step, due_on, origin)
        self.ticket.deadlines = deadlines.replaced(self.ticket.deadlines, step, line)
