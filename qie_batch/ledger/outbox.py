"""Webhooks to send: claimed with a lease, marked under a fence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, select, update

from qie_batch.ledger.tables import outbox
from qie_batch.model import Webhook

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Row

    from qie_batch.ledger.database import Database


class SqlOutbox:
    """Of the owner's alone where there is one, as far as people read and change them."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._mine = () if owner is None else (outbox.c.owner == owner,)

    def add(self, webhook_id: str, owner: str, url: str, event: str, body: str) -> bool:
        """Make it due now; False, and no change, where there is one of this id."""
        values = {"id": webhook_id, "owner": owner, "url": url, "event": event, "body": body}
        with self._db.write() as connection:
            times = dict.fromkeys(("created_at", "not_before"), self._db.now)
            return self._db.insert_once(connection, outbox, values | times)

    def claim(self, busy: Collection[Webhook], per_owner: int, lease_seconds: float) -> Webhook | None:
        """The one that is due for the longest time, which is this process's for the length of the lease.

        `busy` are those that the caller is sending: no other goes to the same address, and none is given of
        an owner who has `per_owner` of them.
        """
        due = self._due(busy, per_owner)
        with self._db.read() as connection:
            if connection.scalar(due) is None:
                return None
        with self._db.write() as connection:
            webhook_id = connection.scalar(due.with_for_update(skip_locked=True))
            if webhook_id is None:
                return None
            claimed = update(outbox).where(outbox.c.id == webhook_id)
            claimed = claimed.values(not_before=self._db.now + lease_seconds, tries=outbox.c.tries + 1)
            return _webhook(connection.execute(claimed.returning(outbox)).one())

    def _due(self, busy: Collection[Webhook], per_owner: int) -> Select[tuple[str]]:
        counts = Counter(webhook.owner for webhook in busy)
        full = [owner for owner, number in counts.items() if number >= per_owner]
        return (
            select(outbox.c.id)
            .where(outbox.c.ended_at.is_(None), outbox.c.not_before <= self._db.now)
            .where(outbox.c.url.not_in([webhook.url for webhook in busy]), outbox.c.owner.not_in(full))
            .order_by(outbox.c.not_before, outbox.c.created_at)
            .limit(1)
        )

    def delivered(self, webhook: Webhook) -> bool:
        return self._mark(webhook, ended_at=self._db.now, error="")

    def give_up(self, webhook: Webhook, error: str) -> bool:
        return self._mark(webhook, ended_at=self._db.now, error=error)

    def postpone(self, webhook: Webhook, error: str, delay: float, hold: float) -> bool:
        """Make it due in `delay` seconds, and the owner's others for the same address not before `hold`."""
        others = (
            outbox.c.owner == webhook.owner,
            outbox.c.url == webhook.url,
            outbox.c.id != webhook.id,
            outbox.c.ended_at.is_(None),
            outbox.c.not_before < self._db.now + hold,
        )
        with self._db.write() as connection:
            connection.execute(update(outbox).where(*others).values(not_before=self._db.now + hold))
            changed = update(outbox).where(*_fenced(webhook))
            changed = changed.values(not_before=self._db.now + delay, error=error)
            return connection.execute(changed).rowcount == 1

    def _mark(self, webhook: Webhook, **values: Any) -> bool:
        with self._db.write() as connection:
            changed = update(outbox).where(*_fenced(webhook)).values(**values)
            return connection.execute(changed).rowcount == 1

    def latest(self, limit: int = 20) -> list[Webhook]:
        """Newest first."""
        newest = select(outbox).where(*self._mine).order_by(outbox.c.created_at.desc(), outbox.c.id)
        with self._db.read() as connection:
            rows = connection.execute(newest.limit(limit)).all()
        return [_webhook(row) for row in rows]

    def resend(self, webhook_id: str) -> bool:
        """Make it due now, as if it were new; False if there is none of this id."""
        again = update(outbox).where(outbox.c.id == webhook_id, *self._mine)
        again = again.values(not_before=self._db.now, tries=0, ended_at=None, error="")
        with self._db.write() as connection:
            return connection.execute(again).rowcount == 1

    def prune(self, max_age_seconds: float) -> int:
        """Forget those that ended longer ago than that; says how many."""
        with self._db.write() as connection:
            old = outbox.c.ended_at < self._db.now - max_age_seconds
            return connection.execute(delete(outbox).where(old)).rowcount


def _fenced(webhook: Webhook) -> tuple[ColumnElement[bool], ...]:
    return (outbox.c.id == webhook.id, outbox.c.tries == webhook.tries, outbox.c.ended_at.is_(None))


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(**row._mapping)  # noqa: SLF001 - the columns by name
