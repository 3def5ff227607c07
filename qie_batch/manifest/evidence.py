"""One pass over a file before its rows are understood: what its cells say of its columns."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import IMAGE_COLUMN, is_own, means_something, normal
from qie_batch.manifest.cells import OPTIONAL, preset_reader
from qie_batch.manifest.faults import WrongCell
from qie_batch.manifest.image_lists import images_of, is_address, looks_like_an_image, web_host
from qie_batch.manifest.summary import KeptColumn
from qie_batch.model import InvalidManifest
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.faults import Record
    from qie_batch.manifest.image_lists import ImageLists

#: Hosts that are counted one by one.
MAX_HOSTS = 100
#: Sides of a result that no product has in centimetres or inches.
LEAST_SIDE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    kept: tuple[KeptColumn, ...]
    #: Images that the rows name in the column `image`, each as often as it stands there.
    images: int
    #: Of these, how many are web addresses of each host.
    hosts: Mapping[str, int]
    #: Rows without an image that are no mistakes.
    left_out: int
    #: Whether any cell names several images.
    several: bool


def study(
    records: Iterable[Record],
    header: Sequence[str],
    columns: Columns,
    presets: Collection[str],
    image_lists: ImageLists,
) -> Evidence:
    """Reads all records, or those before the first that cannot be read."""
    found = _Study(header, columns, presets, image_lists)
    # The pass over the rows raises what is wrong with the file.
    with suppress(InvalidManifest):
        for record in records:
            found.add(record)
    return found.evidence()


class _Study:
    def __init__(
        self, header: Sequence[str], columns: Columns, presets: Collection[str], image_lists: ImageLists
    ) -> None:
        places = {key: place for place, key in enumerate(header)}
        self._columns = columns
        self._images_of = image_lists.images
        self._readers = {**OPTIONAL, **_TEXTS, "preset": preset_reader(presets)}
        ours = all(is_own(key) or means_something(key) for key in header if key.strip())
        instructed = "instruction" in columns.of
        self._written_for_us = instructed or (ours and normal(columns.of.get("image", "")) == "image")
        if not (ours and instructed):
            self._readers["size"] = _large_size
        doubtful = columns.general - (_OF_MODELS if instructed else set())
        self._open = {name: places[columns.of[name]] for name in sorted(doubtful)}
        self._image = places.get(columns.of.get("image", ""))
        own = next((key for key in header if normal(key) == IMAGE_COLUMN), "")
        self._own_image = places.get(own)
        self._kept: dict[str, str] = {}
        self._hosts: Counter[str] = Counter()
        self._images = self._left_out = 0
        self._several = False

    def add(self, record: Record) -> None:
        if self._open and not record.faults:
            self._judge(record)
        if self._image is not None:
            self._count(record)

    def evidence(self) -> Evidence:
        if not self._written_for_us:
            for column in self._open:
                if column not in _FROM_CELLS_ALONE:
                    self._kept[column] = "without a column 'instruction' it may say something else"
        if "size" in self._kept and "variants" in self._open:
            self._kept.setdefault("variants", "the column 'size' is yours too")
        return Evidence(
            kept=tuple(
                KeptColumn(column=column, header=self._columns.of[column], why=why)
                for column, why in self._kept.items()
            ),
            images=self._images,
            hosts=dict(self._hosts.most_common()),
            left_out=self._left_out,
            several=self._several,
        )

    def _judge(self, record: Record) -> None:
        for column, place in list(self._open.items()):
            if cell := record.cells[place].strip():
                try:
                    self._readers[column](cell)
                except WrongCell:
                    del self._open[column]
                    self._kept[column] = f"line {record.line} says {quoted(cell, 40)}"

    def _count(self, record: Record) -> None:
        cell = record.cells[self._image].strip()  # type: ignore[index]  # the caller has looked
        if self._own_image is not None:
            cell = record.cells[self._own_image].strip() or cell
        if not cell:
            self._left_out += self._columns.partial
            return
        images = self._images_of(cell)
        self._images += len(images)
        self._several |= len(images) > 1
        if "://" in cell:
            for host in filter(None, map(web_host, images)):
                known = host in self._hosts or len(self._hosts) < MAX_HOSTS
                self._hosts[host if known else "other hosts"] += 1


def _large_size(text: str) -> tuple[int, int]:
    size: tuple[int, int] = OPTIONAL["size"](text)
    if min(size) < LEAST_SIDE:
        raise WrongCell("size_invalid", "the sides are short for an image")
    return size


def _image(text: str) -> None:
    for image in images_of(text):
        if not looks_like_an_image(image):
            raise WrongCell("image_address", "this is no image by its ending")


def _sentence(text: str) -> None:
    if is_address(text) or (text.isascii() and " " not in text) or _LINK.fullmatch(text):
        raise WrongCell("instruction_invalid", "this is no sentence")


def _words(text: str) -> None:
    if is_address(text) or not any(map(str.isalpha, text)) or text.casefold() in _ANSWERS:
        raise WrongCell("negative_invalid", "these are no words")


#: What a table of an administrator's page shows in each row as a link: "Edit", "Edit product".
_LINK = re.compile(r"edit(?:\s+[^\W\d]+){0,2}|编辑\S{0,4}|編輯\S{0,4}", re.IGNORECASE)
_ANSWERS = frozenset(("yes", "no", "true", "false", "y", "n", "none", "n/a"))
#: Columns that beside an instruction mean nothing else, whatever their cells say.
_OF_MODELS = {"preset", "lora", "cfg"}
#: Columns whose general words are judged by what only an image or an instruction says.
_FROM_CELLS_ALONE = ("image", "instruction")
_TEXTS: Mapping[str, Callable[[str], object]] = {
    "image": _image,
    "instruction": _sentence,
    "negative": _words,
}
