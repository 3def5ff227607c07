"""An index for the items of a result, without which the deletion of a result reads all items."""

from __future__ import annotations

from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    op.create_index("ix_items_result_key", "items", ["result_key"])


def downgrade() -> None:
    op.drop_index("ix_items_result_key", "items")
