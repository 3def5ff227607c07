"""Where each id of a manifest was first seen, in a few megabytes for the largest one."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Self


class SeenIds:
    """A context manager; its memory goes when it ends.

    Keeps 64 bits of a hash for each id: two different ids of 200,000 are taken for one once in a billion
    manifests. SQLite keeps them in a tenth of a dict's memory, and as MAX_ROWS bounds it, no disk is needed.
    """

    def __enter__(self) -> Self:
        # A manifest may be read in one thread and closed in another, never in two at once.
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("CREATE TABLE seen (id INTEGER PRIMARY KEY, line INTEGER NOT NULL)")
        self._db.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def claim(self, row_id: str, line: int) -> int:
        """The line that has the id: `line` itself if it is the first."""
        key = int.from_bytes(blake2b(row_id.encode(), digest_size=8).digest(), signed=True)
        new = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line)).rowcount
        if new:
            return line
        (first,) = self._db.execute("SELECT line FROM seen WHERE id = ?", (key,)).fetchone()
        return int(first)
