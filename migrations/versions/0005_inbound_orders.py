"""Inbound orders (下派工单)."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = (
    "'issued', 'town_verifying', 'town_enforcing', 'answered', 'submitted',"
    " 'dept_verifying', 'transferred', 'sent_back', 'closed'"
)


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE SEQUENCE order_numbers")
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ruleset_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source_no", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=True
        ),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("party", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("determination", sa.Text(), nullable=True),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("done", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("back_to", sa.Text(), nullable=True),
        sa.Column("transferred_to", sa.Text(), nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_orders_state")),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_orders_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["department"], ["departments.code"], name=op.f("fk_orders_department")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["staff.id"], name=op.f("fk_orders_issued_by")
        ),
        sa.ForeignKeyConstraint(
            ["ruleset_id"], ["rulesets.id"], name=op.f("fk_orders_ruleset_id")
        ),
        sa.ForeignKeyConstraint(
            ["transferred_to"],
            ["departments.code"],
            name=op.f("fk_orders_transferred_to"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("serial", name=op.f("uq_orders_serial")),
    )
    op.create_index(
        "ix_orders_area",
        "orders",
        ["area_path"],
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.create_index("ix_orders_department", "orders", ["department"])
    op.create_index("ix_orders_transferred_to", "orders", ["transferred_to"])


def downgrade() -> None:
    """Take back; the photos of orders go with them, for nothing shows them any more."""
    op.execute("DELETE FROM photos WHERE owner_kind = 'order'")
    op.drop_index("ix_orders_transferred_to", table_name="orders")
    op.drop_index("ix_orders_department", table_name="orders")
    op.drop_index(
        "ix_orders_area",
        table_name="orders",
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.drop_table("orders")
    op.execute("DROP SEQUENCE order_numbers")
