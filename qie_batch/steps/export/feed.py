"""The user's own file with the addresses of exported images in the cells that named the old ones."""

from __future__ import annotations

import hashlib
import mimetypes
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from qie_batch.errors import Conflict
from qie_batch.manifest import open_manifest
from qie_batch.manifest.image_lists import images_of
from qie_batch.model import ReadingOptions, RowDefaults
from qie_batch.steps.export.destinations import unwritten
from qie_batch.steps.export.record import RecordedFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qie_batch.manifest import Manifest
    from qie_batch.manifest.stored import StoredHeader
    from qie_batch.model import BadRow, ManifestRow
    from qie_batch.steps.export.destinations import Destination
    from qie_batch.steps.export.record import Record

#: What a feed without instructions is read with.
_NO_INSTRUCTION = RowDefaults(instruction="none")
_SEPARATORS = ("|", ";", "\n", ",")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRequest:
    path: Path
    #: Header of the cells that get the addresses; "" for the column of the images.
    column: str = ""
    reading: ReadingOptions = ReadingOptions()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWritten:
    name: str
    address: str
    #: Cells that name an exported image.
    cells: int
    #: Rows of products that this export has, whose cells stay: several images of which not all were exported,
    #: or a formula.
    kept: int
    changed: bool


class _Line(NamedTuple):
    """What the job made of one line of its manifest, which may name several images."""

    #: An address for each image, "" where none was exported.
    addresses: list[str]


class Addresses:
    """Of exported images, by product and line. Call in the manifest's order, for rows without any too."""

    def __init__(self, header: StoredHeader) -> None:
        self._id = header.columns.get("id", "")
        self._lines: dict[str, dict[int, _Line]] = defaultdict(dict)

    def add(self, row: ManifestRow | BadRow, address: str) -> None:
        product = row.cells.get(self._id, "") or row.id
        self._lines[product].setdefault(row.line, _Line([])).addresses.append(address)

    def of_product(self, product: str) -> list[_Line]:
        return list(self._lines.get(product, {}).values())


def open_feed(request: FeedRequest) -> Manifest:
    """Raises InvalidManifest, also for a column that is not there."""
    reading = request.reading
    if request.column:
        reading = replace(reading, mapping={**reading.mapping, "image": request.column})
    return open_manifest(request.path, reading, _NO_INSTRUCTION, exists=lambda _: False)


def write_feed(
    request: FeedRequest, feed: Manifest, addresses: Addresses, files: Destination, record: Record
) -> FeedWritten:
    """Beside the images, under the feed's own name; not again where it has these bytes already."""
    name = request.path.name
    cells, kept = _cells(feed, addresses)
    with closing(unwritten()) as file:
        formulas = feed.rewrite(feed.columns["image"], cells, file)
        size = file.tell()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # a binary file
        known = record.get(name)
        is_there = known is not None and files.holds(name, size, sha256) and known.sha256 == sha256
        if not is_there:
            if known is None and files.read(name) is not None:
                raise Conflict(
                    f"{files.address(name)} is there and was not written by an export",
                    code="export_taken",
                    hint="give another folder: the feed is written beside the images",
                )
            files.write(name, file, mimetypes.guess_type(name)[0] or "text/csv")
            record.put(name, RecordedFile(made_of="feed", sha256=sha256, size=size))
    return FeedWritten(
        name=name,
        address=files.address(name),
        cells=len(cells) - len(formulas),
        kept=kept + len(formulas),
        changed=not is_there,
    )


def _cells(feed: Manifest, addresses: Addresses) -> tuple[Mapping[int, str], int]:
    """The new cell of each line, and how many lines of exported products keep theirs."""
    product_at, image_at = feed.place(feed.columns["id"]), feed.place(feed.columns["image"])
    spare = feed.understanding.spare_id
    seen: dict[str, int] = defaultdict(int)
    cells: dict[int, str] = {}
    kept = 0
    for record in feed.records():
        product = record.cells[product_at] or (record.cells[feed.place(spare)] if spare else "")
        lines = addresses.of_product(product)
        number, seen[product] = seen[product], seen[product] + 1
        if number >= len(lines) or not any(lines[number].addresses):
            continue
        if all(lines[number].addresses):
            cells[record.line] = _joined(lines[number].addresses, record.cells[image_at])
        else:
            kept += 1
    return cells, kept


def _joined(addresses: list[str], cell: str) -> str:
    """As the old cell separates its images."""
    if len(addresses) == 1:
        return addresses[0]
    separator = ","
    if len(images_of(cell)) > 1:
        separator = next((each for each in _SEPARATORS if each in cell), ",")
    return separator.join(addresses)
