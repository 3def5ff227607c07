"""What is wrong with one row or cell, as the parts of a BadRow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    #: Header name of the cell, "" where the whole row is at fault.
    column: str = ""
    code: str
    #: What is wrong and what to do, without a full stop.
    reason: str


class WrongCell(Exception):
    """Raised by the reader of one cell; the reader of the row adds the column."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Record(NamedTuple):
    """One row of the file before its cells are understood."""

    #: First physical line of the row, from 1.
    line: int
    #: As many as the header has names.
    cells: list[str]
    #: Why the cells cannot be trusted.
    faults: tuple[Fault, ...] = ()


#: Not printable to Python, as their width is not plain, but harmless: U+3000 stands in Chinese names.
_WIDE_SPACES = "\u00a0\u3000"


def shown(text: str, limit: int = 60) -> str:
    """The text as it may stand in a sentence: what would move a terminal's cursor is replaced."""
    head = text if len(text) <= limit else text[:limit] + "…"
    return "".join(c if c.isprintable() or c in _WIDE_SPACES else "\ufffd" for c in head)


def quoted(text: str, limit: int = 60) -> str:
    """The text as an error shows it: on one line and not too long."""
    return repr(text if len(text) <= limit else text[:limit] + "…")
