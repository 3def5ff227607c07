"""Requests that a client may send again, each of which stands for one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from qie_batch.ledger.tables import items, requests
from qie_batch.model import UNFINISHED, KnownRequest

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database


class SqlRequests:
    """Those of one tenant."""

    def __init__(self, database: Database, owner: str) -> None:
        self._db = database
        self._owner = owner

    def remember(self, request: KnownRequest, max_age_seconds: float, *, waiting: int = 0) -> KnownRequest:
        """The request of this key if one is not older than that, else this one, which is stored.

        `waiting` is added to the number of clients that wait for its job.
        """
        values = {
            "owner": self._owner,
            "key": request.key,
            "fingerprint": request.fingerprint,
            "job_id": request.job_id,
            "waiting": waiting,
            "created_at": self._db.now,
        }
        mine = (requests.c.owner == self._owner, requests.c.key == request.key)
        with self._db.write() as connection:
            old = requests.c.created_at < self._db.now - max_age_seconds
            connection.execute(delete(requests).where(*mine, old))
            if self._db.insert_once(connection, requests, values):
                return request
            row = connection.execute(select(requests).where(*mine)).one()
            if waiting:
                more = update(requests).where(*mine).values(waiting=requests.c.waiting + waiting)
                connection.execute(more)
        return KnownRequest(key=row.key, fingerprint=row.fingerprint, job_id=row.job_id)

    def forget(self, key: str, job_id: str, *, unless_waiting: bool = False) -> bool:
        """Let the same request make a new job, as this one failed or was cancelled.

        False if it did not stand for the job, or, with `unless_waiting`, if a client waits for that.
        """
        mine = [requests.c.owner == self._owner, requests.c.key == key, requests.c.job_id == job_id]
        if unless_waiting:
            mine.append(requests.c.waiting <= 0)
        with self._db.write() as connection:
            return connection.execute(delete(requests).where(*mine)).rowcount == 1

    def wait(self, job_id: str, change: int) -> int:
        """Add `change` to the number of clients that wait for the job; the number after it."""
        mine = (requests.c.owner == self._owner, requests.c.job_id == job_id)
        changed = update(requests).where(*mine).values(waiting=requests.c.waiting + change)
        with self._db.write() as connection:
            waiting = connection.execute(changed.returning(requests.c.waiting)).scalars().all()
        return max(waiting, default=0)

    def is_answered(self, job_id: str) -> bool:
        """Whether every item of the job is final, asked more cheaply than for the items."""
        unfinished = select(1).where(items.c.job_id == job_id, items.c.state.in_(UNFINISHED)).limit(1)
        with self._db.read() as connection:
            return connection.scalar(unfinished) is None

    def prune(self, max_age_seconds: float) -> int:
        """Forget the requests of every tenant that are older than that; says how many."""
        with self._db.write() as connection:
            old = requests.c.created_at < self._db.now - max_age_seconds
            return connection.execute(delete(requests).where(old)).rowcount
