"""What progress and pages of a job with a million items need, found without reading them all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    columns = sa.table("items", sa.column("finished_at"), sa.column("cached", sa.Boolean())).c
    ended = columns.finished_at.is_not(None)
    op.create_index("ix_items_job_id_row_id", "items", ["job_id", "row_id"])
    for name, keys, where in (
        ("ix_items_job_id_finished_at", ["job_id", "finished_at"], ended),
        ("ix_items_job_id_cached", ["job_id"], columns.cached),
    ):
        op.create_index(name, "items", keys, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in ("row_id", "finished_at", "cached"):
        op.drop_index(f"ix_items_job_id_{name}", "items")
