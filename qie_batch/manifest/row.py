"""Cells -> ManifestRow | BadRow. Every wrong cell of a row is named, not only the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from qie_batch.keys import S3
from qie_batch.manifest.cells import OPTIONAL, preset_reader, read_id, read_image
from qie_batch.manifest.columns import FOLDER_COLUMN, is_own, normal
from qie_batch.manifest.faults import Fault, Record, WrongCell
from qie_batch.manifest.limits import MAX_CELL, MAX_ID
from qie_batch.manifest.placeholders import Placeholders
from qie_batch.manifest.survival import CHECK_COLUMN, survived
from qie_batch.model import BadRow, EditParams, ManifestRow
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from qie_batch.manifest.duplicates import SeenIds
    from qie_batch.model import RowDefaults

_Value = TypeVar("_Value")

_IMAGES = ("image", "ref_image_2", "ref_image_3")
#: Fields of RowDefaults that are values, not texts with placeholders.
_DEFAULTS = ("size", "steps", "cfg", "seed", "variants", "output", "quality")
_MISSING = {
    "id": ("id_missing", "the row has no id: give it one of its own"),
    "image": ("image_missing", "the row names no picture: write its path or s3://bucket/key"),
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
        header: Sequence[str],
        columns: Mapping[str, str],
        defaults: RowDefaults,
        presets: Collection[str] = (),
    ) -> None:
        self._header = tuple(header)
        self._own = tuple(name for name in header if is_own(name))
        self._folder = next((name for name in self._own if normal(name) == FOLDER_COLUMN), None)
        self._check = next((name for name in self._own if normal(name) == CHECK_COLUMN), None)
        self._id = _Column("id", columns["id"])
        self._images = [_Column(name, columns[name]) for name in _IMAGES if name in columns]
        self._instruction = _Column("instruction", columns.get("instruction"), defaults.instruction.strip())
        self._negative = _Column("negative", columns.get("negative"), defaults.negative.strip())
        readers = {"preset": preset_reader(presets), **OPTIONAL}
        self._optional = [
            (_Column(name, columns[name]), read) for name, read in readers.items() if name in columns
        ]
        self._defaults: dict[str, Any] = {name: getattr(defaults, name) for name in _DEFAULTS}
        self._placeholders = Placeholders([name for name in header if name not in self._own], columns)

    def read(self, record: Record, seen: SeenIds) -> ManifestRow | BadRow:
        cells = self._cells(record)
        row = _Row(cells, record)
        if row.faults:
            return row.bad(self._id)
        row_id = row.value(self._id, read_id) or ""
        if row_id:
            row.refuse_double(self._id, row_id, seen)
        images = [row.value(column, read_image) for column in self._images]
        instruction = row.value(self._instruction, self._fill(cells))
        negative = row.value(self._negative, self._fill(cells))
        values = {column.name: row.value(column, read) for column, read in self._optional}
        if row.faults:
            return row.bad(self._id)
        folder = cells.get(FOLDER_COLUMN, "")
        given = self._defaults | {column: value for column, value in values.items() if value is not None}
        width, height = given.pop("size") or (None, None)
        variants, priority = given.pop("variants"), given.pop("priority", None)
        params = EditParams(
            instruction=instruction or "", negative=negative or " ", width=width, height=height, **given
        )
        return ManifestRow(
            line=record.line,
            id=row_id,
            images=tuple([_resolved(image, folder) for image in images if image]),
            params=params,
            variants=variants,
            priority=priority,
            cells=cells,
        )

    def _fill(self, cells: Mapping[str, str]) -> Callable[[str], str]:
        return lambda template: self._placeholders.fill(template, cells).strip()

    def _cells(self, record: Record) -> dict[str, str]:
        cells = dict(zip(self._header, record.cells, strict=True))
        if not self._own:
            return cells
        folder = cells[self._folder].strip() if self._folder else ""
        check = cells[self._check] if self._check else ""
        for name in self._own:
            cells.pop(name, None)
        if folder:
            # The header lacks this column, but the next errors.csv repeats the folder.
            cells[FOLDER_COLUMN] = folder
        if not survived(check):
            cells[CHECK_COLUMN] = check
        return cells


class _Column(NamedTuple):
    name: str
    #: The header name that means the column; None where the file lacks the column.
    header: str | None
    #: What an empty cell says.
    default: str = ""


class _Row:
    """One row while its cells are read, with the faults found so far."""

    __slots__ = ("cells", "faults", "line")

    def __init__(self, cells: dict[str, str], record: Record) -> None:
        self.cells = cells
        self.line = record.line
        self.faults = [*record.faults]
        if max(map(len, record.cells)) > MAX_CELL:
            self._refuse_long_cells()
        if CHECK_COLUMN in cells:
            self.faults.append(_DAMAGED)

    def value(self, column: _Column, read: Callable[[str], _Value]) -> _Value | None:
        """The value of the cell; None for an empty cell and for a wrong one, which becomes a fault."""
        name, header, default = column
        text = default if header is None else self.cells[header].strip() or default
        value = None
        if text:
            try:
                value = read(text)
            except WrongCell as wrong:
                self._add(column, wrong.code, wrong.reason)
                return None
        if not value and name in _MISSING:
            self._add(column, *_MISSING[name])
        return value

    def refuse_double(self, column: _Column, row_id: str, seen: SeenIds) -> None:
        first = seen.claim(row_id, self.line)
        if first != self.line:
            reason = f"the id is on line {first} and again on line {self.line}: give each row its own"
            self._add(column, "id_duplicate", reason)

    def bad(self, column: _Column) -> BadRow:
        """The row as a bad one; `column` holds the id."""
        return BadRow(
            line=self.line,
            id=self.cells[column.header or ""].strip()[:MAX_ID],
            column=self.faults[0].column,
            code=self.faults[0].code,
            reason="; ".join(fault.reason for fault in self.faults),
            cells=self.cells,
        )

    def _add(self, column: _Column, code: str, reason: str) -> None:
        self.faults.append(Fault(column=column.header or "", code=code, reason=reason))

    def _refuse_long_cells(self) -> None:
        for name, cell in self.cells.items():
            if len(cell) > MAX_CELL:
                reason = f"{quoted(name)} has {len(cell):,} characters: shorten it to {MAX_CELL:,}"
                self.faults.append(Fault(column=name, code="cell_too_long", reason=reason))


def _resolved(image: str, folder: str) -> str:
    """`folder` (a path or an s3:// prefix) is where relative paths of a row from errors.csv start."""
    if not folder or image.startswith(("/", S3)):
        return image
    return f"{folder.rstrip('/')}/{image}"
