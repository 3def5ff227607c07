"""Attempts: claimed, renewed and ended by compare-and-set on the attempt number.

Every write of a worker says `WHERE id = ? AND attempt = ? AND state = 'running'`. A worker whose attempt is
fenced (lease expired, item cancelled) changes no row but the usage of its attempt, and gets False.

Every transaction locks the item before the attempt; otherwise a heartbeat and an ending could deadlock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, case, select, update

from qie_batch.ledger import rows, statements
from qie_batch.ledger.tables import attempts, items, results
from qie_batch.model import (
    GATE_FAILED,
    Attempt,
    Candidate,
    Checks,
    EditSpec,
    Failure,
    ItemState,
    Outcome,
    Priority,
    cache_key_of,
    candidates_text,
    failed_gates,
)
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.ledger.database import Database
    from qie_batch.model import Result, RetryPolicy, Usage, Worker


class SqlAttempts:
    def __init__(self, database: Database, policy: RetryPolicy) -> None:
        self._db = database
        self._policy = policy

    def claim(self, item_id: str, worker: Worker, lease_seconds: float) -> Attempt | None:
        """Start an attempt; None if the item is not queued, its job is not open or its engine is another."""
        asked = {"item": item_id, "holder": worker.name, "of_engine": worker.engine, "lease": lease_seconds}
        with self._db.write() as connection:
            row = statements.TAKE.run(self._db, connection, **asked).fetchone()
            if row is None:
                return None
            taken = statements.Taken(*row)
            spec = EditSpec.parse(taken.spec)
            statements.BEGIN.run(
                self._db,
                connection,
                item=item_id,
                of_attempt=taken.number,
                job=taken.job_id,
                holder=worker.name,
                of_engine=worker.engine,
                of_preset=spec.params.preset,
                of_device=worker.device,
                an_hour=worker.rate.hour_micros,
                an_image=worker.rate.image_micros,
            )
        return Attempt(
            item_id=item_id,
            number=taken.number,
            row_id=taken.row_id,
            spec=spec,
            rate=worker.rate,
            priority=Priority(taken.priority),
            errors=taken.errors,
            crashes=taken.crashes,
            low_memory=bool(taken.too_big),
            waited_seconds=max(0.0, taken.now - max(taken.created_at, taken.not_before)),
            traceparent=taken.traceparent,
            checks=Checks.parse(taken.checks),
            candidates=Candidate.parse(taken.candidates),
        )

    def renew(self, attempt: Attempt, lease_seconds: float, step: int, usage: Usage) -> bool:
        """Extend the lease and write step and usage so far; False if the attempt is fenced."""
        with self._db.write() as connection:
            fence = _key(attempt)
            lease = {"lease": lease_seconds, "at_step": step}
            held = statements.RENEW.run(self._db, connection, **fence, **lease).rowcount == 1
            self._account(connection, attempt, usage)
        return held

    def succeed(self, attempt: Attempt, result: Result, usage: Usage, best: Candidate | None = None) -> bool:
        """Store the result; every pending or queued item with the same cache key gets it too, cached.

        A result that a gate failed makes the item one to be reviewed, and others of its cache key are left to
        their own attempts, which may ask for less. With `best`, the item gets that earlier result.
        """
        with self._db.write() as connection:
            if not self._store(connection, attempt, result, usage):
                return False
            key, failed = result.cache_key, result.is_failed
            if best and self._take_back(connection, attempt, best):
                key = best.cache_key
            statements.SUCCEED.run(self._db, connection, **_key(attempt), of_result=key, is_failed=failed)
            self._end(connection, attempt, usage, Outcome.SUCCEEDED)
            if not failed:
                statements.SUCCEED_TWINS.run(self._db, connection, of_result=key)
        return True

    def reroll(
        self, attempt: Attempt, result: Result, usage: Usage, spec: EditSpec, candidates: Sequence[Candidate]
    ) -> bool:
        """Store the result that a gate failed; the item is pending again, as an edit with this spec."""
        with self._db.write() as connection:
            if not self._store(connection, attempt, result, usage):
                return False
            text = spec.canonical
            held = self._move(
                connection,
                attempt,
                state=ItemState.PENDING,
                lease_until=None,
                not_before=self._db.now,
                spec=text,
                cache_key=cache_key_of(text),
                candidates=candidates_text(candidates),
            )
            failed = ", ".join(failed_gates(result.findings))
            why = Failure(code=GATE_FAILED, reason=f"made again with another seed: failed by {failed}")
            self._end(connection, attempt, usage, Outcome.REROLLED, why)
        return held

    def _store(self, connection: Connection, attempt: Attempt, result: Result, usage: Usage) -> bool:
        """Store the result; False, and only the usage is written, if the attempt is fenced."""
        if statements.HOLD.run(self._db, connection, **_key(attempt)).fetchone() is None:
            self._account(connection, attempt, usage)
            return False
        fields = rows.fields_of(result) | {
            "seconds": usage.seconds,
            "cost_micros": cost_micros(usage, attempt.rate),
        }
        made = {f"new_{name}": value for name, value in fields.items()}
        statements.STORE.run(self._db, connection, **made)
        return True

    def _take_back(self, connection: Connection, attempt: Attempt, best: Candidate) -> bool:
        """Make the item the edit of an earlier result, if that result is still there."""
        found = select(results.c.cache_key).where(results.c.cache_key == best.cache_key)
        if connection.execute(found.with_for_update(read=True, key_share=True)).first() is None:
            return False
        return self._move(connection, attempt, spec=best.spec_text, cache_key=best.cache_key)

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
            self._account(connection, attempt, usage)

    def _move(self, connection: Connection, attempt: Attempt, **values: Any) -> bool:
        """Change the item unless the attempt is fenced; says whether the item was changed."""
        return connection.execute(update(items).where(*_fence(attempt)).values(**values)).rowcount == 1

    def _account(self, connection: Connection, attempt: Attempt, usage: Usage) -> None:
        """Of fenced attempts too; never a lower figure than is there, as a heartbeat may be late."""
        statements.ACCOUNT.run(self._db, connection, **_key(attempt), **_figures(attempt, usage))

    def _end(
        self,
        connection: Connection,
        attempt: Attempt,
        usage: Usage,
        outcome: Outcome,
        failure: Failure | None = None,
    ) -> None:
        """Write the usage, and close the attempt unless it is closed already."""
        statements.END.run(
            self._db,
            connection,
            **_key(attempt),
            **_figures(attempt, usage),
            in_phases=rows.json_of_seconds(usage.phases),
            as_outcome=outcome,
            with_code=failure.code if failure else None,
            with_error=failure.reason if failure else None,
        )


def _key(attempt: Attempt) -> dict[str, Any]:
    return {"item": attempt.item_id, "of_attempt": attempt.number}


def _figures(attempt: Attempt, usage: Usage) -> dict[str, Any]:
    cost = cost_micros(usage, attempt.rate)
    return {"used_seconds": usage.seconds, "used_images": usage.images, "used_micros": cost}


def _fence(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (
        items.c.id == attempt.item_id,
        items.c.attempt == attempt.number,
        items.c.state == ItemState.RUNNING,
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
