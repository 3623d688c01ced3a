"""The list of tickets: its filters, its orders, and its pages.

``filters`` everywhere are those of ``filter_schemas.TicketQuery`` with the area as a
path, the department as a code and the assignee as an id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from server.audit.models import AuditEvent
from server.core.clock import read_day
from server.core.db import db, inside_any
from server.core.http import after_of, int4
from server.core.permissions import Actor
from server.tickets import deadlines, policy, search
from server.tickets.models import Ticket, TicketDepartment
from server.tickets.queries import SUBJECT, day_start, overdue
from server.tickets.vocabulary import ENDED, Part

NOBODY = "none"
PAGE = 50  # tickets of a page where no limit is asked for
WORDS = ("state", "duty_item", "category", "severity", "source", "control")

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Asked:
    """Who asks for which tickets, and the local day that ``overdue`` means."""

    actor: Actor
    filters: Mapping[str, Any]
    today: date
    zone: ZoneInfo

    def conditions(self) -> dict[str, Condition]:
        """Return the condition of each filter that is set, by its name."""
        made = {
            name: build(self, self.filters[name])
            for name, build in _FILTERS.items()
            if self.filters.get(name) not in (None, "")
        }
        # ``mine=false`` asks for nothing.
        return {k: c for k, c in made.items() if k not in _YES or self.filters[k]}

    def query(self) -> Select[Any]:
        """Return the query for the tickets the actor may see and the filters name."""
        return select(Ticket).where(
            policy.visible(self.actor), *self.conditions().values()
        )


def waiting_for(actor: Actor) -> Condition:
    """What is on the actor's own desk: found by them, assigned to them, or their
    department's lead."""
    mine: list[Condition] = [
        Ticket.finder_id == actor.staff_id,
        Ticket.assignee_id == actor.staff_id,
    ]
    if actor.department:
        mine.append(Ticket.lead_department == actor.department)
    live = Ticket.state.not_in([state.value for state in ENDED])
    return and_(or_(*mine), live)


def _words(name: str) -> Callable[[Asked, Any], Condition]:
    column = getattr(Ticket, name)
    return lambda _, given: column.in_(given.split(","))


def _involving(_: Asked, department: str) -> Condition:
    return exists(
        select(1).where(
            TicketDepartment.ticket_id == Ticket.id,
            TicketDepartment.department_code == department,
            TicketDepartment.part.in_([Part.LEAD.value, Part.CO.value]),
        )
    )


def _overdue(asked: Asked, wanted: bool) -> Condition:
    late = overdue(asked.today)
    return late if wanted else ~late


def _until(asked: Asked, day: date) -> Condition:
    if day == date.max:
        return Ticket.found_at.is_not(None)
    return Ticket.found_at < day_start(day + timedelta(days=1), asked.zone)


def _extended(_: Asked, wanted: bool) -> Condition:
    line: Condition = Ticket.deadlines.contains([{"origin": deadlines.EXTENSION}])
    return line if wanted else ~line


def _mentioned(asked: Asked, _wanted: bool) -> Condition:
    mentions: ColumnElement[Any] = cast(AuditEvent.payload["mentions"], JSONB)
    told = select(AuditEvent.subject_id).where(
        AuditEvent.type == "ticket.commented",
        AuditEvent.subject_type == SUBJECT,
        mentions.contains([str(asked.actor.staff_id)]),
    )
    return Ticket.number.in_(told)


def _assignee(_: Asked, given: Any) -> Condition:
    if given == NOBODY:
        return Ticket.assignee_id.is_(None)
    same: Condition = Ticket.assignee_id == given
    return same


_FILTERS: dict[str, Callable[[Asked, Any], Condition]] = {
    **{name: _words(name) for name in WORDS},
    "department": _involving,
    "area": lambda _, path: inside_any(Ticket.area_path, [path]),
    "place": lambda _, id: Ticket.place_id == id,
    "assignee": _assignee,
    "overdue": _overdue,
    "mine": lambda asked, _: waiting_for(asked.actor),
    "mentioned": _mentioned,
    "has_extension": _extended,
    "q": lambda _, query: search.wanted(query).condition(),
    "bbox": lambda _, box: Ticket.geom.op("&&")(func.ST_MakeEnvelope(*box, 4326)),
    "from": lambda asked, day: Ticket.found_at >= day_start(day, asked.zone),
    "to": _until,
    "due_from": lambda _, day: Ticket.due_on >= day,
    "due_to": lambda _, day: Ticket.due_on <= day,
    "changed_since": lambda _, moment: Ticket.changed_at >= moment,
}
_YES = frozenset({"mine", "mentioned"})


# --- orders and pages ---------------------------------------------------------------
# A cursor holds the keys of the last ticket shown, so a page goes on where the one
# before ended, whatever has come or gone since.

NEWEST, DUE, OVERDUE, MATCH = "newest", "due", "overdue", "match"
SORTS = (NEWEST, DUE, OVERDUE, MATCH)
# Where no day is set: after all that are.
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Order:
    """One order of the list: keys of one direction, the last of them unique.

    ``read``: how each key is read from a cursor.
    """

    keys: tuple[ColumnElement[Any], ...]
    read: tuple[Callable[[Any], Any], ...]
    descending: bool = False

    def page(
        self, query: Select[Any], after: tuple[Any, ...] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Return one page as (ticket, keys…), after the ticket with these keys."""
        query = query.add_columns(*self.keys)
        if after is not None:
            here, there = tuple_(*self.keys), tuple_(*map(literal, after))
            query = query.where(here < there if self.descending else here > there)
        ways = [key.desc() if self.descending else key for key in self.keys]
        return db.session.execute(query.order_by(*ways).limit(limit)).all()


def order_of(sort: str, today: date, wanted: search.Wanted | None) -> Order:
    """Return the order that ``sort`` names; ``match`` needs words to match."""
    id: ColumnElement[Any] = Ticket.__table__.c.id
    due = func.coalesce(Ticket.due_on, cast(literal(_NEVER), Date))
    if sort == DUE:
        return Order((due, id), (read_day, int))
    if sort == OVERDUE:
        # The day is a key of its own: a list read across midnight keeps its order.
        day = cast(literal(today), Date)
        late = case((overdue(today), 0), else_=1)
        return Order((day, late, due, id), (read_day, int4, read_day, int))
    if sort == MATCH and wanted is not None:
        return Order((wanted.rank(), id), (int, int), descending=True)
    return Order((id,), (int,), descending=True)


def page(asked: Asked, query: Mapping[str, Any]) -> tuple[Sequence[Row[Any]], int]:
    """Return the rows (ticket, keys…) of one page, one more than its limit.

    Raises:
        Invalid: the cursor is of another order.
    """
    words = query.get("q")
    wanted = search.wanted(words) if words else None
    sort = query.get("sort") or (MATCH if words else NEWEST)
    order = order_of(sort, asked.today, wanted)
    after = after_of(dict(query), *order.read)
    if after is not None and not isinstance(after, tuple):
        after = (after,)
    if after is not None and sort == OVERDUE:
        asked = replace(asked, today=after[0])
        order = order_of(sort, after[0], wanted)
    limit = query.get("limit", PAGE)
    return order.page(asked.query(), after, limit + 1), limit
