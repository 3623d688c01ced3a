"""Whether 重大 is suspected, confirmed or lowered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty in every row that is there."""
    op.add_column("tickets", sa.Column("severity_status", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_tickets_severity_status"),
        "tickets",
        "severity_status IN ('suspected', 'confirmed', 'lowered')",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_constraint(op.f("ck_tickets_severity_status"), "tickets", type_="check")
    op.drop_column("tickets", "severity_status")
