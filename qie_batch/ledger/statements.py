"""What is sent for each edit: the statements of a claim, a heartbeat and an ending.

`item` and `of_attempt` are the fence; the other names of parameters are those of no column, as SQLAlchemy
keeps those for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BindParameter, Boolean, and_, bindparam, case, false, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qie_batch.errors import DeviceOutOfMemory
from qie_batch.ledger.database import locking
from qie_batch.ledger.prepared import Prepared
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.ledger.verdicts import ending
from qie_batch.model import ItemState, JobState, Outcome

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Insert, Select, Update
    from sqlalchemy.sql.dml import ReturningUpdate

    Now = ColumnElement[float]


class Taken(NamedTuple):
    """The row of TAKE."""

    job_id: str
    number: int
    row_id: str
    spec: str
    errors: int
    crashes: int
    priority: int
    not_before: float
    now: float
    created_at: float
    traceparent: str
    checks: str
    candidates: str
    #: Whether an attempt at the item did not fit the device's memory.
    too_big: bool | int


def _given(name: str, column: Column[Any]) -> BindParameter[Any]:
    """A value of each call; not `required`, which would be checked when the statement is compiled."""
    return bindparam(name, type_=column.type, required=False)


def _fence() -> ColumnElement[bool]:
    return and_(
        items.c.id == _given("item", items.c.id),
        items.c.attempt == _given("of_attempt", items.c.attempt),
        items.c.state == ItemState.RUNNING,
    )


def _take(now: Now, _dialect: str) -> ReturningUpdate[Any]:
    """The queued item becomes running, with the next attempt number and a lease."""
    of_job = jobs.c.id == items.c.job_id
    is_open = select(jobs.c.id).where(of_job, jobs.c.state == JobState.OPEN).exists()
    too_big = select(attempts.c.number).where(
        attempts.c.item_id == _given("item", items.c.id), attempts.c.error_code == DeviceOutOfMemory.code
    )
    return (
        update(items)
        .where(items.c.id == _given("item", items.c.id), items.c.state == ItemState.QUEUED)
        .where(items.c.engine == _given("of_engine", items.c.engine), is_open)
        .values(
            state=ItemState.RUNNING,
            attempt=items.c.attempt + 1,
            lease_until=now + _given("lease", items.c.lease_until),
            worker=_given("holder", items.c.worker),
            step=0,
        )
        .returning(
            *(items.c.job_id, items.c.attempt, items.c.row_id, items.c.spec, items.c.errors),
            *(items.c.crashes, items.c.priority, items.c.not_before, now.label("now")),
            *(
                select(column).where(of_job).scalar_subquery()
                for column in (jobs.c.created_at, jobs.c.traceparent)
            ),
            items.c.checks,
            items.c.candidates,
            too_big.exists(),
        )
    )


def _begin(now: Now, _dialect: str) -> Insert:
    return insert(attempts).values(
        item_id=_given("item", items.c.id),
        number=_given("of_attempt", items.c.attempt),
        job_id=_given("job", attempts.c.job_id),
        worker=_given("holder", attempts.c.worker),
        engine=_given("of_engine", items.c.engine),
        preset=_given("of_preset", attempts.c.preset),
        device=_given("of_device", attempts.c.device),
        hour_micros=_given("an_hour", attempts.c.hour_micros),
        image_micros=_given("an_image", attempts.c.image_micros),
        started_at=now,
        outcome=Outcome.RUNNING,
        seconds=0.0,
        cost_micros=0,
    )


def _renew(now: Now, _dialect: str) -> Update:
    lease = now + _given("lease", items.c.lease_until)
    return update(items).where(_fence()).values(lease_until=lease, step=_given("at_step", items.c.step))


def _hold(_now: Now, _dialect: str) -> Select[Any]:
    """Locks the item (PostgreSQL) that the attempt still holds."""
    return select(items.c.id).where(_fence()).with_for_update()


def _store(now: Now, dialect: str) -> Insert:
    given = {column.name: _given(f"new_{column.name}", column) for column in results.c}
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return locking(make(results).values({**given, "created_at": now}), results)


def _done(now: Now, failed: ColumnElement[bool]) -> dict[str, Any]:
    key = _given("of_result", items.c.result_key)
    return {"result_key": key, "finished_at": now, **ending(key, failed)}


def _succeed(now: Now, _dialect: str) -> Update:
    failed = bindparam("is_failed", type_=Boolean(), required=False)
    return update(items).where(_fence()).values(**_done(now, failed), lease_until=null())


def _succeed_twins(now: Now, _dialect: str) -> Update:
    waiting = items.c.state.in_((ItemState.PENDING, ItemState.QUEUED))
    twins = (items.c.cache_key == _given("of_result", items.c.cache_key), waiting)
    return update(items).where(*twins).values(**_done(now, false()), cached=True)


def _attempt() -> ColumnElement[bool]:
    return and_(
        attempts.c.item_id == _given("item", items.c.id),
        attempts.c.number == _given("of_attempt", items.c.attempt),
    )


def _is_more() -> ColumnElement[bool]:
    return and_(
        attempts.c.seconds <= _given("used_seconds", attempts.c.seconds),
        attempts.c.images <= _given("used_images", attempts.c.images),
    )


def _figures() -> dict[Column[Any], BindParameter[Any]]:
    columns = (attempts.c.seconds, attempts.c.images, attempts.c.cost_micros)
    names = ("used_seconds", "used_images", "used_micros")
    return {column: _given(name, column) for name, column in zip(names, columns, strict=True)}


def _account(_now: Now, _dialect: str) -> Update:
    values = {column.name: given for column, given in _figures().items()}
    return update(attempts).where(_attempt(), _is_more()).values(values)


def _end(now: Now, _dialect: str) -> Update:
    more, runs = _is_more(), attempts.c.outcome == Outcome.RUNNING
    # Not with a heartbeat, which may come late and knows fewer phases.
    figures = {**_figures(), attempts.c.phases: _given("in_phases", attempts.c.phases)}
    usage = {column.name: case((more, given), else_=column) for column, given in figures.items()}
    closing = {
        attempts.c.outcome: _given("as_outcome", attempts.c.outcome),
        attempts.c.ended_at: now,
        attempts.c.error_code: _given("with_code", attempts.c.error_code),
        attempts.c.error: _given("with_error", attempts.c.error),
    }
    closed = {column.name: case((runs, value), else_=column) for column, value in closing.items()}
    return update(attempts).where(_attempt()).values({**usage, **closed})


TAKE, BEGIN, RENEW, HOLD = Prepared(_take), Prepared(_begin), Prepared(_renew), Prepared(_hold)
STORE, SUCCEED, SUCCEED_TWINS = Prepared(_store), Prepared(_succeed), Prepared(_succeed_twins)
ACCOUNT, END = Prepared(_account), Prepared(_end)
