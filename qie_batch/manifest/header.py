"""The row of a table that names the columns, below what a spreadsheet or a marketplace writes above it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import meanings, normal
from qie_batch.manifest.formulas import unescape
from qie_batch.manifest.limits import MAX_CELL, MAX_COLUMNS
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    #: First physical line and cells of a row that is not blank.
    Row = tuple[int, list[str]]

#: Rows that are not blank among which the header is looked for.
HEADER_ROWS = 20
_REQUIRED = {"id", "image"}
#: Rows that follow one another are one header if these stand in the same columns.
_NEEDED = {"id", "image", "instruction"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The names of a table's columns. Two columns may have one name: each has a key of its own."""

    #: Physical line of the header, from 1; 0 in a file that has none, as JSONL.
    line: int
    #: One for each column: its name, with a number where an earlier column has the name.
    keys: tuple[str, ...]
    #: As the file spells them.
    names: tuple[str, ...]
    #: Cells of the header with the empty ones at its end; rows may have empty cells up to this width.
    width: int
    #: Rows above the header that are not blank.
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFinder:
    #: Column -> header name, as `ReadingOptions.mapping`.
    mapping: Mapping[str, str]
    #: The physical line of the header, None to look for it.
    line: int | None = None

    def find(self, file: str, rows: Iterable[Row]) -> Header:
        """Reads `rows` as far as is needed; they begin at the top of the file and leave out blank ones.

        Without a line given, the header is the first row that names an id and an image; of rows that follow
        one another and all do, the last, as a marketplace writes names for people above those for programs;
        but none that names other columns than the row above it, as a row of data may.
        Where no row does, the header is what `match_columns` can say the most about.
        """
        if self.line is not None:
            return self._at_line(file, rows, self.line)
        some = _first_rows(rows)
        if not some:
            raise InvalidManifest(f"{file} is empty", hint="Its first line names the columns")
        place = self._place([cells for _, cells in some])
        line, cells = some[place]
        return named_columns(file, cells, line=line, skipped=place)

    def score(self, rows: Sequence[Row]) -> int:
        """How many columns the header among these rows names; rows read with a wrong delimiter name fewer."""
        if self.line is not None:
            return max((len(self._meant(cells)) for line, cells in rows if line == self.line), default=0)
        some = [cells for _, cells in rows]
        return len(self._meant(some[self._place(some)])) if some else 0

    def _meant(self, cells: Sequence[str]) -> set[str]:
        return meanings([unescape(cell) for cell in cells], self.mapping)

    def _place(self, rows: Sequence[Sequence[str]]) -> int:
        meant = list(map(self._meant, rows))
        understood = [place for place, columns in enumerate(meant) if columns >= _REQUIRED]
        if understood:
            place = understood[0]
            while place + 1 in understood and self._says_as_much(rows[place + 1], rows[place]):
                place += 1
            return place
        best = max(range(len(meant)), key=lambda place: len(meant[place]))
        # One known word alone may stand in any row.
        return best if len(meant[best]) > 1 else 0

    def _says_as_much(self, cells: Sequence[str], above: Sequence[str]) -> bool:
        """Whether the row means what that above it means, column by column."""
        return all(
            needed <= self._meant([cell])
            for cell, other in zip_longest(cells, above, fillvalue="")
            if (needed := self._meant([other]) & _NEEDED)
        )

    def _at_line(self, file: str, rows: Iterable[Row], wanted: int) -> Header:
        for skipped, (line, cells) in enumerate(rows):
            if line == wanted:
                return named_columns(file, cells, line=line, skipped=skipped)
            if line > wanted:
                break
        raise InvalidManifest(
            f"{file}: no row begins on line {wanted}, which --header-line names",
            hint="Give the number of the line that names the columns, counted from 1 with the blank ones",
        )


def _first_rows(rows: Iterable[Row]) -> list[Row]:
    """Those among which the header is looked for, fewer where they are long or a later one cannot be read."""
    some: list[Row] = []
    characters = 0
    try:
        for row in islice(rows, HEADER_ROWS):
            some.append(row)
            characters += sum(map(len, row[1]))
            if characters > MAX_CELL:
                break
    except InvalidManifest:
        if not some:
            raise
    return some


def named_columns(file: str, cells: Sequence[str], *, line: int, skipped: int = 0) -> Header:
    names = [unescape(cell) for cell in cells]
    width = len(names)
    # Spreadsheets write empty columns at the end.
    while names and not names[-1].strip():
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise InvalidManifest(f"{file} has {len(names)} columns, more than {MAX_COLUMNS}")
    return Header(line=line, keys=distinct(names), names=tuple(names), width=width, skipped=skipped)


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """A key for each name: `Colour`, then `Colour (2)`, whatever the letter case."""
    taken = {normal(name) for name in names}
    seen: set[str] = set()
    keys = []
    for name in names:
        key, number = name, 2
        if normal(name) in seen:
            while normal(key := f"{name.strip()} ({number})") in taken:
                number += 1
            taken.add(normal(key))
        seen.add(normal(name))
        keys.append(key)
    return tuple(keys)
