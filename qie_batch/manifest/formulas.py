"""Cells that a spreadsheet would run as formulas: disarmed on writing, restored on reading.

Fullwidth signs and signs after spaces or quotes count too, as spreadsheets trim and normalise (CWE-1236).
As the pattern allows leading quotes, a cell that is not escaped never looks as if it were:
`unescape(escape(cell)) == cell` for every text.
"""

from __future__ import annotations

import re

_FORMULA = re.compile("[\\s'\"]*[=+\\-@\t\r\0\uff1d\uff0b\uff0d\uff20]")


def escape(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell
