"""What progress and pages of a job with a million items need, found without reading them all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    op.create_index("ix_items_job_id_row_id_ordinal", "items", ["job_id", "row_id", "ordinal"])
    for name, in_sqlite, in_postgresql in (
        ("finished_at", "finished_at IS NOT NULL", "finished_at IS NOT NULL"),
        ("cached", "cached = 1", "cached"),
    ):
        where = {"sqlite_where": sa.text(in_sqlite), "postgresql_where": sa.text(in_postgresql)}
        op.create_index(f"ix_items_job_id_{name}", "items", ["job_id", name], **where)


def downgrade() -> None:
    for name in ("row_id_ordinal", "finished_at", "cached"):
        op.drop_index(f"ix_items_job_id_{name}", "items")
