"""File names of a job's results, from the cells of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import FOLDER_COLUMN, REFERENCES
from qie_batch.manifest.product_texts import ProductTexts
from qie_batch.model import ManifestRow, OutputFormat
from qie_batch.naming import UniqueNames, file_name, image_name, without_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qie_batch.manifest.stored import StoredHeader
    from qie_batch.model import BadRow, Item

EXTENSIONS = {OutputFormat.PNG: "png", OutputFormat.JPEG: "jpg", OutputFormat.WEBP: "webp"}


class ResultNames:
    """Gives each item a name of its own. Call in the manifest's order, for failed items too.

    A template may ask for every column, as an instruction may, and for the stem and the folder of the image.
    """

    def __init__(
        self, template: str, header: StoredHeader, reserved: Iterable[str], *, extension: str = ""
    ) -> None:
        """`extension` is that of every name; "" for that of each item's result."""
        self._extension = extension
        self._template = template
        self._header = header
        self._blank = dict.fromkeys(header.header, "")
        self._unique = UniqueNames(reserved)
        self._products = ProductTexts()

    def close(self) -> None:
        """Remove what is remembered of products."""
        self._products.close()

    def of_row(self, row: ManifestRow | BadRow, items: Iterable[Item]) -> dict[str, str]:
        """The name of each of the row's items, by the item's id."""
        image = image_name(self._image(row), row.cells.get(FOLDER_COLUMN) or self._header.folder)
        columns, cells = self._header.columns, self._with_product(self._blank | dict(row.cells))
        for column in REFERENCES:
            if header := columns.get(column):
                cells[header] = without_suffix(cells[header])
        if "image" in columns:
            cells[columns["image"]] = image.path
        roles = {column: cells[header] for column, header in columns.items()}
        fields = {"stem": image.stem, "image": image.path, **roles, **cells}
        return {item.id: self._name(item, fields, image.folder) for item in items}

    def _with_product(self, cells: dict[str, str]) -> dict[str, str]:
        product_id = cells.get(self._header.columns.get("id", ""), "")
        return self._products.completed(product_id, cells)

    def _image(self, row: ManifestRow | BadRow) -> str:
        if isinstance(row, ManifestRow):
            return row.images[0]
        return row.cells.get(self._header.columns.get("image", ""), "")

    def _name(self, item: Item, fields: Mapping[str, str], folder: str) -> str:
        output = item.spec.params.output if item.spec else OutputFormat.PNG
        wanted = file_name(
            self._template,
            row_id=item.row_id,
            variant=item.variant,
            fields=fields,
            extension=self._extension or EXTENSIONS[output],
            folder=folder,
        )
        return self._unique.give(wanted, row_id=item.row_id, variant=item.variant)
