"""First schema."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Tables whose rows are never changed or removed; the chain over the events would
# show it, the trigger refuses it.
IMMUTABLE = (
    "audit_events",
    "checklist_versions",
    "findings",
    "inspections",
    "rulesets",
)


def _forbid_changes() -> None:
    op.execute(
        """
        CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
        """
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


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE SEQUENCE ticket_numbers")
    op.create_table(
        "areas",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('city', 'district', 'town', 'community', 'grid')",
            name=op.f("ck_areas_level"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["areas.code"], name=op.f("fk_areas_parent_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_areas")),
        sa.UniqueConstraint("path", name=op.f("uq_areas_path")),
    )
    op.create_index("ix_areas_parent", "areas", ["parent_code"])
    op.create_index(
        "ix_areas_path", "areas", ["path"], postgresql_ops={"path": "text_pattern_ops"}
    )
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(
        "ix_audit_events_subject", "audit_events", ["subject_type", "subject_id", "id"]
    )
    op.create_index("ix_audit_events_type", "audit_events", ["type", "id"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "checklist_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_versions")),
        sa.UniqueConstraint(
            "catalogue",
            "code",
            "version",
            name=op.f("uq_checklist_versions_catalogue_code_version"),
        ),
    )
    op.create_table(
        "departments",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "level IN ('district', 'city', 'town')", name=op.f("ck_departments_level")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departments")),
    )
    op.create_table(
        "rulesets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("serves", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "checklists", postgresql.JSONB(astext_type=sa.Text()), nullable=False
        ),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulesets")),
        sa.UniqueConstraint(
            "catalogue", "version", name=op.f("uq_rulesets_catalogue_version")
        ),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(
        "ix_sign_in_failures_address", "sign_in_failures", ["address", "at"]
    )
    op.create_index(
        "ix_sign_in_failures_username", "sign_in_failures", ["username", "at"]
    )
    op.create_table(
        "area_boundaries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("generated", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_area_boundaries_area_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_boundaries")),
    )
    op.create_index(
        "ix_area_boundaries_geom",
        "area_boundaries",
        ["geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "uq_area_boundaries_open",
        "area_boundaries",
        ["area_code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["audit_events.id"], name=op.f("fk_outbox_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_staff_department_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_table(
        "devices",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_devices_staff_id")
        ),
        sa.PrimaryKeyConstraint("staff_id", "id", name=op.f("pk_devices")),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("ticket_number", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("exif", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phash", sa.Text(), nullable=True),
        sa.Column("verdicts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "stage IN ('before', 'after', 'document')", name=op.f("ck_photos_stage")
        ),
        sa.CheckConstraint(
            "(finding_id IS NULL) <> (ticket_number IS NULL)",
            name=op.f("ck_photos_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_photos_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    op.create_index("ix_photos_finding", "photos", ["finding_id"])
    op.create_index("ix_photos_sha256", "photos", ["sha256"])
    op.create_index("ix_photos_ticket", "photos", ["ticket_number"])
    op.create_table(
        "places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column(
            "responsible_party", postgresql.JSONB(astext_type=sa.Text()), nullable=True
        ),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_places_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff.id"], name=op.f("fk_places_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
    )
    op.create_index(
        "ix_places_area",
        "places",
        ["area_path"],
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.create_index("ix_places_changed", "places", ["changed_at"])
    op.create_index("ix_places_geom", "places", ["geom"], postgresql_using="gist")
    op.create_table(
        "role_grants",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('grid_worker', 'town_officer', 'handler', 'lead', 'safety_office', 'supervisor', 'administrator')",
            name=op.f("ck_role_grants_role"),
        ),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_role_grants_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_role_grants_staff_id")
        ),
        sa.PrimaryKeyConstraint(
            "staff_id", "role", "area_code", name=op.f("pk_role_grants")
        ),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_tokens_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_index("ix_tokens_staff", "tokens", ["staff_id", "device_id"])
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=True),
        sa.Column("checkpoint", sa.Text(), nullable=True),
        sa.Column("checklist_version", sa.Integer(), nullable=True),
        sa.Column("duty_item", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "responsible_party", postgresql.JSONB(astext_type=sa.Text()), nullable=True
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("handling", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("control", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_findings_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_findings_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_findings_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(
        "ix_findings_inspection", "findings", ["inspection_id", "checkpoint"]
    )
    op.create_index("ix_findings_staff", "findings", ["staff_id", "found_at"])
    op.create_table(
        "inspections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("checklist", sa.Text(), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "companions", postgresql.JSONB(astext_type=sa.Text()), nullable=False
        ),
        sa.Column("signature", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_inspections_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_inspections_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_inspections_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    op.create_index("ix_inspections_place", "inspections", ["place_id", "finished_at"])
    op.create_index("ix_inspections_staff", "inspections", ["staff_id", "finished_at"])
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("finder_id", sa.Uuid(), nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("ruleset_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("duty_item", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "responsible_party", postgresql.JSONB(astext_type=sa.Text()), nullable=True
        ),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("place_kind", sa.Text(), nullable=True),
        sa.Column("place_name", sa.Text(), nullable=True),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("town_department", sa.Text(), nullable=False),
        sa.Column("lead_department", sa.Text(), nullable=True),
        sa.Column("next_level", sa.Text(), nullable=True),
        sa.Column("transferred_to", sa.Text(), nullable=True),
        sa.Column("appraisal", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("substantiated", sa.Boolean(), nullable=True),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("failed_rechecks", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("deadlines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rectified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "control IN ('none', 'in_force', 'lifted')", name=op.f("ck_tickets_control")
        ),
        sa.CheckConstraint(
            "severity IN ('general', 'serious', 'major')",
            name=op.f("ck_tickets_severity"),
        ),
        sa.CheckConstraint(
            "state IN ('found', 'on_spot', 'rectifying', 'town_recheck', 'closed_town', 'reported', 'dispatched', 'returned', 'verifying', 'not_substantiated', 'appraisal', 'ordered', 'dept_recheck', 'escalated', 'transferred', 'rectified', 'feedback', 'closed')",
            name=op.f("ck_tickets_state"),
        ),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_tickets_area_code")
        ),
        sa.ForeignKeyConstraint(
            ["finder_id"], ["staff.id"], name=op.f("fk_tickets_finder_id")
        ),
        sa.ForeignKeyConstraint(
            ["town_department"],
            ["departments.code"],
            name=op.f("fk_tickets_town_department"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_department"],
            ["departments.code"],
            name=op.f("fk_tickets_lead_department"),
        ),
        sa.ForeignKeyConstraint(
            ["next_level"], ["departments.code"], name=op.f("fk_tickets_next_level")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_tickets_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["ruleset_id"], ["rulesets.id"], name=op.f("fk_tickets_ruleset_id")
        ),
        sa.ForeignKeyConstraint(
            ["transferred_to"],
            ["departments.code"],
            name=op.f("fk_tickets_transferred_to"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("finding_id", name=op.f("uq_tickets_finding_id")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
    )
    op.create_index(
        "ix_tickets_area",
        "tickets",
        ["area_path"],
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.create_index("ix_tickets_changed", "tickets", ["changed_at"])
    op.create_index("ix_tickets_finder", "tickets", ["finder_id"])
    op.create_index("ix_tickets_found_at", "tickets", ["found_at"])
    op.create_index("ix_tickets_geom", "tickets", ["geom"], postgresql_using="gist")
    op.create_index("ix_tickets_lead", "tickets", ["lead_department"])
    op.create_table(
        "ticket_controls",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("imposed_by", sa.Uuid(), nullable=False),
        sa.Column("imposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["imposed_by"], ["staff.id"], name=op.f("fk_ticket_controls_imposed_by")
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by"], ["staff.id"], name=op.f("fk_ticket_controls_lifted_by")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_controls_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_controls")),
    )
    op.create_index("ix_ticket_controls_ticket", "ticket_controls", ["ticket_id"])
    op.create_table(
        "ticket_departments",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "part IN ('lead', 'co', 'coordinator', 'informed')",
            name=op.f("ck_ticket_departments_part"),
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_ticket_departments_department_code"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_departments_ticket_id")
        ),
        sa.PrimaryKeyConstraint(
            "ticket_id", "department_code", name=op.f("pk_ticket_departments")
        ),
    )
    op.create_index(
        "ix_ticket_departments_department",
        "ticket_departments",
        ["department_code", "part"],
    )
    op.create_table(
        "ticket_penalties",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_ticket_penalties_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["departments.code"],
            name=op.f("fk_ticket_penalties_department_code"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_penalties_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_penalties")),
    )
    op.create_index("ix_ticket_penalties_ticket", "ticket_penalties", ["ticket_id"])
    op.execute(
        f"INSERT INTO audit_head (id, last_id, last_hash) VALUES (1, 0, '{'0' * 64}')"
    )
    _forbid_changes()


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_ticket_penalties_ticket", table_name="ticket_penalties")
    op.drop_table("ticket_penalties")
    op.drop_index("ix_ticket_departments_department", table_name="ticket_departments")
    op.drop_table("ticket_departments")
    op.drop_index("ix_ticket_controls_ticket", table_name="ticket_controls")
    op.drop_table("ticket_controls")
    op.drop_index("ix_tickets_lead", table_name="tickets")
    op.drop_index("ix_tickets_geom", table_name="tickets", postgresql_using="gist")
    op.drop_index("ix_tickets_found_at", table_name="tickets")
    op.drop_index("ix_tickets_finder", table_name="tickets")
    op.drop_index("ix_tickets_changed", table_name="tickets")
    op.drop_index(
        "ix_tickets_area",
        table_name="tickets",
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.drop_table("tickets")
    op.drop_index("ix_inspections_staff", table_name="inspections")
    op.drop_index("ix_inspections_place", table_name="inspections")
    op.drop_table("inspections")
    op.drop_index("ix_findings_staff", table_name="findings")
    op.drop_index("ix_findings_inspection", table_name="findings")
    op.drop_table("findings")
    op.drop_index("ix_tokens_staff", table_name="tokens")
    op.drop_table("tokens")
    op.drop_table("role_grants")
    op.drop_index("ix_places_geom", table_name="places", postgresql_using="gist")
    op.drop_index("ix_places_changed", table_name="places")
    op.drop_index(
        "ix_places_area",
        table_name="places",
        postgresql_ops={"area_path": "text_pattern_ops"},
    )
    op.drop_table("places")
    op.drop_index("ix_photos_ticket", table_name="photos")
    op.drop_index("ix_photos_sha256", table_name="photos")
    op.drop_index("ix_photos_finding", table_name="photos")
    op.drop_table("photos")
    op.drop_table("devices")
    op.drop_table("staff")
    op.drop_index("ix_outbox_due_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(
        "uq_area_boundaries_open",
        table_name="area_boundaries",
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.drop_index(
        "ix_area_boundaries_geom", table_name="area_boundaries", postgresql_using="gist"
    )
    op.drop_table("area_boundaries")
    op.drop_index("ix_sign_in_failures_username", table_name="sign_in_failures")
    op.drop_index("ix_sign_in_failures_address", table_name="sign_in_failures")
    op.drop_table("sign_in_failures")
    op.drop_table("rulesets")
    op.drop_table("departments")
    op.drop_table("checklist_versions")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_events_type", table_name="audit_events")
    op.drop_index("ix_audit_events_subject", table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index(
        "ix_areas_path", table_name="areas", postgresql_ops={"path": "text_pattern_ops"}
    )
    op.drop_index("ix_areas_parent", table_name="areas")
    op.drop_table("areas")
    op.execute("DROP FUNCTION forbid_change")
    op.execute("DROP SEQUENCE ticket_numbers")
