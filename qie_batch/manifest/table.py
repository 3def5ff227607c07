"""CSV and TSV files as records."""

from __future__ import annotations

import csv
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Literal, TextIO

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.formulas import unescape
from qie_batch.manifest.limits import MAX_CELL, MAX_COLUMNS
from qie_batch.manifest.lines import Lines, at_most_max_rows
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

_DELIMITERS = ",;\t"


class Table:
    """Opening reads the header alone; each call of `records` is one pass over the file."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        with self._open() as stream:
            self._delimiter = _sniff(Lines(path.name, stream))
        self.format: Literal["csv", "tsv"] = "tsv" if self._delimiter == "\t" else "csv"
        with closing(self._rows()) as rows:
            _, names, fault = next(rows, (0, [], None))
        if not names or fault:
            reason = f"has a header that cannot be read: {fault.reason}" if fault else "is empty"
            raise InvalidManifest(f"{path.name} {reason}", hint="Its first line names the columns")
        #: Spreadsheets write empty columns at the end; rows may have empty cells up to this width.
        self._width = len(names)
        while not names[-1].strip():
            names.pop()
        if len(names) > MAX_COLUMNS:
            raise InvalidManifest(f"{path.name} has {len(names)} columns, more than {MAX_COLUMNS}")
        self.header = tuple(map(unescape, names))

    def records(self) -> Iterator[Record]:
        """Raises InvalidManifest for a quote that is never closed and for a row too many."""
        named = len(self.header)
        for line, raw, fault in at_most_max_rows(self._path.name, islice(self._rows(), 1, None)):
            cells = [unescape(cell) if "'" in cell else cell for cell in raw]
            if fault is None and len(cells) == named:
                yield Record(line=line, cells=cells)
            else:
                yield self._odd(line, cells, fault)

    def _odd(self, line: int, cells: list[str], fault: Fault | None) -> Record:
        named = len(self.header)
        kept, surplus = cells[:named], cells[named:]
        if fault is None and (len(cells) < named or len(cells) > self._width or any(surplus)):
            what = "a cell is missing" if len(cells) < named else "put quotes around a cell that holds a"
            what += "" if len(cells) < named else f" {_spelled(self._delimiter)}"
            fault = Fault(
                code="row_ragged",
                reason=f"the row has {len(cells)} cells where the header has {named}: {what}",
            )
        kept += [""] * (named - len(kept))
        if any(surplus):
            # errors.csv returns everything that the user wrote.
            kept[-1] = self._delimiter.join([kept[-1], *surplus])
        return Record(line=line, cells=kept, faults=(fault,) if fault else ())

    def _rows(self) -> Generator[tuple[int, list[str], Fault | None]]:
        """First line, raw cells and what is wrong with the quotes, for each row that is not blank."""
        with self._open() as stream:
            lines = Lines(self._path.name, stream)
            reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            while True:
                lines.begin_row()
                fault = None
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cells, fault = self._misquoted(lines, error), _MISQUOTED
                if any(map(str.strip, cells)):
                    yield lines.first, cells, fault

    def _misquoted(self, lines: Lines, error: csv.Error) -> list[str]:
        """The cells of a row with text after a closing quote; InvalidManifest for every other error."""
        try:
            if "expected after" in str(error):
                return next(csv.reader(lines.row, delimiter=self._delimiter))
        except csv.Error:
            pass  # a cell without end follows in the same row
        raise InvalidManifest(
            f"{self._path.name}: a cell of the row on line {lines.first} does not end within"
            f" {MAX_CELL * 2:,} characters or the file: a quote that opens there is never closed",
            hint='Close the quote, or double it ("") if it is part of the text',
        ) from error

    def _open(self) -> TextIO:
        # newline="": line ends inside quotes belong to the cell.
        return self._path.open(encoding=self._encoding, newline="")


_MISQUOTED = Fault(
    code="row_misquoted",
    reason='text stands right after a closing quote: double a quote ("") that is part of the text',
)


def _sniff(lines: Iterable[str]) -> str:
    """The delimiter that the header has most of, outside its quotes; the comma in doubt."""
    head = ""
    for line in lines:
        head += line
        if len(head) > MAX_CELL or (head.strip() and head.count('"') % 2 == 0):
            break
    outside = "".join(head.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _spelled(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "TAB"}[delimiter]
