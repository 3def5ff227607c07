"""Files that tenants have stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, select, tuple_

from qie_batch.errors import NotFound
from qie_batch.ledger.tables import files
from qie_batch.model import StoredFile

if TYPE_CHECKING:
    from sqlalchemy import Row

    from qie_batch.ledger.database import Database


class SqlFiles:
    """Those of one tenant."""

    def __init__(self, database: Database, owner: str) -> None:
        self._db = database
        self._mine = files.c.owner == owner

    def add(self, file: StoredFile) -> StoredFile:
        """Enter the file; the answer has the time."""
        values = {
            name: getattr(file, name) for name in ("id", "owner", "name", "purpose", "object_key", "size")
        }
        with self._db.write() as connection:
            self._db.insert_once(connection, files, {**values, "created_at": self._db.now})
        return self.get(file.id)

    def get(self, file_id: str) -> StoredFile:
        """NotFound where the tenant has none of that id."""
        with self._db.read() as connection:
            row = connection.execute(select(files).where(self._mine, files.c.id == file_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no file {file_id!r}", code="file_unknown", subject=file_id)
        return _file_of(row)

    def latest(self, limit: int, after: StoredFile | None = None, purpose: str = "") -> list[StoredFile]:
        """Newest first, those after another one where one is given."""
        wanted: list[ColumnElement[bool]] = [self._mine]
        if after:
            wanted.append(tuple_(files.c.created_at, files.c.id) < (after.created_at, after.id))
        if purpose:
            wanted.append(files.c.purpose == purpose)
        newest = (
            select(files).where(*wanted).order_by(files.c.created_at.desc(), files.c.id.desc()).limit(limit)
        )
        with self._db.read() as connection:
            return [_file_of(row) for row in connection.execute(newest)]

    def remove(self, file_id: str) -> bool:
        """False where there was none."""
        with self._db.write() as connection:
            return connection.execute(delete(files).where(self._mine, files.c.id == file_id)).rowcount == 1


def _file_of(row: Row[Any]) -> StoredFile:
    return StoredFile(
        id=row.id,
        owner=row.owner,
        name=row.name,
        purpose=row.purpose,
        object_key=row.object_key,
        size=row.size,
        created_at=row.created_at,
    )
