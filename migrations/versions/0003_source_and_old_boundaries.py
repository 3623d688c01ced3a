"""Where a finding came from; boundaries can be asked for a moment in the past."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SOURCES = "source IN ('patrol', 'complaint', 'department')"


def upgrade() -> None:
    """Add the source; let the first boundary of an area count since ever."""
    for table in ("findings", "tickets"):
        op.add_column(
            table,
            sa.Column("source", sa.Text(), nullable=False, server_default="patrol"),
        )
        op.alter_column(table, "source", server_default=None)
        op.create_check_constraint(op.f(f"ck_{table}_source"), table, SOURCES)
    op.add_column("findings", sa.Column("complaint", postgresql.JSONB(), nullable=True))
    op.alter_column("area_boundaries", "valid_from", nullable=True)
    op.execute(
        """
        UPDATE area_boundaries SET valid_from = NULL
         WHERE id IN (SELECT min(id) FROM area_boundaries GROUP BY area_code)
        """
    )
    op.drop_index("ix_area_boundaries_geom", "area_boundaries", postgresql_using="gist")
    op.create_index(
        "ix_area_boundaries_geom",
        "area_boundaries",
        ["geom"],
        postgresql_using="gist",
    )


def downgrade() -> None:
    """Take both away; the first boundary begins when its area last changed."""
    op.drop_index("ix_area_boundaries_geom", "area_boundaries", postgresql_using="gist")
    op.create_index(
        "ix_area_boundaries_geom",
        "area_boundaries",
        ["geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.execute(
        """
        UPDATE area_boundaries SET valid_from = coalesce(valid_to, now())
         WHERE valid_from IS NULL
        """
    )
    op.alter_column("area_boundaries", "valid_from", nullable=False)
    op.drop_column("findings", "complaint")
    for table in ("tickets", "findings"):
        op.drop_constraint(op.f(f"ck_{table}_source"), table, type_="check")
        op.drop_column(table, "source")
