"""Batches of edits: what they are made from, and which of them `control` has yet to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, case, cast, func, or_, select, tuple_, update

from qie_batch.errors import NotFound
from qie_batch.ledger.tables import batches, items
from qie_batch.model import FINAL, Batch, BatchFault, BatchState, ItemState, RequestCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row

    from qie_batch.ledger.database import Database


class SqlBatches:
    """Of one tenant; of all with None."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._mine = () if owner is None else (batches.c.owner == owner,)

    def add(self, batch: Batch) -> Batch:
        """Enter the batch; the answer has the time."""
        values = {
            "id": batch.id,
            "owner": batch.owner,
            "file_id": batch.file_id,
            "job_id": batch.job_id,
            "state": batch.state,
            "metadata": json.dumps(dict(batch.metadata)),
            "created_at": self._db.now,
        }
        with self._db.write() as connection:
            self._db.insert_once(connection, batches, values)
        return self.get(batch.id)

    def get(self, batch_id: str) -> Batch:
        """NotFound where the tenant has none of that id."""
        with self._db.read() as connection:
            wanted = select(batches).where(*self._mine, batches.c.id == batch_id)
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFound(f"there is no batch {batch_id!r}", code="batch_unknown", subject=batch_id)
        return _batch_of(row)

    def latest(self, limit: int, after: Batch | None = None) -> list[Batch]:
        """Newest first, those after another one where one is given."""
        wanted = [*self._mine]
        if after:
            wanted.append(tuple_(batches.c.created_at, batches.c.id) < (after.created_at, after.id))
        newest = select(batches).where(*wanted).order_by(batches.c.created_at.desc(), batches.c.id.desc())
        with self._db.read() as connection:
            return [_batch_of(row) for row in connection.execute(newest.limit(limit))]

    def cancel(self, batch_id: str) -> bool:
        """Note that it is to be cancelled; False where that is so already, or the file was refused.

        One whose file no process reads is cancelled with that.
        """
        unread = and_(batches.c.state == BatchState.VALIDATING, batches.c.lease_until.is_(None))
        wanted = (
            *self._mine,
            batches.c.id == batch_id,
            batches.c.cancelled_at.is_(None),
            batches.c.state != BatchState.FAILED,
        )
        values = {
            "cancelled_at": self._db.now,
            "state": case((unread, BatchState.CANCELLED), else_=batches.c.state),
        }
        with self._db.write() as connection:
            return connection.execute(update(batches).where(*wanted).values(**values)).rowcount == 1

    def take(self, lease_seconds: float) -> Batch | None:
        """The oldest batch whose file is to be read, with a lease on it; None without any."""
        free = (
            batches.c.state == BatchState.VALIDATING,
            or_(batches.c.lease_until.is_(None), batches.c.lease_until < self._db.now),
        )
        with self._db.write() as connection:
            oldest = select(batches).where(*free).order_by(batches.c.created_at).limit(1)
            row = connection.execute(oldest.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            taken = update(batches).where(batches.c.id == row.id)
            connection.execute(taken.values(lease_until=self._db.now + lease_seconds))
        return _batch_of(row)

    def renew(self, batch_id: str, lease_seconds: float) -> None:
        with self._db.write() as connection:
            wanted = update(batches).where(batches.c.id == batch_id)
            connection.execute(wanted.values(lease_until=self._db.now + lease_seconds))

    def end_reading(self, batch_id: str, faults: Sequence[BatchFault]) -> bool:
        """Failed with these, or entered without any; False if it was cancelled meanwhile."""
        values = {
            "state": BatchState.FAILED if faults else BatchState.ENTERED,
            "errors": json.dumps([asdict(fault) for fault in faults]),
            "lease_until": None,
        }
        with self._db.write() as connection:
            read = update(batches).where(batches.c.id == batch_id).values(**values)
            return connection.scalar(read.returning(batches.c.cancelled_at)) is None

    def counts(self, job_id: str) -> RequestCounts:
        """How many lines of the batch's job are done; zeros before the job is there."""
        mine = items.c.job_id == job_id
        lines = select(
            func.min(_is(items.c.state == ItemState.SUCCEEDED)).label("completed"),
            func.min(_is(items.c.state.in_(list(FINAL)))).label("final"),
            func.max(_is(items.c.state == ItemState.CANCELLED)).label("cancelled"),
        )
        lines = lines.where(mine).group_by(items.c.line, items.c.row_id)
        each = lines.subquery()
        done = case((each.c.final == 1, 1 - each.c.completed), else_=0)
        query = select(
            func.count(),
            func.sum(each.c.completed),
            func.sum(done),
            func.sum(case((each.c.final == 1, each.c.cancelled), else_=0)),
        ).select_from(each)
        with self._db.read() as connection:
            total, completed, failed, cancelled = connection.execute(query).one()
        return RequestCounts(
            total=total, completed=int(completed or 0), failed=int(failed or 0), cancelled=int(cancelled or 0)
        )


def _is(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(case((condition, 1), else_=0), Integer)


def _batch_of(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        owner=row.owner,
        file_id=row.file_id,
        job_id=row.job_id,
        state=BatchState(row.state),
        metadata=json.loads(row.metadata),
        faults=tuple(BatchFault(**fault) for fault in json.loads(row.errors)),
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
    )
