"""Items of workers that are gone: given up by their parent, or found by their leases."""

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

#: Seconds that a look for lost leases takes at most while the ledger is well.
LONG_LOOK_SECONDS = 2.0


class SqlRecovery:
    def __init__(self, database: Database, policy: RetryPolicy) -> None:
        self._db = database
        self._policy = policy

    def release_worker(self, worker_name: str, *, killed: bool = False) -> int:
        """The process of that name is dead: its leases end now. Says how many items it held.

        One that was killed from outside (SIGKILL) died of none of its items: they are pending again,
        uncharged, but for those that were lost or handed back too often since they were last retried.
        """
        held = (items.c.worker == worker_name, items.c.state == ItemState.RUNNING)
        freed = 0
        with self._db.write() as connection:
            if killed:
                blameless = (
                    items.c.preemptions < self._policy.max_preemptions,
                    _losses() < self._policy.max_kills,
                )
                rows = connection.execute(
                    update(items)
                    .where(*held, *blameless)
                    .values(state=ItemState.PENDING, lease_until=None, preemptions=items.c.preemptions + 1)
                    .returning(items.c.id, items.c.attempt)
                ).all()
                for row in rows:
                    close(connection, self._db.now, (row.id, row.attempt), Outcome.LOST, None)
                freed = len(rows)
            rest = update(items).where(*held).values(lease_until=self._db.now - 1)
            return freed + connection.execute(rest).rowcount

    def expire_leases(self) -> int:
        """Take back items whose lease ran out; after too many crashes the item failed for good.

        State, attempt and horizon are checked again inside the UPDATE: a worker that finished between our
        look and our write has won.

        LedgerUnavailable if the look took long: then the ledger was away, to the heartbeats, too, and they
        have to be heard first.
        """
        began = time.monotonic()
        late = (items.c.state == ItemState.RUNNING, items.c.lease_until < self._db.now)
        with self._db.read() as connection:
            overdue = connection.execute(
                select(items.c.id, items.c.attempt, items.c.crashes).where(*late)
            ).all()
        if time.monotonic() - began > LONG_LOOK_SECONDS:
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
    """How many attempts of an item were lost since the one that failed it for good, before a `retry`."""
    earlier = attempts.alias()
    # Of those that end for good each has its reason; a passing error has one too and goes on.
    final = (earlier.c.error_code.is_not(None), earlier.c.outcome != Outcome.RETRIED)
    base = select(func.coalesce(func.max(earlier.c.number), 0)).where(earlier.c.item_id == items.c.id, *final)
    lost = select(func.count()).where(
        attempts.c.item_id == items.c.id,
        attempts.c.outcome == Outcome.LOST,
        attempts.c.number > base.correlate(items).scalar_subquery(),
    )
    return lost.correlate(items).scalar_subquery()
