"""What the workers do now, by their attempts, and how they began."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select

from qie_batch.ledger.rows import json_of_seconds
from qie_batch.ledger.tables import attempts, items, jobs, workers
from qie_batch.model import EditSpec, ItemState, RunningEdit, WorkerStart

if TYPE_CHECKING:
    from collections.abc import Collection

    from qie_batch.ledger.database import Database
    from qie_batch.model import Worker


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

    def began(self, worker: Worker, start: WorkerStart) -> None:
        """A worker process is ready; of an earlier process with that name nothing is kept."""
        row = {
            "name": worker.name,
            "engine": worker.engine,
            "device": worker.device,
            "seconds": start.seconds,
            "phases": json_of_seconds(start.phases),
        }
        with self._db.write() as connection:
            connection.execute(delete(workers).where(workers.c.name == worker.name))
            connection.execute(insert(workers).values(**row, ready_at=self._db.now))

    def starts(self, names: Collection[str]) -> dict[str, WorkerStart]:
        """Of those of the worker processes that are known."""
        query = select(workers.c.name, workers.c.seconds, workers.c.phases)
        with self._db.read() as connection:
            rows = connection.execute(query.where(workers.c.name.in_(names))).all()
        return {row.name: WorkerStart(seconds=row.seconds, phases=json.loads(row.phases)) for row in rows}

    def prune(self, max_age_seconds: float) -> int:
        """Forget the processes that began longer ago; says how many."""
        with self._db.write() as connection:
            old = workers.c.ready_at < self._db.now - max_age_seconds
            return connection.execute(delete(workers).where(old)).rowcount
