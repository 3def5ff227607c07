"""Items of workers that ended: released by the supervisor, or found by their expired leases."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, select, update

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger.attempts import close
from qie_batch.ledger.tables import attempts, items
from qie_batch.model import ItemState, Outcome

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database
    from qie_batch.model import RetryPolicy

#: Longest time of the query for expired leases while the ledger works normally.
SLOW_QUERY_SECONDS = 2.0


class SqlRecovery:
    def __init__(self, database: Database, policy: RetryPolicy) -> None:
        self._db = database
        self._policy = policy

    def release_worker(self, worker_name: str, *, killed: bool = False) -> int:
        """End the leases of a worker process that has ended; says how many items the process ran.

        Items of a process that was killed from outside (SIGKILL) are pending again, uncharged, up to
        `max_kills` and `max_preemptions` of the policy since the last `retry`.
        """
        held = (items.c.worker == worker_name, items.c.state == ItemState.RUNNING)
        freed = 0
        with self._db.write() as connection:
            if killed:
                uncharged = (
                    items.c.preemptions < self._policy.max_preemptions,
                    _losses() < self._policy.max_kills,
                )
                rows = connection.execute(
                    update(items)
                    .where(*held, *uncharged)
                    .values(state=ItemState.PENDING, lease_until=None, preemptions=items.c.preemptions + 1)
                    .returning(items.c.id, items.c.attempt)
                ).all()
                for row in rows:
                    close(connection, self._db.now, (row.id, row.attempt), Outcome.LOST, None)
                freed = len(rows)
            rest = update(items).where(*held).values(lease_until=self._db.now - 1)
            return freed + connection.execute(rest).rowcount

    def expire_leases(self) -> int:
        """Make items pending whose lease expired, or failed after `max_crashes`; says how many of both.

        The UPDATE checks state, attempt and lease again, so that a worker that ended its attempt or renewed
        its lease after the SELECT keeps the item.

        LedgerUnavailable if the SELECT took longer than SLOW_QUERY_SECONDS: the heartbeats were delayed too,
        and leases have to be renewed before any counts as expired.
        """
        began = time.monotonic()
        late = (items.c.state == ItemState.RUNNING, items.c.lease_until < self._db.now)
        with self._db.read() as connection:
            overdue = connection.execute(
                select(items.c.id, items.c.attempt, items.c.crashes).where(*late)
            ).all()
        if time.monotonic() - began > SLOW_QUERY_SECONDS:
            raise LedgerUnavailable(
                "the ledger answered late: no lease is taken for lost before all could be renewed"
            )
        taken, poison = 0, self._policy.poisoned
        for row in overdue:
            final = row.crashes + 1 >= self._policy.max_crashes
            values: dict[str, Any] = {"state": ItemState.PENDING, "not_before": self._db.now}
            if final:
                values = {
                    "state": ItemState.FAILED,
                    "error_code": poison.code,
                    "error": poison.reason,
                    "finished_at": self._db.now,
                }
            with self._db.write() as connection:
                unchanged = (items.c.id == row.id, items.c.attempt == row.attempt, *late)
                change = update(items).where(*unchanged)
                change = change.values(lease_until=None, crashes=items.c.crashes + 1, **values)
                if connection.execute(change).rowcount:
                    taken += 1
                    ended = poison if final else None
                    close(connection, self._db.now, (row.id, row.attempt), Outcome.LOST, ended)
        return taken


def _losses() -> ColumnElement[int]:
    """Lost attempts of an item after its latest final failure, which is before the latest `retry`."""
    earlier = attempts.alias()
    # A final failure has an error code; so has an attempt after which the item was tried again.
    again = (Outcome.RETRIED, Outcome.REROLLED)
    final = (earlier.c.error_code.is_not(None), earlier.c.outcome.not_in(again))
    base = select(func.coalesce(func.max(earlier.c.number), 0)).where(earlier.c.item_id == items.c.id, *final)
    lost = select(func.count()).where(
        attempts.c.item_id == items.c.id,
        attempts.c.outcome == Outcome.LOST,
        attempts.c.number > base.correlate(items).scalar_subquery(),
    )
    return lost.correlate(items).scalar_subquery()
