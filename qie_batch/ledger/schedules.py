"""Schedules, and their slots: a due time that one control process takes, whoever is first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from qie_batch.errors import Conflict
from qie_batch.ledger.tables import schedules, slots
from qie_batch.model import RunState, Schedule, ScheduledRun

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database


class Timetable:
    _db: Database

    def now(self) -> float:
        """The ledger's clock, in seconds since 1970."""
        with self._db.read() as connection:
            return connection.scalar(select(self._db.now)) or 0.0

    def add_schedule(self, schedule: Schedule) -> None:
        """Add it; Conflict if the name is taken."""
        values = {
            "name": schedule.name,
            "cron": schedule.cron,
            "timezone": schedule.timezone,
            "catalog": schedule.catalog,
            "options": json.dumps(dict(schedule.options), ensure_ascii=False),
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

    def schedules(self) -> list[Schedule]:
        with self._db.read() as connection:
            rows = connection.execute(select(schedules).order_by(schedules.c.name)).all()
        return [
            Schedule(
                name=row.name,
                cron=row.cron,
                timezone=row.timezone,
                catalog=row.catalog,
                options=json.loads(row.options),
                created_at=row.created_at,
            )
            for row in rows
        ]

    def remove_schedule(self, name: str) -> bool:
        with self._db.write() as connection:
            connection.execute(delete(slots).where(slots.c.schedule == name))
            return connection.execute(delete(schedules).where(schedules.c.name == name)).rowcount == 1

    def latest_runs(self, name: str, limit: int = 1) -> list[ScheduledRun]:
        """Latest due time first."""
        with self._db.read() as connection:
            query = select(slots).where(slots.c.schedule == name).order_by(slots.c.due_at.desc()).limit(limit)
            rows = connection.execute(query).all()
        return [
            ScheduledRun(
                schedule=name, due_at=row.due_at, state=RunState(row.state), job_id=row.job_id, note=row.note
            )
            for row in rows
        ]

    def take_run(self, name: str, due_at: float, lease_seconds: float) -> bool:
        """The right to run this slot: for the first to ask, or once the one before died over it."""
        row = {
            "schedule": name,
            "due_at": due_at,
            "state": RunState.TAKEN,
            "job_id": "",
            "note": "",
            "lease_until": self._db.now + lease_seconds,
        }
        mine = (slots.c.schedule == name, slots.c.due_at == due_at)
        with self._db.write() as connection:
            if self._db.insert_once(connection, slots, row):
                return True
            dead = (slots.c.state == RunState.TAKEN, slots.c.lease_until < self._db.now)
            again = update(slots).where(*mine, *dead).values(lease_until=self._db.now + lease_seconds)
            return connection.execute(again).rowcount == 1

    def reopen_run(self, name: str, due_at: float, lease_seconds: float) -> None:
        """A slot that was taken may be taken again by anybody in so many seconds."""
        mine = (slots.c.schedule == name, slots.c.due_at == due_at, slots.c.state == RunState.TAKEN)
        with self._db.write() as connection:
            connection.execute(update(slots).where(*mine).values(lease_until=self._db.now + lease_seconds))

    def end_run(self, name: str, due_at: float, state: RunState, *, job_id: str = "", note: str = "") -> None:
        """What became of it; a submitted slot stays so, though one that was taken for dead comes late."""
        with self._db.write() as connection:
            mine = (slots.c.schedule == name, slots.c.due_at == due_at, slots.c.state != RunState.SUBMITTED)
            connection.execute(update(slots).where(*mine).values(state=state, job_id=job_id, note=note))
