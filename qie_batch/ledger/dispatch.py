"""Which items are queued next, which messages were sent, and which of them were probably lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from qie_batch.ledger.rows import job_of
from qie_batch.ledger.tables import items, jobs, variables
from qie_batch.model import FINAL, ItemState, JobState, Message, Priority
from qie_batch.model.turns import turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.ledger.database import Database
    from qie_batch.model import Job

#: One dispatcher at a time; two could each queue an item of the same cache key. No other code uses this key.
DISPATCH_LOCK = 7_133_700_002

IN_FLIGHT = (ItemState.QUEUED, ItemState.RUNNING)

_Lane = tuple[ColumnElement[bool], ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    turn: tuple[int, int, float]
    message: Message
    cache_key: str


class SqlDispatch:
    def __init__(self, database: Database) -> None:
        self._db = database

    def engines_waiting(self) -> list[str]:
        """Engines with items that may run now."""
        with self._db.read() as connection:
            query = (
                select(items.c.engine)
                .join(jobs)
                .where(items.c.state == ItemState.PENDING, jobs.c.state == JobState.OPEN)
                .where(items.c.not_before <= self._db.now)
                .distinct()
            )
            return list(connection.scalars(query))

    def engines_queued(self) -> list[str]:
        with self._db.read() as connection:
            query = select(items.c.engine).where(items.c.state == ItemState.QUEUED).distinct()
            return list(connection.scalars(query))

    def budgeted_jobs(self, engine: str) -> list[Job]:
        """Open jobs of the engine with a budget and with items still to run."""
        unfinished = select(1).where(items.c.job_id == jobs.c.id, items.c.state.not_in(list(FINAL)))
        with self._db.read() as connection:
            query = select(jobs).where(
                jobs.c.engine == engine,
                jobs.c.state == JobState.OPEN,
                jobs.c.budget_micros.is_not(None),
                unfinished.exists(),
            )
            return [job_of(row) for row in connection.execute(query)]

    def enqueue(
        self, engine: str, window: int, allowance: Mapping[str, int], *, interactive: bool = False
    ) -> list[Message]:
        """Make pending items queued until `window` are; the caller publishes them.

        Interactive items and all others have a window each. Higher priority first, then jobs in turn. An item
        waits while another item with its cache key is in flight, and gets that item's result; where that one
        is queued and this one interactive, that one waits. `allowance` is the most items by job id (budgets).
        """
        lane = _lane(engine, interactive=interactive)
        with self._db.write() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has its write lock
                connection.execute(select(func.pg_advisory_xact_lock(DISPATCH_LOCK)))
            queued = select(func.count()).where(items.c.state == ItemState.QUEUED, *lane)
            room = window - (connection.scalar(queued) or 0)
            if interactive and room > 0:
                self._set_back_twins(connection, engine)
            chosen = self._choose(connection, lane, room, allowance) if room > 0 else []
            if chosen:
                connection.execute(
                    update(items)
                    .where(items.c.id == bindparam("item"), items.c.state == ItemState.PENDING)
                    .values(state=ItemState.QUEUED, published_at=None),
                    [{"item": candidate.message.item_id} for candidate in chosen],
                )
        return [candidate.message for candidate in chosen]

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
            .where(items.c.state == ItemState.QUEUED, *_lane(engine, interactive=False), waits.exists())
            .with_for_update(skip_locked=True, of=items)
        )
        ids = connection.scalars(twins).all()
        if ids:
            connection.execute(update(items).where(items.c.id.in_(ids)).values(state=ItemState.PENDING))

    def _choose(
        self, connection: Connection, lane: _Lane, room: int, allowance: Mapping[str, int]
    ) -> list[_Candidate]:
        candidates: list[_Candidate] = []
        for job in connection.execute(_open_jobs(lane)):
            limit = min(room, allowance.get(job.id, room))
            candidates += self._candidates(connection, job, lane, limit)
        chosen: dict[str, _Candidate] = {}
        for candidate in sorted(candidates, key=lambda candidate: candidate.turn):
            chosen.setdefault(candidate.cache_key, candidate)
        return list(chosen.values())[:room]

    def _candidates(self, connection: Connection, job: Any, lane: _Lane, limit: int) -> list[_Candidate]:
        twin = items.alias()
        in_flight = (
            select(1).where(twin.c.cache_key == items.c.cache_key, twin.c.state.in_(IN_FLIGHT)).exists()
        )
        query = (
            select(items.c.id, items.c.row_id, items.c.priority, items.c.cache_key)
            .where(items.c.job_id == job.id, items.c.state == ItemState.PENDING, *lane)
            .where(items.c.not_before <= self._db.now, ~in_flight)
            .order_by(items.c.priority, items.c.ordinal)
            .limit(max(limit, 0))
            .with_for_update(skip_locked=True, of=items)
        )
        return [
            _Candidate(
                turn=turn(row.priority, position, job.created_at),
                message=Message(item_id=row.id, row_id=row.row_id, job_name=job.name),
                cache_key=row.cache_key,
            )
            for position, row in enumerate(connection.execute(query))
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
                .where(items.c.state == ItemState.QUEUED, *_lane(engine, interactive=interactive))
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


def _lane(engine: str, *, interactive: bool) -> _Lane:
    """The condition for the items of one queue."""
    asked = items.c.priority == Priority.INTERACTIVE
    return items.c.engine == engine, asked if interactive else ~asked


def _open_jobs(lane: _Lane) -> Any:
    """Locked, so that no concurrent pause misses an item that becomes queued."""
    waiting = select(1).where(items.c.job_id == jobs.c.id, items.c.state == ItemState.PENDING, *lane)
    return (
        select(jobs.c.id, jobs.c.name, jobs.c.created_at)
        .where(jobs.c.state == JobState.OPEN, waiting.exists())
        .order_by(jobs.c.created_at, jobs.c.id)
        .with_for_update(read=True, of=jobs)
    )
