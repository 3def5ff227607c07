"""Owners of jobs, prices by image, runs of schedules; the options of a schedule become a JobOrder."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable

revision = "r0002"
down_revision = "r0001"

PRIORITIES = ("high", "normal", "low")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("attempts", sa.Column("image_micros", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("attempts", sa.Column("images", sa.Integer(), server_default="0", nullable=False))
    op.rename_table("slots", "scheduled_runs")
    op.rename_table("memory", "variables")
    _rewrite_options(order_text)


def downgrade() -> None:
    _rewrite_options(options_text)
    # 0.1.0 adds the version itself when it hashes a spec. Inside of a text the quotes would be escaped.
    items = sa.table("items", sa.column("spec"))
    op.execute(items.update().values(spec=sa.func.replace(items.c.spec, '"schema":1,', "")))
    op.rename_table("variables", "memory")
    op.rename_table("scheduled_runs", "slots")
    op.drop_column("attempts", "images")
    op.drop_column("attempts", "image_micros")
    op.drop_column("jobs", "owner")


def _rewrite_options(rewrite: Callable[[str], str]) -> None:
    schedules = sa.table("schedules", sa.column("name"), sa.column("options"))
    connection = op.get_bind()
    for name, options in connection.execute(sa.select(schedules.c.name, schedules.c.options)).all():
        row = schedules.update().where(schedules.c.name == name)
        connection.execute(row.values(options=rewrite(options)))


def order_text(options: str) -> str:
    """Command line options by name (0.1.0) -> the fields of a JobOrder."""
    given = json.loads(options)
    budget = given.get("budget") or None
    order = {
        "name": given.get("name", ""),
        "engine": given.get("engine", ""),
        # What nobody chose was stored as the first preset of qwen.
        "preset": given.get("preset", "").removeprefix("reference"),
        "priority": PRIORITIES.index(given.get("priority", "normal")),
        "budget_micros": None if budget is None else int(Decimal(budget) * 1_000_000),
        "mapping": mapping_of(given.get("mapping", "")),
        "instruction": given.get("instruction", ""),
        "owner": "",
    }
    return json.dumps(order, ensure_ascii=False)


def mapping_of(text: str) -> dict[str, str]:
    """One `column=header` a line; a line without a sign goes on with the header of the line before."""
    pairs: dict[str, str] = {}
    column = ""
    for line in text.split("\n"):
        found, sign, header = line.partition("=")
        if sign:
            column = found
            pairs[column] = header
        elif column:
            pairs[column] += f"\n{line}"
    return pairs


def options_text(order: str) -> str:
    given = json.loads(order)
    budget = given["budget_micros"]
    options = {
        "engine": given["engine"],
        "preset": given["preset"] or "reference",
        "priority": PRIORITIES[given["priority"]],
        "mapping": "\n".join(f"{column}={header}" for column, header in given["mapping"].items()),
        "instruction": given["instruction"],
        "budget": "" if budget is None else str(Decimal(budget) / 1_000_000),
    }
    return json.dumps(options, ensure_ascii=False)
