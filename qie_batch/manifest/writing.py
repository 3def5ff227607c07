"""Rows and their outcomes -> results.csv, errors.csv, or the same tables as workbooks.

Streams are text opened with encoding="utf-8" and newline=""; a BOM goes first, so that Excel reads UTF-8.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from qie_batch.manifest.aliases import FOLDER_COLUMN, ID_COLUMN, IMAGE_COLUMN, WORDS_COLUMN
from qie_batch.manifest.formulas import escape
from qie_batch.manifest.text_checksum import CHECK_COLUMN, checksum_of
from qie_batch.pricing import decimal_usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

RESULT_COLUMNS = (
    "qie_status",
    "qie_output",
    "qie_width",
    "qie_height",
    "qie_changed",
    "qie_note",
    "qie_review",
    "qie_seed",
    "qie_engine",
    "qie_seconds",
    "qie_cost",
    "qie_cached",
    "qie_attempts",
    "qie_error_code",
    "qie_error",
    CHECK_COLUMN,
)
#: Before the name of a gate: the column that tells what the gate found.
GATE_PREFIX = "qie_gate_"
ERROR_COLUMNS = ("qie_error_code", "qie_error", CHECK_COLUMN, FOLDER_COLUMN)


@runtime_checkable
class RowWriter(Protocol):
    """A table of another kind than CSV, such as `workbook.writing.SheetWriter`."""

    def write_row(self, cells: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """The outcome of one row, or of one of its variants. `None` is written as an empty cell."""

    status: str
    #: Path or key of the result, "" where there is none.
    output: str = ""
    width: int | None = None
    height: int | None = None
    #: Share of the pixels that the edit changed, 0 to 1.
    changed: float | None = None
    note: str = ""
    #: What a person decided of the result.
    review: str = ""
    #: Gate -> what it found, in words.
    findings: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    engine: str = ""
    seconds: float | None = None
    cost_micros: int | None = None
    cached: bool = False
    attempts: int = 0
    error_code: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the keys of the cells do not say of a table."""

    #: What is written above the user's cells; the keys themselves unless given.
    names: Sequence[str] = ()
    #: Own columns beside the usual ones: of rows made of one product, the id and the image.
    own: Sequence[str] = ()
    #: Key of the cell that names the images.
    image: str = ""
    #: What errors.csv remembers of the general words, "" for nothing.
    words: str = ""
    #: The gates that have a column of their own in results.csv.
    gates: Sequence[str] = ()


_NO_EXTRAS = Extras()


class ResultsWriter:
    """One line for each row and variant: the input cells, RESULT_COLUMNS, and a column for each gate."""

    def __init__(
        self, stream: TextIO | RowWriter, header: Sequence[str], extras: Extras = _NO_EXTRAS
    ) -> None:
        names = (*(extras.names or header), *extras.own, *RESULT_COLUMNS)
        names = (*names, *(f"{GATE_PREFIX}{gate}" for gate in extras.gates))
        self._gates = tuple(extras.gates)
        self._lines = _Lines(stream, (*header, *extras.own), names)

    def write(self, cells: Mapping[str, str], outcome: RowOutcome) -> None:
        self._lines.write(
            cells,
            outcome.status,
            outcome.output,
            _number(outcome.width),
            _number(outcome.height),
            "" if outcome.changed is None else f"{outcome.changed:.4f}",
            outcome.note,
            outcome.review,
            _number(outcome.seed),
            outcome.engine,
            "" if outcome.seconds is None else f"{outcome.seconds:.3f}",
            "" if outcome.cost_micros is None else decimal_usd(outcome.cost_micros),
            "true" if outcome.cached else "false",
            str(outcome.attempts),
            outcome.error_code,
            outcome.error,
            self._lines.check(cells),
            *(outcome.findings.get(gate, "") for gate in self._gates),
        )


class ErrorsWriter:
    """A manifest of failed rows, for correction and resubmission. Write a row once, whatever its variants.

    `folder` (a path or an s3:// prefix) is where relative image paths start; a row that was read from another
    errors.csv keeps the folder of that file. Of a cell that names several images, the row has its own one.
    """

    def __init__(
        self, stream: TextIO | RowWriter, header: Sequence[str], folder: str, extras: Extras = _NO_EXTRAS
    ) -> None:
        own = [name for name in extras.own if name == ID_COLUMN]
        remembered = [WORDS_COLUMN] if extras.words else []
        names = (*(extras.names or header), *own, *ERROR_COLUMNS, *remembered)
        self._words = [extras.words] if extras.words else []
        self._lines = _Lines(stream, (*header, *own), names)
        self._image = extras.image
        self._folder = folder

    def write(self, cells: Mapping[str, str], outcome: RowOutcome) -> None:
        folder = cells.get(FOLDER_COLUMN) or self._folder
        if IMAGE_COLUMN in cells:
            cells = {**cells, self._image: cells[IMAGE_COLUMN]}
        check = self._lines.check(cells)
        self._lines.write(cells, outcome.error_code, outcome.error, check, folder, *self._words)


class CatalogWriter:
    """A manifest whose headers are the columns' own names."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._lines = _Lines(stream, columns, columns)

    def write(self, cells: Mapping[str, str]) -> None:
        self._lines.write(cells)


class _Lines:
    def __init__(self, stream: TextIO | RowWriter, keys: Sequence[str], names: Sequence[str]) -> None:
        self._keys = tuple(keys)
        self._names = tuple(names[: len(self._keys)])
        self._table = stream if isinstance(stream, RowWriter) else _Csv(stream)
        self._table.write_row(names)

    def check(self, cells: Mapping[str, str]) -> str:
        """Of the row and the header; a row that was damaged before keeps the check that shows the damage."""
        given = (cells.get(name, "") for name in self._keys)
        return cells.get(CHECK_COLUMN) or checksum_of((*self._names, *given))

    def write(self, cells: Mapping[str, str], *own: str) -> None:
        given = (cells.get(name, "") for name in self._keys)
        self._table.write_row((*given, *own))


class _Csv:
    def __init__(self, stream: TextIO) -> None:
        stream.write("\ufeff")
        # Quotes keep a semicolon or a TAB inside its cell for readers that expect these delimiters.
        self._csv = csv.writer(stream, quoting=csv.QUOTE_ALL)

    def write_row(self, cells: Iterable[str]) -> None:
        self._csv.writerow(map(escape, cells))


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
