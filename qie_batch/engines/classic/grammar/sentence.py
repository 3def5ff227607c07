"""From words to operations: clause by clause, each understood as a whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import (
    Recolour,
    SetBackground,
    SetBrightness,
    SetContrast,
    SetSaturation,
    Sharpen,
)
from qie_batch.engines.classic.grammar import backgrounds, light, recolours, shapes, sizes, texts
from qie_batch.engines.classic.grammar.clause import Clause, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Word

    Reader = Callable[[Clause], tuple[Operation, ...] | Refused | None]

_READERS: tuple[Reader, ...] = (
    texts.text,
    backgrounds.background,
    backgrounds.transparent,
    backgrounds.shadow,
    shapes.trim,
    shapes.crop,
    shapes.pad,
    shapes.border,
    shapes.ratio,
    sizes.flip,
    sizes.rotate,
    sizes.resize,
    light.white_balance,
    light.auto,
    light.adjust,
    light.tone,
    light.grey,
    recolours.swap,
    recolours.recolour,
)
#: A clause has at most so many words, and so many parts that are joined by "and".
_LONGEST_CLAUSE = 30
_MOST_PARTS = 4
#: Chinese verbs before which a clause may begin without a word that joins.
_BEGINNINGS = (
    "add", "change", "to", "crop", "trim", "resize", "rotate", "flip", "pad", "remove", "cut", "write", "more",
    "bright", "sharp", "with", "border", "shadow", "automatic", "margin", "ba",
)  # fmt: skip
#: What a clause without a verb takes from the one before.
_CARRIED = ("change", "more", "add", "flip", "write", "remove")
_DIMENSIONS = {
    SetBrightness: "brightness", SetContrast: "contrast", SetSaturation: "saturation", Sharpen: "sharp",
}  # fmt: skip


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


def understood(words: list[Word]) -> list[Part] | Failure:
    """The parts of the sentence, or the first clause that is not understood."""
    parts: list[Part] = []
    texts_in_all = any(word.has("text") for word in words)
    at = 0
    while at < len(words):
        if words[at].has("joint"):
            at += 1
            continue
        part, refused, end = _longest(words, at, parts, alone=not texts_in_all)
        if part is None:
            return _failure(words, at, refused)
        parts.append(part)
        at = end
    return _complaints_mended(_filled(parts))


def _longest(
    words: list[Word], start: int, before: list[Part], *, alone: bool
) -> tuple[Part | None, Refused | None, int]:
    """The longest clause from `start` that is understood, or the sentence that refuses one."""
    for end in reversed(list(_ends(words, start))):
        last = end
        while last > start and words[last - 1].has("joint", "with", "is"):
            last -= 1
        clause = Clause.of(_without_leading(words[start:last]))
        if not clause.words:
            continue
        found = _read(clause, before, alone=alone)
        if isinstance(found, Part):
            return found, None, end
        if found:
            return None, found, end
    return None, None, start


def _without_leading(words: list[Word]) -> tuple[Word, ...]:
    at = 0
    while at < len(words) and words[at].has("joint", "with") and not words[at].has("add"):
        at += 1
    return tuple(words[at:])


def _ends(words: list[Word], start: int) -> Iterator[int]:
    """Where a clause from `start` may end: before words that join, and before a Chinese verb."""
    parts = 0
    for at in range(start + 1, min(len(words), start + _LONGEST_CLAUSE) + 1):
        if at == len(words):
            yield at
            return
        word = words[at]
        if word.meanings.get("joint") == "then":
            yield at
            return
        if word.has("joint", "with") or _begins(word):
            yield at
            parts += word.has("joint") and not words[at - 1].has("joint")
            if parts >= _MOST_PARTS:
                return


def _begins(word: Word) -> bool:
    if word.has("number"):
        return word.text.startswith("+")
    return not word.text.isascii() and word.has(*_BEGINNINGS)


def _read(clause: Clause, before: list[Part], *, alone: bool) -> Part | Refused | None:
    complaint = light.complaint(clause)
    if complaint:
        return Part(clause=clause, complaint=complaint)
    found = _of_one_reader(clause)
    if isinstance(found, tuple):
        return Part(clause=clause, operations=found)
    if _on_colour_may_stand(clause, before, alone=alone):
        on = backgrounds.on_colour(clause)
        if on:
            return Part(clause=clause, operations=on)
    if before and _removes_ground(before[-1]):
        filling = backgrounds.filling(clause)
        if filling:
            return Part(clause=clause, operations=filling)
    if found is None and before:
        completed = _of_one_reader(_completed(clause, before[-1].clause))
        if isinstance(completed, tuple):
            return Part(clause=clause, operations=completed)
    return found


def _of_one_reader(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    if clause.has("not") and not clause.has("none"):
        return None
    for reader in _READERS:
        found = reader(clause)
        if found is not None:
            return found
    return None


def _on_colour_may_stand(clause: Clause, before: list[Part], *, alone: bool) -> bool:
    """Where "it" is the product: at the start, not behind a text."""
    if not clause.has("on"):
        return False
    if before and any(part.clause.has("text") for part in before):
        return False
    return alone or clause.has("add", "cut", "change")


def _completed(clause: Clause, before: Clause) -> Clause:
    """The clause with the verb of the one before, where it has none: "more contrast and saturation"."""
    if clause.has(*_CARRIED):
        return clause
    carried = [word for word in before if word.has(*_CARRIED)][:2]
    return Clause.of((*carried, *clause.words))


def _removes_ground(part: Part) -> bool:
    """Whether the clause asks to take the background away without saying that nothing is to replace it."""
    removes = any(isinstance(one, SetBackground) and one.colour is None for one in part.operations)
    return removes and not part.clause.has("transparent", "format", "none")


def _filled(parts: list[Part]) -> list[Part]:
    """Without a removal of the background where a later clause, the next one, says what takes its place."""
    kept: list[Part] = []
    for part in parts:
        fills = any(isinstance(one, SetBackground) for one in part.operations)
        if fills and kept and _removes_ground(kept[-1]):
            kept.pop()
        kept.append(part)
    return kept


def _complaints_mended(parts: list[Part]) -> list[Part] | Failure:
    mended = {
        (_DIMENSIONS[type(one)], 1 if getattr(one, "change", 1) > 0 else -1)
        for part in parts
        for one in part.operations
        if type(one) in _DIMENSIONS
    }
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
            elif one not in found:
                found.append(one)
    return tuple(found)


def _failure(words: list[Word], at: int, refused: Refused | None) -> Failure:
    end = at + 1
    while end < len(words) and not words[end].has("joint"):
        end += 1
    return Failure(start=words[at].start, end=words[end - 1].end, sentence=refused.sentence if refused else "")
