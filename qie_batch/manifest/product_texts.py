"""The texts of a product that its first row has and its further rows leave out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import normal
from qie_batch.manifest.temporary_tables import TemporaryTables

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Headers of what is said of a product in its first row alone; further rows mean the same.
_OF_PRODUCT = frozenset(
    (
        "title", "body (html)", "description", "vendor", "type", "product category", "product type",
        "standard product type", "custom product type", "tags",
    )
)  # fmt: skip

_SCHEMA = "CREATE TABLE products (product TEXT PRIMARY KEY, texts TEXT NOT NULL);"


class ProductTexts:
    """What the first row of a product says, for the further rows that leave the cells empty.

    Kept in a temporary file, as rows of other products may stand between; `close` removes the file.
    """

    def __init__(self) -> None:
        #: Made for the first product: most manifests have none.
        self._tables: TemporaryTables | None = None
        self._product_id = ""
        self._texts: Mapping[str, str] = {}
        #: The keys of _OF_PRODUCT, once a row was read.
        self._keys: tuple[str, ...] | None = None

    def close(self) -> None:
        if self._tables:
            self._tables.close()

    def completed(self, product_id: str, cells: dict[str, str]) -> dict[str, str]:
        """Call with every row in the file's order. Raises Unavailable on a full disk."""
        if self._keys is None:
            self._keys = tuple(key for key in cells if normal(key) in _OF_PRODUCT)
        if not product_id or not self._keys:
            return cells
        given = {key: cell for key in self._keys if (cell := cells[key]).strip()}
        if product_id != self._product_id:
            self._product_id, self._texts = product_id, self._first(product_id, given)
        return cells | {key: text for key, text in self._texts.items() if key not in given}

    def _first(self, product_id: str, given: Mapping[str, str]) -> Mapping[str, str]:
        """Those of the product's first row, which is this one for a new product."""
        if self._tables is None:
            self._tables = TemporaryTables(_SCHEMA)
        run = self._tables.run
        run("INSERT OR IGNORE INTO products VALUES (?, ?)", product_id, json.dumps(given))
        ((found,),) = run("SELECT texts FROM products WHERE product = ?", product_id)
        texts: dict[str, str] = json.loads(found)
        return texts
