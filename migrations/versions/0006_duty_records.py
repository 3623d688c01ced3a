"""Duty records and their withdrawals."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IMMUTABLE = ("duty_records", "duty_withdrawals")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "duty_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("ruleset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("clauses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("township", sa.Boolean(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=True
        ),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("held_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("held_until", sa.Date(), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("attachments", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("needed", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("held_on <= held_until", name=op.f("ck_duty_records_held")),
        sa.CheckConstraint(
            "participants >= 0", name=op.f("ck_duty_records_participants")
        ),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_duty_records_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_duty_records_department_code"),
        ),
        sa.ForeignKeyConstraint(
            ["ruleset_id"], ["rulesets.id"], name=op.f("fk_duty_records_ruleset_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_duty_records_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_records")),
    )
    op.create_index("ix_duty_records_counted_on", "duty_records", ["counted_on", "id"])
    op.create_index(
        "ix_duty_records_area",
        "duty_records",
        ["area_path"],
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.create_index(
        "ix_duty_records_department", "duty_records", ["department_code", "counted_on"]
    )
    op.create_table(
        "duty_withdrawals",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["duty_records.id"],
            name=op.f("fk_duty_withdrawals_record_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_duty_withdrawals_staff_id")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_duty_withdrawals")),
    )
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER forbid_change BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION forbid_change()"
        )
        op.execute(
            f"CREATE TRIGGER forbid_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
        )


def downgrade() -> None:
    """Take back."""
    op.drop_table("duty_withdrawals")
    op.drop_index("ix_duty_records_department", table_name="duty_records")
    op.drop_index(
        "ix_duty_records_area",
        table_name="duty_records",
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.drop_index("ix_duty_records_counted_on", table_name="duty_records")
    op.drop_table("duty_records")
