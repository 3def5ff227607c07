"""The line on which each id of a manifest stands first, and how many images a product has, kept on disk."""

from __future__ import annotations

from typing import Self

from qie_batch.manifest.product_texts import ProductTexts
from qie_batch.manifest.temporary_tables import TemporaryTables

_CLAIM = "INSERT OR IGNORE INTO seen VALUES (?, ?) RETURNING 1"
_COUNT = "INSERT INTO images VALUES (?, 1) ON CONFLICT DO UPDATE SET number = number + 1 RETURNING number"
_SCHEMA = """
CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE images (product TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


class SeenIds:
    """A context manager over a temporary file (docs/decisions/0008-seen-ids.md).

    Its methods raise Unavailable on a full disk.
    """

    def __init__(self) -> None:
        #: Of the products that the rows belong to.
        self.texts = ProductTexts()

    def __enter__(self) -> Self:
        self._tables = TemporaryTables(_SCHEMA)
        self._run = self._tables.run
        return self

    def __exit__(self, *_: object) -> None:
        self._tables.close()
        self.texts.close()

    def claim(self, row_id: str, line: int) -> int:
        """The first line that has the id: `line` itself for a new id."""
        if self._run(_CLAIM, row_id, line):
            return line
        ((first,),) = self._run("SELECT line FROM seen WHERE id = ?", row_id)
        return int(first)

    def count(self, product: str) -> int:
        """How many images the product has with this one."""
        ((number,),) = self._run(_COUNT, product)
        return int(number)
