"""Co-handlers' answers, returns of a ticket, tickets by place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ANSWER = ("answered_at", "answer", "answer_note", "answered_by")


def upgrade() -> None:
    """Add the columns, empty in what is there."""
    op.add_column("tickets", sa.Column("returns", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("binding", sa.Boolean(), nullable=True))
    op.create_index("ix_tickets_place", "tickets", ["place_id"])
    table = "ticket_departments"
    moment = sa.DateTime(timezone=True)
    op.add_column(table, sa.Column("answered_at", moment, nullable=True))
    op.add_column(table, sa.Column("answer", sa.Text(), nullable=True))
    op.add_column(table, sa.Column("answer_note", sa.Text(), nullable=True))
    op.add_column(table, sa.Column("answered_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_ticket_departments_answered_by_staff"),
        table,
        "staff",
        ["answered_by"],
        ["id"],
    )


def downgrade() -> None:
    """Take them away again."""
    for column in reversed(_ANSWER):
        op.drop_column("ticket_departments", column)
    op.drop_index("ix_tickets_place", "tickets")
    op.drop_column("tickets", "binding")
    op.drop_column("tickets", "returns")
