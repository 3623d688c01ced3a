"""Alembic's environment; ``patrol db upgrade`` passes a connection in."""

from alembic import context
from geoalchemy2 import alembic_helpers

from server.core.db import Model

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    # PostGIS brings tables of its own, which autogenerate would drop.
    include_object=alembic_helpers.include_object,
    render_item=alembic_helpers.render_item,
    process_revision_directives=alembic_helpers.writer,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
