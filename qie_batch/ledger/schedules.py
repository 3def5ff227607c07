"""Schedules and their runs; one control process takes the run of each due time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from qie_batch.errors import Conflict
from qie_batch.ledger.notices import tell_run
from qie_batch.ledger.rows import order_of, order_text
from qie_batch.ledger.tables import runs, schedules
from qie_batch.model import JobOrder, RunState, Schedule, ScheduledRun

if TYPE_CHECKING:
    from sqlalchemy import Row

    from qie_batch.ledger.database import Database


class SqlSchedules:
    """Of the owner's alone where there is one, as far as people read and change them."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._mine = () if owner is None else (schedules.c.owner == owner,)

    def add(self, schedule: Schedule) -> None:
        """Add it; Conflict if the name is taken."""
        values = {
            "name": schedule.name,
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "catalog": schedule.catalog,
            "options": order_text(schedule.order),
            "owner": schedule.order.owner,
            "created_at": self._db.now,
        }
        with self._db.write() as connection:
            if not self._db.insert_once(connection, schedules, values):
                raise Conflict(
                    f"there is a schedule {schedule.name!r} already",
                    code="schedule_taken",
                    hint="take another name, or remove that one first",
                    subject=schedule.name,
                )

    def all(self) -> list[Schedule]:
        with self._db.read() as connection:
            rows = connection.execute(select(schedules).where(*self._mine).order_by(schedules.c.name)).all()
        return [_schedule(row) for row in rows]

    def remove(self, name: str) -> bool:
        with self._db.write() as connection:
            removed = connection.execute(delete(schedules).where(schedules.c.name == name, *self._mine))
            if removed.rowcount == 1:
                connection.execute(delete(runs).where(runs.c.schedule == name))
            return removed.rowcount == 1

    def latest_runs(self, name: str, limit: int = 1) -> list[ScheduledRun]:
        """Latest due time first."""
        with self._db.read() as connection:
            query = select(runs).where(runs.c.schedule == name).order_by(runs.c.due_at.desc()).limit(limit)
            rows = connection.execute(query).all()
        return [
            ScheduledRun(
                schedule=name, due_at=row.due_at, state=RunState(row.state), job_id=row.job_id, note=row.note
            )
            for row in rows
        ]

    def take_run(self, name: str, due_at: float, lease_seconds: float) -> bool:
        """Take the run of this due time; False while another process has its lease or once the run ended."""
        row = {
            "schedule": name,
            "due_at": due_at,
            "state": RunState.TAKEN,
            "job_id": "",
            "note": "",
            "lease_until": self._db.now + lease_seconds,
        }
        mine = (runs.c.schedule == name, runs.c.due_at == due_at)
        with self._db.write() as connection:
            if self._db.insert_once(connection, runs, row):
                return True
            dead = (runs.c.state == RunState.TAKEN, runs.c.lease_until < self._db.now)
            again = update(runs).where(*mine, *dead).values(lease_until=self._db.now + lease_seconds)
            return connection.execute(again).rowcount == 1

    def reopen_run(self, name: str, due_at: float, lease_seconds: float) -> None:
        """Let any process take the run again in `lease_seconds`, if the run has not ended."""
        mine = (
            runs.c.schedule == name,
            runs.c.due_at == due_at,
            runs.c.state == RunState.TAKEN,
        )
        with self._db.write() as connection:
            connection.execute(update(runs).where(*mine).values(lease_until=self._db.now + lease_seconds))

    def end_run(self, name: str, due_at: float, state: RunState, *, job_id: str = "", note: str = "") -> None:
        """Record the end of the run; a submitted run stays submitted after an expired lease."""
        with self._db.write() as connection:
            mine = (
                runs.c.schedule == name,
                runs.c.due_at == due_at,
                runs.c.state != RunState.SUBMITTED,
            )
            ended = update(runs).where(*mine).values(state=state, job_id=job_id, note=note)
            if connection.execute(ended).rowcount == 1:
                tell_run(self._db, connection, name, due_at, state, note)


def _schedule(row: Row[Any]) -> Schedule:
    """The entry, or what is known of it: one that cannot be understood must not hide the others."""
    try:
        order, problem = order_of(row.options), ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        order, problem = JobOrder(), f"its options cannot be read ({type(error).__name__}: {error})"
    # SQLite stores a value of any type in any column.
    texts = {name: getattr(row, name) for name in ("cron", "timezone", "catalog")}
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    created_at = row.created_at
    if not isinstance(created_at, int | float):
        wrong, created_at = [*wrong, "created_at"], 0.0
    if wrong and not problem:
        problem = f"its {wrong[0]} cannot be read"
    return Schedule(
        name=row.name,
        **{name: str(text) for name, text in texts.items()},
        order=order,
        created_at=created_at,
        problem=problem,
    )
