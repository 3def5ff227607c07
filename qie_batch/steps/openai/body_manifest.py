"""Bodies of edits as a manifest that submit reads."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Self

from qie_batch.errors import no_room
from qie_batch.manifest.aliases import COLUMNS, REFERENCES
from qie_batch.model import ReadingOptions

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.steps.openai.edit_body import EditBody, ImageSource

#: Each object has every column but the one that an empty cell says too much of, under its own name.
_COLUMNS = tuple(column for column in COLUMNS if column not in ("priority", "keep_alpha", "strip_metadata"))
READING = ReadingOptions(
    mapping={column: column if column in _COLUMNS else "" for column in COLUMNS}, encoding="utf-8"
)


class BodyManifest:
    """Written into a folder, with the images that come as bytes. Unavailable where the disk is full."""

    def __init__(self, folder: Path, name: str) -> None:
        """`name` is what people see of the manifest."""
        self.path = folder / f"{name}.jsonl"
        self._folder = folder
        #: By sha256, so that an image that many rows have is there once.
        self._names: dict[bytes, str] = {}
        self._file = self.path.open("w", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row_id: str, body: EditBody) -> None:
        names = (self._named(image) for image in body.images)
        images = dict(zip(("image", *REFERENCES), names, strict=False))
        row = {**dict.fromkeys(_COLUMNS, ""), **body.cells, **images, "id": row_id}
        try:
            self._file.write(json.dumps(row, ensure_ascii=True) + "\n")
        except OSError as error:
            raise no_room(error) from error

    def _named(self, image: ImageSource) -> str:
        if isinstance(image, str):
            return image
        name = self._names.setdefault(hashlib.sha256(image).digest(), f"image-{len(self._names) + 1}")
        try:
            (self._folder / name).write_bytes(image)
        except OSError as error:
            raise no_room(error) from error
        return name
