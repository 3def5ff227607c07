"""Tables in a temporary file that SQLite removes, for what a pass over a manifest has to remember."""

from __future__ import annotations

import sqlite3
from typing import Any

from qie_batch.errors import no_room

_FAST = """
PRAGMA cache_size = -4000;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
"""


class TemporaryTables:
    """One thread may use them and another one close them, never both at once."""

    def __init__(self, schema: str) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(f"{_FAST}{schema}BEGIN;")
        self._execute = self._db.cursor().execute

    def close(self) -> None:
        self._db.close()

    def run(self, statement: str, *values: str | int) -> list[Any]:
        """The rows of the answer. Raises Unavailable on a full disk."""
        try:
            return self._execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise no_room(error) from error
