"""A catalog to begin with: an example, or what is understood of an export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.manifest import CatalogWriter, open_manifest
from qie_batch.manifest.aliases import COLUMNS, FOLDER_COLUMN
from qie_batch.model import ManifestRow, RowDefaults

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from qie_batch.manifest import Understanding
    from qie_batch.model import BadRow, ReadingOptions

#: Rows shown to a person.
SHOWN = 3
NEEDED = ("id", "image", "instruction")
EXAMPLE = (
    ("SHOE-1", "photos/shoe-1.jpg", "Replace the background with plain white"),
    ("SHOE-2", "photos/shoe-2.jpg", "Change the shoe from red to blue"),
    ("SHOE-3", "https://shop.example/shoe-3.jpg", "Make the picture brighter"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What was written."""

    understood: Understanding
    rows: int
    #: The first rows.
    shown: tuple[ManifestRow | BadRow, ...]
    #: Whether the rows say what to change.
    instructed: bool


def write_example(stream: TextIO) -> None:
    catalog = CatalogWriter(stream, NEEDED)
    for row in EXAMPLE:
        catalog.write(dict(zip(NEEDED, row, strict=True)))


def write_template(
    export: Path, reading: ReadingOptions, instruction: str, stream: TextIO, *, folder: str
) -> Template:
    """The rows of an export as a catalog in qie-batch's own words.

    `folder` is where relative image paths start, "" where the catalog lies beside the export. Rows that
    cannot be edited are written too, to be mended. InvalidManifest as `open_manifest`.
    """
    # Rows without an instruction are understood here, as a person is still to write one.
    defaults = RowDefaults(instruction=instruction or "-")
    manifest = open_manifest(export, reading, defaults)
    used = manifest.understanding.columns
    columns = [column for column in COLUMNS if column in used or column in NEEDED]
    catalog = CatalogWriter(stream, [*columns, FOLDER_COLUMN] if folder else columns)
    instructed = bool(instruction or "instruction" in used)
    rows, shown = 0, []
    for rows, row in enumerate(manifest.rows(), start=1):
        cells = {column: row.cells[key] for column, key in used.items()}
        cells = {"instruction": instruction, **cells, "id": row.id, FOLDER_COLUMN: folder}
        if isinstance(row, ManifestRow):
            cells |= {"image": row.images[0], **_texts(row, instructed=instructed)}
        catalog.write(cells)
        if rows <= SHOWN:
            shown.append(row)
    return Template(
        understood=manifest.understanding,
        rows=rows,
        shown=tuple(shown),
        instructed=instructed,
    )


def _texts(row: ManifestRow, *, instructed: bool) -> dict[str, str]:
    """Filled in, since the catalog lacks the columns that the texts ask for."""
    texts = {"instruction": row.params.instruction if instructed else "", "negative": row.params.negative}
    return {name: text.replace("{", "{{").replace("}", "}}") for name, text in texts.items()}
