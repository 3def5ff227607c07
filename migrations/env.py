"""Run by Alembic; the connection comes from `qie_batch.ledger.schema.upgrade`."""

from alembic import context

from qie_batch.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
