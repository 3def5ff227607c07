"""Rows and their outcomes -> results.csv, errors.csv.

Streams are text opened with encoding="utf-8" and newline=""; a BOM goes first, so that Excel reads UTF-8.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.manifest.columns import FOLDER_COLUMN
from qie_batch.manifest.formulas import escape
from qie_batch.manifest.survival import CHECK_COLUMN, check_of
from qie_batch.pricing import decimal_usd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

RESULT_COLUMNS = (
    "qie_status",
    "qie_output",
    "qie_width",
    "qie_height",
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
ERROR_COLUMNS = ("qie_error_code", "qie_error", CHECK_COLUMN, FOLDER_COLUMN)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """The outcome of one row, or of one of its variants. `None` is written as an empty cell."""

    status: str
    #: Path or key of the result, "" where there is none.
    output: str = ""
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    engine: str = ""
    seconds: float | None = None
    cost_micros: int | None = None
    cached: bool = False
    attempts: int = 0
    error_code: str = ""
    error: str = ""


class ResultsWriter:
    """One line for each row and variant: the input cells, then RESULT_COLUMNS."""

    def __init__(self, stream: TextIO, header: Sequence[str]) -> None:
        self._lines = _Lines(stream, header, RESULT_COLUMNS)

    def write(self, cells: Mapping[str, str], outcome: RowOutcome) -> None:
        self._lines.write(
            cells,
            outcome.status,
            outcome.output,
            _number(outcome.width),
            _number(outcome.height),
            _number(outcome.seed),
            outcome.engine,
            "" if outcome.seconds is None else f"{outcome.seconds:.3f}",
            "" if outcome.cost_micros is None else decimal_usd(outcome.cost_micros),
            "true" if outcome.cached else "false",
            str(outcome.attempts),
            outcome.error_code,
            outcome.error,
            self._lines.check(cells),
        )


class ErrorsWriter:
    """A manifest of failed rows, for correction and resubmission. Write a row once, whatever its variants.

    `folder` (a path or an s3:// prefix) is where relative image paths start; a row that was read from another
    errors.csv keeps the folder of that file.
    """

    def __init__(self, stream: TextIO, header: Sequence[str], folder: str) -> None:
        self._lines = _Lines(stream, header, ERROR_COLUMNS)
        self._folder = folder

    def write(self, cells: Mapping[str, str], outcome: RowOutcome) -> None:
        folder = cells.get(FOLDER_COLUMN) or self._folder
        self._lines.write(cells, outcome.error_code, outcome.error, self._lines.check(cells), folder)


class _Lines:
    def __init__(self, stream: TextIO, header: Sequence[str], own: Sequence[str]) -> None:
        self._header = tuple(header)
        stream.write("\ufeff")
        # Quotes keep a semicolon or a TAB inside its cell for readers that expect these delimiters.
        self._csv = csv.writer(stream, quoting=csv.QUOTE_ALL)
        self._csv.writerow(map(escape, (*header, *own)))

    def check(self, cells: Mapping[str, str]) -> str:
        """Of the row and the header; a row that was damaged before keeps the check that shows the damage."""
        given = (cells.get(name, "") for name in self._header)
        return cells.get(CHECK_COLUMN) or check_of((*self._header, *given))

    def write(self, cells: Mapping[str, str], *own: str) -> None:
        given = (cells.get(name, "") for name in self._header)
        self._csv.writerow(map(escape, (*given, *own)))


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
