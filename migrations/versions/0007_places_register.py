"""The register of places: attributes, risk points, visits, imports; campaigns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As server.places.naming has it, for what is registered already.
NAME_KEY = """
    'name:' || lower(regexp_replace(normalize(name, NFKC), '\\s', '', 'g'))
    || '|' || coalesce(nullif(split_part(area_path, '/', 4), ''), area_code)
    || '|' || kind
"""


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "attributes", postgresql.JSONB(), nullable=False, server_default="{}"
        ),
        sa.Column("contact", postgresql.JSONB(), nullable=True),
        sa.Column("risk", sa.Text(), nullable=True),
        sa.Column("keeper", postgresql.JSONB(), nullable=True),
        sa.Column("credit_code", sa.Text(), nullable=True),
        sa.Column("register_no", sa.Text(), nullable=True),
        sa.Column("risk_level", sa.Text(), nullable=True),
        sa.Column("visit_every_days", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("natural_key", sa.Text(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_visited_at", sa.DateTime(timezone=True), nullable=True),
    ]


def upgrade() -> None:
    """Add the columns and fill them from what is known."""
    for column in _columns():
        op.add_column("places", column)
    op.alter_column("places", "created_by", nullable=True)
    op.execute(
        f"""
        UPDATE places p
           SET name_key = {NAME_KEY},
               natural_key = {NAME_KEY},
               registered_at = coalesce(
                   (SELECT min(e.at) FROM audit_events e
                     WHERE e.subject_type = 'place' AND e.subject_id = p.id::text
                       AND e.type = 'place.registered'),
                   p.changed_at),
               last_visited_at =
                   (SELECT max(i.finished_at) FROM inspections i
                     WHERE i.place_id = p.id)
        """
    )
    for name in ("natural_key", "name_key", "registered_at"):
        op.alter_column("places", name, nullable=False)
    for name in ("attributes", "imported"):
        op.alter_column("places", name, server_default=None)
    op.create_index("ix_places_natural_key", "places", ["natural_key"])
    op.create_index("ix_places_name_key", "places", ["name_key"])
    op.create_index("ix_places_credit_code", "places", ["credit_code"])
    op.create_index(
        "uq_places_imported",
        "places",
        ["natural_key"],
        unique=True,
        postgresql_where=sa.text("imported"),
    )
    op.create_check_constraint(
        op.f("ck_places_risk_level"),
        "places",
        "risk_level IN ('low', 'medium', 'high')",
    )
    op.create_check_constraint(
        op.f("ck_places_visit_every_days"), "places", "visit_every_days > 0"
    )
    _create_campaigns()


def _create_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("area_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("area_paths", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("night", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_campaigns_period")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff.id"], name=op.f("fk_campaigns_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_starts_on", "campaigns", ["starts_on", "id"])


def downgrade() -> None:
    """Drop what was added; what no person registered goes to the first of staff."""
    op.drop_table("campaigns")
    op.drop_constraint(op.f("ck_places_visit_every_days"), "places", type_="check")
    op.drop_constraint(op.f("ck_places_risk_level"), "places", type_="check")
    op.drop_index("uq_places_imported", table_name="places")
    op.drop_index("ix_places_credit_code", table_name="places")
    op.drop_index("ix_places_name_key", table_name="places")
    op.drop_index("ix_places_natural_key", table_name="places")
    for column in reversed(_columns()):
        op.drop_column("places", column.name)
    # The old register knows no place without a person; findings may name it, so its
    # place goes to the first member of staff rather than away.
    op.execute(
        "UPDATE places SET created_by = (SELECT id FROM staff ORDER BY created_at, id"
        " LIMIT 1) WHERE created_by IS NULL"
    )
    op.alter_column("places", "created_by", nullable=False)
