"""Attempts: claimed, renewed and ended by compare-and-set on the attempt number.

Every write of a worker says `WHERE id = ? AND attempt = ? AND state = 'running'`. A worker whose attempt is
fenced (lease expired, item cancelled) changes no row but the usage of its attempt, and gets False.

Every transaction locks the item before the attempt; otherwise a heartbeat and an ending could deadlock.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, case, insert, select, update

from qie_batch.errors import DeviceOutOfMemory
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import Attempt, EditSpec, ItemState, JobState, Outcome, Priority
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningUpdate

    from qie_batch.ledger.database import Database
    from qie_batch.model import Failure, Result, RetryPolicy, Usage, Worker


class SqlAttempts:
    def __init__(self, database: Database, policy: RetryPolicy) -> None:
        self._db = database
        self._policy = policy

    def claim(self, item_id: str, worker: Worker, lease_seconds: float) -> Attempt | None:
        """Start an attempt; None if the item is not queued, its job is not open or its engine is another."""
        with self._db.write() as connection:
            row = connection.execute(self._taken(item_id, worker, lease_seconds)).one_or_none()
            if row is None:
                return None
            spec = EditSpec.parse(row.spec)
            too_big = _was_too_big(connection, item_id)
            connection.execute(
                insert(attempts).values(
                    item_id=item_id,
                    number=row.attempt,
                    job_id=row.job_id,
                    worker=worker.name,
                    engine=worker.engine,
                    preset=spec.params.preset,
                    device=worker.device,
                    hour_micros=worker.rate.hour_micros,
                    image_micros=worker.rate.image_micros,
                    started_at=self._db.now,
                    outcome=Outcome.RUNNING,
                )
            )
        return Attempt(
            item_id=item_id,
            number=row.attempt,
            row_id=row.row_id,
            spec=spec,
            rate=worker.rate,
            priority=Priority(row.priority),
            errors=row.errors,
            crashes=row.crashes,
            low_memory=too_big,
            waited_seconds=max(0.0, row.now - max(row.created_at, row.not_before)),
            traceparent=row.traceparent,
        )

    def _taken(self, item_id: str, worker: Worker, lease_seconds: float) -> ReturningUpdate[Any]:
        """The queued item becomes running, with the next attempt number and a lease."""
        created, traceparent = (
            select(column).where(jobs.c.id == items.c.job_id).scalar_subquery()
            for column in (jobs.c.created_at, jobs.c.traceparent)
        )
        is_open = select(jobs.c.id).where(jobs.c.id == items.c.job_id, jobs.c.state == JobState.OPEN).exists()
        return (
            update(items)
            .where(items.c.id == item_id, items.c.state == ItemState.QUEUED)
            .where(items.c.engine == worker.engine, is_open)
            .values(
                state=ItemState.RUNNING,
                attempt=items.c.attempt + 1,
                lease_until=self._db.now + lease_seconds,
                worker=worker.name,
                step=0,
            )
            .returning(
                *(items.c.job_id, items.c.attempt, items.c.row_id, items.c.spec, items.c.errors),
                *(items.c.crashes, items.c.priority, items.c.not_before, self._db.now.label("now")),
                *(created.label("created_at"), traceparent.label("traceparent")),
            )
        )

    def renew(self, attempt: Attempt, lease_seconds: float, step: int, usage: Usage) -> bool:
        """Extend the lease and write step and usage so far; False if the attempt is fenced."""
        with self._db.write() as connection:
            held = self._move(connection, attempt, lease_until=self._db.now + lease_seconds, step=step)
            _account(connection, attempt, usage)
        return held

    def succeed(self, attempt: Attempt, result: Result, usage: Usage) -> bool:
        """Store the result; every pending or queued item with the same cache key succeeds too, cached."""
        with self._db.write() as connection:
            if not self._move(connection, attempt, lease_until=None):
                _account(connection, attempt, usage)
                return False
            made = {
                "seconds": usage.seconds,
                "cost_micros": cost_micros(usage, attempt.rate),
                "created_at": self._db.now,
            }
            self._db.insert_or_lock(connection, results, {**asdict(result), **made})
            done: dict[str, Any] = {
                "state": ItemState.SUCCEEDED,
                "result_key": result.cache_key,
                "finished_at": self._db.now,
                "error_code": None,
                "error": None,
            }
            self._move(connection, attempt, **done)
            self._end(connection, attempt, usage, Outcome.SUCCEEDED)
            waiting = items.c.state.in_((ItemState.PENDING, ItemState.QUEUED))
            connection.execute(
                update(items)
                .where(items.c.cache_key == result.cache_key, waiting)
                .values(cached=True, **done)
            )
        return True

    def fail(self, attempt: Attempt, failure: Failure, usage: Usage) -> bool:
        """Fail the item; only `retry` makes the item pending again."""
        with self._db.write() as connection:
            held = self._move(
                connection,
                attempt,
                state=ItemState.FAILED,
                lease_until=None,
                error_code=failure.code,
                error=failure.reason,
                finished_at=self._db.now,
            )
            self._end(connection, attempt, usage, Outcome.FAILED, failure)
        return held

    def retry_later(
        self, attempt: Attempt, failure: Failure, usage: Usage, delay: float, *, crash: bool = False
    ) -> bool:
        """Make the item pending again in `delay` seconds; charged as an error or as a crash."""
        charged = items.c.crashes if crash else items.c.errors
        with self._db.write() as connection:
            held = self._move(
                connection,
                attempt,
                state=ItemState.PENDING,
                lease_until=None,
                not_before=self._db.now + delay,
                **{charged.name: charged + 1},
            )
            self._end(connection, attempt, usage, Outcome.RETRIED, failure)
        return held

    def release(self, attempt: Attempt, usage: Usage) -> bool:
        """Make the item pending again, uncharged, as the process exits; failed from `max_preemptions` on."""
        preempted = self._policy.preempted
        last = items.c.preemptions + 1 >= self._policy.max_preemptions
        with self._db.write() as connection:
            row = connection.execute(
                update(items)
                .where(*_fence(attempt))
                .values(
                    state=case((last, ItemState.FAILED), else_=ItemState.PENDING),
                    lease_until=None,
                    preemptions=items.c.preemptions + 1,
                    error_code=case((last, preempted.code)),
                    error=case((last, preempted.reason)),
                    finished_at=case((last, self._db.now)),
                )
                .returning(items.c.state)
            ).one_or_none()
            failed = row is not None and row.state == ItemState.FAILED
            self._end(connection, attempt, usage, Outcome.PREEMPTED, preempted if failed else None)
        return row is not None

    def account(self, attempt: Attempt, usage: Usage) -> None:
        """Write the usage of a fenced attempt, which costs what any other attempt costs."""
        with self._db.write() as connection:
            _account(connection, attempt, usage)

    def _move(self, connection: Connection, attempt: Attempt, **values: Any) -> bool:
        """Change the item unless the attempt is fenced; says whether the item was changed."""
        return connection.execute(update(items).where(*_fence(attempt)).values(**values)).rowcount == 1

    def _end(
        self,
        connection: Connection,
        attempt: Attempt,
        usage: Usage,
        outcome: Outcome,
        failure: Failure | None = None,
    ) -> None:
        _account(connection, attempt, usage)
        close(connection, self._db.now, (attempt.item_id, attempt.number), outcome, failure)


def _was_too_big(connection: Connection, item_id: str) -> bool:
    """Whether an attempt at the item did not fit the device's memory."""
    query = select(attempts.c.number).where(
        attempts.c.item_id == item_id, attempts.c.error_code == DeviceOutOfMemory.code
    )
    return connection.execute(query.limit(1)).first() is not None


def _fence(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (
        items.c.id == attempt.item_id,
        items.c.attempt == attempt.number,
        items.c.state == ItemState.RUNNING,
    )


def _account(connection: Connection, attempt: Attempt, usage: Usage) -> None:
    """Write the usage so far, of fenced attempts too; never a lower figure, as a heartbeat may be late."""
    connection.execute(
        update(attempts)
        .where(attempts.c.item_id == attempt.item_id, attempts.c.number == attempt.number)
        .where(attempts.c.seconds <= usage.seconds, attempts.c.images <= usage.images)
        .values(
            seconds=usage.seconds,
            images=usage.images,
            cost_micros=cost_micros(usage, attempt.rate),
        )
    )


def close(
    connection: Connection,
    now: ColumnElement[float],
    key: tuple[str, int],
    outcome: Outcome,
    failure: Failure | None,
) -> None:
    """Close the row of an attempt (item id and number) unless the row is closed already."""
    connection.execute(
        update(attempts)
        .where(attempts.c.item_id == key[0], attempts.c.number == key[1])
        .where(attempts.c.outcome == Outcome.RUNNING)
        .values(
            outcome=outcome,
            ended_at=now,
            error_code=failure.code if failure else None,
            error=failure.reason if failure else None,
        )
    )
