"""Cells -> ManifestRow | BadRow. Every wrong cell of a row is named, not only the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from qie_batch.keys import S3, is_web
from qie_batch.manifest.aliases import FOLDER_COLUMN, ID_COLUMN, IMAGE_COLUMN, REFERENCES, is_own, normal
from qie_batch.manifest.cells import OPTIONAL, checks_of, preset_reader, read_id, read_image
from qie_batch.manifest.faults import Fault, WrongCell
from qie_batch.manifest.image_lists import images_of, looks_like_an_image
from qie_batch.manifest.limits import MAX_CELL, MAX_ID
from qie_batch.manifest.placeholders import Placeholders
from qie_batch.manifest.products import Products
from qie_batch.manifest.text_checksum import CHECK_COLUMN, is_intact
from qie_batch.model import BadRow, EditParams, ManifestRow
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.duplicates import SeenIds
    from qie_batch.manifest.faults import Record
    from qie_batch.manifest.header import Header
    from qie_batch.manifest.image_lists import ImageLists
    from qie_batch.manifest.products import Part
    from qie_batch.model import RowDefaults

_Value = TypeVar("_Value")

#: Own columns that say something on the way back.
_KEPT = (FOLDER_COLUMN, ID_COLUMN, IMAGE_COLUMN)
#: Fields of RowDefaults that are values, not texts with placeholders.
_DEFAULTS = (
    *("size", "lora", "steps", "cfg", "seed", "variants", "output", "quality", "keep_alpha", "lock", "align"),
    "strip_metadata",
)
_MISSING = {
    "id": ("id_missing", "the row has no id: give it one of its own"),
    "image": ("image_missing", "the row names no picture: write its path, https:// or s3://bucket/key"),
    "instruction": ("instruction_empty", "the row has no instruction: say what to change"),
}
_DAMAGED = Fault(
    column=CHECK_COLUMN,
    code="text_damaged",
    reason="the program that saved this file lost letters of the row: take the file that qie-batch wrote and"
    f" save it as 'CSV UTF-8'; or mend the texts and empty the cell of {CHECK_COLUMN}",
)


class RowReader:
    """Understands the rows of one manifest. `defaults` is used where a row does not choose itself."""

    def __init__(
        self,
        header: Header,
        columns: Columns,
        defaults: RowDefaults,
        presets: Collection[str],
        image_lists: ImageLists,
    ) -> None:
        of = columns.of
        self._header = header.keys
        self._own = tuple(name for name in header.keys if is_own(name))
        self._kept = {name: normal(name) for name in self._own if normal(name) in _KEPT}
        self._check = next((name for name in self._own if normal(name) == CHECK_COLUMN), None)
        self._products = Products(columns, image_lists, own=bool(self._kept))
        self._id = _Column("id", of["id"])
        self._image = _Column("image", of["image"])
        self._references = [_Column(name, of[name]) for name in REFERENCES if name in of]
        self._instruction = _Column("instruction", of.get("instruction"), defaults.instruction.strip())
        self._negative = _Column("negative", of.get("negative"), defaults.negative.strip())
        readers = {"preset": preset_reader(presets), **OPTIONAL}
        self._optional = [(_Column(name, of[name]), read) for name, read in readers.items() if name in of]
        self._checks = defaults.checks
        self._defaults: dict[str, Any] = {name: getattr(defaults, name) for name in _DEFAULTS}
        self._placeholders = Placeholders(header, of)
        self._used = frozenset((*of.values(), *self._kept, columns.spare_id)) - {""}

    def read(self, record: Record, seen: SeenIds) -> list[ManifestRow | BadRow]:
        """One row for each image of the product that the record describes; none where nothing is to edit."""
        parts = self._products.parts(self._cells(record), seen)
        return [self._row(_Row(self._with_texts(part), self._faults(record)), record, seen) for part in parts]

    def _with_texts(self, part: Part) -> Part:
        """With the product's texts in the cells of a row that asks for any: errors.csv may lack others."""
        if part.texts is part.cells or not any("{" in each for each in self._templates(part)):
            return part
        texts = {key: text for key, text in part.texts.items() if not part.cells[key].strip()}
        return part._replace(cells={**part.cells, **texts})

    def _templates(self, part: Part) -> Iterator[str]:
        for _, header, default in (self._instruction, self._negative):
            yield default if header is None else part.cells[header] or default

    def _row(self, row: _Row, record: Record, seen: SeenIds) -> ManifestRow | BadRow:
        part = row.part
        if max(map(len, record.cells)) > MAX_CELL:
            row.refuse_long_cells()
        if CHECK_COLUMN in part.cells:
            row.faults.append(_DAMAGED)
        if row.faults:
            return row.bad(record)
        row_id = row.value(self._id, read_id, part.id) or ""
        if row_id and (first := seen.claim(row_id, record.line)) != record.line:
            row.refuse_double(self._id, first, record.line)
        images = [row.value(self._image, read_image, part.image)]
        images += [row.value(column, _one_image, row.raw(column)) for column in self._references]
        fill = self._fill(record, part)
        instruction, negative = row.value(self._instruction, fill), row.value(self._negative, fill)
        values = {column.name: row.value(column, read) for column, read in self._optional}
        if row.faults:
            return row.bad(record)
        folder = part.cells.get(FOLDER_COLUMN, "")
        given = self._defaults | {column: value for column, value in values.items() if value is not None}
        width, height = given.pop("size") or (None, None)
        variants, priority = given.pop("variants"), given.pop("priority", None)
        checks, keep_mask = checks_of(given, self._checks), given.pop("keep_mask", "")
        params = EditParams(
            instruction=instruction or "",
            negative=negative or " ",
            width=width,
            height=height,
            lora_name=given.pop("lora"),
            **given,
        )
        return ManifestRow(
            line=record.line,
            id=row_id,
            images=tuple([_resolved(image, folder) for image in images if image]),
            params=params,
            variants=variants,
            priority=priority,
            checks=checks,
            keep_mask=_resolved(keep_mask, folder) if keep_mask else "",
            cells=part.cells,
        )

    def _faults(self, record: Record) -> list[Fault]:
        return [fault for fault in record.faults if self._matters(fault, record)] if record.faults else []

    def _matters(self, fault: Fault, record: Record) -> bool:
        if fault.surplus:
            return not self._is_before_surplus(record)
        if fault.at_stake:
            return not self._used.isdisjoint(fault.at_stake)
        return not fault.column or fault.column in self._used

    def _is_before_surplus(self, record: Record) -> bool:
        """Whether a comma too many stands behind every cell that is used: the last of them names an image."""
        last = max(place for place, key in enumerate(self._header) if key in self._used)
        texts = (self._instruction, self._negative)
        free = any(column.header is not None or "{" in column.default for column in texts)
        is_image = self._header[last] == self._image.header
        return is_image and not free and looks_like_an_image(record.cells[last].strip())

    def _fill(self, record: Record, part: Part) -> Callable[[str], str]:
        wrong = self._wrong(record) if record.faults else {}
        return lambda template: self._placeholders.fill(template, part.texts, wrong).strip()

    def _wrong(self, record: Record) -> dict[str, Fault]:
        """The cells that no template may ask for."""
        return {
            key: fault
            for fault in record.faults
            for key in (self._header if fault.surplus else fault.at_stake or (fault.column,))
        }

    def _cells(self, record: Record) -> dict[str, str]:
        cells = dict(zip(self._header, record.cells, strict=True))
        if not self._own:
            return cells
        kept = {meaning: cells[name].strip() for name, meaning in self._kept.items()}
        if self._check and not is_intact(cells[self._check]):
            kept[CHECK_COLUMN] = cells[self._check]
        for name in self._own:
            cells.pop(name, None)
        # The header lacks these columns, but the next errors.csv repeats them.
        return cells | {name: cell for name, cell in kept.items() if cell}


class _Column(NamedTuple):
    name: str
    #: The header name that means the column; None where the file lacks the column.
    header: str | None
    #: What an empty cell says.
    default: str = ""


class _Row:
    """One row while its cells are read, with the faults found so far."""

    __slots__ = ("faults", "part")

    def __init__(self, part: Part, faults: list[Fault]) -> None:
        self.part = part
        self.faults = faults

    def raw(self, column: _Column) -> str:
        return self.part.cells[column.header or ""]

    def value(
        self, column: _Column, read: Callable[[str], _Value], given: str | None = None
    ) -> _Value | None:
        """The value of the cell; None for an empty cell and for a wrong one, which becomes a fault.

        `given` is the text that counts as the cell.
        """
        name, header, default = column
        text = given
        if text is None:
            text = default if header is None else self.part.cells[header].strip() or default
        value = None
        if text and not text.isspace():
            try:
                value = read(text)
            except WrongCell as wrong:
                self._add(column, wrong.code, wrong.reason)
                return None
        if not value and name in _MISSING:
            self._add(column, *_MISSING[name])
        return value

    def refuse_double(self, column: _Column, first: int, line: int) -> None:
        reason = f"the id is on line {first} and again on line {line}: give each row its own"
        self._add(column, "id_duplicate", reason)

    def bad(self, record: Record) -> BadRow:
        return BadRow(
            line=record.line,
            id=self.part.id[:MAX_ID],
            column=self.faults[0].column,
            code=self.faults[0].code,
            reason="; ".join(fault.reason for fault in self.faults),
            cells=self.part.cells,
        )

    def refuse_long_cells(self) -> None:
        for name, cell in self.part.cells.items():
            if len(cell) > MAX_CELL:
                reason = f"{quoted(name)} has {len(cell):,} characters: shorten it to {MAX_CELL:,}"
                self.faults.append(Fault(column=name, code="cell_too_long", reason=reason))

    def _add(self, column: _Column, code: str, reason: str) -> None:
        self.faults.append(Fault(column=column.header or "", code=code, reason=reason))


def _one_image(text: str) -> str:
    if len(names := images_of(text)) > 1:
        reason = f"the cell names {len(names)} pictures: write one picture in a cell"
        raise WrongCell("image_address", reason)
    return read_image(names[0])


def _resolved(image: str, folder: str) -> str:
    """`folder` (a path or an s3:// prefix) is where relative paths of a row from errors.csv start."""
    if not folder or image.startswith(("/", S3)) or is_web(image):
        return image
    return f"{folder.rstrip('/')}/{image}"
