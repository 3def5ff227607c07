"""Progress and money, summed from items and attempts at each call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from qie_batch.errors import NotFound
from qie_batch.ledger.counts import count_columns, counted, counts_of
from qie_batch.ledger.rows import job_of, of_owned_jobs, owned
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import CostLine, History, ItemState, JobTiming, Outcome, Progress, Spending, Usage

if TYPE_CHECKING:
    from qie_batch.interfaces.ledger import CostKey
    from qie_batch.ledger.database import Database

#: Latest successful attempts that an estimate averages.
HISTORY = 1000
#: Items whose attempts are read for `timing`: a job may have a million.
TIMED = 2000


class SqlCosts:
    """Of the owner's jobs alone where there is one; `history` is of all."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._owner = owner

    def progress(self, job_id: str) -> Progress:
        with self._db.read() as connection:
            # Read before the figures, so that an item that becomes final after them has a later time.
            now = connection.scalar(select(self._db.now)) or 0.0
        with self._db.read() as connection:
            wanted = counted(jobs.c.id == job_id, *owned(self._owner))
            row = connection.execute(select(wanted, *count_columns(wanted))).one_or_none()
            if row is None:
                raise NotFound(f"there is no job {job_id!r}", code="job_unknown", subject=job_id)
            mine = items.c.job_id == job_id
            failed = (mine, items.c.state == ItemState.FAILED)
            failures = connection.execute(
                select(items.c.error_code, func.count()).where(*failed).group_by(items.c.error_code)
            )
            recent = select(func.count()).where(
                mine, items.c.finished_at > self._db.now - 60, ~items.c.cached
            )
            spent = connection.execute(
                select(*_spent_columns(), func.count().label("attempts")).where(attempts.c.job_id == job_id)
            ).one()
            # Of those that succeeded alone: the rest is counted by its state.
            succeeded = func.count(case((items.c.state == ItemState.SUCCEEDED, 1)))
            _, saved, cached = connection.execute(_saved().add_columns(succeeded).where(mine)).one()
            return Progress(
                job=job_of(row),
                counts=counts_of(row),
                cached=cached,
                failures={str(code): number for code, number in failures},
                attempts=spent.attempts,
                seconds=float(spent.seconds or 0.0),
                spent_micros=int(spent.spent or 0),
                saved_micros=int(saved or 0),
                lost_micros=int(spent.lost or 0),
                last_minute=connection.scalar(recent) or 0,
                now=now,
            )

    def lines(self, job_id: str | None, by: CostKey) -> list[CostLine]:
        """Money by day (UTC), sku, engine or device, of one job or of all."""
        with self._db.read() as connection:
            spent = self._spent_by(connection, job_id, by)
            saved = self._saved_by(connection, job_id, by)
        lines = []
        for key in sorted({*spent, *saved}):
            row, (cached, saved_micros) = spent.get(key), saved.get(key, (0, 0))
            lines.append(
                CostLine(
                    key=key,
                    items=(int(row.items) if row else 0) + cached,
                    seconds=float(row.seconds or 0.0) if row else 0.0,
                    spent_micros=int(row.spent or 0) if row else 0,
                    saved_micros=saved_micros,
                    lost_micros=int(row.lost or 0) if row else 0,
                )
            )
        return lines

    def _spent_by(self, connection: Connection, job_id: str | None, by: CostKey) -> dict[str, Any]:
        key = {
            "day": self._day(attempts.c.started_at),
            "sku": items.c.row_id,
            "engine": attempts.c.engine,
            "device": attempts.c.device,
        }[by]
        # An item with failed attempts that was then cached is counted in `_saved_by`.
        number = func.count(case((~items.c.cached, attempts.c.item_id)).distinct()).label("items")
        query = select(key.label("key"), number, *_spent_columns()).join(
            items, items.c.id == attempts.c.item_id
        )
        query = query.where(*of_owned_jobs(attempts.c.job_id, self._owner))
        if job_id:
            query = query.where(attempts.c.job_id == job_id)
        return {str(row.key): row for row in connection.execute(query.group_by(key))}

    def _saved_by(self, connection: Connection, job_id: str | None, by: CostKey) -> dict[str, Any]:
        key = {
            "day": self._day(items.c.finished_at),
            "sku": items.c.row_id,
            "engine": items.c.engine,
            "device": results.c.device,
        }[by]
        query = _saved().add_columns(key.label("key")).where(items.c.cached)
        query = query.where(*of_owned_jobs(items.c.job_id, self._owner))
        if job_id:
            query = query.where(items.c.job_id == job_id)
        return {
            str(key): (cached, int(saved or 0))
            for cached, saved, key in connection.execute(query.group_by(key))
        }

    def _day(self, column: ColumnElement[float]) -> ColumnElement[str]:
        if self._db.engine.dialect.name == "sqlite":
            return func.strftime("%Y-%m-%d", column, "unixepoch")
        return func.to_char(func.timezone("UTC", func.to_timestamp(column)), "YYYY-MM-DD")

    def history(self, engine: str, preset: str) -> History:
        """Means over the latest HISTORY successful attempts of this engine and preset."""
        latest = (
            select(attempts.c.seconds, attempts.c.cost_micros)
            .where(attempts.c.engine == engine, attempts.c.preset == preset)
            .where(attempts.c.outcome == Outcome.SUCCEEDED)
            .order_by(attempts.c.started_at.desc())
            .limit(HISTORY)
            .subquery()
        )
        with self._db.read() as connection:
            row = connection.execute(
                select(
                    func.count(),
                    func.avg(latest.c.seconds),
                    func.avg(latest.c.cost_micros),
                    func.max(latest.c.cost_micros),
                )
            ).one()
        edits, seconds, cost, dearest = row
        return History(
            edits=edits,
            seconds=float(seconds or 0.0),
            cost_micros=round(cost or 0),
            dearest_micros=int(dearest or 0),
        )

    def timing(self, job_id: str) -> JobTiming:
        """Of all items, or of TIMED that are evenly spread over the job."""
        with self._db.read() as connection:
            last = connection.scalar(
                select(func.max(items.c.ordinal)).where(
                    items.c.job_id == job_id, *of_owned_jobs(items.c.job_id, self._owner)
                )
            )
            number = 0 if last is None else last + 1
            read = range(number) if number <= TIMED else [place * number // TIMED for place in range(TIMED)]
            ended = attempts.c.outcome != Outcome.RUNNING
            query = select(attempts.c.seconds, attempts.c.phases).where(ended, attempts.c.phases != "{}")
            rows = connection.execute(
                query.where(attempts.c.item_id.in_([f"{job_id}.{ordinal}" for ordinal in read]))
            )
            usages = [Usage(seconds=seconds, phases=json.loads(phases)) for seconds, phases in rows]
        return JobTiming.of(usages, items=number, items_read=len(read))

    def spending(self, job_id: str) -> Spending:
        with self._db.read() as connection:
            spent, dearest = connection.execute(
                select(func.sum(attempts.c.cost_micros), func.max(attempts.c.cost_micros)).where(
                    attempts.c.job_id == job_id, *of_owned_jobs(attempts.c.job_id, self._owner)
                )
            ).one()
            is_in_flight = items.c.state.in_((ItemState.QUEUED, ItemState.RUNNING))
            in_flight = connection.scalar(select(func.count()).where(items.c.job_id == job_id, is_in_flight))
        return Spending(
            spent_micros=int(spent or 0), in_flight=in_flight or 0, dearest_micros=int(dearest or 0)
        )


def _spent_columns() -> tuple[ColumnElement[Any], ...]:
    unsuccessful = attempts.c.outcome.not_in((Outcome.SUCCEEDED, Outcome.RUNNING))
    return (
        func.sum(attempts.c.seconds).label("seconds"),
        func.sum(attempts.c.cost_micros).label("spent"),
        func.sum(case((unsuccessful, attempts.c.cost_micros), else_=0)).label("lost"),
    )


def _saved() -> Any:
    """Number of cached items, and the cost of the attempts that made their results."""
    return (
        select(func.count(), func.sum(results.c.cost_micros))
        .select_from(items)
        .join(results, results.c.cache_key == items.c.result_key)
        .where(items.c.cached)
    )
