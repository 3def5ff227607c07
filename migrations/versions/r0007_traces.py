"""The trace context in which a job was asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"


def upgrade() -> None:
    column = sa.Column("traceparent", sa.String(64), server_default=sa.text("''"), nullable=False)
    op.add_column("jobs", column)


def downgrade() -> None:
    op.drop_column("jobs", "traceparent")
