"""An index for the items of a result, without which the deletion of a result reads all items."""

from __future__ import annotations

from alembic import op

revision = "r0009"
down_revision = "r0008"


INDEX = "ix_items_result_key"


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.create_index(INDEX, "items", ["result_key"])
        return
    # Built while workers write items. A build that was interrupted leaves an invalid index behind.
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "items", if_exists=True, postgresql_concurrently=True)
        op.create_index(INDEX, "items", ["result_key"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(INDEX, "items")
