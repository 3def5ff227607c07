"""Deletes jobs that were closed long ago, and results that no item names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, func, select, update

from qie_batch.ledger.tables import attempts, batches, items, jobs, results, reviews, runs
from qie_batch.model import EditSpec, JobState, OldJob, RunState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from qie_batch.ledger.database import Database

#: Rows of one transaction: on SQLite every heartbeat waits for it.
CHUNK = 1000


class SqlPruning:
    def __init__(self, database: Database) -> None:
        self._db = database

    def old_jobs(self, seconds: float) -> list[OldJob]:
        """Jobs that were closed before, oldest first; not those of the latest run of a schedule."""
        mine = attempts.c.job_id == jobs.c.id
        counted = select(func.count()).where(items.c.job_id == jobs.c.id).scalar_subquery()
        spent = select(func.coalesce(func.sum(attempts.c.cost_micros), 0)).where(mine).scalar_subquery()
        query = (
            select(jobs.c.id, jobs.c.name, counted.label("items"), spent.label("spent"))
            .where(*self._old(seconds))
            .order_by(jobs.c.closed_at, jobs.c.id)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return [OldJob(id=row.id, name=row.name, items=row.items, spent_micros=row.spent) for row in rows]

    def delete_job(self, job_id: str, seconds: float) -> bool:
        """Delete the job with its items and attempts; False if the job was opened again meanwhile.

        The last items go first, a chunk in each transaction: whenever the process ends, the items that are
        left are numbered from 0, and the next call goes on.
        """
        while True:
            with self._db.write() as connection:
                still = select(jobs.c.id).where(jobs.c.id == job_id, *self._old(seconds)).with_for_update()
                if connection.execute(still).first() is None:
                    return False
                if not _delete_items(connection, job_id):
                    connection.execute(delete(batches).where(batches.c.job_id == job_id))
                    connection.execute(delete(jobs).where(jobs.c.id == job_id))
                    return True

    def _old(self, seconds: float) -> tuple[ColumnElement[bool], ...]:
        later = runs.alias()
        is_latest = (
            select(1)
            .where(later.c.schedule == runs.c.schedule, later.c.due_at > runs.c.due_at)
            .where(later.c.state == RunState.SUBMITTED)
            .exists()
        )
        of_latest_run = select(1).where(runs.c.job_id == jobs.c.id, ~is_latest).exists()
        return (jobs.c.state == JobState.CLOSED, jobs.c.closed_at < self._db.now - seconds, ~of_latest_run)

    def unused_results(self, seconds: float, besides: Collection[str] = ()) -> Iterator[tuple[str, int]]:
        """Cache key and bytes of each older result that no item names, but items of `besides`."""
        spared = set(besides)
        after = ""
        while True:
            old = results.c.created_at < self._db.now - seconds
            query = select(results.c.cache_key, results.c.size).where(results.c.cache_key > after, old)
            with self._db.read() as connection:
                page = connection.execute(query.order_by(results.c.cache_key).limit(CHUNK)).all()
                keys = [row.cache_key for row in page]
                named = connection.execute(
                    select(items.c.result_key, items.c.job_id).where(items.c.result_key.in_(keys)).distinct()
                ).all()
            used = {row.result_key for row in named if row.job_id not in spared}
            yield from ((row.cache_key, row.size) for row in page if row.cache_key not in used)
            if not page:
                return
            after = keys[-1]

    def delete_result(self, cache_key: str) -> bool:
        """Delete the result; False if an item has been given the result meanwhile."""
        named = select(1).where(items.c.result_key == cache_key)
        with self._db.write() as connection:
            # Locked first, so that no item is given the result meanwhile (PostgreSQL).
            row = results.c.cache_key == cache_key
            connection.execute(select(results.c.cache_key).where(row).with_for_update())
            if connection.scalar(select(named.exists())):
                return False
            # Who decided what stays; of a result that is made anew, nothing is decided.
            decided = update(reviews).where(reviews.c.result_key == cache_key)
            connection.execute(decided.values(result_key=None))
            return connection.execute(delete(results).where(row)).rowcount == 1

    def kept_jobs(self) -> dict[str, str]:
        """The key of the manifest, by job id."""
        with self._db.read() as connection:
            return {
                row.id: row.manifest_key for row in connection.execute(select(jobs.c.id, jobs.c.manifest_key))
            }

    def inputs(self, job_ids: Collection[str]) -> Iterator[str]:
        """sha256 of every image that an item of the jobs reads; some more than once."""
        for job_id in job_ids:
            after = -1
            while True:
                mine = (items.c.job_id == job_id, items.c.ordinal > after)
                query = select(items.c.ordinal, items.c.spec).where(*mine).order_by(items.c.ordinal)
                with self._db.read() as connection:
                    page = connection.execute(query.limit(CHUNK)).all()
                for row in page:
                    if row.spec:
                        yield from EditSpec.parse(row.spec).objects
                if not page:
                    break
                after = page[-1].ordinal


def _delete_items(connection: Connection, job_id: str) -> int:
    """Delete the last items of the job with their attempts; says how many."""
    last: Any = (
        select(items.c.id).where(items.c.job_id == job_id).order_by(items.c.ordinal.desc()).limit(CHUNK)
    )
    ids = list(connection.scalars(last))
    if ids:
        connection.execute(delete(attempts).where(attempts.c.item_id.in_(ids)))
        connection.execute(delete(items).where(items.c.id.in_(ids)))
    return len(ids)
