"""Cells -> ManifestRow | BadRow. Every wrong cell of a row is named, not only the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from qie_batch.keys import S3
from qie_batch.manifest.cells import OPTIONAL, read_id, read_image
from qie_batch.manifest.columns import FOLDER_COLUMN, is_own, normal
from qie_batch.manifest.faults import Fault, Record, WrongCell
from qie_batch.manifest.limits import MAX_CELL, MAX_ID
from qie_batch.manifest.placeholders import Placeholders
from qie_batch.model import BadRow, ManifestRow
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qie_batch.manifest.duplicates import SeenIds

_Value = TypeVar("_Value")

_MISSING = {
    "id": ("id_missing", "the row has no id: give it one of its own"),
    "image": ("image_missing", "the row names no picture: write its path or s3://bucket/key"),
    "instruction": ("instruction_empty", "the row has no instruction: say what to change"),
}


class RowReader:
    """Understands the rows of one manifest. `instruction` stands in where a row has none."""

    def __init__(self, header: Sequence[str], columns: Mapping[str, str], instruction: str) -> None:
        self._header = tuple(header)
        self._columns = columns
        self._own = tuple(name for name in header if is_own(name))
        self._folder = next((name for name in self._own if normal(name) == FOLDER_COLUMN), None)
        self._images = [name for name in ("image", "ref_image_2", "ref_image_3") if name in columns]
        self._optional = [(column, read) for column, read in OPTIONAL.items() if column in columns]
        self._instruction = instruction.strip()
        self._placeholders = Placeholders([name for name in header if name not in self._own], columns)

    def read(self, record: Record, seen: SeenIds) -> ManifestRow | BadRow:
        cells = self._cells(record)
        row = _Row(self._columns, cells, record)
        if row.faults:
            return row.bad()
        row_id = row.value("id", read_id) or ""
        if row_id:
            row.refuse_double(row_id, seen)
        images = [row.value(column, read_image) for column in self._images]
        instruction = row.value("instruction", self._fill(cells), default=self._instruction)
        negative = row.value("negative", self._fill(cells))
        values = {column: row.value(column, read) for column, read in self._optional}
        if row.faults:
            return row.bad()
        folder = cells.get(FOLDER_COLUMN, "")
        return ManifestRow(
            line=record.line,
            id=row_id,
            images=tuple(_resolved(image, folder) for image in images if image),
            instruction=instruction or "",
            negative=negative or " ",
            cells=cells,
            **{column: value for column, value in values.items() if value is not None},
        )

    def _fill(self, cells: Mapping[str, str]) -> Callable[[str], str]:
        return lambda template: self._placeholders.fill(template, cells).strip()

    def _cells(self, record: Record) -> dict[str, str]:
        cells = dict(zip(self._header, record.cells, strict=True))
        folder = cells[self._folder].strip() if self._folder else ""
        for name in self._own:
            cells.pop(name, None)
        if folder:
            # Not in the header any more, but errors.csv must carry it on.
            cells[FOLDER_COLUMN] = folder
        return cells


class _Row:
    """One row while its cells are read: what is wrong so far."""

    __slots__ = ("_columns", "cells", "faults", "line")

    def __init__(self, columns: Mapping[str, str], cells: dict[str, str], record: Record) -> None:
        self._columns = columns
        self.cells = cells
        self.line = record.line
        self.faults = [*record.faults]
        if max(map(len, record.cells)) > MAX_CELL:
            self._refuse_long_cells()

    def value(self, column: str, read: Callable[[str], _Value], *, default: str = "") -> _Value | None:
        """What the cell says; None if it says nothing or something wrong."""
        header = self._columns.get(column, "")
        text = self.cells.get(header, "").strip() if header else ""
        value = None
        if text := text or default:
            try:
                value = read(text)
            except WrongCell as wrong:
                self.faults.append(Fault(column=header, code=wrong.code, reason=wrong.reason))
                return None
        if not value and column in _MISSING:
            code, reason = _MISSING[column]
            self.faults.append(Fault(column=header, code=code, reason=reason))
        return value

    def refuse_double(self, row_id: str, seen: SeenIds) -> None:
        first = seen.claim(row_id, self.line)
        if first != self.line:
            reason = f"the id is on line {first} and again on line {self.line}: give each row its own"
            self.faults.append(Fault(column=self._columns["id"], code="id_duplicate", reason=reason))

    def bad(self) -> BadRow:
        return BadRow(
            line=self.line,
            id=self.cells[self._columns["id"]].strip()[:MAX_ID],
            column=self.faults[0].column,
            code=self.faults[0].code,
            reason="; ".join(fault.reason for fault in self.faults),
            cells=self.cells,
        )

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
