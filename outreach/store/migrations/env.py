"""Alembic's entry: runs inside the connection it is handed, so a migration is one transaction."""

from alembic import context

from outreach.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
