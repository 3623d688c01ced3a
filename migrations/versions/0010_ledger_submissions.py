"""Ledgers handed over: snapshots with their bytes, and receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IMMUTABLE = ("ledger_submissions", "ledger_files", "ledger_receipts")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ledger_submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("ruleset_id", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("open_rows", sa.Integer(), nullable=False),
        sa.Column("stale_rows", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "period_from <= period_to", name=op.f("ck_ledger_submissions_period")
        ),
        sa.CheckConstraint(
            "(edition > 1) = (replaces IS NOT NULL)",
            name=op.f("ck_ledger_submissions_edition"),
        ),
        sa.CheckConstraint(
            "(edition > 1) = (reason IS NOT NULL)",
            name=op.f("ck_ledger_submissions_reason"),
        ),
        *_foreign("ledger_submissions", "staff_id", "staff.id"),
        *_foreign("ledger_submissions", "area_code", "areas.code"),
        *_foreign("ledger_submissions", "ruleset_id", "rulesets.id"),
        *_foreign("ledger_submissions", "addressee", "departments.code"),
        *_foreign("ledger_submissions", "replaces", "ledger_submissions.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_submissions")),
        sa.UniqueConstraint(
            "area_code",
            "ledger",
            "period_from",
            "period_to",
            "edition",
            name=op.f("uq_ledger_submissions_edition"),
        ),
    )
    op.create_index(
        "ix_ledger_submissions_submitted_at",
        "ledger_submissions",
        ["submitted_at", "id"],
    )
    op.create_table(
        "ledger_files",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_foreign("ledger_files", "submission_id", "ledger_submissions.id"),
        sa.PrimaryKeyConstraint(
            "submission_id", "format", name=op.f("pk_ledger_files")
        ),
    )
    op.create_table(
        "ledger_receipts",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('received', 'rejected')",
            name=op.f("ck_ledger_receipts_outcome"),
        ),
        *_foreign("ledger_receipts", "submission_id", "ledger_submissions.id"),
        *_foreign("ledger_receipts", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_ledger_receipts")),
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


def _foreign(table: str, column: str, to: str) -> list[sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_{column}")
    return [sa.ForeignKeyConstraint([column], [to], name=name)]


def downgrade() -> None:
    """Take back."""
    op.drop_table("ledger_receipts")
    op.drop_table("ledger_files")
    op.drop_index("ix_ledger_submissions_submitted_at", table_name="ledger_submissions")
    op.drop_table("ledger_submissions")
