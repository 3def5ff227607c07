"""Which items are queued next, which messages were sent, and which of them were probably lost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, update

from qie_batch.ledger.prepared import Prepared
from qie_batch.ledger.rows import TURNS, has_item, job_of
from qie_batch.ledger.tables import items, jobs, variables
from qie_batch.model import UNFINISHED, ItemState, JobState, Message, Priority
from qie_batch.model.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.sql.dml import ReturningUpdate

    from qie_batch.ledger.database import Database
    from qie_batch.model import Job

#: One dispatcher at a time; two could each queue an item of the same cache key. No other code uses this key.
DISPATCH_LOCK = 7_133_700_002

IN_FLIGHT = (ItemState.QUEUED, ItemState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    #: Priority, position among the candidates of its job (jobs of one priority take turns), job's time.
    turn: tuple[int, int, float]
    message: Message
    cache_key: str


_NEWEST = Prepared(
    lambda _now, _dialect: select(func.max(jobs.c.created_at)).where(jobs.c.state == JobState.OPEN)
)


class SqlDispatch:
    def __init__(self, database: Database) -> None:
        self._db = database

    def engines_waiting(self) -> list[str]:
        """Engines with items that may run now."""
        with self._db.read() as connection:
            waiting = has_item((ItemState.PENDING,), items.c.not_before <= self._db.now)
            query = select(jobs.c.engine).where(jobs.c.state == JobState.OPEN, waiting).distinct()
            return list(connection.scalars(query))

    def newest_job(self) -> float:
        """When the newest open job was added; 0 where none is open."""
        with self._db.peek() as driver:
            newest = driver.execute(*_NEWEST.sent(self._db, self._db.engine.dialect, {})).fetchone()
        return newest[0] or 0.0

    def engines_queued(self) -> list[str]:
        with self._db.read() as connection:
            query = select(items.c.engine).where(items.c.state == ItemState.QUEUED).distinct()
            return list(connection.scalars(query))

    def budgeted_jobs(self, engine: str) -> list[Job]:
        """Open jobs of the engine with a budget and with items still to run."""
        with self._db.read() as connection:
            query = select(jobs).where(
                jobs.c.engine == engine,
                jobs.c.state == JobState.OPEN,
                jobs.c.budget_micros.is_not(None),
                has_item(UNFINISHED),
            )
            return [job_of(row) for row in connection.execute(query)]

    def enqueue(
        self, engine: str, window: int, allowance: Mapping[str, int], *, interactive: bool = False
    ) -> list[Message]:
        """Make pending items queued until `window` are; the caller publishes them.

        Interactive items and all others have a window each. Higher priority first, then jobs in turn, and of
        a job one group of LoRAs after the other, so that workers seldom change them. An item waits while
        another item with its cache key is in flight, and gets that item's result; where that one is queued
        and this one interactive, that one waits. `allowance` is the most items by job id (budgets).
        """
        with self._db.write() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has its write lock
                connection.execute(select(func.pg_advisory_xact_lock(DISPATCH_LOCK)))
            queue = _queue(engine, interactive=interactive)
            queued = select(func.count()).where(items.c.state == ItemState.QUEUED, *queue)
            room = window - (connection.scalar(queued) or 0)
            if room <= 0:
                return []
            if interactive:
                self._set_back_twins(connection, engine)
            lane = _lane(interactive=interactive)
            open_jobs = connection.execute(_open_jobs(engine, lane)).all()
            most = {job.id: min(room, max(allowance.get(job.id, room), 0)) for job in open_jobs}
            found = (self._candidates(connection, job, lane, most[job.id]) for job in open_jobs)
            chosen = _in_turn(chain.from_iterable(found))[:room]
            taken = set(connection.scalars(_made_queued(chosen))) if chosen else set()
        return [message for message in chosen if message.item_id in taken]

    def _set_back_twins(self, connection: Connection, engine: str) -> None:
        """Queued items become pending again whose cache key a pending interactive item has.

        Their messages change nothing. Rows that another transaction has locked (a claim) are left as they
        are, so that this one never waits for it.
        """
        asked = items.alias()
        waits = select(1).where(
            asked.c.cache_key == items.c.cache_key,
            asked.c.state == ItemState.PENDING,
            asked.c.priority == Priority.INTERACTIVE,
            asked.c.not_before <= self._db.now,
            asked.c.job_id.in_(select(jobs.c.id).where(jobs.c.state == JobState.OPEN)),
        )
        twins = (
            select(items.c.id)
            .where(items.c.state == ItemState.QUEUED, *_queue(engine, interactive=False), waits.exists())
            .with_for_update(skip_locked=True, of=items)
        )
        ids = connection.scalars(twins).all()
        if ids:
            connection.execute(update(items).where(items.c.id.in_(ids)).values(state=ItemState.PENDING))

    def _candidates(
        self, connection: Connection, job: Any, lane: ColumnElement[bool], limit: int
    ) -> list[_Candidate]:
        twin = items.alias()
        in_flight = (
            select(1).where(twin.c.cache_key == items.c.cache_key, twin.c.state.in_(IN_FLIGHT)).exists()
        )
        query = (
            select(items.c.id, items.c.row_id, items.c.priority, items.c.cache_key)
            .where(items.c.job_id == job.id, items.c.state == ItemState.PENDING, lane)
            .where(items.c.not_before <= self._db.now, ~in_flight)
            .order_by(*TURNS)
            .limit(limit)
        )
        # From what the job has in flight on: else the oldest job would get each place that comes free.
        begun = select(func.count()).where(items.c.job_id == job.id, items.c.state.in_(IN_FLIGHT), lane)
        before = connection.scalar(begun) or 0
        return [
            _Candidate(
                turn=turn(row.priority, position, job.created_at),
                message=Message(item_id=row.id, row_id=row.row_id, job_name=job.name),
                cache_key=row.cache_key,
            )
            for position, row in enumerate(connection.execute(query), before)
        ]

    def published(self, item_ids: Sequence[str]) -> None:
        """Record that messages of these items were sent now."""
        if not item_ids:
            return
        with self._db.write() as connection:
            connection.execute(
                update(items)
                .where(items.c.id == bindparam("item"), items.c.state == ItemState.QUEUED)
                .values(published_at=self._db.now, publishes=items.c.publishes + 1),
                [{"item": item_id} for item_id in item_ids],
            )

    def unclaimed(self, engine: str, older_than: float, *, interactive: bool = False) -> list[Message]:
        """Items of one queue that no worker claimed for `older_than` seconds; unsent first, then oldest."""
        with self._db.read() as connection:
            overdue: ColumnElement[bool] = items.c.published_at <= self._db.now - older_than
            query = (
                select(items.c.id, items.c.row_id, jobs.c.name)
                .join(jobs)
                .where(items.c.state == ItemState.QUEUED, *_queue(engine, interactive=interactive))
                .where(or_(items.c.published_at.is_(None), overdue))
                .order_by(items.c.published_at.nulls_first(), items.c.priority, items.c.ordinal)
            )
            rows = connection.execute(query).all()
        return [Message(item_id=row.id, row_id=row.row_id, job_name=row.name) for row in rows]

    def remember_epoch(self, epoch: str) -> bool:
        """Store the broker's epoch; True if another epoch was stored before."""
        with self._db.write() as connection:
            if self._db.insert_once(connection, variables, {"name": "epoch", "value": epoch}):
                return False
            changed = (
                update(variables)
                .where(variables.c.name == "epoch", variables.c.value != epoch)
                .values(value=epoch)
            )
            return connection.execute(changed).rowcount == 1


def _lane(*, interactive: bool) -> ColumnElement[bool]:
    """The condition for the items of one lane: a range of the index, as no priority is before interactive."""
    asked = items.c.priority == Priority.INTERACTIVE
    return asked if interactive else items.c.priority > Priority.INTERACTIVE


def _queue(engine: str, *, interactive: bool) -> tuple[ColumnElement[bool], ...]:
    """The condition for the items of one queue."""
    return items.c.engine == engine, _lane(interactive=interactive)


def _open_jobs(engine: str, lane: ColumnElement[bool]) -> Select[Any]:
    """Locked, so that no concurrent pause misses an item that becomes queued.

    An item's engine is that of its job. With a condition for it, the candidates would be found by the index
    of states and engines, and sorted: all of a million.
    """
    waiting = has_item((ItemState.PENDING,), lane)
    return (
        select(jobs.c.id, jobs.c.name, jobs.c.created_at)
        .where(jobs.c.engine == engine, jobs.c.state == JobState.OPEN, waiting)
        .order_by(jobs.c.created_at, jobs.c.id)
        .with_for_update(read=True, of=jobs)
    )


def _in_turn(candidates: Iterable[_Candidate]) -> list[Message]:
    """The messages in the order of turns, one for each cache key."""
    chosen: dict[str, Message] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.turn):
        chosen.setdefault(candidate.cache_key, candidate.message)
    return list(chosen.values())


def _made_queued(chosen: Iterable[Message]) -> ReturningUpdate[Any]:
    """Leaves out what was cancelled, or succeeded as a twin, since it was looked up."""
    wanted = items.c.id.in_([message.item_id for message in chosen])
    # An expression, which no index has: SQLite would look through all that is pending.
    is_pending = items.c.state + "" == ItemState.PENDING
    return (
        update(items)
        .where(wanted, is_pending)
        .values(state=ItemState.QUEUED, published_at=None)
        .returning(items.c.id)
    )
