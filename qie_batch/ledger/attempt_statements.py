"""The statements of an attempt, each written once: to write one takes longer than to run it.

Parameters that no column is named after begin with `of_` (which item or attempt) or `new_`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, bindparam, case, insert, select, update

from qie_batch.errors import DeviceOutOfMemory
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import ItemState, JobState, Outcome

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningUpdate, Update

    from qie_batch.ledger.database import Database
    from qie_batch.model import Attempt, Failure

FENCE = (
    items.c.id == bindparam("of_item"),
    items.c.attempt == bindparam("of_number"),
    items.c.state == ItemState.RUNNING,
)
_ATTEMPT = (attempts.c.item_id == bindparam("of_item"), attempts.c.number == bindparam("of_number"))


def of(attempt: Attempt) -> dict[str, Any]:
    """The parameters of the fence."""
    return {"of_item": attempt.item_id, "of_number": attempt.number}


class AttemptStatements:
    def __init__(self, database: Database) -> None:
        now = database.now
        self.take = take(now)
        self.begin = insert(attempts).values(started_at=now, outcome=Outcome.RUNNING)
        self.renew = update(items).where(*FENCE).values(lease_until=_from(now), step=bindparam("new_step"))
        self.end_lease = update(items).where(*FENCE).values(lease_until=None)
        self.store_result = database.locking_insert(results).values(created_at=now)
        done = {
            "state": ItemState.SUCCEEDED,
            "result_key": bindparam("new_key"),
            "finished_at": now,
            "error_code": None,
            "error": None,
        }
        self.succeed = update(items).where(*FENCE).values(**done)
        waiting = items.c.state.in_((ItemState.PENDING, ItemState.QUEUED))
        self.succeed_twins = (
            update(items)
            .where(items.c.cache_key == bindparam("new_key"), waiting)
            .values(cached=True, **done)
        )
        self.fail = (
            update(items)
            .where(*FENCE)
            .values(
                state=ItemState.FAILED,
                lease_until=None,
                error_code=bindparam("new_code"),
                error=bindparam("new_error"),
                finished_at=now,
            )
        )
        self.retry = {charged: _retry(now, charged) for charged in ("errors", "crashes")}
        self.account = (
            update(attempts)
            .where(*_ATTEMPT)
            .where(attempts.c.seconds <= bindparam("new_seconds", type_=Double()))
            .where(attempts.c.images <= bindparam("new_images", type_=Integer()))
            .values(
                seconds=bindparam("new_seconds", type_=Double()),
                images=bindparam("new_images", type_=Integer()),
                cost_micros=bindparam("new_cost", type_=BigInteger()),
            )
        )
        self.close = close(now)


def take(now: ColumnElement[float]) -> ReturningUpdate[Any]:
    """The queued item becomes running, with the next attempt number and a lease."""
    mine = jobs.c.id == items.c.job_id
    created, traceparent = (
        select(column).where(mine).scalar_subquery() for column in (jobs.c.created_at, jobs.c.traceparent)
    )
    too_big = select(attempts.c.number).where(
        attempts.c.item_id == items.c.id, attempts.c.error_code == DeviceOutOfMemory.code
    )
    return (
        update(items)
        .where(items.c.id == bindparam("of_item"), items.c.state == ItemState.QUEUED)
        .where(items.c.engine == bindparam("of_engine"))
        .where(select(jobs.c.id).where(mine, jobs.c.state == JobState.OPEN).exists())
        .values(
            state=ItemState.RUNNING,
            attempt=items.c.attempt + 1,
            lease_until=_from(now),
            worker=bindparam("new_worker"),
            step=0,
        )
        .returning(
            *(items.c.job_id, items.c.attempt, items.c.row_id, items.c.spec, items.c.errors),
            *(items.c.crashes, items.c.priority, items.c.not_before, now.label("now")),
            *(created.label("created_at"), traceparent.label("traceparent")),
            too_big.exists().label("too_big"),
        )
    )


def release(now: ColumnElement[float], last: ColumnElement[bool], failure: Failure) -> ReturningUpdate[Any]:
    """The item is pending again, or failed where it was handed back for the last time."""
    return (
        update(items)
        .where(*FENCE)
        .values(
            state=case((last, ItemState.FAILED), else_=ItemState.PENDING),
            lease_until=None,
            preemptions=items.c.preemptions + 1,
            error_code=case((last, failure.code)),
            error=case((last, failure.reason)),
            finished_at=case((last, now)),
        )
        .returning(items.c.state)
    )


def close(now: ColumnElement[float]) -> Update:
    """Close the row of an attempt unless the row is closed already."""
    return (
        update(attempts)
        .where(*_ATTEMPT)
        .where(attempts.c.outcome == Outcome.RUNNING)
        .values(
            outcome=bindparam("new_outcome"),
            ended_at=now,
            error_code=bindparam("new_code"),
            error=bindparam("new_error"),
        )
    )


def ending(outcome: Outcome, failure: Failure | None) -> dict[str, Any]:
    """The parameters of `close` beside those of the attempt."""
    return {"new_outcome": outcome, **reason(failure)}


def reason(failure: Failure | None) -> dict[str, Any]:
    return {
        "new_code": failure.code if failure else None,
        "new_error": failure.reason if failure else None,
    }


def _retry(now: ColumnElement[float], charged: str) -> Update:
    return (
        update(items)
        .where(*FENCE)
        .values(
            state=ItemState.PENDING,
            lease_until=None,
            not_before=_from(now),
            **{charged: items.c[charged] + 1},
        )
    )


def _from(now: ColumnElement[float]) -> ColumnElement[float]:
    """So many seconds from now on."""
    return now + bindparam("new_seconds", type_=Double())
