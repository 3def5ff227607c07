"""The line on which each id of a manifest stands first, and how many images a product has, kept on disk."""

from __future__ import annotations

import sqlite3
from typing import Self

from qie_batch.errors import no_room
from qie_batch.manifest.product_texts import ProductTexts

_COUNT = "INSERT INTO images VALUES (?, 1) ON CONFLICT DO UPDATE SET number = number + 1 RETURNING number"
_SCHEMA = """
PRAGMA cache_size = -4000;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE images (product TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
BEGIN;
"""


class SeenIds:
    """A context manager over a temporary file that SQLite removes (docs/decisions/0008-seen-ids.md)."""

    def __init__(self) -> None:
        #: Of the products that the rows belong to.
        self.texts = ProductTexts()

    def __enter__(self) -> Self:
        # One thread may read a manifest and another one close the reader, never both at once.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._execute = self._db.cursor().execute
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def claim(self, row_id: str, line: int) -> int:
        """The first line that has the id: `line` itself for a new id. Raises Unavailable on a full disk."""
        try:
            if self._execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (row_id, line)).rowcount:
                return line
            (first,) = self._execute("SELECT line FROM seen WHERE id = ?", (row_id,)).fetchone()
        except sqlite3.OperationalError as error:
            raise no_room(error) from error
        return int(first)

    def count(self, product: str) -> int:
        """How many images the product has with this one. Raises Unavailable on a full disk."""
        try:
            (number,) = self._execute(_COUNT, (product,)).fetchone()
        except sqlite3.OperationalError as error:
            raise no_room(error) from error
        return int(number)
