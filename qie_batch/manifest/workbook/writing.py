"""Rows -> a sheet, in memory that does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import xlsxwriter

from qie_batch.manifest.formulas import escape, unescape
from qie_batch.manifest.workbook.sheet import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable

#: UTF-16 units that a cell of Excel holds.
_MAX_TEXT = 32_767
_CUT = "… (cut: the CSV file has all of it)"
#: Own columns whose cells are numbers; all others are texts, so that ids keep their zeros.
_NUMBERS = frozenset(("qie_width", "qie_height", "qie_changed", "qie_seconds", "qie_cost", "qie_attempts"))
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class SheetWriter:
    """The first row written is the header. Excel's sheets end: what does not fit goes on in a further one."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._book = xlsxwriter.Workbook(file, _OPTIONS)
        self._bold = self._book.add_format({"bold": True})
        self._name = name
        self._header: list[str] = []
        self._numbers: frozenset[int] = frozenset()
        self._line = MAX_LINE

    def write_row(self, cells: Iterable[str]) -> None:
        if not self._header:
            self._header = list(cells)
            self._numbers = frozenset(n for n, name in enumerate(self._header) if name in _NUMBERS)
            return self._begin_sheet()
        if self._line == MAX_LINE:
            self._begin_sheet()
        for place, cell in enumerate(cells):
            if cell and place in self._numbers:
                self._sheet.write_number(self._line, place, float(cell))
            elif cell:
                self._sheet.write_string(self._line, place, _text(cell))
        self._line += 1
        return None

    def close(self) -> None:
        """Write the workbook."""
        self._book.close()

    def _begin_sheet(self) -> None:
        number = len(self._book.worksheets()) + 1
        self._sheet = self._book.add_worksheet(self._name if number == 1 else f"{self._name} {number}")
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for place, name in enumerate(self._header):
            self._sheet.write_string(0, place, _text(name), self._bold)
        self._line = 1


def _text(cell: str) -> str:
    """The cell so that reading gives the same text: reading takes the apostrophe of an escaped cell away."""
    text = escape(cell) if unescape(cell) != cell else cell
    if text.startswith("<r>") and text.endswith("</r>"):
        text = f" {text}"  # xlsxwriter takes the text itself for XML
    units = len(text.encode("utf-16-le")) // 2
    return text if units <= _MAX_TEXT else text[: _MAX_TEXT // 2 - len(_CUT)] + _CUT
