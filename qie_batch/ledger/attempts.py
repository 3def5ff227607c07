"""Attempts: claimed, renewed and ended by compare-and-set on the attempt number.

Every write of a worker says `WHERE id = ? AND attempt = ? AND state = 'running'`. A worker whose attempt is
fenced (lease expired, item cancelled) changes no row but the usage of its attempt, and gets False.

Every transaction locks the item before the attempt; otherwise a heartbeat and an ending could deadlock.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from qie_batch.ledger.attempt_statements import AttemptStatements, ending, of, reason, release
from qie_batch.ledger.tables import items
from qie_batch.model import Attempt, EditSpec, ItemState, Outcome, Priority
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from qie_batch.ledger.database import Database
    from qie_batch.model import Failure, Result, RetryPolicy, Usage, Worker


class SqlAttempts:
    def __init__(self, database: Database, policy: RetryPolicy) -> None:
        self._db = database
        self._statements = AttemptStatements(database)
        self._preempted = preempted = policy.preempted
        last = items.c.preemptions + 1 >= policy.max_preemptions
        self._release = release(database.now, last, preempted)

    def claim(self, item_id: str, worker: Worker, lease_seconds: float) -> Attempt | None:
        """Start an attempt; None if the item is not queued, its job is not open or its engine is another."""
        asked = {
            "of_item": item_id,
            "of_engine": worker.engine,
            "new_worker": worker.name,
            "new_seconds": lease_seconds,
        }
        with self._db.write() as connection:
            row = connection.execute(self._statements.take, asked).one_or_none()
            if row is None:
                return None
            spec = EditSpec.parse(row.spec)
            begun = {
                "item_id": item_id,
                "number": row.attempt,
                "job_id": row.job_id,
                "worker": worker.name,
                "engine": worker.engine,
                "preset": spec.params.preset,
                "device": worker.device,
                "hour_micros": worker.rate.hour_micros,
                "image_micros": worker.rate.image_micros,
            }
            connection.execute(self._statements.begin, begun)
        return Attempt(
            item_id=item_id,
            number=row.attempt,
            row_id=row.row_id,
            spec=spec,
            rate=worker.rate,
            priority=Priority(row.priority),
            errors=row.errors,
            crashes=row.crashes,
            low_memory=bool(row.too_big),
            waited_seconds=max(0.0, row.now - max(row.created_at, row.not_before)),
            traceparent=row.traceparent,
        )

    def renew(self, attempt: Attempt, lease_seconds: float, step: int, usage: Usage) -> bool:
        """Extend the lease and write step and usage so far; False if the attempt is fenced."""
        given = {**of(attempt), "new_seconds": lease_seconds, "new_step": step}
        with self._db.write() as connection:
            held = connection.execute(self._statements.renew, given).rowcount == 1
            self._account(connection, attempt, usage)
        return held

    def succeed(self, attempt: Attempt, result: Result, usage: Usage) -> bool:
        """Store the result; every pending or queued item with the same cache key succeeds too, cached."""
        statements, mine = self._statements, of(attempt)
        with self._db.write() as connection:
            if connection.execute(statements.end_lease, mine).rowcount != 1:
                self._account(connection, attempt, usage)
                return False
            made = {"seconds": usage.seconds, "cost_micros": cost_micros(usage, attempt.rate)}
            connection.execute(statements.store_result, {**asdict(result), **made})
            key = {"new_key": result.cache_key}
            connection.execute(statements.succeed, {**mine, **key})
            self._end(connection, attempt, usage, Outcome.SUCCEEDED)
            connection.execute(statements.succeed_twins, key)
        return True

    def fail(self, attempt: Attempt, failure: Failure, usage: Usage) -> bool:
        """Fail the item; only `retry` makes the item pending again."""
        with self._db.write() as connection:
            given = {**of(attempt), **reason(failure)}
            held = connection.execute(self._statements.fail, given).rowcount == 1
            self._end(connection, attempt, usage, Outcome.FAILED, failure)
        return held

    def retry_later(
        self, attempt: Attempt, failure: Failure, usage: Usage, delay: float, *, crash: bool = False
    ) -> bool:
        """Make the item pending again in `delay` seconds; charged as an error or as a crash."""
        statement = self._statements.retry["crashes" if crash else "errors"]
        with self._db.write() as connection:
            held = connection.execute(statement, {**of(attempt), "new_seconds": delay}).rowcount == 1
            self._end(connection, attempt, usage, Outcome.RETRIED, failure)
        return held

    def release(self, attempt: Attempt, usage: Usage) -> bool:
        """Make the item pending again, uncharged, as the process exits; failed from `max_preemptions` on."""
        with self._db.write() as connection:
            row = connection.execute(self._release, of(attempt)).one_or_none()
            failed = row is not None and row.state == ItemState.FAILED
            self._end(connection, attempt, usage, Outcome.PREEMPTED, self._preempted if failed else None)
        return row is not None

    def account(self, attempt: Attempt, usage: Usage) -> None:
        """Write the usage of a fenced attempt, which costs what any other attempt costs."""
        with self._db.write() as connection:
            self._account(connection, attempt, usage)

    def _end(
        self,
        connection: Connection,
        attempt: Attempt,
        usage: Usage,
        outcome: Outcome,
        failure: Failure | None = None,
    ) -> None:
        """Write the usage, and close the row of the attempt unless it is closed already."""
        self._account(connection, attempt, usage)
        connection.execute(self._statements.close, {**of(attempt), **ending(outcome, failure)})

    def _account(self, connection: Connection, attempt: Attempt, usage: Usage) -> None:
        """Write the usage, of fenced attempts too; never a lower figure, as a heartbeat may be late."""
        given = {
            "new_seconds": usage.seconds,
            "new_images": usage.images,
            "new_cost": cost_micros(usage, attempt.rate),
        }
        connection.execute(self._statements.account, {**of(attempt), **given})
