"""Jobs and items: read, paused, resumed, cancelled and retried by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
    update,
)

from qie_batch.errors import NotFound
from qie_batch.ledger.notices import job_notice
from qie_batch.ledger.rows import item_of, job_of, lock_job, of_owned_jobs, owned
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import (
    UNFINISHED,
    ItemSelection,
    ItemState,
    JobSelection,
    JobState,
    Outcome,
    Priority,
    WebhookEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from qie_batch.ledger.database import Database
    from qie_batch.model import Item, Job

    Owned = tuple[ColumnElement[bool], ...]

ALL_ITEMS, ANY_JOB = ItemSelection(), JobSelection()


class SqlJobs:
    """Of the owner's jobs alone where there is one: any other is as one that does not exist."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._owner = owner
        self._mine = owned(owner)
        self._mine_too = of_owned_jobs(items.c.job_id, owner)

    def get(self, job_id: str) -> Job:
        """The job; NotFound if there is none of that id."""
        with self._db.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id, *self._mine)).one_or_none()
        if row is None:
            raise NotFound(f"there is no job {job_id!r}", code="job_unknown", subject=job_id)
        return job_of(row)

    def latest(self, wanted: JobSelection = ANY_JOB) -> list[Job]:
        """Newest first."""
        query = select(jobs).where(*self._mine)
        if wanted.states:
            query = query.where(jobs.c.state.in_(wanted.states))
        if wanted.parent:
            query = query.where(jobs.c.parent == wanted.parent)
        if wanted.before:
            last = select(jobs.c.created_at).where(jobs.c.id == wanted.before, *self._mine).scalar_subquery()
            same = and_(jobs.c.created_at == last, jobs.c.id < wanted.before)
            query = query.where(or_(jobs.c.created_at < last, same))
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(wanted.limit)
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return [job_of(row) for row in rows]

    def items(self, job_id: str, wanted: ItemSelection = ALL_ITEMS) -> Iterator[Item]:
        """A job's items in the manifest's order, read a page at a time."""
        after = wanted.after
        while True:
            page = _item_page(job_id, after, wanted, self._mine_too)
            with self._db.read() as connection:
                rows = connection.execute(page).all()
            yield from map(item_of, rows)
            if len(rows) < wanted.page:
                return
            after = rows[-1].ordinal

    def pause(self, job_id: str, reason: str) -> bool:
        """Start no more items of the job; running edits go on. False if the job is not open."""
        notice = job_notice(self._db, job_id, WebhookEvent.BUDGET_REACHED) if reason == "budget" else None
        with self._db.write() as connection:
            change = update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.OPEN, *self._mine)
            paused = (
                connection.execute(change.values(state=JobState.PAUSED, pause_reason=reason)).rowcount == 1
            )
            if paused:
                queued = (items.c.job_id == job_id, items.c.state == ItemState.QUEUED)
                connection.execute(update(items).where(*queued).values(state=ItemState.PENDING))
            if paused and notice:
                notice.write(self._db, connection)
        return paused

    def resume(self, job_id: str, budget_micros: int | None = None) -> bool:
        """Open a paused job, with another budget where one is given; False if the job is not paused."""
        values: dict[str, Any] = {"state": JobState.OPEN, "pause_reason": ""}
        if budget_micros is not None:
            values["budget_micros"] = budget_micros
        with self._db.write() as connection:
            paused = (jobs.c.id == job_id, jobs.c.state == JobState.PAUSED, *self._mine)
            change = update(jobs).where(*paused)
            return connection.execute(change.values(**values)).rowcount == 1

    def set_budget(self, job_id: str, budget_micros: int | None) -> bool:
        """Limit what the job may cost; False if there is no such job, or it is closed."""
        with self._db.write() as connection:
            change = update(jobs).where(jobs.c.id == job_id, jobs.c.state != JobState.CLOSED, *self._mine)
            return connection.execute(change.values(budget_micros=budget_micros)).rowcount == 1

    def cancel(self, job_id: str) -> int:
        """Every item that is not final becomes cancelled; a running edit stops at its next step."""
        with self._db.write() as connection:
            lock_job(connection, job_id)
            cancelled = connection.execute(
                update(items)
                .where(items.c.job_id == job_id, items.c.state.in_(UNFINISHED), *self._mine_too)
                .values(state=ItemState.CANCELLED, lease_until=None, finished_at=self._db.now)
            ).rowcount
            connection.execute(
                update(attempts)
                .where(attempts.c.job_id == job_id, attempts.c.outcome == Outcome.RUNNING)
                .where(*of_owned_jobs(attempts.c.job_id, self._owner))
                .values(outcome=Outcome.CANCELLED, ended_at=self._db.now)
            )
            paused = update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.PAUSED, *self._mine)
            connection.execute(paused.values(state=JobState.OPEN, pause_reason=""))
        return cancelled

    def retry(self, job_id: str, code: str | None = None) -> int:
        """Failed items (of that error code) that have a spec become pending again; says how many."""
        with self._db.write() as connection:
            lock_job(connection, job_id)
            failed = [items.c.job_id == job_id, items.c.state == ItemState.FAILED, *self._mine_too]
            failed.append(items.c.spec.is_not(None))
            if code:
                failed.append(items.c.error_code == code)
            again = connection.execute(
                update(items)
                .where(*failed)
                .values(
                    state=ItemState.PENDING,
                    errors=0,
                    crashes=0,
                    preemptions=0,
                    not_before=0.0,
                    retries=items.c.retries + 1,
                    error_code=None,
                    error=None,
                    finished_at=None,
                    version=items.c.version + 1,
                )
            ).rowcount
            if again:
                reopened = update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.CLOSED)
                connection.execute(reopened.values(state=JobState.OPEN, closed_at=None))
        return again


def one_item(connection: Connection, item_id: str, job_id: str) -> Item:
    """The item as this transaction sees it."""
    page = _item_page(job_id, -1, ItemSelection(id=item_id), ())
    return item_of(connection.execute(page).one())


def _item_page(job_id: str, after: int, wanted: ItemSelection, mine: Owned) -> Select[Any]:
    """The attempts of these items alone are looked at: a job may have a million."""
    page = _page_of_items(job_id, after, wanted, mine).subquery("page")

    def spent(column: ColumnElement[Any]) -> ScalarSelect[Any]:
        return select(func.sum(column)).where(attempts.c.item_id == page.c.id).scalar_subquery()

    return (
        select(
            page,
            spent(attempts.c.seconds).label("attempts_seconds"),
            spent(attempts.c.cost_micros).label("attempts_cost"),
            results.c.object_key,
            results.c.sha256,
            results.c.size,
            results.c.width,
            results.c.height,
            results.c.device,
            results.c.changed,
            results.c.note,
            results.c.ran,
            results.c.findings,
            results.c.engine.label("result_engine"),
            results.c.seconds.label("result_seconds"),
            results.c.cost_micros.label("result_cost"),
        )
        .outerjoin(results, results.c.cache_key == page.c.result_key)
        .order_by(page.c.ordinal)
    )


def _page_of_items(job_id: str, after: int, wanted: ItemSelection, mine: Owned) -> Select[Any]:
    """The first items behind `after`.

    With states, the first of each state and priority, as the index has them in the order of ordinals: in any
    other order all items of a state would be sorted, or all of other states passed over.
    """
    conditions = (items.c.job_id == job_id, items.c.ordinal > after, *mine, *_conditions(wanted))
    states = wanted.states or ((ItemState.FAILED,) if wanted.code else ())
    if not states or wanted.id or wanted.row_id:
        of_states = (items.c.state.in_(states),) if states else ()
        return _first(wanted.page, items, *conditions, *of_states)
    each = [
        select(_first(wanted.page, items, *conditions, items.c.state == state, of_priority).subquery())
        for state in states
        for of_priority in (items.c.priority == priority for priority in Priority)
    ]
    return _first(wanted.page, union_all(*each).subquery())


def _first(limit: int, source: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(source).where(*conditions).order_by(source.c.ordinal).limit(limit)


def _conditions(wanted: ItemSelection) -> Iterator[ColumnElement[bool]]:
    if wanted.id:
        yield items.c.id == wanted.id
    if wanted.code:
        yield items.c.error_code == wanted.code
    if wanted.row_id:
        yield items.c.row_id == wanted.row_id
