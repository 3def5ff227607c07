"""Cells that a spreadsheet would run as formulas: escaped on writing, restored on reading.

Fullwidth signs and signs after spaces, quotes or zero-width characters count too, because spreadsheets trim
and normalise (CWE-1236). So do signs after a semicolon, a TAB or a line end, where a spreadsheet that expects
another delimiter begins a new cell.

The patterns allow leading quotes, so that text with a quote of its own is escaped too:
`unescape(escape(cell)) == cell` for every text.
"""

from __future__ import annotations

import re

_SIGN = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_QUOTES = "'\"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
#: At the beginning of the cell, where TAB and CR count as signs, and after a delimiter or a line end.
_FIRST = f"[\\s{_QUOTES}]*[{_SIGN}\t\r\0]"
_NEXT = f"(?:[{_QUOTES}]|[^\\S\t\r\n])*[{_SIGN}]"
_BARE = re.compile(f"\\A(?={_FIRST})|(?<=[;\t\r\n])(?={_NEXT})")
_ESCAPED = re.compile(f"\\A'(?={_FIRST})|(?<=[;\t\r\n])'(?={_NEXT})")


def escape(cell: str) -> str:
    return _BARE.sub("'", cell)


def unescape(cell: str) -> str:
    return _ESCAPED.sub("", cell) if "'" in cell else cell
