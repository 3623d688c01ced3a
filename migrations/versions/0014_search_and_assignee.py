"""The desk: who a ticket is assigned to, what is searched, saved filters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BATCH = 1000
# As server.tickets.terms had it when this was written.
CHINESE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(f"[{CHINESE}]+|(?:(?![{CHINESE}])[^\\W_])+")
HAN = re.compile(f"[{CHINESE}]")


def upgrade() -> None:
    """Add the tables and fill the search from tickets and their timelines."""
    op.add_column("tickets", sa.Column("assignee_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tickets_assignee_id"), "tickets", "staff", ["assignee_id"], ["id"]
    )
    op.create_index(
        "ix_tickets_assignee",
        "tickets",
        ["assignee_id"],
        postgresql_where=sa.text("assignee_id IS NOT NULL"),
    )
    op.create_index("ix_tickets_due", "tickets", ["due_on", "id"])
    op.create_table(
        "ticket_search",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["tickets.id"],
            name=op.f("fk_ticket_search_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_search")),
    )
    _fill()
    op.create_index(
        "ix_ticket_search_terms", "ticket_search", ["terms"], postgresql_using="gin"
    )
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_saved_filters_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
        sa.UniqueConstraint(
            "staff_id", "name", name=op.f("uq_saved_filters_staff_id_name")
        ),
    )


READ = sa.text(
    """
    SELECT t.id, t.number, t.description, t.place_name,
           t.responsible_party ->> 'name' AS party,
           t.area_path, t.catalogue, t.duty_item, t.category,
           (SELECT array_agg(text) FROM (
              SELECT unnest(ARRAY[e.payload ->> 'note',
                       coalesce(e.payload #>> '{document,number}',
                                e.payload ->> 'document_no')]) AS text
                FROM audit_events e
               WHERE e.subject_type = 'ticket' AND e.subject_id = t.number
                 AND e.type <> 'ticket.found'
               ORDER BY e.id) AS said) AS said
      FROM tickets t WHERE t.id > :after ORDER BY t.id LIMIT :batch
    """
)
WRITE = sa.text(
    "INSERT INTO ticket_search (ticket_id, head, rest, terms)"
    " VALUES (:ticket_id, :head, :rest, CAST(:terms AS tsvector))"
)


def _fill() -> None:
    connection, after = op.get_bind(), 0
    while rows := connection.execute(READ, {"after": after, "batch": BATCH}).all():
        connection.execute(WRITE, [_searched(row) for row in rows])
        after = rows[-1].id


def _searched(row: sa.Row) -> dict[str, object]:
    running = row.number.rpartition("-")[2]
    head = _plain([running, row.description, row.place_name, row.party])
    rest = _plain(row.said or [])[:100_000]
    keys = [f"area:{code}" for code in row.area_path.split("/") if code]
    keys += [f"duty_item:{row.catalogue}.{row.duty_item}"]
    keys += [f"category:{row.catalogue}.{row.category}"]
    pieces = {
        run[start : start + (2 if HAN.match(run) else 3)]
        for run in f"{head} {rest}".split()
        for start in range(len(run))
    }
    quoted = [key.replace("\\", "\\\\").replace("'", "''") for key in keys]
    terms = " ".join(f"'{term}'" for term in [*sorted(pieces), *quoted])
    return {"ticket_id": row.id, "head": head, "rest": rest, "terms": terms}


def _plain(texts: Iterable[str | None]) -> str:
    folded = (unicodedata.normalize("NFKC", text).lower() for text in texts if text)
    return " ".join(match[0] for text in folded for match in RUN.finditer(text))


def downgrade() -> None:
    """Drop what was added; who a ticket was assigned to stays in its timeline."""
    op.drop_table("saved_filters")
    op.drop_table("ticket_search")
    op.drop_index("ix_tickets_due", table_name="tickets")
    op.drop_index("ix_tickets_assignee", table_name="tickets")
    op.drop_constraint(op.f("fk_tickets_assignee_id"), "tickets", type_="foreignkey")
    op.drop_column("tickets", "assignee_id")
