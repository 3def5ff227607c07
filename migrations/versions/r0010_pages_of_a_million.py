"""What progress and pages of a job with a million items need, found without reading them all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"

INDEXES: dict[str, tuple[list[str], str | None]] = {
    "ix_items_job_id_row_id_ordinal": (["job_id", "row_id", "ordinal"], None),
    "ix_items_job_id_finished_at": (["job_id", "finished_at"], "finished_at IS NOT NULL"),
    "ix_items_job_id_cached": (["job_id", "cached"], "cached"),
}


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for name, (columns, where) in INDEXES.items():
            op.create_index(name, "items", columns, sqlite_where=where and sa.text(_sqlite(where)))
        return
    # Built while workers write items. A build that was interrupted leaves an invalid index behind.
    with op.get_context().autocommit_block():
        for name, (columns, where) in INDEXES.items():
            options: dict[str, Any] = {"postgresql_concurrently": True}
            op.drop_index(name, "items", if_exists=True, **options)
            op.create_index(name, "items", columns, postgresql_where=where and sa.text(where), **options)


def _sqlite(where: str) -> str:
    return "cached = 1" if where == "cached" else where


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "items")
