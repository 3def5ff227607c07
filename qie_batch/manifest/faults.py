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
    #: Header keys of the cells that are at fault together; the fault is none where nothing uses these.
    at_stake: frozenset[str] = frozenset()
    #: The row has more cells than the header: those before them may be shifted.
    surplus: bool = False


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
