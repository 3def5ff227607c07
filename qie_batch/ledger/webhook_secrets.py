"""What signs the webhooks of each tenant: two secrets while its receivers change from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from qie_batch.ledger.tables import tenants
from qie_batch.model import new_webhook_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.ledger.database import Database


class SqlWebhookSecrets:
    """The column holds the secrets with a space between them, newest first."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, owner: str) -> tuple[str, ...]:
        """Newest first; a new one is stored where there is none."""
        with self._db.read() as connection:
            stored = connection.scalar(select(tenants.c.secret).where(tenants.c.name == owner))
        return tuple(stored.split()) if stored else self._changed(owner, lambda found: found)

    def rotate(self, owner: str) -> tuple[str, ...]:
        """Store a new one beside the newest; an older one is forgotten."""
        return self._changed(owner, lambda found: [new_webhook_secret(), *found[:1]])

    def retire(self, owner: str) -> tuple[str, ...]:
        """Forget all but the newest."""
        return self._changed(owner, lambda found: found[:1])

    def _changed(self, owner: str, change: Callable[[list[str]], list[str]]) -> tuple[str, ...]:
        with self._db.write() as connection:
            self._db.insert_or_lock(connection, tenants, {"name": owner})
            mine = tenants.c.name == owner
            stored = connection.scalar(select(tenants.c.secret).where(mine)) or ""
            secrets = change(stored.split()) or [new_webhook_secret()]
            connection.execute(update(tenants).where(mine).values(secret=" ".join(secrets)))
        return tuple(secrets)
