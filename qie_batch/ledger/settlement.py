"""Finds and closes jobs whose every item is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from qie_batch.ledger.notices import job_notice
from qie_batch.ledger.rows import has_item, job_of, lock_job
from qie_batch.ledger.tables import items, jobs
from qie_batch.model import UNFINISHED, JobState, Priority, WebhookEvent

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database
    from qie_batch.model import Job


class SqlSettlement:
    def __init__(self, database: Database) -> None:
        self._db = database

    def ready(self) -> list[Job]:
        """Jobs that are not closed and whose every item is final."""
        unfinished = has_item(UNFINISHED)
        with self._db.read() as connection:
            query = select(jobs).where(jobs.c.state != JobState.CLOSED, ~unfinished)
            rows = connection.execute(query).all()
        return [job_of(row) for row in rows]

    def close(self, job_id: str, as_of: float) -> bool:
        """Close the job if every item was final before `as_of` (database's clock) and is still final.

        An item that ended exactly at `as_of` may be missing from the caller's tables: the job stays open.
        """
        changed = or_(items.c.state.in_(UNFINISHED), items.c.finished_at >= as_of)
        later = select(1).where(items.c.job_id == job_id, changed)
        notice = job_notice(self._db, job_id, WebhookEvent.JOB_CLOSED)
        with self._db.write() as connection:
            lock_job(connection, job_id)
            change = update(jobs).where(jobs.c.id == job_id, jobs.c.state != JobState.CLOSED, ~later.exists())
            closed = change.values(state=JobState.CLOSED, pause_reason="", closed_at=self._db.now)
            is_closed = connection.execute(closed).rowcount == 1
            if is_closed and notice:
                notice.write(self._db, connection)
        return is_closed

    def reviewed(self) -> list[Job]:
        """Closed jobs with decisions that their tables may not have; those without tables left out."""
        changed = (jobs.c.reviewed_at.is_not(None), jobs.c.state == JobState.CLOSED)
        query = select(jobs).where(*changed, jobs.c.priority != Priority.INTERACTIVE)
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(jobs.c.reviewed_at)).all()
        return [job_of(row) for row in rows]

    def shown(self, job_id: str, reviewed_at: float) -> bool:
        """The tables have every decision up to this time; False if there is a later one."""
        with self._db.write() as connection:
            same = (jobs.c.id == job_id, jobs.c.reviewed_at == reviewed_at)
            return connection.execute(update(jobs).where(*same).values(reviewed_at=None)).rowcount == 1
