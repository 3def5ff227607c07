"""The understood parts of a sentence, and the operations that they are together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import (
    BalanceWhite,
    Recolour,
    SetBackground,
    SetBrightness,
    SetContrast,
    SetSaturation,
    Sharpen,
)

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A clause with what it was understood as."""

    clause: Clause
    operations: tuple[Operation, ...] = ()
    #: Kind and direction of a complaint such as "too dark", which another clause has to mend.
    complaint: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    start: int
    end: int
    sentence: str = ""


def removes_ground(part: Part) -> bool:
    """Whether the clause asks to take the background away without saying that nothing is to replace it."""
    removes = any(isinstance(one, SetBackground) and one.colour is None for one in part.operations)
    return removes and not part.clause.has("transparent", "format", "none")


def filled(parts: list[Part]) -> list[Part]:
    """Without a removal of the background where a later clause, the next one, says what takes its place."""
    kept: list[Part] = []
    for part in parts:
        fills = any(isinstance(one, SetBackground) for one in part.operations)
        if fills and kept and removes_ground(kept[-1]):
            kept.pop()
        kept.append(part)
    return kept


def _mends(operation: Operation) -> tuple[str, int] | None:
    """The complaint that the operation answers."""
    match operation:
        case BalanceWhite():
            return ("cast", 1)
        case SetBrightness(change=change):
            return ("brightness", 1 if change > 0 else -1)
        case SetContrast(change=change):
            return ("contrast", 1 if change > 0 else -1)
        case SetSaturation(change=change):
            return ("saturation", 1 if change > 0 else -1)
        case Sharpen():
            return ("sharp", 1)
        case _:
            return None


def complaints_mended(parts: list[Part]) -> list[Part] | Failure:
    mended = {_mends(one) for part in parts for one in part.operations}
    for part in parts:
        if part.complaint and part.complaint not in mended:
            return Failure(start=part.clause.words[0].start, end=part.clause.words[-1].end)
    return [part for part in parts if not part.complaint]


def operations_of(parts: list[Part]) -> tuple[Operation, ...]:
    """In order; what is said twice once, and recolours side by side as one."""
    found: list[Operation] = []
    for part in parts:
        for one in part.operations:
            if found and isinstance(one, Recolour) and isinstance(found[-1], Recolour):
                found[-1] = Recolour(changes=tuple(dict.fromkeys((*found[-1].changes, *one.changes))))
            elif not _merged(found, one) and one not in found:
                found.append(one)
    return tuple(found)


def _merged(found: list[Operation], one: Operation) -> bool:
    """Put the one with a degree in the place of the one without, as of "a bit clearer, sharpen"."""
    size, usual = _degree(one)
    for at, other in enumerate(found):
        if usual and type(other) is type(one):
            same = _degree(other)[0]
            if same * size > 0 and usual in (abs(same), abs(size)):
                found[at] = other if abs(size) == usual else one
                return True
    return False


def _degree(operation: Operation) -> tuple[float, float]:
    """How far it goes, and how far without a word of degree; 0 for an operation without degrees."""
    match operation:
        case SetBrightness(change=change):
            return change, 0.2
        case SetContrast(change=change):
            return change, 0.2
        case SetSaturation(change=change):
            return change, 0.25
        case Sharpen(strength=strength):
            return strength, 1.0
        case _:
            return 0.0, 0.0
