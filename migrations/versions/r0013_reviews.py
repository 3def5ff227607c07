"""What gates found on results, what is asked of items, and what people decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0013"
down_revision = "r0012"


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def _word(name: str, length: int = 16) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default=sa.text("''"), nullable=False)


COLUMNS = {
    "jobs": lambda: [
        _word("review"),
        _word("final_preset", 64),
        _word("parent", 64),
        sa.Column("reviewed_at", sa.Double()),
    ],
    "items": lambda: [
        _text("checks"),
        _text("candidates"),
        _word("review"),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
    ],
    "results": lambda: [_text("findings", "[]"), _word("verdict")],
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns():
            op.add_column(table, column)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.String(80), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        _text("owner"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("result_key", sa.String(64)),
        sa.Column("decision", sa.String(16), nullable=False),
        _text("note"),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("before_state", sa.String(16), nullable=False),
        _word("before_review"),
        _text("before", "{}"),
        _word("review"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    for columns in (["result_key", "owner", "id"], ["item_id", "id"], ["job_id", "id"]):
        op.create_index(f"ix_reviews_{'_'.join(columns)}", "reviews", columns)

    reviewed = sa.text("reviewed_at IS NOT NULL")
    op.create_index(
        "ix_jobs_reviewed_at", "jobs", ["reviewed_at"], sqlite_where=reviewed, postgresql_where=reviewed
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_reviewed_at", "jobs")
    op.drop_table("reviews")
    for table, columns in COLUMNS.items():
        for column in columns():
            op.drop_column(table, column.name)
