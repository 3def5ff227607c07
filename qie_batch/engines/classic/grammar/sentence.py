"""From words to operations: clause by clause, each understood as a whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import AddBorder, AddShadow, Pad, WriteText
from qie_batch.engines.classic.grammar import (
    backgrounds,
    borders,
    light,
    recolours,
    rewordings,
    shapes,
    sizes,
    texts,
)
from qie_batch.engines.classic.grammar.clause import LINKS, Clause, Refused, kinds
from qie_batch.engines.classic.grammar.parts import Failure, Part, complaints_mended, filled, removes_ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Word

    Reader = Callable[[Clause], tuple[Operation, ...] | Refused | None]

_READERS: tuple[Reader, ...] = (
    rewordings.replacement,
    rewordings.removal,
    rewordings.translation,
    texts.text,
    backgrounds.background,
    backgrounds.transparent,
    backgrounds.shadow,
    shapes.trim,
    shapes.crop,
    shapes.pad,
    borders.border,
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
#: Words that are read; a longer instruction is refused.
_MOST_WORDS = 120
#: Chinese verbs before which a clause may begin without a word that joins.
_BEGINNINGS = (
    "add", "change", "to", "crop", "trim", "resize", "rotate", "flip", "pad", "remove", "cut", "write",
    "more", "bright", "sharp", "with", "shadow", "automatic", "ba",
)  # fmt: skip
#: "Save as PNG" behind a background that is removed.
_FORMAT = LINKS | kinds("format with transparent image it add")
#: "Is the background white?"
_ASKING = {"is", "are", "was", "were"}
#: Words that mean something else on their own.
_NO_TONE = {"cool", "cold", "fall", "aged", "bright", "dark", "dull", "gloomy", "light"}
_LISTING = {"and", "&", "和", "与", "及", "以及", "、"}
_ADDED_OR_REMOVED = "It may be added or removed; to add it, say “add”, as in “add a soft shadow”."
#: What a text may have as well as the image.
_OF_TEXTS = ("shadow", "border", "margin", "pad", "ground", "colour", "outline")
#: What a clause without a verb takes from the one before.
_CARRIED = ("change", "more", "add", "flip", "write", "remove")


class _Attempt:
    """One way through a sentence: parts as short as the words that join allow, longer where that fails."""

    def __init__(self, words: list[Word], *, completes: bool) -> None:
        self.words = words
        #: Whether a clause may take its verb from the one before.
        self.completes = completes
        self.has_text = any(word.has("text") for word in words)
        self.furthest, self.refused = 0, ""
        self._failed: set[tuple[int, int]] = set()

    def parts(self, at: int, before: tuple[Part, ...], began: int) -> tuple[Part, ...] | None:
        """The parts from `at` to the end, behind those `before`, of which the last began at `began`."""
        while at < len(self.words) and self.words[at].has("joint"):
            at += 1
        if at == len(self.words):
            return before
        if (at, began) in self._failed:
            return None
        for end in _ends(self.words, at):
            found = self._read(at, end, before)
            if isinstance(found, Refused):
                self._note(at, found.sentence)
                break
            whole = self.parts(end, (*before, found), at) if found else None
            if whole is not None:
                return whole
        self._note(at, "")
        self._failed.add((at, began))
        return None

    def _note(self, at: int, sentence: str) -> None:
        if at > self.furthest or (at == self.furthest and not self.refused):
            self.furthest, self.refused = at, sentence

    def _read(self, start: int, end: int, before: tuple[Part, ...]) -> Part | Refused | None:
        while end > start and self.words[end - 1].has("joint", "with", "is"):
            end -= 1
        if before and self._belongs_to_text(start, end, before[-1]):
            return None
        while start < end and self.words[start].has("with") and not self.words[start].has("add", "saying"):
            start += 1
        if start == end:
            return None
        clause = Clause.of(tuple(self.words[start:end]))
        found = _read(clause, before, alone=not self.has_text)
        if isinstance(found, Part) and before and self._may_be_removed(start, found, before[-1]):
            return Refused(_ADDED_OR_REMOVED)
        if found is None and before and self.completes and not _is_described(before[-1].clause):
            completed = _of_one_reader(_completed(clause, before[-1].clause))
            return Part(clause=clause, operations=completed) if isinstance(completed, tuple) else None
        return found

    def _may_be_removed(self, start: int, part: Part, before: Part) -> bool:
        """Whether the part is joined to a removal and may be something else to be removed."""
        clause = part.clause
        if not any(isinstance(one, AddShadow | AddBorder | Pad | WriteText) for one in part.operations):
            return False
        listed = self.words[start - 1].text in _LISTING
        removes = before.clause.has("remove", "none") or (
            listed and any(word.text[0] == "去" for word in before.clause)
        )
        said = clause.has("add", "write", "number", "place", "size", "pad", "change") or (
            clause.has("soft", "slight") and not listed
        )
        return removes and not said

    def _belongs_to_text(self, start: int, end: int, before: Part) -> bool:
        """Whether "with" gives a shadow or border to the text, or "on" a text to a background."""
        if start == end or self.words[start - 1].has("joint"):
            return False
        here = self.words[start:end]
        if before.clause.has("text"):
            joined = here[0].has("with") or self.words[start - 1].has("with")
            return joined and any(word.has(*_OF_TEXTS) for word in here)
        on = before.clause.words[-1].has("upon", "on") or before.clause.words[0].text == "在"
        return on and any(word.has("text") for word in here)


def _is_described(clause: Clause) -> bool:
    """Whether the colour of "make the blue background and shirt red" may be the old one."""
    return clause.words[-1].has("ground") and clause.has("change") and clause.has("colour")


def understood(words: list[Word]) -> list[Part] | Failure:
    """The parts of the sentence, or the first clause that is not understood."""
    if len(words) > _MOST_WORDS:
        return Failure(start=0, end=words[_MOST_WORDS].end)
    if len(words) == 1 and words[0].text in _NO_TONE:
        return _failure(words, 0, "")
    attempt = _Attempt(words, completes=False)
    parts = attempt.parts(0, (), -1)
    if parts is None and not attempt.refused:
        attempt = _Attempt(words, completes=True)
        parts = attempt.parts(0, (), -1)
    if parts is None:
        return _failure(words, attempt.furthest, attempt.refused)
    return complaints_mended(filled(list(parts)))


def _ends(words: list[Word], start: int) -> Iterator[int]:
    """Where a clause from `start` may end, the likeliest first.

    At the next word that joins, or before it, at "with" and Chinese verbs, the longest first; then on.
    """
    limit = min(len(words), start + _LONGEST_CLAUSE)
    within: list[int] = []
    at = start + 1
    while at < limit and not words[at].has("joint"):
        if words[at].has("with") or _begins(words[at]):
            within.append(at)
        at += 1
    yield at
    yield from reversed(within)
    for _ in range(_MOST_PARTS - 1):
        if at >= limit or words[at].meanings.get("joint") == "then":
            return
        while at < limit and words[at].has("joint"):
            at += 1
        while at < limit and not words[at].has("joint"):
            at += 1
        yield at


def _begins(word: Word) -> bool:
    if word.has("number", "size"):
        return word.has("size") or word.text.startswith("+")
    return not word.text.isascii() and word.has(*_BEGINNINGS)


def _read(clause: Clause, before: tuple[Part, ...], *, alone: bool) -> Part | Refused | None:
    complaint = light.complaint(clause)
    if complaint:
        return Part(clause=clause, complaint=complaint)
    if before and removes_ground(before[-1]) and clause.has("format") and clause.only(_FORMAT):
        return Part(clause=clause)
    found = _of_one_reader(clause)
    if isinstance(found, tuple):
        return Part(clause=clause, operations=found)
    if _on_colour_may_stand(clause, before, alone=alone):
        on = backgrounds.on_colour(clause)
        if on:
            return Part(clause=clause, operations=on)
    if before and removes_ground(before[-1]):
        filling = backgrounds.filling(clause)
        if filling:
            return Part(clause=clause, operations=filling)
    return found


def _of_one_reader(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    if (clause.has("not") and not clause.has("none")) or clause.words[0].text in _ASKING:
        return None
    for reader in _READERS:
        found = reader(clause)
        if found is not None:
            return found
    return None


def _on_colour_may_stand(clause: Clause, before: tuple[Part, ...], *, alone: bool) -> bool:
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


def _failure(words: list[Word], at: int, sentence: str) -> Failure:
    if not words:
        return Failure(start=0, end=0)
    at = min(at, len(words) - 1)
    end = at + 1
    while end < len(words) and not words[end].has("joint"):
        end += 1
    return Failure(start=words[at].start, end=words[end - 1].end, sentence=sentence)
