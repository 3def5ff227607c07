"""Cells that a spreadsheet would run as formulas: disarmed on writing, restored on reading.

Fullwidth signs and signs after spaces, quotes or characters without width count too, as spreadsheets trim
and normalise (CWE-1236). So do those after a semicolon, a TAB or a line end: a spreadsheet that expects
another delimiter than ours begins a new cell there.

As the patterns allow leading quotes, text that is not escaped never looks as if it were:
`unescape(escape(cell)) == cell` for every text.
"""

from __future__ import annotations

import re

_SIGN = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_QUOTES = "'\"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
#: At the beginning of the cell, where TAB and CR count as signs; and of what may be taken for the next one.
_FIRST = f"[\\s{_QUOTES}]*[{_SIGN}\t\r\0]"
_NEXT = f"(?:[{_QUOTES}]|[^\\S\t\r\n])*[{_SIGN}]"
_BARE = re.compile(f"\\A(?={_FIRST})|(?<=[;\t\r\n])(?={_NEXT})")
_ESCAPED = re.compile(f"\\A'(?={_FIRST})|(?<=[;\t\r\n])'(?={_NEXT})")


def escape(cell: str) -> str:
    return _BARE.sub("'", cell)


def unescape(cell: str) -> str:
    return _ESCAPED.sub("", cell) if "'" in cell else cell
