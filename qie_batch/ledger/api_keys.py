"""Keys of programs, of which the ledger has the digests alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from qie_batch.ledger.tables import api_keys
from qie_batch.model import ApiKey, Scope

if TYPE_CHECKING:
    from sqlalchemy import Row

    from qie_batch.ledger.database import Database


class SqlApiKeys:
    """`all` and `revoke` are of the owner's keys alone where there is one."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._mine = () if owner is None else (api_keys.c.owner == owner,)

    def add(self, key: ApiKey, digest: str, valid_seconds: float | None) -> None:
        """Store the sha256 (hex) of a key; None for one that does not expire."""
        values = {
            "id": key.id,
            "owner": key.owner,
            "name": key.name,
            "digest": digest,
            "scopes": " ".join(sorted(key.scopes)),
            "created_at": self._db.now,
            "expires_at": None if valid_seconds is None else self._db.now + valid_seconds,
        }
        with self._db.write() as connection:
            connection.execute(api_keys.insert().values(values))

    def find(self, digest: str) -> ApiKey | None:
        """The key of this digest, unless it has expired or is revoked."""
        lives = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > self._db.now)
        wanted = select(api_keys).where(api_keys.c.digest == digest, api_keys.c.revoked_at.is_(None), lives)
        with self._db.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return _key(row) if row else None

    def all(self) -> list[ApiKey]:
        """Oldest first, with those that are revoked or have expired."""
        query = select(api_keys).where(*self._mine).order_by(api_keys.c.created_at, api_keys.c.id)
        with self._db.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, key_id: str) -> bool:
        """Let the key open nothing more; False for one that is revoked or not there."""
        mine = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None), *self._mine)
        with self._db.write() as connection:
            revoked = connection.execute(update(api_keys).where(*mine).values(revoked_at=self._db.now))
            return revoked.rowcount == 1


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        owner=row.owner,
        name=row.name,
        # A scope that a newer version knows gives nothing here.
        scopes=frozenset(Scope(scope) for scope in row.scopes.split() if scope in set(Scope)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
