"""The texts of a product that its first row has and its further rows leave out."""

from __future__ import annotations

from qie_batch.manifest.aliases import normal

#: Headers of what is said of a product in its first row alone; further rows mean the same.
_OF_PRODUCT = frozenset(
    (
        "title", "body (html)", "description", "vendor", "type", "product category", "product type",
        "standard product type", "custom product type", "tags",
    )
)  # fmt: skip


class ProductTexts:
    """What the first row of a product says, for the further rows that leave the cells empty."""

    def __init__(self) -> None:
        self._product_id = ""
        self._texts: dict[str, str] = {}

    def completed(self, product_id: str, cells: dict[str, str]) -> dict[str, str]:
        """Call with every row in the file's order: the rows of a product follow one another."""
        if product_id and product_id == self._product_id:
            return cells | {key: cell for key, cell in self._texts.items() if not cells[key].strip()}
        self._product_id = product_id
        self._texts = {key: cell for key, cell in cells.items() if normal(key) in _OF_PRODUCT}
        return cells
