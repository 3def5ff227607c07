"""The cells of one sheet as texts, a row at a time."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from qie_batch.manifest.limits import MAX_CELL, MAX_COLUMNS, MAX_ROW
from qie_batch.manifest.workbook.package import Damaged, XmlReader
from qie_batch.manifest.workbook.shared_strings import Text, unescaped
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.manifest.workbook.number_formats import NumberFormats
    from qie_batch.manifest.workbook.package import Package
    from qie_batch.manifest.workbook.shared_strings import SharedStrings

#: What the file format allows: the last cell is XFD1048576.
MAX_LINE, MAX_PLACE = 1_048_576, 16_384
_DIGITS = "0123456789"
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00(?::00(?:\.0*)?)?Z?", re.ASCII)


class TooLong(Exception):
    """The row on this line has more than MAX_ROW characters."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Wrong(NamedTuple):
    """Why the text of a cell is not to be used."""

    code: str
    #: What is wrong and what to do, without a full stop.
    reason: str


class SheetRow(NamedTuple):
    #: Number of the row in the sheet, from 1.
    line: int
    #: Up to the last cell that is not empty.
    cells: list[str]
    #: By the cell's place in the row, from 0.
    wrong: dict[int, Wrong]


class _Cell(NamedTuple):
    place: int
    #: Its type as the workbook says it: a shared text, a number, an error and so on.
    kind: str
    style: str
    #: The formula's value or the cell's own; None without one.
    value: str | None
    inline: str
    formula: bool
    #: Stands for what is no text, such as an image in the cell.
    linked: bool

    def name(self, line: int) -> str:
        return cell_name(self.place, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    package: Package
    part: str
    strings: SharedStrings
    formats: NumberFormats
    #: The program that wrote the workbook left it to others to calculate its formulas.
    uncalculated: bool

    def rows(self) -> Iterator[SheetRow]:
        """Those that are not blank. Raises TooLong, and Damaged for what no spreadsheet writes."""
        reader = _Rows()
        for _ in self.package.parse(self.part, reader):
            while reader.rows:
                # Texts are looked up one row after another, as only one row surely fits in memory.
                row = self._row(*reader.rows.popleft())
                if row.wrong or any(map(str.strip, row.cells)):
                    yield row

    def _row(self, line: int, raw: list[_Cell]) -> SheetRow:
        cells: list[str] = []
        wrong: dict[int, Wrong] = {}
        size = 0
        for cell in raw:
            # One column too many is enough to refuse a header for.
            if cell.place > MAX_COLUMNS:
                continue
            text = self._text(cell)
            if (cell.formula or cell.kind == "e") and (why := self._why_wrong(cell, text, line)):
                wrong[cell.place] = why
            elif not text:
                continue
            if cell.place == len(cells):
                cells.append(text)
            else:
                cells.extend([""] * (cell.place + 1 - len(cells)))
                cells[cell.place] = text
            size += len(text)
            if size > MAX_ROW:
                raise TooLong(line)
        return SheetRow(line, cells, wrong)

    def _text(self, cell: _Cell) -> str:
        if cell.kind == "s" and cell.value:
            return self.strings[_whole(cell.value)]
        if cell.kind == "inlineStr" or cell.value is None:
            return cell.inline
        if cell.kind in ("str", "e"):
            return unescaped(cell.value)
        value = cell.value.strip()
        if cell.kind == "b":
            return "true" if value in ("1", "true") else "false"
        if cell.kind == "d":
            return _MIDNIGHT.sub(r"\1", value)
        return self.formats.shown(value, cell.style)

    def _why_wrong(self, cell: _Cell, text: str, line: int) -> Wrong | None:
        if cell.kind == "e":
            what = "a picture or linked data" if cell.linked else f"the error {printable(text)}"
            reason = f"the cell {cell.name(line)} holds {what}: write a text or empty it"
            return Wrong("cell_error", reason)
        if cell.kind == "inlineStr":
            return None
        # An empty text may be the value of a formula, an empty number may not.
        unknown = cell.value is None or (cell.kind == "n" and not cell.value)
        if unknown or (self.uncalculated and cell.kind == "n" and cell.value == "0"):
            reason = f"the formula in {cell.name(line)} has no value: open and save the workbook in Excel"
            return Wrong("formula_no_value", reason)
        return None


class _Rows(XmlReader):
    """Gathers the rows of a part; the reader of the part takes them away."""

    def __init__(self) -> None:
        self.rows: deque[tuple[int, list[_Cell]]] = deque()
        self._count = 0
        self._line = 0
        self._row: list[_Cell] | None = None
        self._place = -1
        self._attributes: dict[str, str] | None = None
        self._value: list[str] | None = None
        self._in_value = False
        self._formula = False
        self._inline = False
        self._size = 0
        self._text = Text()
        self._places: dict[str, int] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._attributes is not None:
            self._start_inside(name)
        elif name == "c" and self._row is not None:
            self._attributes = attributes
            self._value, self._formula, self._inline, self._size = None, False, False, 0
        elif name == "row":
            self._row, self._place = [], -1
            self._count += 1
            self._line = _whole(attributes["r"]) if "r" in attributes else self._line + 1
            if not 1 <= self._line <= MAX_LINE or self._count > MAX_LINE:
                raise Damaged(f"it has a row {self._line}, and sheets end at row {MAX_LINE:,}")

    def _start_inside(self, name: str) -> None:
        if name == "v":
            self._value, self._in_value = [], True
        elif name == "f":
            self._formula = True
        else:
            self._inline = True
            self._text.start(name)

    def text(self, text: str) -> None:
        if self._in_value:
            if self._value is not None and self._size <= MAX_CELL:
                self._value.append(text[: MAX_CELL + 1 - self._size])
                self._size += len(text)
        elif self._inline:
            self._text.text(text)

    def end(self, name: str) -> None:
        if name == "v":
            self._in_value = False
        elif name == "c" and self._attributes is not None and self._row is not None:
            self._end_cell(self._attributes, self._row)
            self._attributes = None
        elif name == "row" and self._row is not None:
            if self._row:
                self.rows.append((self._line, self._row))
            self._row = None
        elif self._attributes is not None:
            self._text.end(name)

    def _end_cell(self, attributes: dict[str, str], row: list[_Cell]) -> None:
        reference = attributes.get("r")
        self._place = self._place + 1 if reference is None else self._place_of(reference)
        if self._place >= MAX_PLACE or len(row) >= MAX_PLACE:
            raise Damaged(f"row {self._line} has more than {MAX_PLACE:,} cells")
        value = None if self._value is None else "".join(self._value)
        inline = self._text.take() if self._inline else ""
        if value or inline or self._formula:
            kind, style = attributes.get("t", "n"), attributes.get("s", "")
            row.append(_Cell(self._place, kind, style, value, inline, self._formula, "vm" in attributes))

    def _place_of(self, reference: str) -> int:
        letters = reference.rstrip(_DIGITS)
        place = self._places.get(letters)
        if place is None:
            place = self._places[letters] = place_of_letters(letters)
        return place


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Damaged(f"{printable(text)} stands where a number should") from None


def cell_name(place: int, line: int) -> str:
    """As a spreadsheet shows it: B3 for the place 1 on line 3."""
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{line}"


def place_of_letters(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        raise Damaged(f"a cell is named {printable(letters)}")
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
