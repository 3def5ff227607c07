"""CSV and TSV files as records."""

from __future__ import annotations

import csv
import re
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import dropwhile
from typing import IO, TYPE_CHECKING, Literal, TextIO

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.formulas import unescape
from qie_batch.manifest.header import HEADER_ROWS, HeaderFinder
from qie_batch.manifest.limits import MAX_CELL
from qie_batch.manifest.lines import Lines, at_most_max_rows
from qie_batch.manifest.rewriting import rewrite_table
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from qie_batch.manifest.header import Header

_DELIMITERS = ",;\t"
#: Lines by which the delimiter is found: rows may have several.
SAMPLE_LINES = 200
#: The line by which Excel is told the delimiter; a program that saved the file again may have added to it.
_SEP = re.compile(r"\ufeff*\"?sep=([^\w\"\s]|\t)\"?[,;\s]*", re.IGNORECASE)
_SPELLED = {",": "comma", ";": "semicolon", "\t": "TAB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    delimiter: str
    #: Whether the first line says the delimiter and is no row.
    declared: bool = False


class Table:
    """Opening reads the header alone; each call of `records` is one pass over the file."""

    def __init__(self, path: Path, encoding: str, finder: HeaderFinder) -> None:
        self._path = path
        self._encoding = encoding
        self._dialect = self._find_dialect(finder)
        self.found: Header = self._find_header(finder)
        self.format: Literal["csv", "tsv"] = "tsv" if self._dialect.delimiter == "\t" else "csv"
        self.header = self.found.keys

    @property
    def delimiter(self) -> str:
        """As a person says it."""
        return _SPELLED.get(self._dialect.delimiter, f"'{self._dialect.delimiter}'")

    def rewrite(self, place: int, cells: Mapping[int, str], file: IO[bytes]) -> list[int]:
        """Copy the file with new cells at `place` of the rows that begin on these lines."""
        rewrite_table(self._path, self._encoding, self._dialect.delimiter, place, cells, file)
        return []

    def records(self) -> Iterator[Record]:
        """Raises InvalidManifest for a quote that is never closed and for a row too many."""
        named, header_line = len(self.header), self.found.line
        below = dropwhile(lambda row: row[0] <= header_line, self._rows(self._dialect))
        for line, raw, fault in at_most_max_rows(self._path.name, below):
            cells = [unescape(cell) if "'" in cell else cell for cell in raw]
            if fault is None and len(cells) == named:
                yield Record(line=line, cells=cells)
            else:
                yield self._odd(line, cells, fault)

    def _odd(self, line: int, cells: list[str], fault: Fault | None) -> Record:
        named, width = len(self.header), self.found.width
        kept, surplus = cells[:named], cells[named:]
        if fault is None and len(cells) < named:
            missing = frozenset(self.header[len(cells) :])
            fault = self._ragged(len(cells), "a cell is missing", at_stake=missing)
        elif fault is None and (len(cells) > width or any(surplus)):
            advice = f"put quotes around a cell that holds a {self.delimiter}"
            fault = self._ragged(len(cells), advice, surplus=True)
        kept += [""] * (named - len(kept))
        if any(surplus):
            # errors.csv returns everything that the user wrote.
            kept[-1] = self._dialect.delimiter.join([kept[-1], *surplus])
        return Record(line=line, cells=kept, faults=(fault,) if fault else ())

    def _ragged(
        self, cells: int, what: str, *, at_stake: frozenset[str] = frozenset(), surplus: bool = False
    ) -> Fault:
        reason = f"the row has {cells} cells where the header has {len(self.header)}: {what}"
        return Fault(code="row_ragged", reason=reason, at_stake=at_stake, surplus=surplus)

    def _find_dialect(self, finder: HeaderFinder) -> _Dialect:
        with self._open() as stream:
            if declared := _SEP.fullmatch(stream.readline(20)):
                return _Dialect(delimiter=declared[1], declared=True)
        sample = self._sample(finder.line or 1)
        scores = {delimiter: finder.score(_sample_rows(sample, delimiter)) for delimiter in _DELIMITERS}
        best = max(scores, key=lambda delimiter: scores[delimiter])
        if scores[best]:
            return _Dialect(delimiter=best)
        return _Dialect(delimiter=_sniff(text for _, text in sample))

    def _sample(self, first: int) -> list[tuple[int, str]]:
        """Number and text of some lines that are not blank, from line `first` on."""
        sample: list[tuple[int, str]] = []
        characters = 0
        with self._open() as stream:
            lines = Lines(self._path.name, stream)
            for text in lines:
                if lines.last >= first:
                    sample.append((lines.last, text))
                    characters += len(text)
                if len(sample) == SAMPLE_LINES or characters > MAX_CELL:
                    break
                lines.begin_row()
        return sample

    def _find_header(self, finder: HeaderFinder) -> Header:
        faults: dict[int, Fault] = {}

        def noted(rows: Iterable[tuple[int, list[str], Fault | None]]) -> Iterator[tuple[int, list[str]]]:
            for line, cells, fault in rows:
                if fault:
                    faults[line] = fault
                yield line, cells

        with closing(self._rows(self._dialect)) as rows:
            found = finder.find(self._path.name, noted(rows))
        if fault := faults.get(found.line):
            raise InvalidManifest(
                f"{self._path.name} has a header that cannot be read: {fault.reason}",
                hint="Its first line names the columns",
            )
        return found

    def _rows(self, dialect: _Dialect) -> Generator[tuple[int, list[str], Fault | None]]:
        """First line, raw cells and what is wrong with the quotes, for each row that is not blank."""
        with self._open() as stream:
            lines = Lines(self._path.name, stream)
            if dialect.declared:
                next(iter(lines))
            reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
            while True:
                lines.begin_row()
                fault = None
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cells, fault = self._misquoted(lines, dialect, error), _MISQUOTED
                if any(map(str.strip, cells)):
                    if ' "' in lines.row[0] and any(map(_SPACED_QUOTE, cells)):
                        cells = _without_spaces(lines.row, dialect) or cells
                    yield lines.first, cells, fault

    def _misquoted(self, lines: Lines, dialect: _Dialect, error: csv.Error) -> list[str]:
        """The cells of a row with text after a closing quote; InvalidManifest for every other error."""
        try:
            if "expected after" in str(error):
                return next(csv.reader(lines.row, delimiter=dialect.delimiter))
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
_SPACED_QUOTE = re.compile(r" +\"").match


def _without_spaces(row: list[str], dialect: _Dialect) -> list[str]:
    """The cells of a row that has a space between delimiter and quote; [] if that is not what it has."""
    try:
        return next(csv.reader(row, delimiter=dialect.delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return []


def _sample_rows(sample: list[tuple[int, str]], delimiter: str) -> list[tuple[int, list[str]]]:
    """The rows of the sample, up to the first that cannot be read."""
    reader = csv.reader((text for _, text in sample), delimiter=delimiter, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    start = 0
    with suppress(csv.Error):
        for cells in reader:
            rows.append((sample[start][0], cells))
            start = reader.line_num
    return rows[:HEADER_ROWS]


def _sniff(lines: Iterable[str]) -> str:
    """The delimiter that the first row has most of, outside its quotes; the comma in doubt."""
    head = ""
    for line in lines:
        head += line
        if len(head) > MAX_CELL or (head.strip() and head.count('"') % 2 == 0):
            break
    outside = "".join(head.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)
