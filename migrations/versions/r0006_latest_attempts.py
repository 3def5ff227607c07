"""The latest attempts of an engine and preset, found without sorting all of them."""

from __future__ import annotations

from alembic import op

revision = "r0006"
down_revision = "r0005"

COLUMNS = ["engine", "preset", "outcome"]


def upgrade() -> None:
    op.create_index("ix_attempts_engine_preset_outcome_started_at", "attempts", [*COLUMNS, "started_at"])
    op.drop_index("ix_attempts_engine_preset_outcome", "attempts")


def downgrade() -> None:
    op.create_index("ix_attempts_engine_preset_outcome", "attempts", COLUMNS)
    op.drop_index("ix_attempts_engine_preset_outcome_started_at", "attempts")
