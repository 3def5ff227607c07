"""The records of a sheet in a temporary file: reading them again takes a tenth of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.workbook.blocks import Blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Records and characters that are written at once.
_RECORDS, _CHARACTERS = 256, 1_000_000


class KeptRecords:
    def __init__(self) -> None:
        self._blocks = Blocks()
        self._waiting: list[tuple[int, list[str], list[tuple[str, str, str]]]] = []
        self._characters = 0

    def add(self, record: Record) -> None:
        faults = [(fault.column, fault.code, fault.reason) for fault in record.faults]
        self._waiting.append((record.line, record.cells, faults))
        self._characters += sum(map(len, record.cells))
        if len(self._waiting) == _RECORDS or self._characters > _CHARACTERS:
            self.end()

    def end(self) -> None:
        """Write what waits."""
        self._blocks.append(self._waiting)
        self._waiting = []
        self._characters = 0

    def records(self) -> Iterator[Record]:
        for number in range(len(self._blocks)):
            for line, cells, faults in self._blocks[number]:
                if faults:
                    yield Record(line=line, cells=cells, faults=tuple(map(_fault, faults)))
                else:
                    yield Record(line, cells)


def _fault(parts: tuple[str, str, str]) -> Fault:
    column, code, reason = parts
    return Fault(column=column, code=code, reason=reason)
