"""Where the time of attempts and of the starts of worker processes went, and what ran for each result."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"

COLUMNS = {"attempts": "phases", "results": "ran"}


def upgrade() -> None:
    for table, name in COLUMNS.items():
        column = sa.Column(name, sa.Text(), server_default=sa.text("'{}'"), nullable=False)
        op.add_column(table, column)
    op.create_table(
        "workers",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("ready_at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("phases", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_index("ix_workers_ready_at", "workers", ["ready_at"])


def downgrade() -> None:
    op.drop_table("workers")
    for table, name in COLUMNS.items():
        op.drop_column(table, name)
