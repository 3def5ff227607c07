"""Items of a job with the same LoRAs are queued together, found in the order of an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0012"
down_revision = "r0011"

OLD = "ix_items_job_id_state_priority_ordinal"
NEW = "ix_items_job_id_state_priority_lora_group_ordinal"
COLUMNS = ["job_id", "state", "priority", "lora_group", "ordinal"]


def upgrade() -> None:
    op.add_column("items", sa.Column("lora_group", sa.Integer(), server_default="0", nullable=False))
    # The new index before the old one goes, as what is queued next is never looked for without.
    if op.get_context().dialect.name == "sqlite":
        op.create_index(NEW, "items", COLUMNS)
        op.drop_index(OLD, "items")
        return
    # Built while workers write items. A build that was interrupted leaves an invalid index behind.
    with op.get_context().autocommit_block():
        op.drop_index(NEW, "items", if_exists=True, postgresql_concurrently=True)
        op.create_index(NEW, "items", COLUMNS, postgresql_concurrently=True)
        op.drop_index(OLD, "items", if_exists=True, postgresql_concurrently=True)


def downgrade() -> None:
    op.create_index(OLD, "items", ["job_id", "state", "priority", "ordinal"])
    op.drop_index(NEW, "items")
    op.drop_column("items", "lora_group")
