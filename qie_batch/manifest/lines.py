"""The lines of a manifest, grouped by rows that fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.manifest.limits import MAX_BLANK_LINES, MAX_ROW, MAX_ROWS
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO, TypeVar

    _Row = TypeVar("_Row")


class Lines:
    """An iterator over the lines of `stream`; the caller says where a row begins.

    Raises InvalidManifest for a row of more than MAX_ROW characters before the row is read to its end.
    """

    def __init__(self, file: str, stream: TextIO) -> None:
        self._file = file
        self._stream = stream
        self._size = 0
        #: Lines read so far.
        self.last = 0
        self._blank = 0
        #: Number of the line at which the row begins, from 1.
        self.first = 1
        #: The lines of the row so far.
        self.row: list[str] = []

    def begin_row(self) -> None:
        self.row.clear()
        self._size = 0
        self.first = self.last + 1

    def __iter__(self) -> Iterator[str]:
        """Leaves out blank lines between two rows."""
        while line := self._stream.readline(MAX_ROW + 1):
            if self.last == 0:
                # Some programs write a mark of their own where the encoding has put one already.
                line = line.lstrip("\ufeff") or "\n"
            if not self._size and line.isspace() and not (line := self._after_blank_lines()):
                return
            self._size += len(line)
            if self._size > MAX_ROW:
                raise InvalidManifest(
                    f"{self._file}: the row on line {self.first} has more than {MAX_ROW:,} characters",
                    hint="Shorten its cells",
                )
            self.last += 1
            self.row.append(line)
            yield line

    def _after_blank_lines(self) -> str:
        """The next line that is not blank, "" at the end; a blank one was just read."""
        readline, blank = self._stream.readline, 1
        while (line := readline(MAX_ROW + 1)).isspace():
            blank += 1
            if self._blank + blank > MAX_BLANK_LINES:
                raise InvalidManifest(
                    f"{self._file} has more than {MAX_BLANK_LINES:,} blank lines", hint="Remove them"
                )
        self._blank += blank
        self.last += blank
        self.first = self.last + 1
        return line


def at_most_max_rows(file: str, rows: Iterable[_Row]) -> Iterator[_Row]:
    """The rows as they come; raises InvalidManifest in place of the first row too many."""
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise InvalidManifest(f"{file} has more than {MAX_ROWS:,} rows", hint="Split it")
        yield row
