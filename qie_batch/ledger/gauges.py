"""Figures over all jobs, and which process reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, or_, select, update

from qie_batch.ledger.counts import count_columns, counted, counts_of
from qie_batch.ledger.rows import TURNS
from qie_batch.ledger.tables import attempts, items, jobs, runs, variables
from qie_batch.ledger.tables import workload as table
from qie_batch.model import Backlog, ItemGroup, ItemState, JobState, Priority, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from qie_batch.ledger.database import Database
    from qie_batch.model import Workload

#: The row of `variables` that says who leads: until when, a space, and the holder.
LEADER = "gauges.leader"

_UNFINISHED = (JobState.OPEN, JobState.PAUSED)
_WAITING = (ItemState.PENDING, ItemState.QUEUED)
_KEY = (attempts.c.engine, attempts.c.preset, attempts.c.outcome)


#: Engine, preset, state of the job, whether interactive.
_GroupKey = tuple[str, str, str, bool]


class SqlGauges:
    def __init__(self, database: Database) -> None:
        self._db = database

    def lead(self, holder: str, lease_seconds: float) -> bool:
        """Take or keep the lease; False while another holder has it."""
        with self._db.write() as connection:
            self._db.insert_or_lock(connection, variables, {"name": LEADER, "value": ""})
            row = connection.execute(
                select(variables.c.value, self._db.now.label("now")).where(variables.c.name == LEADER)
            ).one()
            until, _, leader = row.value.partition(" ")
            if leader not in ("", holder) and float(until) > row.now:
                return False
            mine = update(variables).where(variables.c.name == LEADER)
            connection.execute(mine.values(value=f"{row.now + lease_seconds} {holder}"))
            return True

    def resign(self, holder: str) -> None:
        """Give the lease up if this holder has it."""
        with self._db.write() as connection:
            held = (variables.c.name == LEADER, variables.c.value.like(f"% {holder}"))
            connection.execute(update(variables).where(*held).values(value=""))

    def backlog(self) -> Backlog:
        """Counts of what jobs that are not closed have, in indexes alone."""
        with self._db.read() as connection:
            counted = [select(func.count()).where(jobs.c.state == state) for state in JobState]
            *numbers, now = connection.execute(
                select(*(each.scalar_subquery() for each in counted), self._db.now)
            ).one()
            rows = connection.execute(self._unfinished()).all()
        groups: dict[_GroupKey, list[Row[Any]]] = {}
        for row in rows:
            groups.setdefault((row.engine, row.preset, row.job_state, row.interactive), []).append(row)
        return Backlog(
            groups=tuple(_group(key, rows) for key, rows in groups.items()),
            jobs=dict(zip(JobState, numbers, strict=True)),
            now=now,
        )

    def _unfinished(self) -> Select[Any]:
        """A row for each job that is not closed."""
        job = counted(jobs.c.state.in_(_UNFINISHED))
        return select(
            *(job.c.engine, job.c.preset, job.c.state.label("job_state")),
            (job.c.priority == Priority.INTERACTIVE).label("interactive"),
            *count_columns(job),
            case((job.c.state == JobState.OPEN, self._waiting_since(job))).label("since"),
        )

    def _waiting_since(self, job: FromClause) -> ColumnElement[float]:
        """Since when an item of the job could run; None where none waits.

        Nearly every job has an item that was never tried again: it waits since the job was submitted. In the
        order of the index, the search ends with the first such item.
        """
        first = [
            select(job.c.created_at)
            .where(items.c.job_id == job.c.id, items.c.state == state)
            .where(items.c.not_before <= job.c.created_at)
            .order_by(*TURNS)
            .limit(1)
            .correlate(job)
            .scalar_subquery()
            for state in _WAITING
        ]
        later = select(func.min(items.c.not_before)).where(
            items.c.job_id == job.c.id, items.c.state.in_(_WAITING), items.c.not_before <= self._db.now
        )
        return func.coalesce(*first, later.correlate(job).scalar_subquery())

    def latest_claims(self) -> dict[str, float]:
        """Seconds since the latest claim, by engine.

        The index is sorted by engine, preset, outcome and start: a seek or three for each combination of the
        first three, which are few, where a grouping would read all attempts.
        """
        newest = select(*_KEY, attempts.c.started_at, self._db.now.label("now")).limit(1)
        newest = newest.order_by(*(column.desc() for column in (*_KEY, attempts.c.started_at)))
        ages: dict[str, float] = {}
        with self._db.read() as connection:
            row = connection.execute(newest).first()
            while row is not None:
                age = max(row.now - row.started_at, 0.0)
                ages[row.engine] = min(age, ages.get(row.engine, age))
                row = _before(connection, newest, row)
        return ages

    def budget_used(self) -> float:
        """The largest share of its budget that a job which is not closed has used; 0.0 without budgets."""
        spent = select(func.sum(attempts.c.cost_micros)).where(attempts.c.job_id == jobs.c.id)
        share = spent.correlate(jobs).scalar_subquery() * 1.0 / jobs.c.budget_micros
        with self._db.read() as connection:
            largest = connection.scalar(
                select(func.max(share)).where(jobs.c.state.in_(_UNFINISHED), jobs.c.budget_micros > 0)
            )
        return float(largest or 0.0)

    def record(self, workload: Mapping[tuple[str, bool], Workload]) -> None:
        """Write a row for each lane, with the time; rows of other lanes stay as old as they are."""
        with self._db.write() as connection:
            for (engine, interactive), ahead in sorted(workload.items()):
                key = {"engine": engine, "lane": "interactive" if interactive else "bulk"}
                values = {"items": ahead.items, "seconds": ahead.seconds, "edit_seconds": ahead.edit_seconds}
                self._db.upsert(connection, table, {**key, **values, "read_at": self._db.now})

    def begun_runs(self, lease_seconds: float) -> dict[str, float]:
        """The latest due time by schedule of the runs that began.

        A run that is not ended has begun where its lease lasts for more than `lease_seconds`.
        """
        submitting = runs.c.lease_until > self._db.now + lease_seconds
        begun = or_(runs.c.state != RunState.TAKEN, submitting)
        query = select(runs.c.schedule, func.max(runs.c.due_at)).where(begun).group_by(runs.c.schedule)
        with self._db.read() as connection:
            return {row.schedule: row[1] for row in connection.execute(query)}


def _before(connection: Connection, newest: Select[Any], row: Row[Any]) -> Row[Any] | None:
    """The newest attempt of the combination before that of the row; None behind the last.

    SQLite uses the first column alone of a comparison of three.
    """
    for depth in reversed(range(len(_KEY))):
        same = (column == row[place] for place, column in enumerate(_KEY[:depth]))
        found = connection.execute(newest.where(*same, _KEY[depth] < row[depth])).first()
        if found is not None:
            return found
    return None


def _group(key: _GroupKey, rows: list[Row[Any]]) -> ItemGroup:
    engine, preset, state, interactive = key
    each = [counts_of(row) for row in rows]
    return ItemGroup(
        engine=engine,
        preset=preset,
        job_state=JobState(state),
        interactive=bool(interactive),
        counts={state: sum(counts[state] for counts in each) for state in ItemState},
        waiting_since=min((row.since for row in rows if row.since is not None), default=None),
    )
