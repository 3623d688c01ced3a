"""Incidents, whom they reach, and their course."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.execute("CREATE SEQUENCE incident_numbers")
    op.create_table(
        "incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("ruleset_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("position", postgresql.JSONB(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("place_text", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("command_department", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("controlled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('reported', 'received', 'responding', 'controlled', 'recovering', 'closed', 'false_alarm')",
            name=op.f("ck_incidents_state"),
        ),
        sa.ForeignKeyConstraint(
            ["ruleset_id"], ["rulesets.id"], name=op.f("fk_incidents_ruleset_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_incidents_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_incidents_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["command_department"],
            ["departments.code"],
            name=op.f("fk_incidents_command_department"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("seq", name=op.f("uq_incidents_seq")),
        sa.UniqueConstraint("number", name=op.f("uq_incidents_number")),
    )
    op.create_index(
        "ix_incidents_area",
        "incidents",
        ["area_path"],
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.create_index("ix_incidents_occurred_at", "incidents", ["occurred_at"])
    op.create_index("ix_incidents_staff", "incidents", ["staff_id"])
    op.create_table(
        "incident_departments",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "part IN ('command', 'called', 'informed')",
            name=op.f("ck_incident_departments_part"),
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_departments_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_incident_departments_department_code"),
        ),
        sa.PrimaryKeyConstraint(
            "incident_id", "department_code", name=op.f("pk_incident_departments")
        ),
    )
    op.create_index(
        "ix_incident_departments_department",
        "incident_departments",
        ["department_code"],
    )
    op.create_table(
        "incident_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("addressees", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("moved_from", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_entries_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_incident_entries_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_entries")),
        sa.UniqueConstraint(
            "incident_id", "seq", name=op.f("uq_incident_entries_incident_id_seq")
        ),
    )
    op.execute(
        "CREATE TRIGGER forbid_change BEFORE UPDATE OR DELETE ON incident_entries"
        " FOR EACH ROW EXECUTE FUNCTION forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER forbid_truncate BEFORE TRUNCATE ON incident_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("incident_entries")
    op.drop_table("incident_departments")
    op.drop_table("incidents")
    op.execute("DROP SEQUENCE incident_numbers")
