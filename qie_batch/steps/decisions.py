"""Decisions that come back as a CSV file from an offline sheet."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from qie_batch.errors import Conflict, NotFound, UsageError
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.manifest.formulas import unescape
from qie_batch.model import Choice, Decision
from qie_batch.report.viewer import DECISION_COLUMNS
from qie_batch.steps.review import Asked, checked_note, checked_reviewer, decide, decide_each
from qie_batch.text import many, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from qie_batch.model import Review
    from qie_batch.steps.review import ReviewContext

#: What the sheet can decide; of one that was undone, the file has no line.
_DECISIONS = (Decision.APPROVED, Decision.REJECTED, Decision.REROLLED, Decision.NOTED)
_NEEDED = ("item", "version", "decision")
#: Of a line, far more than a note and an instruction.
MAX_LINE = 20_000
#: Faulty lines that a sentence names.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One decision of the file."""

    number: int
    asked: Asked
    #: Who decided, as the file says.
    reviewer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleLine:
    """A line that changed nothing, with the reason."""

    number: int
    item_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    decided: int
    #: Lines that an earlier import of the same file has written.
    already: int
    stale: tuple[StaleLine, ...]


def import_decisions(path: Path, context: ReviewContext, *, importer: str) -> Imported:
    """Write each decision of the file whose item is as it was on the sheet.

    UsageError, and nothing is written, for a file with a line that is no decision.
    """
    lines = read_decisions(path, importer)
    refused: dict[int, str] = {}
    plain = [line for line in lines if line.asked.decision is not Decision.REROLLED]
    for reviewer, group in groupby(sorted(plain, key=_reviewer), key=_reviewer):
        refused |= _decided(list(group), reviewer, context)
    for line in lines:
        if line.asked.decision is Decision.REROLLED:
            try:
                decide(line.asked, context, reviewer=line.reviewer)
            except (Conflict, NotFound, UsageError) as error:
                refused[line.number] = " ".join(error.sentences)
    known = [line for line in lines if line.number in refused and _is_known(line, context)]
    for line in known:
        del refused[line.number]
    stale = (
        StaleLine(number=line.number, item_id=line.asked.item_id, reason=refused[line.number])
        for line in lines
        if line.number in refused
    )
    return Imported(decided=len(lines) - len(known) - len(refused), already=len(known), stale=tuple(stale))


def read_decisions(path: Path, importer: str) -> list[Line]:
    """Every line of the file. UsageError names those that are no decisions."""
    lines: list[Line] = []
    faults: list[str] = []
    for number, cells in _records(path):
        try:
            lines.append(_line(number, cells, importer))
        except UsageError as error:
            faults.append(f"line {number}: {error.message}")
    if faults:
        more = f"; and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        raise UsageError(
            f"{printable(path.name)} has {many(len(faults), 'line')} that cannot be read:"
            f" {'; '.join(faults[:NAMED])}{more}",
            code="decisions_invalid",
            hint="nothing was written: mend the lines, or download the file from the sheet again",
        )
    return lines


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each line and its cells by column."""
    try:
        with path.open(encoding=detect_encoding(path).codec, newline="") as file:
            first = file.readline(MAX_LINE).removeprefix("\ufeff")
            delimiter = max(",;\t", key=first.count)
            names = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
            _check_header(path, names)
            reader = csv.reader(file, delimiter=delimiter)
            for cells in reader:
                if any(cells):
                    yield reader.line_num + 1, dict(zip(names, map(unescape, cells), strict=False))
    except OSError as error:
        raise UsageError(f"{printable(str(path), 300)} cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise UsageError(f"{printable(path.name)} is no CSV file: {error}") from error


def _check_header(path: Path, names: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise UsageError(
            f"{printable(path.name)} has no column {missing[0]!r}",
            code="decisions_invalid",
            hint=f"give the file that the sheet made, with the columns {', '.join(DECISION_COLUMNS)}",
        )


def _line(number: int, cells: Mapping[str, str], importer: str) -> Line:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    decision, version, seed = cell("decision").casefold(), cell("version"), cell("seed")
    if decision not in _DECISIONS:
        raise UsageError(f"the decision is {quoted(decision)}, not one of {', '.join(_DECISIONS)}")
    if not (version.isascii() and version.isdigit()):
        raise UsageError(f"the version is {quoted(version)}, not a whole number")
    if seed and not (seed.isascii() and seed.isdigit()):
        raise UsageError(f"the seed is {quoted(seed)}, not a whole number")
    if not cell("item") or (cell("job") and not cell("item").startswith(f"{cell('job')}.")):
        raise UsageError(f"{quoted(cell('item'))} is no item of job {quoted(cell('job'))}")
    asked = Asked(
        item_id=cell("item"),
        version=int(version),
        decision=Decision(decision),
        note=checked_note(Decision(decision), cell("note")),
        instruction=cell("instruction"),
        seed=int(seed) if seed else None,
    )
    return Line(number=number, asked=asked, reviewer=_who(cell("reviewer"), importer))


def _who(reviewer: str, importer: str) -> str:
    if not reviewer or reviewer == importer:
        return checked_reviewer(importer)
    return checked_reviewer(f"{reviewer} (sheet, by {importer})")


def _reviewer(line: Line) -> str:
    return line.reviewer


def _decided(lines: Sequence[Line], reviewer: str, context: ReviewContext) -> dict[int, str]:
    """Write the decisions of one reviewer; why some changed nothing, by line."""
    # Of two lines about one item, the first one is written and the second one refused.
    numbers = {line.asked.item_id: line.number for line in lines}
    answer = decide_each((_choice(line.asked) for line in lines), context.reviews, reviewer=reviewer)
    return {numbers[refusal.item_id]: refusal.reason for refusal in answer.refused}


def _choice(asked: Asked) -> Choice:
    return Choice(item_id=asked.item_id, version=asked.version, decision=asked.decision, note=asked.note)


def _is_known(line: Line, context: ReviewContext) -> bool:
    """Whether an earlier import wrote the line."""
    asked = line.asked
    try:
        found = context.reviews.history(asked.item_id)
    except NotFound:
        return False
    return any(_is_same(review, line) for review in found)


def _is_same(review: Review, line: Line) -> bool:
    asked = line.asked
    same_note = review.note == asked.note or asked.decision is Decision.REROLLED
    key = (review.version, review.decision, review.reviewer)
    return key == (asked.version, asked.decision, line.reviewer) and same_note
