"""Tables of tickets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Sequence,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Model
from server.tickets.vocabulary import (
    Control,
    Part,
    Severity,
    SeverityStatus,
    Source,
    State,
)

ticket_numbers = Sequence("ticket_numbers", metadata=Model.metadata)


def words(
    words: type[State | Control | Severity | SeverityStatus | Part | Source],
) -> str:
    """Return the words of an enumeration as an SQL list, for a CHECK."""
    return "(" + ", ".join(f"'{word.value}'" for word in words) + ")"


class Ticket(Model):
    """One hazard on its way from finding to end.

    ``state`` is written by one function (``service.move``). ``version`` counts the
    changes and makes the ETag. Dates are local calendar days, times UTC.

    Attributes:
        number: what people call it; unique, made from a sequence, gaps allowed.
        decision: the routing decision as it was made, readable.
        town_department: the town in charge; it settles what is not reported.
        due_on: day by which the hazard is to be gone; the written notice or order
            overrides the default.
        deadlines: per step the default day and where it comes from.
        substantiated: the lead's answer to "is it so": None until verified.
        failed_rechecks: how often the department's re-inspection failed.
        extension: the later day (延期) asked for, by whom and why, while undecided.
        suspended: since when, until when and why it is put aside (挂账), while it is.
        severity_status: how sure 重大 is; also empty in what is older than the column.
        returns: how often a department gave the ticket back (退回); None is never.
        binding: whether 区安委办 decided who takes it, which is final.
        assignee_id: whose desk it is on (经办人) in the department or town that has it.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint(f"state IN {words(State)}", name="state"),
        CheckConstraint(f"severity IN {words(Severity)}", name="severity"),
        CheckConstraint(f"control IN {words(Control)}", name="control"),
        CheckConstraint(f"source IN {words(Source)}", name="source"),
        CheckConstraint(
            f"severity_status IN {words(SeverityStatus)}", name="severity_status"
        ),
        Index(
            "ix_tickets_area",
            "area_path",
            postgresql_ops={"area_path": "text_pattern_ops"},
        ),
        Index("ix_tickets_geom", "geom", postgresql_using="gist"),
        Index("ix_tickets_found_at", "found_at"),
        Index("ix_tickets_lead", "lead_department"),
        Index("ix_tickets_finder", "finder_id"),
        Index("ix_tickets_changed", "changed_at"),
        Index("ix_tickets_place", "place_id"),
        Index("ix_tickets_due", "due_on", "id"),
        Index(
            "ix_tickets_assignee",
            "assignee_id",
            postgresql_where=text("assignee_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger, ticket_numbers, primary_key=True, autoincrement=False
    )
    number: Mapped[str] = mapped_column(Text, unique=True)
    finding_id: Mapped[UUID] = mapped_column(unique=True)
    finder_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    catalogue: Mapped[str] = mapped_column(Text)
    ruleset_id: Mapped[int] = mapped_column(ForeignKey("rulesets.id"))
    state: Mapped[str] = mapped_column(Text)
    duty_item: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    facts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    responsible_party: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("places.id"))
    place_kind: Mapped[str | None] = mapped_column(Text)
    place_name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    area_path: Mapped[str] = mapped_column(Text)
    decision: Mapped[dict[str, Any]] = mapped_column(JSONB)
    town_department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    lead_department: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    next_level: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    transferred_to: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    appraisal: Mapped[str | None] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text)
    substantiated: Mapped[bool | None]
    control: Mapped[str] = mapped_column(Text)
    failed_rechecks: Mapped[int]
    due_on: Mapped[date | None]
    deadlines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(Text)
    photos: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    merged_into: Mapped[str | None] = mapped_column(Text)
    found_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    rectified_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    version: Mapped[int]
    extension: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    suspended: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    severity_status: Mapped[str | None] = mapped_column(Text)
    returns: Mapped[int | None]
    binding: Mapped[bool | None]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class TicketDepartment(Model):
    """A department with a part in a ticket; rows exist from the report on.

    ``answer`` is what a co-handler answered last for its own part (办结本部门事项):
    ``done``, ``not_ours`` or ``nothing_found``; all answers are in the timeline.
    """

    __tablename__ = "ticket_departments"
    __table_args__ = (
        CheckConstraint(f"part IN {words(Part)}", name="part"),
        Index("ix_ticket_departments_department", "department_code", "part"),
    )

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id"), type_=BigInteger, primary_key=True
    )
    department_code: Mapped[str] = mapped_column(
        ForeignKey("departments.code"), primary_key=True
    )
    part: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answer_note: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class TicketControl(Model):
    """A control measure (停止使用、临时封闭、人员撤离) imposed and later lifted."""

    __tablename__ = "ticket_controls"
    __table_args__ = (Index("ix_ticket_controls_ticket", "ticket_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), type_=BigInteger)
    measure: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    imposed_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    imposed_at: Mapped[datetime]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    lifted_at: Mapped[datetime | None]
    lift_note: Mapped[str | None] = mapped_column(Text)


class TicketPenalty(Model):
    """A penalty (处罚) recorded by a department; ``amount`` is yuan (元)."""

    __tablename__ = "ticket_penalties"
    __table_args__ = (Index("ix_ticket_penalties_ticket", "ticket_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), type_=BigInteger)
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    document_no: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime]


class TicketStage(Model):
    """What a ticket waited for, of whom and until when, from one moment to another.

    The stage without an end is the present one. ``state`` is the ticket's, ``step``
    the one its day is for (none once it has ended), ``department`` who owes it,
    ``lead`` who led the case. ``paused``: put aside (挂账); the day is the pause's.
    """

    __tablename__ = "ticket_stages"
    __table_args__ = (
        CheckConstraint(f"state IN {words(State)}", name="state"),
        Index(
            "ix_ticket_stages_due",
            "due_on",
            postgresql_where=text("to_at IS NULL AND due_on IS NOT NULL"),
        ),
        Index("ix_ticket_stages_from", "from_at"),
    )

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id"), type_=BigInteger, primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(Text)
    step: Mapped[str | None] = mapped_column(Text)
    department: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    lead: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    due_on: Mapped[date | None]
    origin: Mapped[str | None] = mapped_column(Text)
    paused: Mapped[bool]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class TicketReminder(Model):
    """That those concerned were told of a stage's day: once for each level.

    ``level`` 0: the day is near; 1: it has passed; 2: it passed some days ago.
    """

    __tablename__ = "ticket_reminders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["ticket_id", "seq"], ["ticket_stages.ticket_id", "ticket_stages.seq"]
        ),
    )

    ticket_id: Mapped[int] = mapped_column(
        type_=BigInteger, primary_key=True, autoincrement=False
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    told_at: Mapped[datetime]


class TicketSearch(Model):
    """What the search looks through, beside each ticket (``tickets.terms``).

    Made from the ticket and its timeline, and can be made again.

    Attributes:
        head: what the hazard is: description, place, party, running number.
        rest: what was said on the way: notes, document numbers.
        terms: pieces of both, and the codes of area, item and category.
    """

    __tablename__ = "ticket_search"
    __table_args__ = (Index("ix_ticket_search_terms", "terms", postgresql_using="gin"),)

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"),
        type_=BigInteger,
        primary_key=True,
    )
    head: Mapped[str] = mapped_column(Text)
    rest: Mapped[str] = mapped_column(Text)
    terms: Mapped[Any] = mapped_column(TSVECTOR)


class SavedFilter(Model):
    """A filter of the ticket list that a person keeps (常用筛选).

    ``query`` is the query string's members as they were given; ``shared``: colleagues
    may use it.
    """

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[dict[str, str]] = mapped_column(JSONB)
    shared: Mapped[bool]
    changed_at: Mapped[datetime]
