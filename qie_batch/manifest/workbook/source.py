"""One sheet of an Excel workbook as records."""

from __future__ import annotations

from contextlib import closing, contextmanager
from itertools import chain
from typing import IO, TYPE_CHECKING, Literal, TypeVar

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.formulas import unescape
from qie_batch.manifest.limits import MAX_ROW
from qie_batch.manifest.lines import at_most_max_rows
from qie_batch.manifest.workbook.contents import read_contents, refuse_others
from qie_batch.manifest.workbook.kept_records import KeptRecords
from qie_batch.manifest.workbook.number_formats import NumberFormats
from qie_batch.manifest.workbook.package import Damaged, Package, translated
from qie_batch.manifest.workbook.rewriting import rewrite_sheet
from qie_batch.manifest.workbook.shared_strings import SharedStrings
from qie_batch.manifest.workbook.sheet import Sheet, TooLong
from qie_batch.model import InvalidManifest
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from qie_batch.manifest.header import Header, HeaderFinder
    from qie_batch.manifest.workbook.contents import Contents
    from qie_batch.manifest.workbook.sheet import SheetRow

_Any = TypeVar("_Any")


class Workbook:
    """Opening reads the header alone; each call of `records` is one pass over the sheet."""

    format: Literal["xlsx"] = "xlsx"

    delimiter = ""

    def __init__(self, path: Path, sheet: str, finder: HeaderFinder) -> None:
        """`sheet` is a name, "" for the first sheet that is not hidden."""
        self._path = path
        with self._opened() as package:
            refuse_others(path.name, package)
            self._contents: Contents = read_contents(package)
        self._entry = self._contents.entry(path.name, sheet)
        self._kept: KeptRecords | None = None
        #: Why the sheet cannot be read to its end, once that was tried: to read as far again may take long.
        self._refused: InvalidManifest | None = None
        with closing(self._rows()) as rows:
            self.found: Header = self._header(finder, self._to_the_end(rows))
        self.header = self.found.keys

    @property
    def sheet(self) -> str:
        """The name of the sheet that is read."""
        return self._entry.name

    def records(self) -> Iterator[Record]:
        """Raises InvalidManifest for a damaged sheet and a row too many, in a later pass before any record.

        Cells to the right of the header belong to no column and are left out. The sheet is read once: later
        passes read what the first one that came to the end has kept in a temporary file.
        """
        if self._kept is not None:
            yield from self._kept.records()
            return
        if self._refused is not None:
            raise self._refused
        kept = KeptRecords()
        for record in self._to_the_end(self._read()):
            kept.add(record)
            yield record
        kept.end()
        self._kept = kept

    def rewrite(self, place: int, cells: Mapping[int, str], file: IO[bytes]) -> list[int]:
        """Copy the workbook with new cells at `place` of these lines; the lines left for their formulas."""
        try:
            return rewrite_sheet(self._path, self._entry.part, place, cells, file)
        except Damaged as error:
            raise self._damaged(error) from error

    def _to_the_end(self, rows: Iterable[_Any]) -> Iterator[_Any]:
        try:
            yield from rows
        except InvalidManifest as error:
            self._refused = error
            raise

    def _read(self) -> Iterator[Record]:
        named, header_line = len(self.header), self.found.line
        below = (row for row in self._rows() if row.line > header_line)
        for line, raw, wrong in at_most_max_rows(self._path.name, below):
            cells = [unescape(cell) for cell in raw[:named]]
            cells.extend([""] * (named - len(cells)))
            faults = tuple(
                Fault(column=self.header[place], code=why.code, reason=why.reason)
                for place, why in wrong.items()
                if place < named
            )
            if faults or any(cells):
                yield Record(line=line, cells=cells, faults=faults)

    def _rows(self) -> Generator[SheetRow]:
        contents = self._contents
        with self._opened() as package:
            formats = NumberFormats(package, contents.styles, date1904=contents.date1904)
            sheet = Sheet(
                package=package,
                part=self._entry.part,
                strings=SharedStrings(package, contents.strings),
                formats=formats,
                uncalculated=contents.uncalculated,
            )
            yield from sheet.rows()

    @contextmanager
    def _opened(self) -> Iterator[Package]:
        """What the file's bytes are to blame for becomes one sentence."""
        name = self._path.name
        try:
            with translated(), Package.open(self._path) as package:
                yield package
        except TooLong as error:
            raise InvalidManifest(
                f"{name}: the row on line {error.line} has more than {MAX_ROW:,} characters",
                hint="Shorten its cells",
            ) from error
        except Damaged as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Damaged) -> InvalidManifest:
        return InvalidManifest(
            f"{self._path.name} is a damaged workbook: {error}",
            hint="Open it in Excel or LibreOffice and save it again as .xlsx",
        )

    def _header(self, finder: HeaderFinder, rows: Iterator[SheetRow]) -> Header:
        first = next(rows, None)
        if first is None:
            raise self._empty()
        texts = ((row.line, row.cells) for row in chain((first,), rows) if any(map(str.strip, row.cells)))
        return finder.find(self._path.name, texts)

    def _empty(self) -> InvalidManifest:
        if len(self._contents.sheets) == 1:
            return InvalidManifest(f"{self._path.name} is empty", hint="Its first row names the columns")
        return InvalidManifest(
            f"the sheet {quoted(self.sheet)} of {self._path.name} is empty;"
            f" the workbook has: {self._contents.listed()}",
            hint="Name the one to read: --sheet NAME",
        )
