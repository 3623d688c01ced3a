"""What a ticket waits for as a history; later days asked for, pauses, reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATES = [
    "found",
    "on_spot",
    "rectifying",
    "town_recheck",
    "closed_town",
    "reported",
    "dispatched",
    "returned",
    "verifying",
    "not_substantiated",
    "appraisal",
    "ordered",
    "dept_recheck",
    "escalated",
    "transferred",
    "rectified",
    "feedback",
    "closed",
]


def upgrade() -> None:
    """Tickets that are there get their first stage with their next change."""
    for name in ("extension", "suspended"):
        op.add_column("tickets", sa.Column(name, postgresql.JSONB(), nullable=True))
    listed = ", ".join(f"'{state}'" for state in STATES)
    op.create_table(
        "ticket_stages",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("lead", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({listed})", name=op.f("ck_ticket_stages_state")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_stages_ticket_id")
        ),
        sa.ForeignKeyConstraint(
            ["department"],
            ["departments.code"],
            name=op.f("fk_ticket_stages_department"),
        ),
        sa.ForeignKeyConstraint(
            ["lead"], ["departments.code"], name=op.f("fk_ticket_stages_lead")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_ticket_stages")),
    )
    op.create_index(
        "ix_ticket_stages_due",
        "ticket_stages",
        ["due_on"],
        postgresql_where=sa.text("to_at IS NULL AND due_on IS NOT NULL"),
    )
    op.create_index("ix_ticket_stages_from", "ticket_stages", ["from_at"])
    op.create_table(
        "ticket_reminders",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id", "seq"],
            ["ticket_stages.ticket_id", "ticket_stages.seq"],
            name=op.f("fk_ticket_reminders_ticket_id"),
        ),
        sa.PrimaryKeyConstraint(
            "ticket_id", "seq", "level", name=op.f("pk_ticket_reminders")
        ),
    )


def downgrade() -> None:
    """Drop what was added."""
    op.drop_table("ticket_reminders")
    op.drop_table("ticket_stages")
    for name in ("suspended", "extension"):
        op.drop_column("tickets", name)
