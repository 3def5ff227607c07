"""CSV and TSV files as records."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Literal, TextIO

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.formulas import unescape
from qie_batch.manifest.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_DELIMITERS = ",;\t"


class Table:
    """Reads the file once to prove that its rows can be told apart, and to count them."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self.encoding = encoding
        with self._open() as stream:
            self.delimiter = _sniff(stream)
        self.format: Literal["csv", "tsv"] = "tsv" if self.delimiter == "\t" else "csv"
        rows = self._rows()
        self._start, names, fault = next(rows, (0, [], None))
        if not names or fault:
            reason = f"has a header that cannot be read: {fault.reason}" if fault else "is empty"
            raise InvalidManifest(f"{path.name} {reason}", hint="Its first line names the columns")
        #: Spreadsheets like to write empty columns at the end; rows may fill up to this width with nothing.
        self._width = len(names)
        while not names[-1].strip():
            names.pop()
        if len(names) > MAX_COLUMNS:
            raise InvalidManifest(f"{path.name} has {len(names)} columns, more than {MAX_COLUMNS}")
        self.header = tuple(map(unescape, names))
        self.count = 0
        for _ in rows:
            self.count += 1
            if self.count > MAX_ROWS:
                rows.close()
                raise InvalidManifest(f"{path.name} has more than {MAX_ROWS:,} rows", hint="Split it")

    def records(self) -> Iterator[Record]:
        for line, cells, fault in self._rows():
            if line == self._start:
                continue
            cells = [unescape(cell) for cell in cells]  # noqa: PLW2901  # the only form from here on
            if fault is None and len(cells) == len(self.header):
                yield Record(line=line, cells=cells)
            else:
                yield self._odd(line, cells, fault)

    def _odd(self, line: int, cells: list[str], fault: Fault | None) -> Record:
        named = len(self.header)
        kept, surplus = cells[:named], cells[named:]
        if fault is None and (len(cells) < named or len(cells) > self._width or any(surplus)):
            what = "a cell is missing" if len(cells) < named else "put quotes around a cell that holds a"
            what += "" if len(cells) < named else f" {_spelled(self.delimiter)}"
            fault = Fault(
                code="row_ragged",
                reason=f"the row has {len(cells)} cells where the header has {named}: {what}",
            )
        kept += [""] * (named - len(kept))
        if any(surplus):
            # Nothing the user wrote may be missing from errors.csv.
            kept[-1] = self.delimiter.join([kept[-1], *surplus])
        return Record(line=line, cells=kept, faults=(fault,) if fault else ())

    def _rows(self) -> Generator[tuple[int, list[str], Fault | None]]:
        """First line, raw cells and what is wrong with the quotes, for each row that is not blank."""
        held: list[str] = []
        with self._open() as stream:
            reader = csv.reader(_keep(stream, held), delimiter=self.delimiter, strict=True)
            while True:
                held.clear()
                line, fault = reader.line_num + 1, None
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    if "expected after" not in str(error):
                        raise self._unclosed(line) from error
                    cells = next(csv.reader(held, delimiter=self.delimiter))
                    fault = _MISQUOTED
                if any(map(str.strip, cells)):
                    yield line, cells, fault

    def _unclosed(self, line: int) -> InvalidManifest:
        return InvalidManifest(
            f"{self._path.name}: a cell of the row on line {line} does not end within {MAX_CELL * 2:,}"
            " characters or the file: a quote that opens there is never closed",
            hint='Close the quote, or double it ("") if it is part of the text',
        )

    def _open(self) -> TextIO:
        # newline="": line ends inside quotes belong to the cell.
        return self._path.open(encoding=self.encoding, newline="")


_MISQUOTED = Fault(
    code="row_misquoted",
    reason='text stands right after a closing quote: double a quote ("") that is part of the text',
)


def _keep(stream: TextIO, held: list[str]) -> Iterator[str]:
    for line in stream:
        held.append(line)
        yield line


def _sniff(stream: TextIO) -> str:
    """The delimiter that the header has most of, outside its quotes; the comma in doubt."""
    head = ""
    for line in stream:
        head += line
        if len(head) > MAX_CELL or (head.strip() and head.count('"') % 2 == 0):
            break
    outside = "".join(head.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _spelled(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "TAB"}[delimiter]
