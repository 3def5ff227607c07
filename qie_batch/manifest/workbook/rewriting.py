"""Some cells of one sheet written anew; every other part and byte of the workbook stays."""

from __future__ import annotations

import zipfile
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from qie_batch.manifest.workbook.package import Damaged, normal_name, translated
from qie_batch.manifest.workbook.sheet import cell_name, place_of_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_CHUNK = 1 << 16
_DIGITS = "0123456789"


class _Splice(NamedTuple):
    """Bytes of the part that are left out, and those that are put in their place."""

    start: int
    end: int
    new: bytes


def rewrite_sheet(path: Path, part: str, place: int, cells: Mapping[int, str], file: IO[bytes]) -> list[int]:
    """Copy the workbook, with the cell at `place` (from 0) of each of these rows of a sheet.

    A formula is left as it is: the lines of those come back. Raises Damaged.
    """
    with translated(), zipfile.ZipFile(path) as source, zipfile.ZipFile(file, "w") as target:
        finder = None
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename, info.date_time)
            entry.compress_type, entry.external_attr = info.compress_type, info.external_attr
            entry.file_size = info.file_size
            if normal_name(info.filename) != normal_name(part):
                with source.open(info) as old, target.open(entry, "w") as new:
                    copyfileobj(old, new)
                continue
            with source.open(info) as old:
                finder = _Finder(place, cells)
                finder.read(old)
            with source.open(info) as old, target.open(entry, "w", force_zip64=True) as new:
                _splice(old, new, iter(finder.splices))
        if finder is None:
            raise Damaged(f"its part {part[:100]} is missing")
        return finder.formulas


def _splice(old: IO[bytes], new: IO[bytes], splices: Iterator[_Splice]) -> None:
    at = 0
    for splice in splices:
        while at < splice.start:
            piece = old.read(min(_CHUNK, splice.start - at))
            if not piece:
                raise Damaged("its sheet ends too early")
            at += len(piece)
            new.write(piece)
        new.write(splice.new)
        at += len(old.read(splice.end - at))
    copyfileobj(old, new)


class _Finder:
    """Where in the bytes of a sheet the cells are."""

    def __init__(self, place: int, cells: Mapping[int, str]) -> None:
        self.splices: list[_Splice] = []
        self.formulas: list[int] = []
        self._place, self._cells = place, cells
        self._line = 0
        self._at = -1
        #: The new text of the row at hand, until it has its place.
        self._wanted: str | None = None
        #: Start and attributes of the old cell; its end is where the next element or text begins.
        self._old: tuple[int, dict[str, str]] | None = None
        self._ended = self._formula = False
        self._prefix = ""
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = parser.CommentHandler = lambda _: self._finish()

    def read(self, part: IO[bytes]) -> None:
        start = part.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            raise Damaged("its sheet is written in UTF-16")
        self._parser.Parse(start)
        while chunk := part.read(_CHUNK):
            self._parser.Parse(chunk)
        self._parser.Parse(b"", True)  # noqa: FBT003 - its place is its name

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._finish()
        prefix, colon, local = name.rpartition(":")
        if local == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._at, self._prefix = -1, prefix + colon
            self._wanted = self._cells.get(self._line)
        elif local == "c" and self._wanted is not None and self._old is None:
            self._begin_cell(attributes)
        elif local == "f" and self._old is not None:
            self._formula = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        letters = attributes.get("r", "").rstrip(_DIGITS)
        self._at = place_of_letters(letters) if letters else self._at + 1
        if self._at == self._place:
            self._old, self._ended, self._formula = (self._parser.CurrentByteIndex, attributes), False, False
        elif self._at > self._place:
            self._insert({"r": cell_name(self._place, self._line)} if letters else {})

    def _end(self, name: str) -> None:
        self._finish()
        local = name.rpartition(":")[2]
        if local == "c" and self._old is not None:
            self._ended = True
        elif local == "row" and self._wanted is not None:
            self._insert({"r": cell_name(self._place, self._line)})

    def _finish(self) -> None:
        """The old cell, where the element that ended last was that."""
        if self._old is None or not self._ended:
            return
        start, attributes = self._old
        if self._formula:
            self.formulas.append(self._line)
        else:
            kept = {name: text for name, text in attributes.items() if name in ("r", "s")}
            self._put(start, self._parser.CurrentByteIndex, kept)
        self._old = self._wanted = None

    def _insert(self, attributes: dict[str, str]) -> None:
        here = self._parser.CurrentByteIndex
        self._put(here, here, attributes)
        self._wanted = None

    def _put(self, start: int, end: int, attributes: dict[str, str]) -> None:
        of = self._prefix
        told = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        text = escape(self._wanted or "")
        cell = (
            f'<{of}c{told} t="inlineStr"><{of}is><{of}t xml:space="preserve">{text}</{of}t></{of}is></{of}c>'
        )
        self.splices.append(_Splice(start, end, cell.encode("ascii", "xmlcharrefreplace")))
