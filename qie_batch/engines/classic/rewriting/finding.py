"""Which of the lines that were read have a text, whole or as a part."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.vision.ocr.spelling import folded, same, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.vision.ocr.lines import TextLine

#: Marks at the end of a line that stay with it.
_ENDS = re.compile(r"[!?:\uff01\uff1f\uff1a]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    line: TextLine
    #: What stands there, as it was read.
    text: str
    #: Where it begins and ends along the line, in pixels; None for the whole line.
    part: tuple[float, float] | None = None


def targets(old: str, lines: Sequence[TextLine]) -> list[Target]:
    """All places of the text."""
    found = []
    for line in lines:
        if same(line.text, old):
            found.append(Target(line=line, text=line.text))
        else:
            part = _part(old, line)
            found += [part] if part else []
    return found


def with_its_end(new: str, text: str, old: str) -> str:
    """The new text with the "!" that the line has, where neither text has one."""
    mark = _ENDS.search(text.strip())
    if not mark or not new or _ENDS.search(old.strip()) or _ENDS.search(new.strip()):
        return new
    return new + unicodedata.normalize("NFKC", mark[0])


def _part(old: str, line: TextLine) -> Target | None:
    """The text as whole words of the line, where the model says where each letter is."""
    letters = [(at, each) for at, (letter, _, _) in enumerate(line.spans) for each in folded(letter)]
    whole = "".join(each for _, each in letters)
    if whole != folded(line.text):
        return None
    ends = [0]
    for word in words_of(line.text):
        ends.append(ends[-1] + len(word))
    for start, end in ((start, end) for start in ends for end in ends if start < end):
        if same(whole[start:end], old) and end - start < len(whole):
            first, last = letters[start][0], letters[end - 1][0]
            text = "".join(letter for letter, _, _ in line.spans[first : last + 1])
            return Target(line=line, text=text, part=(line.spans[first][1], line.spans[last][2]))
    return None
