"""How a job's manifest is read and what its rows default to, each as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable

revision = "r0003"
down_revision = "r0002"


def upgrade() -> None:
    for name in ("reading", "defaults"):
        op.add_column("jobs", sa.Column(name, sa.Text(), server_default=sa.text("'{}'"), nullable=False))
    jobs = _table("jobs", "id", "mapping", "instruction", "reading", "defaults")
    for row in _rows(jobs):
        values = {
            "reading": _text({"mapping": json.loads(row.mapping)}),
            "defaults": _text({"instruction": row.instruction, "output": "png"}),
        }
        op.execute(jobs.update().where(jobs.c.id == row.id).values(values))
    op.drop_column("jobs", "mapping")
    op.drop_column("jobs", "instruction")
    _rewrite_options(_nested)


def downgrade() -> None:
    _rewrite_options(_flat)
    op.add_column("jobs", sa.Column("mapping", sa.Text(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("jobs", sa.Column("instruction", sa.Text(), server_default=sa.text("''"), nullable=False))
    jobs = _table("jobs", "id", "mapping", "instruction", "reading", "defaults")
    for row in _rows(jobs):
        values = {
            "mapping": _text(_meant(json.loads(row.reading))),
            "instruction": json.loads(row.defaults).get("instruction", ""),
        }
        op.execute(jobs.update().where(jobs.c.id == row.id).values(values))
    op.drop_column("jobs", "defaults")
    op.drop_column("jobs", "reading")
    _drop_later_fields()


def _drop_later_fields() -> None:
    """Earlier versions know no such fields in a spec. Inside of a text the quotes would be escaped."""
    items = _table("items", "id", "spec")
    later = ("quality", "keep_alpha")
    for row in _rows(items, sa.or_(*(items.c.spec.like(f'%"{name}":%') for name in later))):
        spec = {name: value for name, value in json.loads(row.spec).items() if name not in later}
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        op.execute(items.update().where(items.c.id == row.id).values(spec=text))


def _rewrite_options(rewrite: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    schedules = _table("schedules", "name", "options")
    for row in _rows(schedules):
        try:
            text = _text(rewrite(json.loads(row.options)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # an entry that no version can read: `schedule list` says so
        op.execute(schedules.update().where(schedules.c.name == row.name).values(options=text))


def _nested(order: dict[str, Any]) -> dict[str, Any]:
    order["reading"] = {"mapping": order.pop("mapping")}
    # The schedule goes on as it was made: every result was a PNG where no row said otherwise.
    order["defaults"] = {"instruction": order.pop("instruction"), "output": "png"}
    return order


def _flat(order: dict[str, Any]) -> dict[str, Any]:
    order["mapping"] = _meant(order.pop("reading"))
    order["instruction"] = order.pop("defaults").get("instruction", "")
    return order


def _meant(reading: dict[str, Any]) -> dict[str, str]:
    """The mapping without the columns that are switched off, which earlier versions cannot do."""
    return {column: header for column, header in reading.get("mapping", {}).items() if header}


def _table(name: str, *columns: str) -> Any:
    return sa.table(name, *map(sa.column, columns))


def _rows(table: Any, *where: Any) -> list[Any]:
    return list(op.get_bind().execute(sa.select(*table.c).where(*where)).all())


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
