"""A photo belongs to one owner, whatever its kind."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put finding and ticket of a photo into one pair of columns."""
    op.add_column("photos", sa.Column("owner_kind", sa.Text(), nullable=True))
    op.add_column("photos", sa.Column("owner_key", sa.Text(), nullable=True))
    op.execute(
        """
        UPDATE photos
           SET owner_kind = CASE WHEN finding_id IS NULL THEN 'ticket'
                                 ELSE 'finding' END,
               owner_key = coalesce(finding_id::text, ticket_number)
        """
    )
    op.alter_column("photos", "owner_kind", nullable=False)
    op.alter_column("photos", "owner_key", nullable=False)
    op.create_check_constraint(
        op.f("ck_photos_owner_kind"),
        "photos",
        "owner_kind IN ('finding', 'ticket', 'order', 'incident', 'duty')",
    )
    op.create_index("ix_photos_owner", "photos", ["owner_kind", "owner_key"])
    op.drop_index("ix_photos_finding", "photos")
    op.drop_index("ix_photos_ticket", "photos")
    op.drop_constraint(op.f("ck_photos_one_owner"), "photos", type_="check")
    op.drop_column("photos", "finding_id")
    op.drop_column("photos", "ticket_number")


def downgrade() -> None:
    """Go back to two columns; photos of other owners cannot be kept that way."""
    op.add_column("photos", sa.Column("finding_id", sa.Uuid(), nullable=True))
    op.add_column("photos", sa.Column("ticket_number", sa.Text(), nullable=True))
    op.execute(
        """
        UPDATE photos
           SET finding_id = CASE owner_kind WHEN 'finding' THEN owner_key::uuid END,
               ticket_number = CASE owner_kind WHEN 'ticket' THEN owner_key END
        """
    )
    op.create_check_constraint(
        op.f("ck_photos_one_owner"),
        "photos",
        "(finding_id IS NULL) <> (ticket_number IS NULL)",
    )
    op.create_index("ix_photos_finding", "photos", ["finding_id"])
    op.create_index("ix_photos_ticket", "photos", ["ticket_number"])
    op.drop_index("ix_photos_owner", "photos")
    op.drop_constraint(op.f("ck_photos_owner_kind"), "photos", type_="check")
    op.drop_column("photos", "owner_kind")
    op.drop_column("photos", "owner_key")
