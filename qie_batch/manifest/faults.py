"""What is wrong with one row or cell, on its way into a BadRow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    #: Header name of the cell, "" where the whole row is at fault.
    column: str = ""
    code: str
    #: What is wrong and what to do, without a full stop.
    reason: str


class WrongCell(Exception):
    """Raised by whatever reads one cell; the row's reader knows which column it was."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the file before its cells are understood."""

    #: First physical line of the row, from 1.
    line: int
    #: As many as the header has names.
    cells: list[str]
    #: Why the cells cannot be trusted.
    faults: tuple[Fault, ...] = ()
