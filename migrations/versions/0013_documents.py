"""Documents: issued papers, their templates, files and numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IMMUTABLE = ("documents", "document_templates", "document_files")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "document_templates",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("editable", sa.Boolean(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_document_templates")),
    )
    op.create_table(
        "document_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_document_series")),
    )
    _create_documents()
    op.create_table(
        "document_files",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "format IN ('pdf', 'docx')", name=op.f("ck_document_files_format")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_document_files_document_id"),
        ),
        sa.PrimaryKeyConstraint(
            "document_id", "format", name=op.f("pk_document_files")
        ),
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


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("template_digest", sa.Text(), nullable=False),
        sa.Column("verify_code", sa.Text(), nullable=False),
        sa.Column("withdraws_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("serial > 0", name=op.f("ck_documents_serial")),
        sa.CheckConstraint(
            "(kind = 'withdrawal') = (withdraws_id IS NOT NULL)",
            name=op.f("ck_documents_withdraws"),
        ),
        sa.ForeignKeyConstraint(
            ["issuer"], ["departments.code"], name=op.f("fk_documents_issuer")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["staff.id"], name=op.f("fk_documents_issued_by")
        ),
        sa.ForeignKeyConstraint(
            ["template_digest"],
            ["document_templates.digest"],
            name=op.f("fk_documents_template_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["withdraws_id"], ["documents.id"], name=op.f("fk_documents_withdraws_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("number", name=op.f("uq_documents_number")),
        sa.UniqueConstraint("verify_code", name=op.f("uq_documents_verify_code")),
        sa.UniqueConstraint("withdraws_id", name=op.f("uq_documents_withdraws_id")),
        sa.UniqueConstraint(
            "series", "year", "serial", name=op.f("uq_documents_series_year_serial")
        ),
    )
    op.create_index("ix_documents_owner", "documents", ["owner_kind", "owner_id"])
    op.create_index("ix_documents_issued", "documents", ["issued_at", "id"])
    op.create_index("ix_documents_issuer", "documents", ["issuer", "kind", "issued_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("document_files")
    op.drop_table("documents")
    op.drop_table("document_series")
    op.drop_table("document_templates")
