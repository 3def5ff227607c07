"""What the workers do now, by their attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from qie_batch.ledger.tables import attempts, items, jobs
from qie_batch.model import EditSpec, ItemState, RunningEdit

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database


class SqlWorkers:
    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._owner = owner

    def running(self) -> list[RunningEdit]:
        """Of every tenant, by worker and then in the order of their claims."""
        latest = and_(attempts.c.item_id == items.c.id, attempts.c.number == items.c.attempt)
        query = (
            select(
                *(items.c.id, items.c.row_id, items.c.job_id, items.c.step, items.c.spec, jobs.c.owner),
                *(attempts.c.number, attempts.c.worker, attempts.c.engine, attempts.c.device),
                *(attempts.c.seconds, (self._db.now - attempts.c.started_at).label("since")),
            )
            .join(attempts, latest)
            .join(jobs, jobs.c.id == items.c.job_id)
            .where(items.c.state == ItemState.RUNNING)
            .order_by(attempts.c.worker, attempts.c.started_at, items.c.id)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return [
            RunningEdit(
                worker=row.worker,
                engine=row.engine,
                device=row.device,
                job_id=row.job_id if shown else "",
                item_id=row.id if shown else "",
                row_id=row.row_id if shown else "",
                attempt=row.number,
                step=row.step,
                steps=EditSpec.parse(row.spec).params.steps,
                seconds=max(row.since, 0.0),
                device_seconds=row.seconds,
            )
            for row in rows
            for shown in (self._owner in (None, row.owner),)
        ]
