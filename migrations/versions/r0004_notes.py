"""What a result changed, and what a person should know of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    op.add_column("results", sa.Column("changed", sa.Double(), nullable=True))
    op.add_column("results", sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column("results", "note")
    op.drop_column("results", "changed")
